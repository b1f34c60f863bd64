/* $connect does what the query string asks: refuse, fail, wait, hang, greet, choose a
 * protocol, join a group, send its event. $disconnect tells the group "watch" and the log.
 */
#include <stdlib.h>

#include "probe.h"

static jf_bytes query(const struct jf_event *ev, const char *name)
{
    return jf_find(ev->connect->query, ev->connect->query_count, name);
}

static unsigned query_number(const struct jf_event *ev, const char *name,
                             unsigned otherwise)
{
    jf_bytes text = query(ev, name);
    unsigned number = 0;
    if (!text.len)
        return otherwise;
    for (size_t i = 0; i < text.len; i++)
        number = number * 10 + (unsigned)(text.ptr[i] - '0');
    return number;
}

static cJSON *pairs_to_json(const struct jf_pair *pairs, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, probe_latin1(pairs[i].name));
        cJSON_AddItemToArray(pair, probe_latin1(pairs[i].value));
        cJSON_AddItemToArray(list, pair);
    }
    return list;
}

static void remember(struct jf_event *ev)
{
    struct probe *probe = ev->self->state;
    const struct jf_connect *connect = ev->connect;
    cJSON *seen = cJSON_CreateObject();
    cJSON_AddItemToObject(seen, "path", probe_latin1(connect->path));
    cJSON_AddItemToObject(seen, "peer", probe_latin1(connect->peer));
    cJSON_AddItemToObject(seen, "subprotocols", probe_latin1(connect->subprotocols));
    cJSON_AddItemToObject(seen, "stage", probe_latin1(ev->stage));
    cJSON_AddItemToObject(seen, "route", probe_latin1(ev->route));
    cJSON_AddItemToObject(seen, "headers",
                          pairs_to_json(connect->headers, connect->header_count));
    cJSON_AddItemToObject(seen, "query",
                          pairs_to_json(connect->query, connect->query_count));

    struct sighting *sighting = calloc(1, sizeof(*sighting));
    sighting->conn = ev->conn;
    sighting->text = cJSON_PrintUnformatted(seen);
    cJSON_Delete(seen);

    pthread_mutex_lock(&probe->lock);
    sighting->next = probe->sightings;
    probe->sightings = sighting;
    pthread_mutex_unlock(&probe->lock);
}

static void free_sighting(struct sighting *sighting)
{
    cJSON_free(sighting->text);
    free(sighting);
}

static void forget(struct probe *probe, jf_conn_id conn)
{
    pthread_mutex_lock(&probe->lock);
    struct sighting **at = &probe->sightings;
    while (*at && memcmp(&(*at)->conn, &conn, sizeof(conn)) != 0)
        at = &(*at)->next;
    struct sighting *found = *at;
    if (found)
        *at = found->next;
    pthread_mutex_unlock(&probe->lock);
    if (found)
        free_sighting(found);
}

void probe_forget_all(struct probe *probe)
{
    while (probe->sightings) {
        struct sighting *sighting = probe->sightings;
        probe->sightings = sighting->next;
        free_sighting(sighting);
    }
}

static int verdict(struct jf_event *ev)
{
    int status = JF_OK;
    if (query(ev, "refuse").ptr)
        status = jf_refuse(ev, query_number(ev, "refuse", 403), query(ev, "body"));
    else if (query(ev, "deny").ptr)
        status = JF_E_DENIED;
    else if (query(ev, "timeout").ptr)
        status = JF_E_TIMEOUT;
    else if (query(ev, "fail").ptr)
        status = JF_E_INTERNAL;
    if (status < 0)
        forget(ev->self->state, ev->conn);
    return status;
}

static void on_waited(jf_worker *w, void *data)
{
    (void)w;
    struct jf_event *ev = data;
    jf_finish(ev, verdict(ev));
}

static int greet(struct jf_event *ev)
{
    char text[64];
    unsigned count = query_number(ev, "hello", 0);
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof(text), "hello %u", i);
        int status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
        if (status < 0)
            return status;
    }
    return JF_OK;
}

int probe_on_connect(struct jf_event *ev)
{
    remember(ev);
    jf_bytes protocol = query(ev, "protocol"), group = query(ev, "group");
    int status = greet(ev);
    if (status >= 0 && protocol.ptr)
        status = jf_subprotocol(ev, protocol);
    if (status >= 0 && group.ptr)
        status = jf_group_join(ev->worker, group, ev->conn, NULL, NULL);
    if (status >= 0 && query(ev, "event").ptr)
        status = probe_send_event(ev);
    if (status < 0)
        return status;

    jf_bytes hang = query(ev, "hang");
    if (hang.ptr) {
        char name[64];
        snprintf(name, sizeof(name), "%.*s", (int)hang.len, hang.ptr);
        return probe_hold(ev, name);
    }
    jf_timer timer;
    unsigned wait_ms = query_number(ev, "wait", 0);
    if (!wait_ms)
        return verdict(ev);
    status = jf_timer_start(ev->worker, wait_ms, on_waited, ev, &timer);
    return status < 0 ? status : JF_LATER;
}

/* The note is an attribute: that it arrives here shows how long those live. */
static void announce(struct jf_event *ev, jf_bytes note)
{
    const struct jf_disconnect *gone = ev->disconnect;
    char id[JF_CONN_ID_TEXT + 1];
    jf_id_to_text(ev->self, ev->conn, id);
    jf_log(ev->self, JF_INFO, "disconnect %s code %u reason %.*s", id, gone->code,
           (int)gone->reason.len, gone->reason.ptr ? gone->reason.ptr : "");

    cJSON *news = cJSON_CreateObject();
    cJSON_AddStringToObject(news, "event", "disconnect");
    cJSON_AddStringToObject(news, "id", id);
    cJSON_AddNumberToObject(news, "code", gone->code);
    cJSON_AddItemToObject(news, "reason", probe_latin1(gone->reason));
    cJSON_AddItemToObject(news, "note", probe_latin1(note));
    int to_self = jf_send(ev->self, ev->conn, JF_TEXT, jf_str("are you there"));
    cJSON_AddStringToObject(news, "send", probe_status_name(to_self));
    char *text = cJSON_PrintUnformatted(news);
    cJSON_Delete(news);
    int status = jf_send_group(ev->self, jf_str("watch"), JF_TEXT, jf_str(text));
    if (status < 0 && status != JF_E_STOPPING)
        jf_log(ev->self, JF_ERROR, "cannot announce: %s", probe_status_name(status));
    cJSON_free(text);

    forget(ev->self->state, ev->conn);
}

static void on_note(jf_worker *w, void *data, int status, jf_bytes value)
{
    (void)w;
    struct jf_event *ev = data;
    announce(ev, status < 0 ? jf_str("") : value);
    jf_finish(ev, JF_OK);
}

void probe_take_leave(struct jf_event *ev)
{
    if (jf_attr_get(ev->worker, ev->conn, jf_str("note"), on_note, ev) >= 0)
        return;
    announce(ev, jf_str(""));
    jf_finish(ev, JF_OK);
}

int probe_on_describe(struct jf_event *ev)
{
    struct probe *probe = ev->self->state;
    cJSON *answer = cJSON_CreateObject();
    pthread_mutex_lock(&probe->lock);
    for (struct sighting *s = probe->sightings; s; s = s->next) {
        if (memcmp(&s->conn, &ev->conn, sizeof(s->conn)) == 0)
            cJSON_AddRawToObject(answer, "seen", s->text);
    }
    pthread_mutex_unlock(&probe->lock);
    return probe_reply(ev, answer);
}
