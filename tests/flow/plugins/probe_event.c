/* The event as JSON, from wherever it may be asked for; and groups when somebody leaves. */
#include "probe.h"

void probe_add_event(cJSON *answer, struct jf_event *ev)
{
    jf_bytes json = jf_event_json(ev);
    cJSON *event = cJSON_ParseWithLength(json.ptr, json.len);
    cJSON_AddItemToObject(answer, "event", event ? event : cJSON_CreateNull());
    cJSON_AddBoolToObject(answer, "once", jf_event_json(ev).ptr == json.ptr);
}

static void add_variable(cJSON *answer, struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_bytes value = jf_stage_variable(ev, probe_text(ask, "variable", ""));
    if (value.ptr)
        cJSON_AddItemToObject(answer, "variable", probe_latin1(value));
    cJSON_Delete(ask);
}

static int reply_event(struct jf_event *ev)
{
    static const char *const ways[] = { "any", "one", "two" };
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "way", ways[jf_way(ev)]);
    add_variable(answer, ev);
    probe_add_event(answer, ev);
    return probe_reply(ev, answer);
}

static void on_posted(jf_worker *w, void *data)
{
    (void)w;
    struct jf_event *ev = data;
    jf_finish(ev, reply_event(ev));
}

/* Here, or on another worker's thread if there is one. */
int probe_on_event(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    bool elsewhere = cJSON_IsTrue(cJSON_GetObjectItem(ask, "elsewhere"));
    cJSON_Delete(ask);
    if (!elsewhere)
        return reply_event(ev);
    uint32_t other = (ev->worker->index + 1) % ev->self->worker_count;
    int status = jf_post(ev->self, other, on_posted, ev);
    return status < 0 ? status : JF_LATER;
}

int probe_send_event(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_event_json(ev));
}

static void on_count(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)w;
    struct jf_event *ev = data;
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "status", probe_status_name(status));
    cJSON_AddNumberToObject(answer, "count", (double)count);
    jf_finish(ev, probe_reply(ev, answer));
}

int probe_on_count(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    int status =
        jf_group_count(ev->worker, jf_str(probe_text(ask, "group", "")), on_count, ev);
    cJSON_Delete(ask);
    return status < 0 ? probe_reply_status(ev, status) : JF_LATER;
}

/* ---- The end ------------------------------------------------------------ */

static void tell_group(const struct jf_event *ev, jf_bytes text)
{
    int status = jf_send_group(ev->self, jf_str("events"), JF_TEXT, text);
    if (status < 0 && status != JF_E_STOPPING)
        jf_log(ev->self, JF_ERROR, "cannot tell: %s", probe_status_name(status));
}

static void on_left(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)w;
    struct jf_event *ev = data;
    char text[96];
    snprintf(text, sizeof(text), "{\"left\": \"room\", \"status\": \"%s\", \"count\": %u}",
             probe_status_name(status), (unsigned)count);
    tell_group(ev, jf_str(text));
    probe_take_leave(ev);
}

int probe_on_disconnect(struct jf_event *ev)
{
    tell_group(ev, jf_event_json(ev));
    jf_bytes room = jf_str("room");
    int status = jf_group_leave(ev->worker, room, ev->conn, NULL, NULL);
    if (status >= 0)
        status = jf_group_count(ev->worker, room, on_left, ev);
    if (status < 0)
        probe_take_leave(ev);
    return JF_LATER;
}
