/*
 * shards - the nodes of a Redis Cluster that publish for us, as far as they have been met.
 *
 * A channel is served by one of them, and whoever else is asked names that one (MOVED). It
 * is remembered, and connected to when it is first named; one that is lost is forgotten.
 * What is published to one node of ours arrives in that order, but for the time in which
 * its channel moves to another node of the cluster. [home thread]
 */
#ifndef JF_RELAY_SHARDS_H
#define JF_RELAY_SHARDS_H

#include <stdbool.h>

#include "core/base/list.h"
#include "core/redis/redis_link.h"
#include "core/relay/relay_out.h"

#define SHARDS_MAX 1024

struct shard;
struct shards;

/* Embedded by its caller and kept still until `done`, hence the body. */
struct shard_call {
    /* On the loop, never from inside shards_publish(). JF_OK: so many listened.
     * JF_E_UNAVAILABLE: it was not done. JF_E_TIMEOUT: it may have been. JF_E_STOPPING. */
    void (*done)(struct shard_call *call, int status, int64_t listeners);

    /* the shards' */
    struct redis_call redis;
    struct list_node node_link; /* while it waits */
    struct shards *shards;
    struct shard *shard; /* that was asked */
    uint16_t node;
    bool moved, probe;
    jf_bytes batch;
};

/* Connects to the node of the cluster that the options name; they, and what they point to,
 * outlive this. */
int shards_open(struct loop *loop, const struct relay_options *options,
                struct shards **out);

/* Ends what is open, yet all of it is done if that takes no longer than `patience_ms`, but
 * for what waits for a link to come up. NULL is accepted. */
void shards_close(struct shards *shards, unsigned patience_ms);

/* To the channel of one of our nodes. The batch is kept by the caller until `done`. Another
 * status than JF_OK: it was not done, and `done` won't be called. */
int shards_publish(struct shards *shards, uint16_t node, jf_bytes batch,
                   struct shard_call *call);

#endif
