/*
 * renumber - the node has lost its number to others, and goes on under another one.
 *
 *   lost -> every worker closes its connections, whose ends are others' affair, and answers
 *           newcomers 503 -> none is left, and there is a new number -> each worker has a
 *           new store under it -> served again
 */
#ifndef JF_HOST_RENUMBER_H
#define JF_HOST_RENUMBER_H

#include "core/host/cluster.h"

struct gateway;
struct renumber;
struct worker;

/* [main thread] */
void renumber_new(struct gateway *gateway, struct renumber **out);
void renumber_free(struct renumber *renumber); /* NULL is accepted */

/* News of the number. [main thread] */
void renumber_lost(struct renumber *renumber);
void renumber_sure(struct renumber *renumber); /* it was ours all the time */
void renumber_taken(struct renumber *renumber, struct batch_from self);

/* A connection has gone: was it the last under the old number? [home worker] */
void renumber_check_empty(struct worker *worker);

#endif
