/* Everything that sends, and closing. */
#include <stdlib.h>

#include "probe.h"

int probe_on_echo(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, ev->message->opcode, ev->message->body);
}

static jf_bytes payload(const cJSON *ask)
{
    return jf_str(probe_text(ask, "text", ""));
}

static uint32_t opcode(const cJSON *ask)
{
    return cJSON_IsTrue(cJSON_GetObjectItem(ask, "binary")) ? JF_BINARY : JF_TEXT;
}

int probe_on_sendto(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0)
        status = jf_send(ev->self, to, opcode(ask), payload(ask));
    cJSON_Delete(ask);
    return probe_reply_status(ev, status);
}

int probe_on_many(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    const cJSON *list = cJSON_GetObjectItem(ask, "to"), *item;
    size_t count = 0;
    int status = JF_OK;
    jf_conn_id *ids = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*ids));
    cJSON_ArrayForEach(item, list)
    {
        if (status >= 0)
            status = jf_id_from_text(ev->self, jf_str(item->valuestring), &ids[count++]);
    }
    if (status >= 0)
        status = jf_send_many(ev->self, ids, count, opcode(ask), payload(ask));
    free(ids);
    cJSON_Delete(ask);
    return probe_reply_status(ev, status);
}

int probe_on_group_send(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_bytes group = jf_str(probe_text(ask, "group", ""));
    int status = jf_send_group(ev->self, group, opcode(ask), payload(ask));
    cJSON_Delete(ask);
    return probe_reply_status(ev, status);
}

int probe_on_all(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    int status = jf_send_all(ev->self, ev->stage, opcode(ask), payload(ask));
    cJSON_Delete(ask);
    return probe_reply_status(ev, status);
}

/* "n" messages of "size" octets, each beginning with its number; answers how many the
 * host took, how many it called FULL, and how many failed otherwise. */
int probe_on_burst(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    int n = (int)probe_number(ask, "n", 1), ok = 0, full = 0, other = 0;
    size_t size = (size_t)probe_number(ask, "size", 16);
    char *body = malloc(size + 16);
    memset(body, '.', size + 16);

    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    for (int i = 0; status >= 0 && i < n; i++) {
        char number[16];
        snprintf(number, sizeof(number), "%08d", i);
        memcpy(body, number, size < 8 ? size : 8);
        int sent = jf_send(ev->self, to, opcode(ask), jf_view(body, size));
        *(sent >= 0 ? &ok : sent == JF_E_FULL ? &full : &other) += 1;
    }
    free(body);
    cJSON_Delete(ask);

    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "status", probe_status_name(status));
    cJSON_AddNumberToObject(answer, "ok", ok);
    cJSON_AddNumberToObject(answer, "full", full);
    cJSON_AddNumberToObject(answer, "other", other);
    status = probe_reply(ev, answer);
    return status == JF_E_FULL ? JF_OK : status; /* a burst at itself may leave no room */
}

static void on_fate(jf_worker *w, void *data, int status)
{
    (void)w;
    struct jf_event *ev = data;
    jf_finish(ev, probe_reply_status(ev, status));
}

int probe_on_then(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0)
        status = jf_send_then(ev->worker, to, opcode(ask), payload(ask), on_fate, ev);
    cJSON_Delete(ask);
    return status < 0 ? probe_reply_status(ev, status) : JF_LATER;
}

/* Close somebody, or oneself; "say" goes out before. */
int probe_on_close(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    const char *say = probe_text(ask, "say", NULL);
    uint32_t code = (uint32_t)probe_number(ask, "code", 1000);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0 && say)
        status = jf_send(ev->self, to, JF_TEXT, jf_str(say));
    if (status >= 0)
        status = jf_close(ev->self, to, code, jf_str(probe_text(ask, "reason", "")));
    bool other = probe_text(ask, "to", NULL) != NULL;
    cJSON_Delete(ask);
    return other || status < 0 ? probe_reply_status(ev, status) : JF_OK;
}

/* Close a group, or whoever has "value" as "key"; "say" goes to all before. */
int probe_on_kick(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    const char *group = probe_text(ask, "group", NULL);
    const char *say = probe_text(ask, "say", NULL);
    jf_bytes stage = jf_str(probe_text(ask, "stage", ""));
    jf_bytes reason = jf_str(probe_text(ask, "reason", ""));
    uint32_t code = (uint32_t)probe_number(ask, "code", 1000);
    int status = JF_OK;
    if (say)
        status = jf_send_all(ev->self, ev->stage, JF_TEXT, jf_str(say));
    if (status >= 0 && group)
        status = jf_close_group(ev->self, jf_str(group), code, reason);
    else if (status >= 0)
        status = jf_close_where(ev->self, stage.len ? stage : ev->stage,
                                jf_str(probe_text(ask, "key", "")),
                                jf_str(probe_text(ask, "value", "")), code, reason);
    cJSON_Delete(ask);
    return probe_reply_status(ev, status);
}
