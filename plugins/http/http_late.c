/* $disconnect events whose backend was away. The event is finished, so that the connection
 * can be forgotten; what was to be sent stays here, and is tried again with growing pauses
 * that are spread, few at a time, so that a backend which comes back is not buried. Bounded
 * by number, octets and time; what is lost is counted and said. */
#include "http_clock.h"
#include "http_estate.h"
#include "http_lane.h"

#define LATE_MAX 10000
#define LATE_BYTES_MAX (16 * 1024 * 1024)
#define TICK_MS 250
#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS 30000

static bool is_worth_it(enum http_fault fault)
{
    return http_fault_is_outage(fault) || fault == HTTP_FAULT_OPEN ||
           fault == HTTP_FAULT_FULL || fault == HTTP_FAULT_MEMORY;
}

static void lose(struct http_lane *lane, const char *why)
{
    lane->late_lost++;
    http_report(lane, HTTP_FAULT_LOST, why);
}

static void set_due(struct http_lane *lane, struct http_call *call)
{
    uint64_t pause = (uint64_t)FIRST_PAUSE_MS << (call->attempts < 5 ? call->attempts : 5);
    if (pause > LONGEST_PAUSE_MS)
        pause = LONGEST_PAUSE_MS;
    call->attempts++;
    call->due = http_now() + pause / 2 + http_lane_random(lane, pause);
}

static uint32_t share(const struct http_lane *lane)
{
    uint32_t quarter = lane->it->concurrency / 4;
    return quarter ? quarter : 1;
}

static bool may_start(const struct http_lane *lane, uint64_t now)
{
    return lane->late_running < share(lane) && lane->running < lane->it->concurrency &&
           !http_breaker_refuses(&lane->breaker, now);
}

static void take_out(struct http_lane *lane, struct http_call *call)
{
    http_calls_remove(&lane->late, call);
    lane->late_bytes -= call->body.len;
}

static void tick(jf_worker *w, void *data);

static void set_tick(struct http_lane *lane)
{
    if (lane->late_ticks || !lane->late.first)
        return;
    lane->late_ticks =
        jf_timer_start(lane->w, TICK_MS, tick, lane, &lane->late_timer) == JF_OK;
}

static void start_due(struct http_lane *lane, uint64_t now)
{
    struct http_call *call = lane->late.first;
    while (call) {
        struct http_call *next = call->next;
        if (now >= call->until) {
            take_out(lane, call);
            http_call_free(call);
            lose(lane, "a $disconnect could not be delivered in time");
        } else if (call->due <= now && may_start(lane, now)) {
            take_out(lane, call);
            lane->late_running++;
            http_lane_start(lane, call);
        }
        call = next;
    }
}

static void tick(jf_worker *w, void *data)
{
    struct http_lane *lane = data;
    (void)w;
    lane->late_ticks = false;
    start_due(lane, http_now());
    http_client_kick(lane->client);
    set_tick(lane);
}

static void keep(struct http_lane *lane, struct http_call *call)
{
    call->state = HTTP_LATE;
    set_due(lane, call);
    http_calls_append(&lane->late, call);
    lane->late_bytes += call->body.len;
    set_tick(lane);
}

bool http_late_take(struct http_lane *lane, struct http_call *call, enum http_fault fault)
{
    uint32_t retry_s = lane->it->disconnect_retry_s;
    if (!retry_s || !is_worth_it(fault))
        return false;
    if (lane->late.count + lane->late_running >= LATE_MAX ||
        lane->late_bytes + call->body.len > LATE_BYTES_MAX || http_call_keep(call) < 0) {
        lose(lane, "too many $disconnect events wait for the backend");
        return false;
    }
    jf_finish(call->ev, JF_OK);
    call->ev = NULL;
    call->until = http_now() + (uint64_t)retry_s * 1000;
    keep(lane, call);
    return true;
}

void http_late_end(struct http_lane *lane, struct http_call *call, enum http_fault fault)
{
    lane->late_running--;
    if (is_worth_it(fault)) {
        keep(lane, call);
        return;
    }
    http_call_free(call);
}

void http_late_adopt(struct http_lane *lane, struct http_call *call)
{
    call->lane = lane;
    keep(lane, call);
}

void http_late_fini(struct http_lane *lane, struct http_estate *estate)
{
    uint32_t left = 0;
    if (lane->late_ticks)
        jf_timer_stop(lane->w, lane->late_timer);
    while (lane->late.first) {
        struct http_call *call = lane->late.first;
        http_calls_remove(&lane->late, call);
        if (http_estate_leave(estate, lane->it->route, call))
            continue;
        http_call_free(call);
        left++;
    }
    if (left || lane->late_lost)
        jf_log(lane->w->self, JF_WARN, "route=%s disconnects_lost=%u at_the_end=%u",
               lane->it->route, lane->late_lost + left, left);
}
