/*
 * audience - who hears a send to a group or to a stage, on one worker.
 *
 * A dense array of connections per name, so that sending to a group costs one look-up and
 * a walk; a connection knows its places in them, so that leaving costs no search.
 * [home worker]
 */
#ifndef JF_HOST_AUDIENCE_H
#define JF_HOST_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/base/table.h"
#include "sdk/jackfield.h"

struct audience;
struct conn;
struct frame;
struct membership;

/* All of a worker's, by name; embedded in it, hence the body. Zeroed: none. */
struct audiences {
    struct table by_name;
};

void audiences_fini(struct audiences *all);

/* Join or leave under `name`; `seats` is the head of the connection's own list. Joining
 * twice is once. */
void audience_join(struct audiences *all, jf_bytes name, struct conn *conn,
                   struct membership **seats);
void audience_leave(struct audiences *all, jf_bytes name, struct membership **seats);

/* Leave all. */
void audience_leave_all(struct audiences *all, struct membership **seats);

/* Queue the frame for everybody in it; a name nobody has joined is nobody. */
void audience_send(const struct audiences *all, jf_bytes name, struct frame *frame);

/* Who is in it, a copy and yours to free; of nobody NULL. JF_E_NOMEM. */
int audience_members(const struct audiences *all, jf_bytes name, jf_conn_id **copy,
                     size_t *count);

bool audience_exists(const struct audiences *all, jf_bytes name);

#endif
