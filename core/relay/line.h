/*
 * line - parcels on their way out to a Redis Cluster, one after the other.
 *
 * What is for a group or for all is sent to each node by itself there, since their channels
 * are on different servers; who they are is asked of the directory's Redis, and what comes
 * behind waits for that, so that nothing passes. [home thread]
 */
#ifndef JF_RELAY_LINE_H
#define JF_RELAY_LINE_H

#include "core/relay/parcel.h"
#include "core/relay/relay_out.h"

#define LINE_COPIES_MAX (1 << 17) /* on their way; a parcel that makes it more fails */

struct line;

/* `directory` is the link to Redis that has the keys. `done(parcel, status, listeners)`
 * comes once for each parcel that joins, maybe from inside: JF_OK, and how many listened to
 * the copies together; JF_E_UNAVAILABLE; JF_E_TIMEOUT; JF_E_STOPPING. The parcel is the
 * caller's again. Options and link outlive the line. */
int line_open(struct loop *loop, const struct relay_options *options,
              struct redis_link *directory,
              void (*done)(struct parcel *parcel, int status, int64_t listeners),
              struct line **out);

/* After the directory's link has been closed. Ends all parcels; what was for single nodes
 * is done if that takes no longer than `patience_ms`. NULL is accepted. */
void line_close(struct line *line, unsigned patience_ms);

void line_join(struct line *line, struct parcel *parcel);

#endif
