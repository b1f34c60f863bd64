/*
 * http_lane - the calls of one integration on one worker.
 *
 * So many run at once, so many more wait; beyond that, and while its breaker is open, a
 * call is refused at once. A call that was taken ends once: with the backend's answer, or
 * with a fault. [home worker]
 */
#ifndef HTTP_LANE_H
#define HTTP_LANE_H

#include "http_answer.h"
#include "http_breaker.h"
#include "http_client.h"
#include "http_options.h"

struct http_estate;
struct http_stream;

enum http_call_state { HTTP_WAITING, HTTP_RUNNING, HTTP_BETWEEN_TRIES, HTTP_LATE };

struct http_call {
    struct http_call *next, *previous; /* in the queue, or among the late */
    struct http_lane *lane;
    struct jf_event *ev; /* NULL: it is finished, and this delivery is late */
    enum http_call_state state;

    char *url;
    char *headers[HTTP_HEADERS_MAX + 1];
    size_t header_count;
    jf_bytes body; /* borrowed from the event, or in `own_body` */
    char *own_body;

    jf_timer deadline, pause;
    uint32_t tries;
    struct http_transfer *transfer;
    struct http_job *job; /* of a stream */

    /* of a late one */
    uint64_t due, until;
    uint32_t attempts;
};

struct http_calls {
    struct http_call *first, *last;
    uint32_t count;
};

struct http_gate { /* of a line in the log */
    uint64_t open_at;
    uint32_t held;
};

struct http_lane {
    const struct http_integration *it;
    jf_worker *w;
    struct http_client *client; /* the worker's */
    struct http_stream *stream; /* of this lane; NULL: it is none */
    uint32_t running;
    struct http_calls queue, sent; /* sent: all that have a place */
    struct http_breaker breaker;
    struct http_gate gates[HTTP_FAULT_COUNT];
    uint64_t seed;

    struct http_calls late;
    size_t late_bytes;
    uint32_t late_running, late_lost;
    jf_timer late_timer;
    bool late_ticks;
};

/* A late delivery of an instance before this one. */
void http_late_adopt(struct http_lane *lane, struct http_call *call);

/* The handler: JF_LATER, or what it came to at once. */
int http_lane_take(struct http_lane *lane, struct jf_event *ev);

/* What waits is left to whoever takes this instance's place. */
void http_lane_fini(struct http_lane *lane, struct http_estate *estate);

/* ---- Shared by the files of a lane -------------------------------------- */

uint64_t http_lane_random(struct http_lane *lane, uint64_t below);

/* http_call.c. A call with all that is sent; JF_E_INVALID: a client's value cannot be. */
int http_call_new(struct http_lane *lane, struct jf_event *ev, struct http_call **out);
int http_call_keep(struct http_call *call); /* its body becomes its own; JF_E_NOMEM */
void http_call_free(struct http_call *call);
void http_calls_append(struct http_calls *calls, struct http_call *call);
void http_calls_remove(struct http_calls *calls, struct http_call *call);

/* Begin to send a call that has a place; it ends by http_lane_end(). */
void http_lane_start(struct http_lane *lane, struct http_call *call);

/* http_verdict.c: what the event is finished with. */
int http_verdict(struct jf_event *ev, const struct http_integration *it,
                 enum http_fault fault, struct http_answer *answer);

/* http_report.c: a line in the log for this kind of fault, every 10 s at most. */
void http_report(struct http_lane *lane, enum http_fault fault, const char *why);

/* http_late.c: keep a $disconnect for later; false: it cannot be, or need not. It is the
 * lane's then, and the event is over. */
bool http_late_take(struct http_lane *lane, struct http_call *call, enum http_fault fault);
void http_late_end(struct http_lane *lane, struct http_call *call, enum http_fault fault);
void http_late_fini(struct http_lane *lane, struct http_estate *estate);

#endif
