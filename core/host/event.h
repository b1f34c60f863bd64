/*
 * event - one event on its way through a handler, and where such events come from.
 *
 * A handler that answers at once uses the worker's spare event, so the usual message
 * allocates none and finds it warm. One that returns JF_LATER keeps its event until
 * jf_finish(); after that the event rests in a queue, oldest reused first, so that a second
 * jf_finish() by mistake meets a resting event and is refused, not somebody else's event.
 * [home worker, but for event_claim_finish()]
 */
#ifndef JF_HOST_EVENT_H
#define JF_HOST_EVENT_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/list.h"
#include "core/host/router.h"
#include "core/loop/task.h"
#include "core/net/conn.h"
#include "core/parse/ws_frame.h"

struct burial;
struct identity;
struct worker;

#define EVENT_MAGIC 0x4a4556e7u

enum event_phase { EVENT_RESTING, EVENT_OPEN, EVENT_FINISHED };

/* Filled and read by dispatch and api, hence the body. */
struct event {
    struct jf_event pub; /* first: what a handler is handed is the address of this */
    uint32_t magic;
    _Atomic int phase;
    int status;   /* of jf_finish() */
    int returned; /* of a handler that had called jf_finish() already */
    bool has_returned;
    struct task finish; /* reserved: a finish cannot fail */
    struct list_node node;

    struct worker *worker;
    struct conn *conn;     /* NULL: it was overdue, and is answered already */
    struct burial *burial; /* its connection's node has died; NULL: it has not */
    const struct route *route;
    union {
        struct jf_connect connect;
        struct jf_message message;
        struct jf_disconnect disconnect;
    } of;

    struct message *message;      /* JF_MESSAGE: what `of.message` views */
    struct greeting *greeting;    /* JF_CONNECT, overdue: what `of.connect` views */
    char text[WS_REASON_MAX + 1]; /* peer, or close reason */

    /* For jf_event_json(), by whoever holds the event. */
    struct facts *facts;       /* of the connection, which has them at least as long */
    struct facts *facts_kept;  /* the same, held by an overdue event itself; else NULL */
    struct settings *settings; /* of the stage, as it was when the event came */
    struct settings *settings_kept; /* the same, held by one that waits; else NULL */
    char *_Atomic json;             /* NULL: nobody asked */
    size_t json_len;
    char request_id[JF_CONN_ID_TEXT + 1]; /* there once `json` is */

    struct identity *identity; /* $authorize: who it is; NULL: nothing was said */

    /* The details of a verdict. */
    unsigned refuse_status; /* 0: none was given */
    char *refuse_body;
    size_t refuse_len;
    char *subprotocol;
    size_t subprotocol_len;
};

static inline struct event *event_of(struct jf_event *pub)
{
    return (struct event *)(void *)pub;
}

/* Where a worker's events rest; embedded in it, hence the body. */
struct event_pool {
    struct event *spare;
    struct list_node resting;
    size_t resting_count;
};

void event_pool_init(struct event_pool *pool);
void event_pool_fini(struct event_pool *pool);

/* A cleared event for `route`, open for being finished. `conn` is NULL for a burial's. */
struct event *event_open(struct event_pool *pool, struct worker *worker, struct conn *conn,
                         const struct route *route, enum jf_kind kind);

/* Its handler answered at once: the next event may have it. */
void event_close_at_once(struct event_pool *pool, struct event *event);

/* It was finished by jf_finish(): let it rest. */
void event_retire(struct event_pool *pool, struct event *event);

/* Is this an open event, and are we the first to finish it? [any thread] */
bool event_claim_finish(struct event *event);

#endif
