/*
 * worker - a thread: loop, server, store, mailbox, plugin locals.
 *
 * Everything a worker owns is touched by its own thread only; others post to its mailbox.
 */
#ifndef JF_HOST_WORKER_H
#define JF_HOST_WORKER_H

#include <pthread.h>
#include <stdbool.h>

#include "core/host/audience.h"
#include "core/host/event.h"
#include "core/host/gateway.h"
#include "core/host/router.h"
#include "core/host/stage_limits.h"
#include "core/loop/mailbox.h"
#include "core/net/server.h"
#include "core/store/store.h"

struct manage_door;
struct plugin_polls;
struct plugin_timers;
struct rate_use;
struct relay_asker;
struct relay_out;

/* An order of the main thread, in its own place in the mailbox: it cannot fail. */
struct worker_order {
    struct task task;
    struct worker *worker;
};

/* The rooms of floor 4 share it, hence the body. */
struct worker {
    /* never changes while it runs */
    uint32_t index;
    struct gateway *gateway;
    struct loop *loop;
    struct mailbox *box;
    pthread_t thread;
    bool started;

    /* the main thread's */
    struct worker_order open, drain, abort, give_up, halt;

    /* its own thread's */
    struct net_options net; /* read by the server */
    struct server *server;
    const struct store_kind *store_kind;
    struct store *store;
    struct relay_out *out;     /* to other nodes; NULL: there are none */
    struct relay_asker *asker; /* questions on their way to them */
    struct list_node burials;  /* of connections whose node has died */
    struct list_node held;     /* ended, and waiting with their $disconnect */
    struct list_node kicks;    /* who is to be closed, one after the other */
    uint64_t sessions;         /* connections that the host has been shown */
    bool leaving;    /* the node's number; until the last session of it has gone */
    bool numberless; /* the node has lost its number, and has no other yet */
    struct audiences groups, stages;
    struct event_pool events;
    struct plugin_timers *timers;
    struct manage_door *door;
    struct plugin_polls *polls;
    struct {
        uint64_t origins, keys, quotas, connects, messages, closed, models; /* refused */
    } limited;
    uint64_t waiting_events; /* JF_LATER, not finished yet; overdue ones included */
    uint64_t waiting_asks;   /* questions of plugins on their way */
    struct list_node seats;  /* of the instances whose worker_init succeeded, in order */
    const struct router *router;
    const struct ip_range *proxies; /* the configuration's, which changes with the router */
    size_t proxy_count;
    struct stage_limits_table limits; /* of each stage's connections */
    uint64_t event_ms, drain_jitter_ms, store_timeout_ms;
    bool draining, drained;
    bool halting; /* no new questions */

    /* any thread's */
    _Atomic uint32_t kicks_due; /* in `kicks`, or in the mailbox */
};

/* What the host keeps in a connection. */
struct session {
    const struct stage *stage;
    struct event *event; /* in progress; NULL: idle */
    struct membership *groups, *stage_seat;
    struct facts *facts;
    char *subprotocol; /* that $authorize has chosen; NULL: none */
    size_t subprotocol_len;
    struct rate_use *rates; /* NULL: it has used nothing that is limited */
    bool authorizing;       /* $authorize is asked, $connect not yet */
    bool admitted, closed, disconnecting;
    bool leaving; /* the host drains: close when idle */
    bool stored;  /* the store may know it */
};

static inline struct session *session_of(struct conn *conn)
{
    return conn_session(conn);
}

/* Build, on the main thread, everything that can fail. */
int worker_new(struct gateway *gateway, uint32_t index, struct worker **out);

/* Start its thread; plugins' worker_init run there and gateway_worker_ready() is told. */
int worker_start(struct worker *worker);

/* Each posts to the worker. [main thread] */
void worker_open(struct worker *worker); /* accept connections */
void worker_drain(
    struct worker *worker); /* close them all, then gateway_worker_drained() */
void worker_abort(struct worker *worker);   /* end the connections, ready or not */
void worker_give_up(struct worker *worker); /* events unfinished now stay so */
void worker_halt(struct worker *worker);    /* worker_fini, then end the thread */

void worker_join(struct worker *worker);

/* After worker_join(). NULL is accepted. */
void worker_free(struct worker *worker);

/* worker_init of an instance, and its mirror image; the latter only if the first succeeded.
 * [home worker] */
int worker_begin_plugin(struct worker *worker, struct plugin *plugin);
void worker_end_plugin(struct worker *worker, struct plugin *plugin);

/* Go on with other routes and limits, from the next event on. [home worker] */
void worker_change(struct worker *worker, const struct router *router,
                   const struct config *config);

/* The worker of the calling thread, or NULL. [any thread] */
struct worker *worker_current(void);

/* Something that draining waits for may have ended. [home worker] */
void worker_check_drained(struct worker *worker);

#endif
