/* One deferred task for all that a turn brings; it walks the list from the store, since an
 * answer may close that. */
#include "core/store/answers.h"

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"

void answer_now(struct store_op *op, int status)
{
    void *memory = op->memory; /* done() may free the operation or use it again */
    if (status < 0) {
        op->answer = jf_view(NULL, 0);
        op->members = NULL;
        op->member_count = 0;
        op->number = 0;
    }
    op->done(op, status);
    free(memory);
}

static struct task *take_pending(struct answers *answers)
{
    struct task *first = answers->pending;
    answers->pending = NULL;
    answers->pending_tail = &answers->pending;
    return first;
}

static void end_if_over(struct answers *answers)
{
    if (answers->closed && !answers->due && !answers->delivering)
        answers->over(answers);
}

static void deliver(struct task *task)
{
    struct answers *answers = CONTAINER_OF(task, struct answers, deliver);
    answers->due = false;
    answers->delivering = true;
    answers->batch = take_pending(answers);
    while (answers->batch) {
        struct store_op *op = CONTAINER_OF(answers->batch, struct store_op, task);
        answers->batch = op->task.next;
        answer_now(op, op->status);
    }
    answers->delivering = false;
    end_if_over(answers);
}

void answers_init(struct answers *answers, struct loop *loop,
                  void (*over)(struct answers *answers))
{
    *answers = (struct answers){ .loop = loop, .over = over };
    answers->pending_tail = &answers->pending;
    answers->deliver.run = deliver;
}

int answer_later(struct answers *answers, struct store *store, struct store_op *op,
                 int status)
{
    op->store = store;
    op->status = status;
    op->task.next = NULL;
    *answers->pending_tail = &op->task;
    answers->pending_tail = &op->task.next;
    if (!answers->due) {
        answers->due = true;
        loop_defer(answers->loop, &answers->deliver);
    }
    return JF_OK;
}

int answers_begin(const struct answers *answers, struct store_op *op)
{
    if (answers->refusing)
        return JF_E_STOPPING;
    op->answer = jf_view(NULL, 0);
    op->members = NULL;
    op->member_count = 0;
    op->number = 0;
    op->memory = NULL;
    return JF_OK;
}

int answers_begin_with_key(const struct answers *answers, struct store_op *op)
{
    if (op->key.len < 1 || op->key.len > STORE_KEY_MAX)
        return JF_E_INVALID;
    return answers_begin(answers, op);
}

static void answer_stopping(struct task *task)
{
    while (task) {
        struct store_op *op = CONTAINER_OF(task, struct store_op, task);
        task = task->next;
        answer_now(op, JF_E_STOPPING);
    }
}

void answers_refuse(struct answers *answers)
{
    answers->refusing = true;
}

/* If `deliver` is still with the loop, it finds nothing to do and ends it, at the latest
 * when the loop is freed. */
void answers_close(struct answers *answers)
{
    CHECK(!answers->closed);
    answers->refusing = answers->closed = true;
    struct task *batch = answers->batch;
    answers->batch = NULL;
    answer_stopping(batch);
    answer_stopping(take_pending(answers));
    end_if_over(answers);
}
