/*
 * cluster - this node among the others: its number, letters from them, their deaths.
 *
 * There with a store that nodes share, else NULL. It has a thread and a loop of its own, so
 * that neither a slow init of a plugin nor a busy worker costs the node its number; what it
 * hears there it passes on by mail.
 */
#ifndef JF_HOST_CLUSTER_H
#define JF_HOST_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/loop/task.h"
#include "core/relay/batch.h"

struct cluster;
struct config;
struct gateway;
struct lease;
struct relay_options;
struct relay_out;
struct tally;

/* Can it go where the configuration says that the channels are? JF_E_INVALID: `why`, in
 * constant text. Pure. */
int cluster_check(const struct config *config, const char **why);

/* Starts the thread, and waits until the node has a number: as long as Redis is away or has
 * just been emptied that lasts, and the log says so. On failure *error is a sentence: Redis
 * refuses the user, or a script. [main thread] */
int cluster_new(struct gateway *gateway, const struct config *config,
                struct batch_from *self, struct cluster **out, char *error,
                size_t error_size);

/* The workers are there: letters for this node may come, and others may be buried. Said
 * again after the number has changed. NULL is accepted. [main thread] */
void cluster_serve(struct cluster *cluster, uint16_t node);

/* No more burials are begun. NULL is accepted. [main thread] */
void cluster_drain(struct cluster *cluster);

/* The workers have ended: give the number back, end the thread. NULL is accepted.
 * [main thread] */
void cluster_stop(struct cluster *cluster);

/* When nobody can post any more; stops it if that has not been done. NULL is accepted.
 * [main thread] */
void cluster_free(struct cluster *cluster);

/* Is that number ours at this moment? Who has lost one may have another already, before the
 * news of it have come round. [any thread] */
bool cluster_is_sure(struct cluster *cluster, uint16_t node);

/* For the rooms on the cluster's thread, and for what leads to it. */
struct gateway *cluster_gateway(const struct cluster *cluster);
struct lease *cluster_lease(const struct cluster *cluster);
struct relay_options cluster_relay_options(const struct cluster *cluster);
struct relay_out *cluster_out(const struct cluster *cluster); /* [cluster thread] */
struct tally *cluster_tally(const struct cluster *cluster);   /* until it is stopped */

/* A task for its loop, as mailbox_post(). [any thread] */
int cluster_post(struct cluster *cluster, struct task *task, size_t bytes);

/* Reserved: what was sent to a worker is on its way back. [any thread] */
void cluster_post_reserved(struct cluster *cluster, struct task *task);

#endif
