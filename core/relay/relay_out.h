/*
 * relay_out - letters to other nodes, from one loop.
 *
 * What is sent within a turn of the loop leaves at its end, as few batches: one for each
 * node, one for each group, one for all. Nothing is stored on the way: a letter arrives
 * once or not at all, and letters from one loop reach any one node in the order in which
 * they were sent, of whatever kind they are.
 *
 * Over a Redis Cluster (`sharded`) the order holds too, but for the time in which a channel
 * moves from one of its servers to another; a batch for a group or for all is sent to each
 * node by itself, and waits for the directory to say who they are, as does what comes
 * behind. [home thread]
 */
#ifndef JF_RELAY_RELAY_OUT_H
#define JF_RELAY_RELAY_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/relay/batch.h"
#include "core/relay/letter.h"

#define RELAY_BYTES_MAX (16 << 20)    /* octets that wait or are on their way */
#define RELAY_PARCELS_MAX 4096        /* batches that wait or are on their way */
#define RELAY_LETTER_MAX (4 << 20)    /* octets of one, names and ids included */
#define RELAY_BATCH_BYTES (256 << 10) /* of a batch, unless one letter has more */

struct lease;
struct loop;
struct redis_url;
struct relay_out;

struct relay_options {
    const struct redis_url *url;
    const char *prefix; /* of every channel and key */
    unsigned timeout_ms;
    bool sharded; /* channels of a Redis Cluster: SPUBLISH and SSUBSCRIBE */
    /* sharded: some node of that cluster, better a name for several. NULL: `url`. All keys
     * are where `url` says in any case. */
    const struct redis_url *cluster;
};

struct relay_out_events {
    /* Letters to this node, the questions among them with numbers `first` to `last` (0:
     * there was none), did not arrive. JF_E_GONE: nobody has that node number (any more).
     * JF_E_UNAVAILABLE: Redis failed, the node does not listen just now, or our own number
     * was in doubt. JF_E_TIMEOUT: they may have arrived, Redis has not said. On the loop,
     * never from inside; may send, but not close. Of letters to groups and to all nothing
     * is told. */
    void (*on_undelivered)(void *data, uint16_t node, uint64_t first, uint64_t last,
                           int status);
};

struct relay_out_counts {
    uint64_t letters, batches; /* accepted; given to Redis */
    uint64_t undelivered;      /* letters that did not reach a node, or perhaps not */
    uint64_t full;             /* letters refused with JF_E_FULL */
};

/* Connects. The lease says in whose name is written, and whether that may be; it outlives
 * this, as do url, prefix, events and data. */
int relay_out_open(struct loop *loop, const struct relay_options *options,
                   struct lease *lease, const struct relay_out_events *events, void *data,
                   struct relay_out **out);

/* What was sent reaches Redis if that takes no longer than `patience_ms`; if sharded, twice
 * that, and not what waits for the directory or for a master to be connected to. No more
 * events. NULL is accepted. */
void relay_out_close(struct relay_out *out, unsigned patience_ms);

/* The letter is copied. JF_OK: it will be tried. JF_E_UNAVAILABLE: Redis is away, or our
 * number is in doubt. JF_E_FULL: too much waits. JF_E_TOO_BIG. JF_E_NOMEM. Numbers of
 * questions are given in growing order. */
int relay_send(struct relay_out *out, uint16_t node, const struct letter *letter);

/* To every other node that has members of the group `letter->name`. */
int relay_send_group(struct relay_out *out, const struct letter *letter);

/* To every other node. */
int relay_send_all(struct relay_out *out, const struct letter *letter);

void relay_out_count(const struct relay_out *out, struct relay_out_counts *counts);

#endif
