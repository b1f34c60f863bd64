/* Admission, the queue, tries, and the one end of a call. Whoever ends calls pumps the
 * queue afterwards, and kicks the client, so that nothing is started from inside an end. */
#include "http_lane.h"

#include <stdlib.h>

#include "http_clock.h"
#include "http_stream.h"

#define LEAVING_MAX 20000 /* $disconnect events that wait for a place, besides */
#define PAUSE_MS 100      /* before the first new try; doubled for each */

/* xorshift64: to spread, not to hide. */
uint64_t http_lane_random(struct http_lane *lane, uint64_t below)
{
    uint64_t x =
        lane->seed ? lane->seed : http_now() * 0x9e3779b97f4a7c15u + lane->w->index + 1;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    lane->seed = x;
    return x % below;
}

/* ---- The end ------------------------------------------------------------ */

static void stop_timers(struct http_call *call)
{
    jf_timer_stop(call->lane->w, call->deadline);
    jf_timer_stop(call->lane->w, call->pause);
}

static void tell_breaker(struct http_lane *lane, enum http_fault fault)
{
    bool was_open = lane->breaker.open;
    if (http_breaker_tell(&lane->breaker, http_fault_is_outage(fault), http_now()) &&
        !was_open)
        jf_log(lane->w->self, JF_WARN, "route=%s breaker=open for_ms=%u", lane->it->route,
               lane->it->breaker_open_ms);
    else if (was_open && !lane->breaker.open)
        jf_log(lane->w->self, JF_INFO, "route=%s breaker=closed", lane->it->route);
}

/* A call that is in no list any more, and not running. */
static void finish(struct http_lane *lane, struct http_call *call, enum http_fault fault,
                   struct http_answer *answer, const char *why)
{
    struct http_answer none = { 0 };
    stop_timers(call);
    if (fault != HTTP_FINE)
        http_report(lane, fault, why);
    if (!call->ev) {
        http_late_end(lane, call, fault);
        return;
    }
    if (call->ev->kind == JF_DISCONNECT && http_late_take(lane, call, fault))
        return;
    jf_finish(call->ev, http_verdict(call->ev, lane->it, fault, answer ? answer : &none));
    http_call_free(call);
}

static void end_running(struct http_call *call, enum http_fault fault,
                        struct http_answer *answer, const char *why)
{
    struct http_lane *lane = call->lane;
    lane->running--;
    http_calls_remove(&lane->sent, call);
    call->transfer = NULL;
    call->job = NULL;
    finish(lane, call, fault, answer, why);
}

/* ---- The queue ---------------------------------------------------------- */

static struct http_call *pop(struct http_lane *lane)
{
    struct http_call *call = lane->queue.first;
    http_calls_remove(&lane->queue, call);
    return call;
}

static void pump(struct http_lane *lane)
{
    while (lane->queue.first && http_breaker_refuses(&lane->breaker, http_now()))
        finish(lane, pop(lane), HTTP_FAULT_OPEN, NULL, "the breaker is open");
    while (lane->queue.first && lane->running < lane->it->concurrency)
        http_lane_start(lane, pop(lane));
    http_client_kick(lane->client);
}

/* ---- Tries -------------------------------------------------------------- */

/* Again only where it is asked for and cannot happen twice: the backend has not seen it, or
 * may see it as often as it likes. */
static bool may_try_again(const struct http_call *call, enum http_fault fault, bool unseen)
{
    const struct http_lane *lane = call->lane;
    if (!call->ev || call->tries > lane->it->retries || !http_fault_is_outage(fault) ||
        http_breaker_refuses(&lane->breaker, http_now()))
        return false;
    return unseen || http_is_idempotent(lane->it);
}

static void try_now(struct http_lane *lane, struct http_call *call);

static void on_pause_over(jf_worker *w, void *data)
{
    struct http_call *call = data;
    struct http_lane *lane = call->lane;
    (void)w;
    try_now(lane, call);
    pump(lane);
}

static bool try_later(struct http_lane *lane, struct http_call *call)
{
    uint64_t pause = (uint64_t)PAUSE_MS << (call->tries - 1);
    pause += http_lane_random(lane, pause);
    call->state = HTTP_BETWEEN_TRIES;
    call->transfer = NULL;
    return jf_timer_start(lane->w, pause, on_pause_over, call, &call->pause) == JF_OK;
}

/* ---- Answers ------------------------------------------------------------ */

static enum http_fault read_reply(const struct http_lane *lane,
                                  const struct http_reply *reply,
                                  struct http_answer *answer)
{
    *answer = (struct http_answer){ .http_status = reply->status,
                                    .body = reply->body,
                                    .protocol = reply->protocol,
                                    .has_body = reply->status != 204,
                                    .function_error = reply->function_error };
    if (lane->it->kind != HTTP_LAMBDA)
        return http_answer_read_http(answer);
    return lane->it->authorizes ? http_answer_read_authorizer(answer)
                                : http_answer_read_lambda(answer);
}

static enum http_fault fault_of_end(enum http_end end)
{
    switch (end) {
    case HTTP_END_NOT_SENT:
    case HTTP_END_CONNECT_TIMEOUT:
        return HTTP_FAULT_AWAY;
    case HTTP_END_TOO_LARGE:
        return HTTP_FAULT_TOO_LARGE;
    case HTTP_END_JUNK:
        return HTTP_FAULT_JUNK;
    case HTTP_END_OTHER:
        return HTTP_FAULT_MEMORY;
    default:
        return HTTP_FAULT_BROKEN;
    }
}

static const char *why_of(enum http_fault fault, long status, const char *why)
{
    if (fault == HTTP_FAULT_FUNCTION)
        return "the function threw an error";
    if (fault == HTTP_FAULT_JUNK)
        return "the answer is none";
    if (fault == HTTP_FAULT_STATUS || fault == HTTP_FAULT_FULL)
        return status >= 500 ? "a status of 5xx" : "a status that is no success";
    return why;
}

static void on_reply(void *data, enum http_end end, const struct http_reply *reply,
                     const char *why)
{
    struct http_call *call = data;
    struct http_lane *lane = call->lane;
    struct http_answer answer = { 0 };
    enum http_fault fault =
        end == HTTP_END_REPLY ? read_reply(lane, reply, &answer) : fault_of_end(end);
    bool unseen = end == HTTP_END_NOT_SENT || end == HTTP_END_CONNECT_TIMEOUT;
    tell_breaker(lane, fault);
    if (!may_try_again(call, fault, unseen) || !try_later(lane, call))
        end_running(call, fault, &answer, why_of(fault, reply->status, why));
    http_answer_fini(&answer);
    pump(lane);
}

static void on_added(void *data, enum http_fault fault, const char *why)
{
    struct http_call *call = data;
    struct http_lane *lane = call->lane;
    struct http_answer taken = { .http_status = 202 };
    tell_breaker(lane, fault);
    end_running(call, fault, &taken, why);
    pump(lane);
}

/* ---- Sending ------------------------------------------------------------ */

static void try_now(struct http_lane *lane, struct http_call *call)
{
    struct http_request request = { call->url, call->headers, call->header_count,
                                    call->body };
    int status;
    call->state = HTTP_RUNNING;
    call->tries++;
    if (lane->stream)
        status = http_stream_add(lane->stream, call->body, on_added, call, &call->job);
    else
        status = http_client_start(lane->client, lane->it, &request, on_reply, call,
                                   &call->transfer);
    if (status == JF_OK)
        return;
    http_breaker_forget(&lane->breaker);
    end_running(call,
                status == JF_E_FULL          ? HTTP_FAULT_FULL
                : status == JF_E_UNAVAILABLE ? HTTP_FAULT_AWAY
                                             : HTTP_FAULT_MEMORY,
                NULL, "it could not be sent");
}

static void cancel(struct http_lane *lane, struct http_call *call)
{
    if (call->transfer)
        http_client_cancel(lane->client, call->transfer);
    if (call->job)
        http_stream_cancel(lane->stream, call->job);
}

static void on_deadline(jf_worker *w, void *data)
{
    struct http_call *call = data;
    struct http_lane *lane = call->lane;
    (void)w;
    if (call->state == HTTP_WAITING) {
        http_calls_remove(&lane->queue, call);
        finish(lane, call, HTTP_FAULT_TIMEOUT, NULL, "it waited for a place in vain");
    } else {
        cancel(lane, call);
        tell_breaker(lane, HTTP_FAULT_TIMEOUT);
        end_running(call, HTTP_FAULT_TIMEOUT, NULL, "no answer in time");
    }
    pump(lane);
}

static int set_deadline(struct http_lane *lane, struct http_call *call)
{
    return jf_timer_start(lane->w, lane->it->timeout_ms, on_deadline, call,
                          &call->deadline);
}

void http_lane_start(struct http_lane *lane, struct http_call *call)
{
    if (!http_breaker_admits(&lane->breaker, http_now())) {
        finish(lane, call, HTTP_FAULT_OPEN, NULL, "the breaker is open");
        return;
    }
    lane->running++;
    http_calls_append(&lane->sent, call);
    call->tries = 0;
    if (!call->ev && set_deadline(lane, call) < 0) { /* others have theirs already */
        http_breaker_forget(&lane->breaker);
        end_running(call, HTTP_FAULT_FULL, NULL, "there are no more timers");
        return;
    }
    try_now(lane, call);
}

/* When a host stops, everybody leaves at once, and then nothing can be delivered late. */
static uint32_t room(const struct http_lane *lane, const struct http_call *call)
{
    uint32_t more = call->ev->kind == JF_DISCONNECT ? LEAVING_MAX : 0;
    return lane->it->queue + more;
}

static enum http_fault admit(struct http_lane *lane, struct http_call *call)
{
    if (http_breaker_refuses(&lane->breaker, http_now()))
        return HTTP_FAULT_OPEN;
    bool waits = lane->running >= lane->it->concurrency || lane->queue.first;
    if (waits && lane->queue.count >= room(lane, call))
        return HTTP_FAULT_FULL;
    if (set_deadline(lane, call) < 0)
        return HTTP_FAULT_FULL;
    call->state = HTTP_WAITING;
    http_calls_append(&lane->queue, call);
    return HTTP_FINE;
}

int http_lane_take(struct http_lane *lane, struct jf_event *ev)
{
    struct http_answer none = { 0 };
    struct http_call *call;
    int status = http_call_new(lane, ev, &call);
    if (status < 0) {
        enum http_fault fault = status == JF_E_NOMEM ? HTTP_FAULT_MEMORY : HTTP_FAULT_VALUE;
        http_report(lane, fault, "a value cannot be part of a request");
        return http_verdict(ev, lane->it, fault, &none);
    }
    enum http_fault fault = admit(lane, call);
    if (fault != HTTP_FINE) /* the event is finished now, and so after the handler */
        finish(lane, call, fault, NULL,
               fault == HTTP_FAULT_OPEN ? "the breaker is open" : "the queue is full");
    pump(lane);
    return JF_LATER;
}

/* Every event is finished; what is left are late deliveries. */
void http_lane_fini(struct http_lane *lane, struct http_estate *estate)
{
    while (lane->sent.first) {
        struct http_call *call = lane->sent.first;
        cancel(lane, call);
        stop_timers(call);
        http_calls_remove(&lane->sent, call);
        call->transfer = NULL;
        call->job = NULL;
        http_calls_append(&lane->late, call);
    }
    http_late_fini(lane, estate);
}
