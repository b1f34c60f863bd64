/*
 * The functions a plugin calls: the fake host's table, entry by entry.
 *
 * Each checks what the real host checks, takes the lock, writes down what was asked, and
 * returns. Nothing is carried out here, with one exception: a frame that is sent is heard
 * at once, as there is no network to wait for.
 */
#include "fake_inside.h"

#include <stdarg.h>
#include <stdlib.h>

#define WATCH_MAX 4095 /* octets of a path */

static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct fake_host *fake_host_of(jf_self *self)
{
    return (struct fake_host *)(void *)((char *)self - offsetof(struct fake_host, self));
}

struct fake_host *fake_enter(jf_self *self)
{
    struct fake_host *host = fake_host_of(self);
    pthread_mutex_lock(&host->lock);
    return host;
}

int fake_leave(struct fake_host *host, int status)
{
    pthread_mutex_unlock(&host->lock);
    return status;
}

static void add_line(struct fake_host *host, struct fake_line **list, int level,
                     jf_bytes text)
{
    struct fake_line *line = fake_take(&host->memory, sizeof(*line));
    line->level = level;
    line->text = fake_text(&host->memory, text);
    while (*list)
        list = &(*list)->next;
    *list = line;
}

void fake_fault(struct fake_host *host, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add_line(host, &host->faults, JF_ERROR, jf_str(text));
}

bool fake_at_home(struct fake_host *host, const jf_worker *w, const char *what)
{
    if (pthread_equal(pthread_self(), host->driver) && host->inside == w)
        return true;
    fake_fault(host, "%s was called outside a callback of worker %u", what,
               (unsigned)w->index);
    return false;
}

struct fake_conn *fake_find(struct fake_host *host, jf_conn_id id)
{
    struct fake_conn *conn = host->conns;
    while (conn && !fake_same_conn(conn->id, id))
        conn = conn->next;
    return conn;
}

/* ---- Sending ---------------------------------------------------------------------------
 */

static bool is_opcode(uint32_t opcode)
{
    return opcode == JF_TEXT || opcode == JF_BINARY;
}

static bool can_hear(const struct fake_conn *conn)
{
    return conn && (conn->state == FAKE_OPEN || conn->state == FAKE_ASKING);
}

static int send_to(struct fake_host *host, struct fake_conn *conn, uint32_t opcode,
                   jf_bytes body)
{
    if (!can_hear(conn))
        return JF_E_GONE;
    if (conn->stuffed)
        return JF_E_FULL;
    struct fake_sent *sent = fake_take(&host->memory, sizeof(*sent));
    sent->frame.opcode = opcode;
    sent->frame.len = body.len;
    sent->frame.text = fake_text(&host->memory, body);
    *conn->sent_end = sent;
    conn->sent_end = &sent->next;
    return JF_OK;
}

static int call_send(jf_self *self, jf_conn_id to, uint32_t opcode, jf_bytes body)
{
    struct fake_host *host = fake_enter(self);
    if (!is_opcode(opcode))
        return fake_leave(host, JF_E_INVALID);
    return fake_leave(host, send_to(host, fake_find(host, to), opcode, body));
}

static int call_send_many(jf_self *self, const jf_conn_id *to, size_t count,
                          uint32_t opcode, jf_bytes body)
{
    struct fake_host *host = fake_enter(self);
    if (!is_opcode(opcode) || (count && !to))
        return fake_leave(host, JF_E_INVALID);
    for (size_t i = 0; i < count; i++)
        send_to(host, fake_find(host, to[i]), opcode, body);
    return fake_leave(host, JF_OK);
}

static int call_send_group(jf_self *self, jf_bytes group, uint32_t opcode, jf_bytes body)
{
    struct fake_host *host = fake_enter(self);
    if (!is_opcode(opcode) || !group.len)
        return fake_leave(host, JF_E_INVALID);
    struct fake_fact *fact = fake_next_fact(host->facts, true, group);
    for (; fact; fact = fake_next_fact(fact->next, true, group))
        send_to(host, fake_find(host, fact->conn), opcode, body);
    return fake_leave(host, JF_OK);
}

static int call_send_all(jf_self *self, jf_bytes stage, uint32_t opcode, jf_bytes body)
{
    struct fake_host *host = fake_enter(self);
    if (!is_opcode(opcode))
        return fake_leave(host, JF_E_INVALID);
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next) {
        if (jf_same(jf_str(conn->stage), stage))
            send_to(host, conn, opcode, body);
    }
    return fake_leave(host, JF_OK);
}

static int call_send_then(jf_worker *w, jf_conn_id to, uint32_t opcode, jf_bytes body,
                          jf_done_fn *done, void *data)
{
    struct fake_host *host = fake_enter(w->self);
    if (!fake_at_home(host, w, "jf_send_then") || !is_opcode(opcode) || !done)
        return fake_leave(host, JF_E_INVALID);
    int status = send_to(host, fake_find(host, to), opcode, body);
    if (status < 0)
        return fake_leave(host, status);
    struct fake_job *job = fake_add_job(host, w, FAKE_DONE);
    job->call.done = done;
    job->data = data;
    return fake_leave(host, JF_OK);
}

/* ---- Events ----------------------------------------------------------------------------
 */

static void call_finish(struct jf_event *seen, int status)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    if (event->finish_called || event->stage == FAKE_FINISHED) {
        fake_fault(host, "an event of route '%s' was finished twice", seen->route.ptr);
    } else {
        event->finish_called = true;
        event->finish_status = status;
        fake_add_news(host);
    }
    fake_leave(host, JF_OK);
}

static bool is_undecided(const struct fake_event *event)
{
    return event->seen.kind == JF_CONNECT && !event->finish_called &&
           event->stage != FAKE_FINISHED;
}

/* Is `name` one of a comma-separated list? */
static bool is_offered(jf_bytes list, jf_bytes name)
{
    size_t from = 0;
    while (from < list.len) {
        size_t to = from;
        while (to < list.len && list.ptr[to] != ',')
            to++;
        size_t next = to + 1;
        while (from < to && list.ptr[from] == ' ')
            from++;
        while (to > from && list.ptr[to - 1] == ' ')
            to--;
        if (name.len && jf_same(jf_view(list.ptr + from, to - from), name))
            return true;
        from = next;
    }
    return false;
}

static int call_subprotocol(struct jf_event *seen, jf_bytes name)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    if (!is_undecided(event) || !is_offered(event->connect.subprotocols, name))
        return fake_leave(host, JF_E_INVALID);
    event->conn->verdict.subprotocol = fake_text(&host->memory, name);
    return fake_leave(host, JF_OK);
}

static int call_refuse(struct jf_event *seen, uint32_t http_status, jf_bytes body)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    if (!is_undecided(event) || http_status < 300 || http_status > 599)
        return fake_leave(host, JF_E_INVALID);
    event->conn->verdict.http_status = http_status;
    event->conn->verdict.body = fake_text(&host->memory, body);
    return fake_leave(host, JF_E_DENIED);
}

/* ---- Routes, posts, timers -------------------------------------------------------------
 */

struct fake_route *fake_find_route(struct fake_host *host, jf_bytes key)
{
    struct fake_route *route = host->routes;
    while (route && !jf_same(jf_str(route->key), key))
        route = route->next;
    return route;
}

int fake_add_route(struct fake_host *host, jf_bytes key, jf_event_fn *handler, void *data)
{
    if (!key.len || !handler || fake_find_route(host, key))
        return JF_E_INVALID;
    struct fake_route *route = fake_take(&host->memory, sizeof(*route));
    route->key = fake_text(&host->memory, key);
    route->handler = handler;
    route->data = data;
    route->next = host->routes;
    host->routes = route;
    return JF_OK;
}

static int call_route_add(jf_self *self, jf_bytes key, jf_event_fn *handler, void *data)
{
    struct fake_host *host = fake_enter(self);
    if (!pthread_equal(pthread_self(), host->driver) || !host->in_init)
        return fake_leave(host, JF_E_INVALID);
    return fake_leave(host, fake_add_route(host, key, handler, data));
}

static int call_post(jf_self *self, uint32_t worker, jf_run_fn *fn, void *data)
{
    struct fake_host *host = fake_enter(self);
    if (worker >= self->worker_count || !fn)
        return fake_leave(host, JF_E_INVALID);
    struct fake_job *job = fake_add_job(host, &host->workers[worker], FAKE_RUN);
    job->call.run = fn;
    job->data = data;
    fake_add_news(host);
    return fake_leave(host, JF_OK);
}

static int call_timer_start(jf_worker *w, uint64_t ms, jf_run_fn *fn, void *data,
                            jf_timer *timer)
{
    struct fake_host *host = fake_enter(w->self);
    if (!fake_at_home(host, w, "jf_timer_start") || !fn)
        return fake_leave(host, JF_E_INVALID);
    struct fake_job *job = calloc(1, sizeof(*job));
    if (!job)
        abort();
    job->worker = w;
    job->call.run = fn;
    job->data = data;
    job->due = host->now + ms;
    job->timer = ++host->last_timer;
    fake_add_timer(host, job);
    if (timer)
        *timer = job->timer;
    return fake_leave(host, JF_OK);
}

static void call_timer_stop(jf_worker *w, jf_timer timer)
{
    struct fake_host *host = fake_enter(w->self);
    if (fake_at_home(host, w, "jf_timer_stop"))
        fake_stop_timer(host, timer);
    fake_leave(host, JF_OK);
}

static void call_log(jf_self *self, int level, jf_bytes text)
{
    struct fake_host *host = fake_enter(self);
    add_line(host, &host->log, level, text);
    fake_leave(host, JF_OK);
}

/* ---- Ids -------------------------------------------------------------------------------
 */

static void call_id_to_text(jf_conn_id id, char *text)
{
    uint32_t bits = 0, have = 0, at = 0;
    for (size_t i = 0; i < sizeof(id.octet); i++) {
        bits = bits << 8 | id.octet[i];
        for (have += 8; have >= 6; have -= 6)
            text[at++] = base64url[bits >> (have - 6) & 63];
    }
    text[at++] = base64url[bits << (6 - have) & 63];
    text[at++] = '=';
    text[at] = '\0';
}

static int call_id_from_text(jf_bytes text, jf_conn_id *out)
{
    jf_conn_id id;
    uint32_t bits = 0, have = 0;
    size_t at = 0;
    if (text.len != JF_CONN_ID_TEXT || text.ptr[JF_CONN_ID_TEXT - 1] != '=')
        return JF_E_INVALID;
    for (size_t i = 0; i < JF_CONN_ID_TEXT - 1; i++) {
        const char *place = memchr(base64url, text.ptr[i], sizeof(base64url) - 1);
        if (!place)
            return JF_E_INVALID;
        bits = bits << 6 | (uint32_t)(place - base64url);
        have += 6;
        if (have >= 8) {
            have -= 8;
            id.octet[at++] = (uint8_t)(bits >> have);
        }
    }
    if (bits & ((1u << have) - 1))
        return JF_E_INVALID;
    *out = id;
    return JF_OK;
}

/* ---- What the event was, and what to look at -------------------------------------------
 */

static jf_bytes call_event_json(struct jf_event *seen)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    jf_bytes json = jf_view(NULL, 0);
    if (event->stage == FAKE_FINISHED)
        fake_fault(host, "the JSON of a finished event of route '%s' was asked for",
                   seen->route.ptr);
    else
        json = fake_write_json(host, event);
    fake_leave(host, JF_OK);
    return json;
}

static const struct jf_pair *call_stage_variables(struct jf_event *seen, size_t *count)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    if (event->stage == FAKE_FINISHED)
        fake_fault(host, "variables of a finished event of route '%s' were asked for",
                   seen->route.ptr);
    *count = event->variables.count;
    fake_leave(host, JF_OK);
    return event->variables.pairs;
}

static int call_identify(struct jf_event *seen, jf_bytes name, jf_bytes value)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    if (!is_undecided(event) || !jf_same(seen->route, jf_str("$authorize")))
        return fake_leave(host, JF_E_INVALID);
    return fake_leave(host, fake_identity_set(host, &event->conn->identity, name, value));
}

static const struct jf_pair *call_authorizer(struct jf_event *seen, size_t *count)
{
    const struct fake_event *event = (const struct fake_event *)(const void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    *count = event->conn->identity.count;
    fake_leave(host, JF_OK);
    return event->conn->identity.pairs;
}

/* No policy is evaluated here: the test says what would come of it. */
static int call_judge(struct jf_event *seen, jf_bytes answer)
{
    struct fake_event *event = (struct fake_event *)(void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    bool asked = is_undecided(event) && jf_same(seen->route, jf_str("$authorize"));
    (void)answer;
    return fake_leave(host, asked ? host->judgement : JF_E_INVALID);
}

static void call_caller(struct jf_event *seen, struct jf_caller *out)
{
    const struct fake_event *event = (const struct fake_event *)(const void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    out->source_ip = jf_str(event->conn->peer);
    out->domain_name = jf_str(event->conn->host_name);
    out->user_agent = jf_str(fake_or(event->conn->agent, ""));
    out->connected_at = event->conn->connected_at;
    out->cert_subject = jf_str(fake_or(event->conn->cert_subject, ""));
    out->cert_fingerprint = jf_str(fake_or(event->conn->cert_fingerprint, ""));
    fake_leave(host, JF_OK);
}

static int call_way(struct jf_event *seen)
{
    const struct fake_event *event = (const struct fake_event *)(const void *)seen;
    struct fake_host *host = fake_enter(seen->self);
    return fake_leave(host, event->stage == FAKE_FINISHED ? JF_E_INVALID : (int)host->way);
}

static int call_watch(jf_self *self, jf_bytes path)
{
    struct fake_host *host = fake_enter(self);
    if (!path.len || path.len > WATCH_MAX || memchr(path.ptr, '\0', path.len))
        return fake_leave(host, JF_E_INVALID);
    add_line(host, &host->watched, JF_INFO, path);
    return fake_leave(host, JF_OK);
}

const struct jf_host fake_table = {
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR,
    .send = call_send,
    .send_many = call_send_many,
    .send_group = call_send_group,
    .send_all = call_send_all,
    .send_then = call_send_then,
    .close = fake_close,
    .finish = call_finish,
    .subprotocol = call_subprotocol,
    .refuse = call_refuse,
    .attr_set = fake_attr_set,
    .attr_get = fake_attr_get,
    .group_join = fake_group_join,
    .group_leave = fake_group_leave,
    .group_members = fake_group_members,
    .route_add = call_route_add,
    .post = call_post,
    .timer_start = call_timer_start,
    .timer_stop = call_timer_stop,
    .log = call_log,
    .id_to_text = call_id_to_text,
    .id_from_text = call_id_from_text,
    .group_count = fake_group_count,
    .event_json = call_event_json,
    .watch = call_watch,
    .stage_variables = call_stage_variables,
    .way = call_way,
    .identify = call_identify,
    .authorizer = call_authorizer,
    .judge = call_judge,
    .caller = call_caller,
    .poll_start = fake_poll_start,
    .poll_change = fake_poll_change,
    .poll_stop = fake_poll_stop,
    .close_group = fake_close_group,
    .close_where = fake_close_where,
};
