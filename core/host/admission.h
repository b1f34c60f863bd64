/*
 * admission - who may come in.
 *
 * A client that asks to connect is shown to $authorize, if its stage has that, and then to
 * $connect; its upgrade waits for both. [home worker]
 */
#ifndef JF_HOST_ADMISSION_H
#define JF_HOST_ADMISSION_H

#include <stdbool.h>

struct conn;
struct event;
struct worker;

/* What the network tells; `host` is the worker. */
void admission_on_upgrade(void *host, struct conn *conn);

/* The verdict of a JF_CONNECT event. True: the connection is in, and goes on. */
bool admission_settle(struct worker *worker, struct conn *conn, struct event *event,
                      int status);

#endif
