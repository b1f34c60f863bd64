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
struct facts;
struct stage;
struct worker;

/* What the network tells; `host` is the worker. */
extern const struct net_events dispatch_events;

/* Run the handler of an event. JF_LATER: the event is the handler's until jf_finish(). */
int dispatch_call(struct event *event, const struct stage *stage, struct facts *facts);

/* Its handler had its time: that is logged, and counts on trial. */
void dispatch_overdue(struct event *event);

/* The reserved task of an event has come home: jf_finish() was called. */
void dispatch_finished(struct event *event);

/* Connections that ended while the node's number was in doubt wait with their $disconnect:
 * go on with them; or leave it to other nodes, since this one ends. */
void dispatch_resume_held(struct worker *worker);
void dispatch_leave_held(struct worker *worker);

/* Is there a stage at this path of this Host header? */
bool dispatch_is_stage(void *host, jf_bytes authority, jf_bytes path);

#endif
