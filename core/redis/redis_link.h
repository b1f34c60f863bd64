/*
 * redis_link - a Redis that may go away and come back.
 *
 * Keeps one connection: enters with user, password and database, reconnects after pauses
 * that grow and are never the same for two links, notices a Redis that has fallen silent.
 * Commands are pipelined. One that has been accepted is answered exactly once, never from
 * inside redis_send(); one that is refused there is never answered. [home thread]
 */
#ifndef JF_REDIS_REDIS_LINK_H
#define JF_REDIS_REDIS_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/redis/redis_reply.h"

#define REDIS_IN_FLIGHT_MAX 8192 /* commands without an answer, else JF_E_FULL */
#define REDIS_IN_FLIGHT_BYTES                                                              \
    (32 << 20) /* octets of their words; one command may have more */

struct loop;
struct redis_link;
struct redis_url;

/* Embedded by its caller and kept still until `done`, hence the body. */
struct redis_call {
    /* JF_OK with the reply, which may be looked at during the call. A failure is
     * JF_E_TIMEOUT (it may still be done), JF_E_UNAVAILABLE (lost on the way, or Redis
     * cannot now; it may have been done), JF_E_STOPPING (closed), or what
     * redis_reply_status() makes of an error, with that as the reply. */
    void (*done)(struct redis_call *call, int status, const struct redis_reply *reply);
    void *data; /* the caller's */
};

/* News for the owner, on the loop; each may close the link. Members may be NULL. */
struct redis_events {
    void (*on_up)(void *data);
    void (*on_down)(void *data); /* what was in flight has been answered */
    /* Password or user were refused; it will be tried again. May not close. */
    void (*on_refused)(void *data, const char *why);
    /* What comes on subscribed channels, and what answers redis_say(): arrays that begin
     * with "message", "smessage", "subscribe", ..., or an error. [only with redis_say()] */
    void (*on_push)(void *data, const struct redis_reply *message);
};

/* Can this build go there? JF_E_INVALID: `why`, in constant text. Pure. */
int redis_link_check(const struct redis_url *url, const char **why);

/* URL, events and data outlive the link. It opens whether Redis is there or not, and begins
 * to connect. `timeout_ms` is how long an answer may take. */
int redis_link_open(struct loop *loop, const struct redis_url *url, unsigned timeout_ms,
                    const struct redis_events *events, void *data, struct redis_link **out);

/* Holds still until answers come, and gives them from inside: for whoever is about to close
 * and has more to send by what they say. The link may be closed meanwhile. No longer than
 * `patience_ms`: false, as when it is away or nothing is in flight. */
bool redis_link_await(struct redis_link *link, unsigned patience_ms);

/* Answers what is in flight before it returns: JF_E_STOPPING; yet all of it is done by
 * Redis if that takes no longer than `patience_ms`. NULL is accepted. */
void redis_link_close(struct redis_link *link, unsigned patience_ms);

bool redis_link_is_up(const struct redis_link *link);

/* How many commands are in flight, and how many octets their words have. */
size_t redis_link_in_flight(const struct redis_link *link);
size_t redis_link_bytes(const struct redis_link *link);

/* JF_E_UNAVAILABLE: it is away. JF_E_FULL: too much in flight. JF_E_NOMEM. JF_E_STOPPING:
 * it is closed. The words are copied. */
int redis_send(struct redis_link *link, struct redis_call *call, const jf_bytes *words,
               size_t count);

/* (S)SUBSCRIBE and (S)UNSUBSCRIBE, whose answers are pushes. A link that has subscribed is
 * good for nothing else but redis_say(). */
int redis_say(struct redis_link *link, const jf_bytes *words, size_t count);

#endif
