/*
 * dispatch - event to handler to verdict; the next event; overdue ones.
 *
 * Whose turn it is: one event of a connection at a time, in the order they came, and
 * $disconnect last. [home worker]
 */
#ifndef JF_HOST_DISPATCH_H
#define JF_HOST_DISPATCH_H

#include "core/net/server.h"

struct event;

/* What the network tells; `host` is the worker. */
extern const struct net_events dispatch_events;

/* The reserved task of an event has come home: jf_finish() was called. */
void dispatch_finished(struct event *event);

/* Is there a stage at this path? */
bool dispatch_is_stage(void *host, jf_bytes path);

#endif
