/*
 * burial - the $disconnect of a connection whose node has died.
 *
 * The node that cleans up after it has one of its workers run the handler, as if the
 * connection had lived there: 1006, "node lost", with the attributes it had. [home worker]
 */
#ifndef JF_HOST_BURIAL_H
#define JF_HOST_BURIAL_H

#include "core/base/list.h"
#include "core/loop/task.h"
#include "core/loop/wheel.h"
#include "sdk/jackfield.h"

struct event;
struct orphan;
struct worker;

/* Embedded by its maker, hence the body. */
struct burial {
    struct task task;      /* to the worker, and back */
    struct orphan *orphan; /* the maker's; still until it is over */
    uint64_t fence;        /* of the maker's claim on its node */
    struct worker *worker;
    void (*over)(struct burial *burial); /* on the worker */

    /* The worker's. */
    struct list_node node;
    struct event *event; /* in progress */
    struct alarm alarm;
};

/* Have the worker run it. `over` comes when the handler is through, or its time is, or
 * there is none. [any thread] */
void burial_post(struct burial *burial);

/* An event without a connection is finished: was it a burial's? */
void burial_finished(struct event *event);

/* That of a connection whose $disconnect is being run here, or NULL. */
const struct burial *burial_find(const struct worker *worker, jf_conn_id conn);

/* The value of one of its attributes; JF_E_NOT_FOUND. */
int burial_attr(const struct burial *burial, jf_bytes key, jf_bytes *value);

#endif
