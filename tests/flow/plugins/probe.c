/* The probe's table of routes, its answers, and the routes that need no room of their own.
 */
#include "probe.h"

#include <stdlib.h>

const char *probe_status_name(int status)
{
    switch (status) {
    case JF_OK:
        return "ok";
#define XX(code, upper, lower, text)                                                       \
    case code:                                                                             \
        return lower;
        JF_STATUS_MAP(XX)
#undef XX
    default:
        return "unknown";
    }
}

int probe_status_from_name(const char *name, int otherwise)
{
    if (!strcmp(name, "ok"))
        return JF_OK;
#define XX(code, upper, lower, text)                                                       \
    if (!strcmp(name, lower))                                                              \
        return code;
    JF_STATUS_MAP(XX)
#undef XX
    return otherwise;
}

cJSON *probe_ask(const struct jf_event *ev)
{
    cJSON *ask = NULL;
    if (ev->message)
        ask = cJSON_ParseWithLength(ev->message->body.ptr, ev->message->body.len);
    return ask ? ask : cJSON_CreateObject();
}

const char *probe_text(const cJSON *ask, const char *key, const char *otherwise)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(ask, key));
    return text ? text : otherwise;
}

double probe_number(const cJSON *ask, const char *key, double otherwise)
{
    const cJSON *item = cJSON_GetObjectItem(ask, key);
    return cJSON_IsNumber(item) ? item->valuedouble : otherwise;
}

int probe_target(const struct jf_event *ev, const cJSON *ask, jf_conn_id *out)
{
    const char *to = probe_text(ask, "to", NULL);
    if (to)
        return jf_id_from_text(ev->self, jf_str(to), out);
    *out = ev->conn;
    return JF_OK;
}

int probe_reply(const struct jf_event *ev, cJSON *answer)
{
    cJSON *ask = probe_ask(ev);
    int status = JF_OK;
    if (!answer)
        answer = cJSON_CreateObject();
    if (!cJSON_IsTrue(cJSON_GetObjectItem(ask, "quiet"))) {
        cJSON *tag = cJSON_DetachItemFromObject(ask, "tag");
        cJSON_AddItemToObject(answer, "re", probe_latin1(ev->route));
        if (tag)
            cJSON_AddItemToObject(answer, "tag", tag);
        char *text = cJSON_PrintUnformatted(answer);
        status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
        cJSON_free(text);
    }
    cJSON_Delete(answer);
    cJSON_Delete(ask);
    return status;
}

int probe_reply_status(const struct jf_event *ev, int status)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "status", probe_status_name(status));
    return probe_reply(ev, answer);
}

cJSON *probe_latin1(jf_bytes bytes)
{
    char *text = malloc(bytes.len * 3 + 1);
    size_t at = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        unsigned char c = (unsigned char)bytes.ptr[i];
        if (!c) { /* the picture of a NUL */
            memcpy(text + at, "\xe2\x90\x80", 3);
            at += 3;
        } else if (c < 0x80) {
            text[at++] = (char)c;
        } else {
            text[at++] = (char)(0xc0 | c >> 6);
            text[at++] = (char)(0x80 | (c & 0x3f));
        }
    }
    text[at] = '\0';
    cJSON *string = cJSON_CreateString(text);
    free(text);
    return string;
}

/* What begins with "EVENT" is answered with its event. Binary comes back as it is; of text,
 * what it said, if that is short. */
static int on_default(struct jf_event *ev)
{
    jf_bytes body = ev->message->body;
    if (body.len > 5 && memcmp(body.ptr, "EVENT", 5) == 0)
        return probe_send_event(ev);
    if (ev->message->opcode == JF_BINARY)
        return jf_send(ev->self, ev->conn, JF_BINARY, body);
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "size", (double)body.len);
    if (body.len <= 1000)
        cJSON_AddItemToObject(answer, "body", probe_latin1(body));
    return probe_reply(ev, answer);
}

static int on_whoami(struct jf_event *ev)
{
    char id[JF_CONN_ID_TEXT + 1];
    jf_id_to_text(ev->self, ev->conn, id);

    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "id", id);
    cJSON_AddNumberToObject(answer, "worker", ev->worker->index);
    cJSON_AddNumberToObject(answer, "workers", ev->self->worker_count);
    cJSON_AddItemToObject(answer, "stage", probe_latin1(ev->stage));
    return probe_reply(ev, answer);
}

/* Return what the message says: a status by name, or any number at all. */
static int on_return(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    int number = (int)probe_number(ask, "number", JF_E_INTERNAL);
    int status = probe_status_from_name(probe_text(ask, "status", ""), number);
    cJSON_Delete(ask);
    return status;
}

static int on_deny(struct jf_event *ev)
{
    (void)ev;
    return JF_E_DENIED;
}

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
    struct probe *probe = calloc(1, sizeof(*probe));
    if (!probe)
        return JF_E_NOMEM;
    pthread_mutex_init(&probe->lock, NULL);
    self->state = probe;
    return JF_OK;
}

static void fini(jf_self *self)
{
    struct probe *probe = self->state;
    for (unsigned i = 0; i < probe->thread_count; i++)
        pthread_join(probe->threads[i], NULL);
    probe_forget_all(probe);
    while (probe->held) {
        struct held *held = probe->held;
        probe->held = held->next;
        free(held->name);
        free(held);
    }
    pthread_mutex_destroy(&probe->lock);
    free(probe);
}

static const struct jf_route routes[] = {
    { "$connect", probe_on_connect },
    { "$disconnect", probe_on_disconnect },
    { "$default", on_default },
    { "describe", probe_on_describe },
    { "whoami", on_whoami },
    { "echo", probe_on_echo },
    { "fail", on_return },
    { "return", on_return },
    { "deny", on_deny },
    { "hang", probe_on_hang },
    { "release", probe_on_release },
    { "sleepy", probe_on_sleepy },
    { "thread", probe_on_thread },
    { "post", probe_on_post },
    { "sendto", probe_on_sendto },
    { "many", probe_on_many },
    { "gsend", probe_on_group_send },
    { "all", probe_on_all },
    { "burst", probe_on_burst },
    { "then", probe_on_then },
    { "close", probe_on_close },
    { "kick", probe_on_kick },
    { "set", probe_on_set },
    { "get", probe_on_get },
    { "join", probe_on_join },
    { "leave", probe_on_leave },
    { "members", probe_on_members },
    { "count", probe_on_count },
    { "event", probe_on_event },
    { NULL, NULL },
};

JF_PLUGIN(.name = "probe", .version = "1.0", .routes = routes, .init = init, .fini = fini);
