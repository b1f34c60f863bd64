/*
 * mailbox - how other threads reach a loop.
 *
 * Many post, one loop reads. Tasks of one poster run in the order posted. The loop is
 * woken only when its mailbox was empty, takes all there is at once, and runs it without
 * holding the lock. Inside: a mutex (a leaf), a list, a byte count and one uv_async_t.
 */
#ifndef JF_LOOP_MAILBOX_H
#define JF_LOOP_MAILBOX_H

#include <stddef.h>

#include "core/loop/task.h"

struct loop;
struct mailbox;

/* `max_bytes` bounds what waits inside. [loop thread] */
int mailbox_new(struct loop *loop, size_t max_bytes, struct mailbox **out);

/* Ask for room for `bytes`, hand over the task. The room is free again when the loop has
 * taken the task out. JF_E_FULL: no room, the task is still yours. JF_E_STOPPING: closed.
 * A task larger than the whole box is accepted when the box is empty. [any thread] */
int mailbox_post(struct mailbox *box, struct task *task, size_t bytes);

/* For a task the receiver has made room for beforehand: a finish, a reply. Cannot fail. It
 * runs on the loop until the box is detached; from then on it stays inside unrun, and its
 * owner finds it there with mailbox_drain(). [any thread] */
void mailbox_post_reserved(struct mailbox *box, struct task *task);

/* No more posts from now on; what is inside still runs on the loop. [loop thread] */
void mailbox_close(struct mailbox *box);

/* Run what is inside, on the caller's thread, until the box is empty. [loop thread, or
 * whoever is left when the loop has ended] */
void mailbox_drain(struct mailbox *box);

/* Detach from the loop; the box can still be posted to (and answers JF_E_STOPPING), so
 * that a straggler finds a closed door and not freed memory. [loop thread, after close] */
void mailbox_detach(struct mailbox *box);

/* When nobody can post any more. Closes and detaches if that has not been done, so on the
 * loop thread in this case. What is inside stays unrun. NULL is accepted. */
void mailbox_free(struct mailbox *box);

#endif
