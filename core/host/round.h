/*
 * round - have every worker do something, and be told when the last has done it.
 *
 * The orders have their places in the mailboxes, so a round cannot fail to start. Rounds of
 * one gateway reach a worker in the order they were started. [main thread]
 */
#ifndef JF_HOST_ROUND_H
#define JF_HOST_ROUND_H

#include "core/base/list.h"

struct gateway;
struct worker;

/* `run(worker, data)` on each worker's thread, between two events; then `done(data)` on the
 * main thread, if the main loop still runs by then. */
void round_start(struct gateway *gateway, void (*run)(struct worker *worker, void *data),
                 void (*done)(void *data), void *data);

/* Those that were on their way when the loops ended. */
void rounds_free(struct list_node *rounds);

#endif
