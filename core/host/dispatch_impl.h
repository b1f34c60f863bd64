/*
 * dispatch_impl - what dispatch.c and admission.c do together. [home worker]
 */
#ifndef JF_HOST_DISPATCH_IMPL_H
#define JF_HOST_DISPATCH_IMPL_H

struct conn;
struct event;
struct stage_routes;
struct worker;

/* Run the event's handler. Until it is finished its connection waits for it. */
int dispatch_run(struct event *event);

/* A failure of a handler, if it is one. */
void dispatch_log_failure(const struct event *event, int status);

/* The frame of an error; what it is for is the event's, if that is not NULL. `message` is
 * one of envelope.h. */
void dispatch_send_error(struct conn *conn, const struct event *event, const char *message);

/* The connection leaves everything it was in. */
void dispatch_leave(struct worker *worker, struct conn *conn);

/* The routes of a connection's stage, as they are now. A stage is not taken away while the
 * host runs. */
const struct stage_routes *dispatch_routes(const struct worker *worker, struct conn *conn);

#endif
