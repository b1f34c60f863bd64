/*
 * wire - a byte stream to a peer: read, write, close. Two kinds, one contract.
 *
 * A plain wire is our own socket in the worker's epoll set; a TLS wire is a raw connection
 * of libwebsockets. Whoever uses a wire does not know which it has. A wire is embedded in
 * its connection, hence the bodies. [home worker]
 */
#ifndef JF_NET_WIRE_H
#define JF_NET_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "core/loop/poller.h"

struct server;
struct wire;
struct lws;

/* News from the wire. A user is exchanged by exchanging the table: a greeter's, then a
 * connection's. Any of these may close the wire. */
struct wire_events {
    /* Octets from the peer, which may be rewritten in place. Returns how many were taken.
     * Everything, as a rule; only while `wire->peek` is set may it be less, and then the
     * rest is shown again, with more behind it, when more has come. */
    size_t (*on_bytes)(struct wire *wire, uint8_t *bytes, size_t len);

    /* There is room again after a short write. */
    void (*on_writable)(struct wire *wire);

    /* The peer is gone, or will write no more. The wire is still to be closed. */
    void (*on_end)(struct wire *wire);
};

struct wire_kind {
    /* Hand octets to the kernel, in order: the number taken, less when it has no room, or
     * JF_E_GONE. After a short write on_writable follows once set_interest() asked. */
    ssize_t (*write)(struct wire *wire, const struct iovec *parts, int count);

    /* What to listen to. Not reading also means not noticing that the peer stopped
     * writing; a reset is noticed always. */
    void (*set_interest)(struct wire *wire, bool reading, bool writing);

    /* The most that one write() takes in one go; more only makes it short. */
    size_t write_max;

    /* Nothing more will be written: send the end of the stream, go on reading. */
    void (*finish)(struct wire *wire);

    /* At once, without news. Accepts a closed wire. */
    void (*close)(struct wire *wire);
};

struct wire {
    const struct wire_kind *kind; /* NULL: closed */
    const struct wire_events *events;
    struct server *server;
    struct pollee pollee; /* plain: the socket. TLS: only its number, for information */
    bool peek;            /* see on_bytes */
    bool reading, writing;
    bool low_water; /* plain: SO_RCVLOWAT is raised */

    /* TLS only. */
    bool in_callback; /* libwebsockets is calling: closing must wait for its return */
    bool opening;     /* ... from inside its adoption of the socket */
    bool established; /* the TLS handshake is done */
    struct lws *wsi;
    uint8_t *unread; /* what was shown and not taken */
    size_t unread_len;
};

static inline bool wire_open(const struct wire *wire)
{
    return wire->kind != NULL;
}

/* Take over a connected, non-blocking socket. On failure the socket is closed.
 * JF_E_FULL: the kernel cannot watch more. */
int wire_plain_open(struct wire *wire, int fd);

/* The same, with the server's certificate. JF_E_UNAVAILABLE: libwebsockets refused. */
int wire_tls_open(struct wire *wire, int fd);

/* The certificate that its peer has shown, once the handshake is done; the caller's to
 * free(). NULL: none, or it is no TLS. */
struct tls_client;
struct tls_client *wire_tls_client(const struct wire *wire);

/* A plain wire's socket, no longer watched and now the caller's. */
int wire_plain_release(struct wire *wire);

#endif
