/*
 * conn_impl - the bodies behind conn.h and server.h, for the files of this room that work
 * on one connection together: conn.c, greeter.c, slots.c, acceptor.c, server.c.
 *
 * The order of struct conn's members is the order in which a message touches them: a
 * delivery to ten thousand sockets costs the cache lines it reads.
 */
#ifndef JF_NET_CONN_IMPL_H
#define JF_NET_CONN_IMPL_H

#include <netinet/in.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/loop/wheel.h"
#include "core/net/conn.h"
#include "core/net/outbox.h"
#include "core/net/server.h"
#include "core/net/wire.h"
#include "core/parse/conn_id.h"

enum conn_state {
    CONN_FREE,
    CONN_HEAD,
    CONN_DECIDING,
    CONN_OPEN,
    CONN_CLOSING, /* our close frame is on its way; the peer's is awaited */
    CONN_BRIDGE,  /* plain HTTP inside TLS, see bridge.h */
    CONN_LINGER,  /* the last octets are on their way; then the end */
    CONN_ENDED    /* no wire any more; the host has still to release it */
};

/* What a handshake needs and a connection does not. */
struct greeting {
    struct head head;
    jf_bytes key;
    char *bytes; /* what `head` views */
};

struct conn {
    struct wire wire;

    uint8_t state;
    bool hosted;                 /* the host knows it and has not released it */
    bool closed_told;            /* on_closed was called */
    bool paused;                 /* the inbox is full */
    uint8_t listener;            /* by which it came */
    bool peer_closed;            /* its close frame has come, or it broke the protocol */
    uint16_t close_code;         /* 0: nobody closes yet */
    struct list_node flush_node; /* on the server's flush list */
    struct outbox outbox;

    jf_conn_id id;
    uint32_t slot;
    const struct net_limits *limits;
    uint64_t seen_at; /* the last sign of life, loop_now() time */
    size_t inbox_bytes;
    struct message *inbox_first, *inbox_last;
    struct message *partial; /* the message being joined */
    size_t partial_capacity;
    struct ws_reader reader;

    struct alarm alarm;
    uint64_t state_due; /* HEAD, CLOSING, LINGER: when it is too late; 0: no limit */
    uint64_t host_due;  /* the host's deadline; 0: none */
    uint64_t life_due;  /* the end of its lifetime; 0: none */
    uint64_t pinged_at; /* 0: no ping is unanswered */

    struct greeting *greeting;
    struct bridge *bridge;
    size_t head_seen;
    char *close_reason; /* NULL: empty */
    size_t close_reason_len;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } peer;

    max_align_t session[]; /* net_options.session_bytes of the host's */
};

#define SLOT_CHUNK 256

struct acceptor;
struct http;

struct server {
    struct loop *loop;
    struct poller *poller;
    struct wheel *wheel;
    const struct net_options *options;
    const struct net_events *events;
    void *host;
    struct acceptor *acceptors[SERVER_LISTENERS];
    struct http *http;

    /* the slot table */
    char **chunks;
    uint32_t chunk_count, slot_count, used;
    uint32_t *free_slots;
    uint32_t free_count;
    size_t stride;

    /* one connection's input, one at a time */
    uint8_t *read_buffer;

    struct message *spare_message; /* room for SPARE_MESSAGE_BYTES; NULL while in use */

    /* replies to the connection being read are corked here into one write */
    struct conn *corked;
    uint8_t *cork;
    size_t cork_len;

    struct list_node flush_list; /* whoever has output at the end of the turn */
    struct timer *drain_timer;
    uint32_t drain_slot, drain_step, drain_every; /* the next to close; how many; ms */
    bool draining;
    struct net_counters counters;
};

#define READ_BUFFER_BYTES (128 * 1024)
#define CORK_BYTES (128 * 1024)
#define SPARE_MESSAGE_BYTES 2048

/* slots.c */
struct conn *slot_take(struct server *server); /* NULL: at the ceiling */
void slot_free(struct conn *conn);
struct conn *slot_at(struct server *server, uint32_t slot); /* NULL: no such slot */
void slots_fini(struct server *server);

/* greeter.c */
extern const struct wire_events greeter_events;
void greeter_overdue(struct conn *conn);
void greeter_forget(struct conn *conn);
/* Answer with `status` and let the connection linger; `extra` is whole header lines. */
void greeter_answer(struct conn *conn, unsigned status, const char *extra, jf_bytes body);

/* conn.c */
extern const struct wire_events conn_events;
void conn_start(struct conn *conn, int fd, const struct sockaddr *peer);
/* Set the alarm to whatever is due first. */
void conn_rearm(struct conn *conn);
/* Write what is queued, then end the stream; the host is told that it has closed. */
void conn_linger(struct conn *conn);
/* The wire is to go, now. `code` and `reason` count unless somebody closed before. */
void conn_end(struct conn *conn, uint16_t code, jf_bytes reason);
/* Nobody holds it any more: free the slot. */
void conn_forget(struct conn *conn);
/* Say goodbye with the code noted and wait for the peer to do the same. */
void conn_begin_close(struct conn *conn);
/* The first to close says why. */
void conn_note_close(struct conn *conn, uint16_t code, jf_bytes reason);

/* conn_in.c */
size_t conn_on_bytes(struct wire *wire, uint8_t *bytes, size_t len);
void conn_drop_input(struct conn *conn);

/* conn_out.c */
void conn_cork(struct conn *conn);
void conn_uncork(struct conn *conn);
void conn_send_control(struct conn *conn, uint32_t opcode, jf_bytes body);
void conn_send_close(struct conn *conn, uint16_t code, jf_bytes reason);
void conn_list_for_flush(struct conn *conn);
void conn_flush(struct conn *conn);
void server_flush(void *server); /* the turn's end */

#endif
