/*
 * lease - the number of this node, and the numbers of those that died.
 *
 * A number is held for a time and renewed long before that ends. Redis decides, by its own
 * clock and in scripts that nothing interrupts, so no two nodes hold one number, as long as
 * Redis remembers: what it may have forgotten, and what then can happen, is in
 * docs/redis.md, "What Redis must remember". A holder
 * that could not renew in time is in doubt: from then on, by a clock that goes on while the
 * process or the machine sleeps, it must not speak in the number's name; its connections
 * may live on, since it may find the number untouched (Redis was away for everybody, or was
 * emptied), and is sure of it again. If somebody has claimed it meanwhile, it is lost.
 *
 * A node whose lease has run out is dead. One of the others claims it, which is a lease
 * again: whoever dies over the cleaning up is replaced.
 *
 * It lives on its loop's thread, which need not be the main thread, and should be one that
 * nothing holds up for as long as a lease. [home thread, but for lease_sure()]
 */
#ifndef JF_RELAY_LEASE_H
#define JF_RELAY_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/relay/batch.h"

struct lease;
struct loop;
struct redis_url;

#define LEASE_TTL_MIN_MS 300

struct lease_options {
    const struct redis_url *url;
    const char *prefix;  /* of every key */
    unsigned timeout_ms; /* for an answer of Redis; a fraction of the ttl */
    unsigned ttl_ms;     /* how long a lease is good for; renewed after a third of it */
    /* After Redis was emptied the holders of numbers come back to it within a ttl. For so
     * long it gives no number to anybody else: the ttl, or 0 where nobody else can be. */
    unsigned settle_ms;
};

/* On the loop, never from inside a call; each may call anything here but lease_close().
 * Members may be NULL; without on_dead no dead node is looked for. */
struct lease_events {
    void (*on_taken)(void *data, struct batch_from self);
    void (*on_doubt)(void *data); /* say nothing in the number's name */
    void (*on_sure)(void *data);  /* it was ours all the time */
    /* Redis refuses the user, or what is asked of it: it is tried again, in vain until
     * somebody acts. */
    void (*on_refused)(void *data, const char *why);
    void (*on_lost)(void *data); /* somebody else's; lease_take() for another one */
    /* Ours to clean up after, until lease_buried(); one node at a time. The fence is the
     * claim's: larger than that of the node, and of those who have claimed it before. */
    void (*on_dead)(void *data, struct batch_from dead);
    void (*on_dead_lost)(void *data, uint16_t node); /* we were too slow: stop that */
};

/* Connects; takes nothing yet. Options are copied; what they point to, events and data
 * outlive the lease. JF_E_INVALID: times that make no sense. */
int lease_open(struct loop *loop, const struct lease_options *options,
               const struct lease_events *events, void *data, struct lease **out);

/* Gives back the number and a dead node that has not been buried, if Redis is there within
 * `patience_ms`. No more events. NULL is accepted. */
void lease_close(struct lease *lease, unsigned patience_ms);

/* Take a number, as soon as possible; nothing if one is held or being taken. */
void lease_take(struct lease *lease);

/* Is the number ours at this moment? Before anything is said in its name. [any thread] */
bool lease_sure(struct lease *lease, struct batch_from *self);

/* May the cleaning up after this dead node go on? */
bool lease_holds_dead(const struct lease *lease, uint16_t node);

/* It is done: the number is free, and nobody who had it can have it back. */
void lease_buried(struct lease *lease, uint16_t node);

/* It cannot be done here and now: the claim is given back, for anybody to have a later one.
 */
void lease_leave_dead(struct lease *lease, uint16_t node);

#endif
