/*
 * reaper - runs the $disconnect of every connection of a node that has died.
 *
 * One dead node at a time, on which this node has the claim: each connection is handed to a
 * worker, some at once, and forgotten in the directory when its handler is through. If we
 * die over that, another node goes on with those that are left. [cluster thread]
 */
#ifndef JF_HOST_REAPER_H
#define JF_HOST_REAPER_H

#include <stdint.h>

#include "core/relay/batch.h"

#define REAPER_AT_ONCE 64 /* handlers under way: a storm is paced by how fast they are */

struct cluster;
struct lease;
struct loop;
struct orphans_options;
struct reaper;

/* What the options point to outlives it. Node and fence are those of a claim. */
void reaper_new(struct cluster *cluster, struct loop *loop, struct lease *lease,
                const struct orphans_options *options, struct reaper **out);

/* The lease has claimed a dead node; or has lost that claim. */
void reaper_claim(struct reaper *reaper, struct batch_from dead);
void reaper_lose(struct reaper *reaper, uint16_t node);

/* Begins no more. */
void reaper_stop(struct reaper *reaper);

/* When no worker has a burial of its any more. NULL is accepted. */
void reaper_free(struct reaper *reaper);

#endif
