/*
 * orphans - the connections of a dead node, for whoever holds the claim on it.
 *
 * Goes through all that the node told the directory, and hands over each connection with
 * what is known of it. Only when its receiver is done with it is it taken out of there: so
 * whoever stops or dies in the middle leaves all that is not done to the next, who comes
 * with a later fence. Redis may be away meanwhile: it goes on when that is back.
 * [home thread]
 */
#ifndef JF_STORE_ORPHANS_H
#define JF_STORE_ORPHANS_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

struct loop;
struct orphans;
struct redis_url;

/* URL and prefix outlive the orphans. */
struct orphans_options {
    const struct redis_url *url;
    const char *prefix;
    uint16_t node;       /* the dead one */
    uint64_t fence;      /* of the claim; 0: none is looked after */
    uint32_t timeout_ms; /* for an answer of Redis */
};

/* A connection that is no more. */
struct orphan {
    jf_conn_id conn;
    jf_bytes stage; /* empty, and `since` 0: it had not entered, or that was lost */
    uint64_t since; /* when it connected, in ms since 1970 */
    size_t group_count, attr_count;
    const jf_bytes *groups; /* each "stage/group" */
    const jf_bytes *attrs;  /* each a key, then its value */
};

/* NULL is accepted. [any thread] */
void orphan_free(struct orphan *orphan);

/* On the loop, never from inside a call; each may call anything here but orphans_close().
 */
struct orphans_events {
    /* The receiver's, to orphan_free(); it may go to another thread. Each connection comes
     * once. orphans_done() is to follow. */
    void (*on_orphan)(void *data, struct orphan *orphan);
    /* Once, and nothing after it. JF_OK: there are none any more, and the node's marker is
     * gone. JF_E_GONE: somebody with a later fence takes care of the node. */
    void (*on_end)(void *data, int status);
};

/* Connects; hands over none yet. Options are copied. */
int orphans_open(struct loop *loop, const struct orphans_options *options,
                 const struct orphans_events *events, void *data, struct orphans **out);

/* So many more may be handed over. */
void orphans_allow(struct orphans *orphans, unsigned count);

/* Its $disconnect has run: forget it in Redis, which is tried until that has done it. One
 * that was never handed over, or is done already: nothing. */
void orphans_done(struct orphans *orphans, jf_conn_id conn);

/* What has been handed over and is not done stays in Redis for the next; for what is done
 * and not forgotten yet, a Redis that is there gets a short moment. No more events. NULL is
 * accepted. */
void orphans_close(struct orphans *orphans);

#endif
