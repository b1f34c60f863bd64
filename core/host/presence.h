/*
 * presence - what other nodes know of a connection, and who sees to its end.
 *
 * An admitted connection is entered in the directory, so that should its node die another
 * one runs its $disconnect. So when a node is no longer sure of its number, the end of a
 * connection that the others know of is not its own affair any more. [home worker]
 */
#ifndef JF_HOST_PRESENCE_H
#define JF_HOST_PRESENCE_H

#include "core/base/list.h"

struct conn;
struct worker;

/* It has been admitted. Nothing for a node alone. */
void presence_enter(struct worker *worker, struct conn *conn);

/* It has gone, with attributes and groups. Nothing if the store never heard of it. */
void presence_forget(struct worker *worker, struct conn *conn);

/* Who runs its $disconnect? */
enum presence_end {
    PRESENCE_OURS,
    PRESENCE_THEIRS, /* others have, or will */
    PRESENCE_OPEN    /* until the number is sure again, or lost */
};
enum presence_end presence_end(const struct worker *worker, struct conn *conn);

/* For that time it waits in worker->held. */
void presence_hold(struct worker *worker, struct conn *conn);
struct conn *presence_next_held(struct list_node *list); /* taken out; NULL: none */

#endif
