/*
 * server - one worker's network: what all its connections share.
 *
 * Its news goes up through net_events, a table given at construction; everything else is
 * called from above. Nothing here is touched by another thread. [home worker; building and
 * freeing: while no other thread runs the loop]
 */
#ifndef JF_NET_SERVER_H
#define JF_NET_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse/ws_frame.h"
#include "sdk/jackfield.h"

struct conn;
struct http_call;
struct loop;
struct server;
struct wheel;

/* News for the host. The conn is the server's; a host keeps its own things in
 * conn_session(). */
struct net_events {
    /* A client asks to connect: conn_head() tells what it said. Answer now or later with
     * conn_admit() or conn_refuse(), unless on_closed comes first. */
    void (*on_upgrade)(void *host, struct conn *conn);

    /* A message has come and the inbox was empty. */
    void (*on_message)(void *host, struct conn *conn);

    /* A connection that was shown to on_upgrade has ended: sends to it already fail. It is
     * the host's until conn_release(). Not called for one the host itself refused, which is
     * released by refusing. */
    void (*on_closed)(void *host, struct conn *conn);

    /* The deadline of conn_set_deadline() has passed. */
    void (*on_deadline)(void *host, struct conn *conn);

    /* The server is to be drained or cleared: close the connection with 1001 "Going away",
     * now or as soon as what it has begun is finished. */
    void (*on_drain)(void *host, struct conn *conn);

    /* The last connection has gone and no more will come (server_drain()). */
    void (*on_drained)(void *host);

    /* A request at a path of net_options.is_call: to be answered, once. */
    void (*on_call)(void *host, struct http_call *call);
};

enum net_slow_reader { NET_SLOW_REFUSE, NET_SLOW_CLOSE, NET_SLOW_DROP_OLDEST };

/* Are clients asked for certificates, and must they have one? */
enum net_tls_client { NET_TLS_OFF, NET_TLS_ASK, NET_TLS_REQUIRE };

/* A folder served as files under a path. */
struct net_static {
    const char *path, *folder;
};

/* What one connection is allowed. */
struct net_limits {
    struct ws_limits frames;
    size_t inbox_bytes, outbox_bytes;
    uint64_t ping_ms, idle_ms, lifetime_ms; /* 0: never */
};

/* Everything a server may be told; borrowed for as long as it lives. */
struct net_options {
    uint16_t node; /* in the ids of those who come from now on; may change */
    uint8_t worker;
    const char *tls_cert, *tls_key; /* NULL: plain */
    const char *tls_client_ca;      /* the authorities of clients, if those are asked */
    enum net_tls_client tls_client;
    struct net_limits limits; /* of those without limits of their own: conn_set_limits() */
    uint32_t connections;     /* of all workers together */
    _Atomic uint32_t *connection_count; /* shared by all workers */
    uint64_t head_ms, close_ms;
    bool controls_are_life; /* any octet from the peer counts against idle_ms, or data only
                             */
    bool sends_are_life;    /* ... and what is sent to it counts too */
    enum net_slow_reader slow_reader;
    size_t session_bytes; /* zeroed room per connection for the host */
    const struct net_static *statics;
    size_t static_count;
    /* Is there a stage at this path of this Host header? For answers to plain requests.
     * [any worker] */
    bool (*is_stage)(void *host, jf_bytes authority, jf_bytes path);
    /* Does the host answer plain requests at this path? [any worker] */
    bool (*is_call)(void *host, uint8_t listener, jf_bytes path);
    size_t body_bytes;   /* of such a request; 413 above it */
    size_t bodies_bytes; /* of all at a time; 503 above it */
};

/* Counted since the start, never reset. */
struct net_counters {
    uint64_t accepted, admitted, refused, closed;
    uint64_t messages_in, frames_dropped, sends_full, pongs_dropped, over_ceiling;
};

int server_new(struct loop *loop, const struct net_options *options,
               const struct net_events *events, void *host, struct server **out);

/* Once loop_run() has ended. NULL is accepted. */
void server_free(struct server *server);

#define SERVER_LISTENERS 2

/* Take `fd`, a listening socket, and accept from it. The socket becomes the server's.
 * `which` it is, below SERVER_LISTENERS, is told with those who come by it; upgrades come
 * by the first only. */
int server_listen(struct server *server, uint8_t which, int fd);
void server_stop_accepting(struct server *server);

/* Stop accepting, close every connection with 1001 "Going away", spread evenly over
 * `spread_ms`, and tell on_drained when none is left. */
void server_drain(struct server *server, uint64_t spread_ms);

/* The same with those that are there now, while it goes on accepting. */
void server_clear(struct server *server, uint64_t spread_ms);

void server_stop_clearing(struct server *server); /* those who come now may stay */

/* End every connection at once, without ceremony. on_closed comes for each. */
void server_abort(struct server *server);

/* Release the loop's handles; what remains is freed by server_free(). */
void server_close(struct server *server);

/* The connection of that name: admitted or waiting for its verdict, else NULL. */
struct conn *server_find(struct server *server, jf_conn_id id);

/* The same, and also one that has ended and is not released yet. */
struct conn *server_find_ended(struct server *server, jf_conn_id id);

/* The first connection that is alive at or behind *slot, which is then the one behind it.
 * NULL: there is none below `end`, where *slot is then, or 0 at the end of the table. */
struct conn *server_next(struct server *server, uint32_t *slot, uint32_t end);

/* For deadlines of those who live on the same worker. */
struct wheel *server_wheel(struct server *server);

const struct net_counters *server_counters(const struct server *server);

/* Slots in use, lingering ones included. */
uint32_t server_conn_count(const struct server *server);

#endif
