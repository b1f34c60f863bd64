/* Attributes and groups; every answer comes from a completion. */
#include <stdlib.h>

#include "probe.h"

static void on_done(jf_worker *w, void *data, int status)
{
    (void)w;
    struct jf_event *ev = data;
    jf_finish(ev, probe_reply_status(ev, status));
}

static int later(struct jf_event *ev, int status)
{
    return status < 0 ? probe_reply_status(ev, status) : JF_LATER;
}

int probe_on_set(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0)
        status = jf_attr_set(ev->worker, to, jf_str(probe_text(ask, "key", "")),
                             jf_str(probe_text(ask, "value", "")), on_done, ev);
    cJSON_Delete(ask);
    return later(ev, status);
}

static void on_value(jf_worker *w, void *data, int status, jf_bytes value)
{
    (void)w;
    struct jf_event *ev = data;
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "status", probe_status_name(status));
    if (status >= 0)
        cJSON_AddItemToObject(answer, "value", probe_latin1(value));
    jf_finish(ev, probe_reply(ev, answer));
}

int probe_on_get(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0)
        status =
            jf_attr_get(ev->worker, to, jf_str(probe_text(ask, "key", "")), on_value, ev);
    cJSON_Delete(ask);
    return later(ev, status);
}

int probe_on_join(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0)
        status = jf_group_join(ev->worker, jf_str(probe_text(ask, "group", "")), to,
                               on_done, ev);
    cJSON_Delete(ask);
    return later(ev, status);
}

int probe_on_leave(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    jf_conn_id to;
    int status = probe_target(ev, ask, &to);
    if (status >= 0)
        status = jf_group_leave(ev->worker, jf_str(probe_text(ask, "group", "")), to,
                                on_done, ev);
    cJSON_Delete(ask);
    return later(ev, status);
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    (void)w;
    struct jf_event *ev = data;
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "status", probe_status_name(status));
    cJSON *list = cJSON_AddArrayToObject(answer, "members");
    for (size_t i = 0; status >= 0 && i < count; i++) {
        char id[JF_CONN_ID_TEXT + 1];
        jf_id_to_text(ev->self, ids[i], id);
        cJSON_AddItemToArray(list, cJSON_CreateString(id));
    }
    jf_finish(ev, probe_reply(ev, answer));
}

int probe_on_members(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    int status =
        jf_group_members(ev->worker, jf_str(probe_text(ask, "group", "")), on_members, ev);
    cJSON_Delete(ask);
    return later(ev, status);
}
