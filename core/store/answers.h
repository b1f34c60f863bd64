/*
 * answers - operations whose effect is there and whose answer comes later.
 *
 * They wait for their `done` in a list of the store's own, behind one deferred task, in the
 * order they were made, so that the close can find those that have none yet. [home thread]
 */
#ifndef JF_STORE_ANSWERS_H
#define JF_STORE_ANSWERS_H

#include <stdbool.h>

#include "core/store/store.h"

/* Embedded in a store, hence the body. */
struct answers {
    struct loop *loop;
    void (*over)(struct answers *answers);

    struct task *pending, **pending_tail; /* operations' tasks, answered next */
    struct task *batch;                   /* being answered now */
    struct task deliver;
    bool due;        /* `deliver` is with the loop */
    bool delivering; /* `deliver` is running */
    bool refusing, closed;
};

/* `over(answers)` comes once after the close, when nothing of this is on the loop or the
 * stack any more; it frees the store. */
void answers_init(struct answers *answers, struct loop *loop,
                  void (*over)(struct answers *answers));

/* No more may begin; for a store that has more to close before answers_close(). */
void answers_refuse(struct answers *answers);

/* Answers what waits, JF_E_STOPPING. */
void answers_close(struct answers *answers);

/* May it begin? JF_E_STOPPING; JF_E_INVALID for the key. Clears what it gives out. */
int answers_begin(const struct answers *answers, struct store_op *op);
int answers_begin_with_key(const struct answers *answers, struct store_op *op);

/* Returns JF_OK, for the caller's caller. */
int answer_later(struct answers *answers, struct store *store, struct store_op *op,
                 int status);

/* At once, where that is already later; a failure carries nothing but itself. */
void answer_now(struct store_op *op, int status);

#endif
