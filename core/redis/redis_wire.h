/*
 * redis_wire - one connection to a Redis: words out, replies in, until it is lost.
 *
 * Looks up the name, connects, shakes hands over TLS where the URL says so. What is written
 * during a turn of the loop leaves in one piece at its end. No time limits and no second
 * try; that is redis_link's. [home thread]
 */
#ifndef JF_REDIS_REDIS_WIRE_H
#define JF_REDIS_REDIS_WIRE_H

#include <stdbool.h>

#include "core/redis/redis_reply.h"

struct loop;
struct redis_url;
struct redis_wire;

/* Called on the loop, never from inside redis_wire_open() or redis_wire_write(). Each may
 * close the wire. */
struct redis_wire_events {
    void (*on_open)(void *data);
    void (*on_reply)(void *data, const struct redis_reply *reply);
    /* The last event; the wire is good for redis_wire_close() only. */
    void (*on_lost)(void *data, const char *why);
};

/* `attempt` chooses among several addresses of the host: 0, 1, ... take turns. The URL and
 * the events outlive the wire. */
int redis_wire_open(struct loop *loop, const struct redis_url *url, unsigned attempt,
                    const struct redis_wire_events *events, void *data,
                    struct redis_wire **out);

/* A command, once the wire is open. JF_E_NOMEM: nothing was written. */
int redis_wire_write(struct redis_wire *wire, const jf_bytes *words, size_t count);

/* Read what has arrived and not been seen yet, as after a turn that took long; gives events
 * from inside. */
void redis_wire_pull(struct redis_wire *wire);

/* Write what waits, hold still until something arrives, and read it; gives events from
 * inside. No longer than `patience_ms`: false, as when the wire is not open. */
bool redis_wire_await(struct redis_wire *wire, unsigned patience_ms);

/* NULL is accepted. With `patience_ms`, what was written reaches Redis and is done there
 * before this returns, if that takes no longer. */
void redis_wire_close(struct redis_wire *wire, unsigned patience_ms);

#endif
