/*
 * What happens next: handlers called, verdicts drawn, jobs and timers carried out.
 *
 * Everything here runs on the driver's thread. The lock is released around each call into
 * the plugin and taken again behind it, and nothing that was looked up before such a call
 * is trusted after it, but for connections and events: they live as long as the host.
 */
#include "fake_inside.h"

#include <stdio.h>
#include <stdlib.h>

/* Who needs more steps than this in one turn runs in a circle. */
#define STEPS_MAX 100000

struct fake_block {
    struct fake_block *next;
    _Alignas(max_align_t) char bytes[];
};

void *fake_take(struct fake_arena *arena, size_t size)
{
    struct fake_block *block = calloc(1, sizeof(*block) + size);
    if (!block)
        abort();
    block->next = arena->blocks;
    arena->blocks = block;
    return block->bytes;
}

char *fake_text(struct fake_arena *arena, jf_bytes text)
{
    char *copy = fake_take(arena, text.len + 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    return copy;
}

void fake_arena_fini(struct fake_arena *arena)
{
    while (arena->blocks) {
        struct fake_block *block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
}

/* ---- Events ----------------------------------------------------------------------------
 */

struct fake_event *fake_add_event(struct fake_host *host, struct fake_conn *conn,
                                  enum jf_kind kind, jf_bytes route)
{
    struct fake_event *event = fake_take(&host->memory, sizeof(*event));
    struct fake_event **end = &conn->line;
    event->conn = conn;
    event->number = ++host->event_count;
    event->seen.self = &host->self;
    event->seen.worker = conn->worker;
    event->seen.conn = conn->id;
    event->seen.stage = jf_str(conn->stage);
    /* In the host's memory: a fault tells it even after the event is finished. */
    event->seen.route = jf_view(fake_text(&host->memory, route), route.len);
    event->seen.kind = (uint32_t)kind;
    event->seen.connect = kind == JF_CONNECT ? &event->connect : NULL;
    event->seen.message = kind == JF_MESSAGE ? &event->message : NULL;
    event->seen.disconnect = kind == JF_DISCONNECT ? &event->disconnect : NULL;
    while (*end)
        end = &(*end)->next;
    *end = event;
    return event;
}

void fake_end(struct fake_host *host, struct fake_conn *conn, struct fake_close how)
{
    bool was_open = conn->state == FAKE_OPEN;
    if (conn->state != FAKE_OPEN && conn->state != FAKE_ASKING)
        return;
    conn->state = FAKE_GONE;
    conn->ended = how;
    if (!was_open)
        return; /* its $connect is not over: draw_verdict() sees to it */
    struct fake_event *event =
        fake_add_event(host, conn, JF_DISCONNECT, jf_str("$disconnect"));
    event->disconnect.code = how.code;
    event->disconnect.reason = jf_str(how.reason);
}

static bool is_authorize(const struct fake_event *event)
{
    return jf_same(event->seen.route, jf_str("$authorize"));
}

static uint32_t refusal(const struct fake_event *event, int status)
{
    if (status == JF_E_DENIED)
        return 403;
    if (is_authorize(event))
        return 500;
    return status == JF_E_TIMEOUT ? 504 : 502;
}

static void keep_identity(struct fake_host *host, const struct fake_conn *conn)
{
    char key[300];
    for (size_t i = 0; i < conn->identity.count; i++) {
        const struct jf_pair *pair = &conn->identity.pairs[i];
        if (jf_same(pair->name, jf_str("usageIdentifierKey")))
            continue; /* a secret */
        int n = snprintf(key, sizeof(key), "authorizer.%.*s", (int)pair->name.len,
                         pair->name.ptr);
        if (n > 0 && (size_t)n < sizeof(key))
            fake_put_attr(host, conn->id, jf_view(key, (size_t)n), pair->value);
    }
}

static void draw_verdict(struct fake_host *host, struct fake_event *event, int status)
{
    struct fake_conn *conn = event->conn;
    struct fake_close how = conn->ended;
    conn->verdict.status = status;
    if (status < 0) {
        conn->state = FAKE_REFUSED;
        if (!conn->verdict.http_status)
            conn->verdict.http_status = refusal(event, status);
        fake_forget(host, conn);
        return;
    }
    keep_identity(host, conn);
    bool left = conn->state == FAKE_GONE;
    conn->verdict.http_status = 101;
    conn->verdict.body = ""; /* of a jf_refuse() that was thought better of */
    conn->state = FAKE_OPEN;
    if (left) /* admitted is admitted: it gets its $disconnect */
        fake_end(host, conn, how);
}

static int true_status(struct fake_host *host, const struct fake_event *event, int status)
{
    if (status <= JF_OK && status >= JF_E_INTERNAL)
        return status;
    fake_fault(host, "the handler of '%s' answered %d, which is no status",
               event->seen.route.ptr, status);
    return JF_E_INTERNAL;
}

/* From $authorize to $connect, with the same head. */
static bool passes_on(struct fake_event *event, int status)
{
    if (event->seen.kind != JF_CONNECT || !is_authorize(event) || status < 0)
        return false;
    event->seen.route = jf_str("$connect");
    event->stage = FAKE_WAITING;
    event->finish_called = false;
    return true;
}

/* The event is over; the next one in line may come. */
static void settle(struct fake_host *host, struct fake_event *event, int status)
{
    struct fake_conn *conn = event->conn;
    status = true_status(host, event, status);
    if (passes_on(event, status)) {
        fake_deliver(host, conn);
        return;
    }
    conn->line = event->next;
    conn->status = status;
    event->stage = FAKE_FINISHED;
    event->seen.connect = NULL;
    event->seen.message = NULL;
    event->seen.disconnect = NULL;
    fake_arena_fini(&event->memory);
    if (event->seen.kind == JF_CONNECT)
        draw_verdict(host, event, status);
    if (event->seen.kind == JF_DISCONNECT)
        fake_forget(host, conn);
}

static int call_handler(struct fake_host *host, struct fake_event *event,
                        const struct fake_route *route)
{
    event->seen.data = route->data;
    event->stage = FAKE_RUNNING;
    event->variables = host->variables;
    host->inside = event->conn->worker;
    pthread_mutex_unlock(&host->lock);
    int status = route->handler(&event->seen);
    pthread_mutex_lock(&host->lock);
    host->inside = NULL;
    return status;
}

int fake_deliver(struct fake_host *host, struct fake_conn *conn)
{
    struct fake_event *event = conn->line;
    if (!event || event->stage != FAKE_WAITING)
        return JF_LATER;
    struct fake_route *route = fake_find_route(host, event->seen.route);
    if (!route && event->seen.kind == JF_MESSAGE) {
        event->seen.route = jf_str("$default");
        route = fake_find_route(host, event->seen.route);
    }
    int status = event->seen.kind == JF_MESSAGE ? JF_E_NOT_FOUND : JF_OK;
    if (route)
        status = call_handler(host, event, route);
    if (status == JF_LATER) {
        event->stage = FAKE_LATER;
        return JF_LATER;
    }
    if (event->finish_called)
        fake_fault(host, "the handler of '%s' called jf_finish but did not return JF_LATER",
                   event->seen.route.ptr);
    settle(host, event, status);
    return conn->status;
}

struct fake_event *fake_unfinished(struct fake_host *host)
{
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next) {
        if (conn->line)
            return conn->line;
    }
    return NULL;
}

/* Finish one event that is ready to be, or begin one that can. */
static bool step_event(struct fake_host *host)
{
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next) {
        struct fake_event *event = conn->line;
        if (event && event->stage == FAKE_LATER && event->finish_called) {
            settle(host, event, event->finish_status);
            return true;
        }
        if (event && event->stage == FAKE_WAITING) {
            fake_deliver(host, conn);
            return true;
        }
    }
    return false;
}

/* ---- Jobs and timers -------------------------------------------------------------------
 */

struct fake_job *fake_add_job(struct fake_host *host, jf_worker *w, enum fake_job_kind kind)
{
    struct fake_job **end = &host->jobs;
    while (*end)
        end = &(*end)->next;
    struct fake_job *job = calloc(1, sizeof(*job));
    if (!job)
        abort();
    job->worker = w;
    job->kind = kind;
    *end = job;
    return job;
}

void fake_add_timer(struct fake_host *host, struct fake_job *job)
{
    struct fake_job **slot = &host->timers;
    while (*slot && (*slot)->due <= job->due)
        slot = &(*slot)->next;
    job->next = *slot;
    *slot = job;
}

void fake_stop_timer(struct fake_host *host, jf_timer timer)
{
    struct fake_job **slot = &host->timers;
    while (*slot && (*slot)->timer != timer)
        slot = &(*slot)->next;
    struct fake_job *job = *slot;
    if (job)
        *slot = job->next;
    free(job);
}

static void call_job(struct fake_job *job)
{
    switch (job->kind) {
    case FAKE_RUN:
        job->call.run(job->worker, job->data);
        break;
    case FAKE_DONE:
        job->call.done(job->worker, job->data, job->status);
        break;
    case FAKE_VALUE:
        job->call.value(job->worker, job->data, job->status, job->value);
        break;
    case FAKE_MEMBERS:
        job->call.members(job->worker, job->data, job->status, job->ids, job->count);
        break;
    case FAKE_COUNT:
        job->call.count(job->worker, job->data, job->status, job->count);
        break;
    }
}

/* Carry out the first of a list. */
static bool step_job(struct fake_host *host, struct fake_job **list)
{
    struct fake_job *job = *list;
    if (!job)
        return false;
    *list = job->next;
    host->inside = job->worker;
    pthread_mutex_unlock(&host->lock);
    call_job(job);
    pthread_mutex_lock(&host->lock);
    host->inside = NULL;
    fake_arena_fini(&job->memory);
    free(job);
    return true;
}

static bool step_timer(struct fake_host *host)
{
    if (!host->timers || host->timers->due > host->now)
        return false;
    return step_job(host, &host->timers);
}

size_t fake_host_turn(struct fake_host *host)
{
    size_t steps = 0;
    pthread_mutex_lock(&host->lock);
    while (steps < STEPS_MAX && (step_job(host, &host->jobs) || step_event(host) ||
                                 step_timer(host) || fake_step_poll(host)))
        steps++;
    if (steps == STEPS_MAX)
        fake_fault(host, "a turn does not come to an end");
    fake_clear_news(host);
    pthread_mutex_unlock(&host->lock);
    return steps;
}

void fake_host_advance(struct fake_host *host, uint64_t ms)
{
    fake_host_turn(host);
    uint64_t until = host->now + ms;
    while (host->timers && host->timers->due <= until) {
        if (host->timers->due > host->now)
            host->now = host->timers->due;
        if (fake_host_turn(host) == STEPS_MAX)
            break;
    }
    host->now = until;
}
