/* The memory kind: the ledger does the work during the call, and what comes later is only
 * the answer, so that code which is right with memory is right with Redis. Operations wait
 * for their `done` in a list of the store's own, behind one deferred task, so that close()
 * can find those whose answer has not been given. */
#include "core/store/store_memory.h"

#include <stdbool.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/store/ledger.h"

struct store_shared {
    struct ledger *ledger;
};

struct store {
    struct loop *loop;
    struct ledger *ledger;

    struct task *pending, **pending_tail; /* operations' tasks, answered next */
    struct task *batch;                   /* being answered now */
    struct task deliver;
    bool due;        /* `deliver` is with the loop */
    bool delivering; /* `deliver` is running */
    bool closed;     /* freed once neither is the case */
};

static void answer(struct store_op *op, int status)
{
    void *memory = op->memory; /* done() may free the operation or use it again */
    op->done(op, status);
    free(memory);
}

static struct task *take_pending(struct store *store)
{
    struct task *first = store->pending;
    store->pending = NULL;
    store->pending_tail = &store->pending;
    return first;
}

static void free_if_over(struct store *store)
{
    if (store->closed && !store->due && !store->delivering)
        free(store);
}

/* The list is walked from the store, since done() may close it. */
static void deliver(struct task *task)
{
    struct store *store = CONTAINER_OF(task, struct store, deliver);
    store->due = false;
    store->delivering = true;
    store->batch = take_pending(store);
    while (store->batch) {
        struct store_op *op = CONTAINER_OF(store->batch, struct store_op, task);
        store->batch = op->task.next;
        answer(op, op->status);
    }
    store->delivering = false;
    free_if_over(store);
}

/* The operation has had its effect; tell later. Returns JF_OK, for the caller's caller. */
static int answer_later(struct store *store, struct store_op *op, int status)
{
    op->store = store;
    op->status = status;
    op->task.next = NULL;
    *store->pending_tail = &op->task;
    store->pending_tail = &op->task.next;
    if (!store->due) {
        store->due = true;
        loop_defer(store->loop, &store->deliver);
    }
    return JF_OK;
}

/* May it begin? Clears what it gives out. */
static int begin(const struct store *store, struct store_op *op)
{
    if (store->closed)
        return JF_E_STOPPING;
    op->answer = jf_view(NULL, 0);
    op->members = NULL;
    op->member_count = 0;
    op->number = 0;
    op->memory = NULL;
    return JF_OK;
}

static int begin_with_key(const struct store *store, struct store_op *op)
{
    if (op->key.len < 1 || op->key.len > STORE_KEY_MAX)
        return JF_E_INVALID;
    return begin(store, op);
}

static int attr_set(struct store *store, struct store_op *op)
{
    int status = begin_with_key(store, op);
    if (status < 0)
        return status;
    if (op->value.len > STORE_VALUE_MAX)
        return JF_E_TOO_BIG;
    if (op->value.len)
        status = ledger_attr_set(store->ledger, op->conn, op->key, op->value);
    else
        ledger_attr_remove(store->ledger, op->conn, op->key);
    return answer_later(store, op, status);
}

static int attr_get(struct store *store, struct store_op *op)
{
    int status = begin_with_key(store, op);
    if (status < 0)
        return status;
    size_t len = 0;
    status = ledger_attr_get(store->ledger, op->conn, op->key, &op->memory, &len);
    op->answer = jf_view(op->memory, len);
    return answer_later(store, op, status);
}

static int group_join(struct store *store, struct store_op *op)
{
    int status = begin_with_key(store, op);
    if (status < 0)
        return status;
    return answer_later(store, op, ledger_join(store->ledger, op->key, op->conn));
}

static int group_leave(struct store *store, struct store_op *op)
{
    int status = begin_with_key(store, op);
    if (status < 0)
        return status;
    ledger_leave(store->ledger, op->key, op->conn);
    return answer_later(store, op, JF_OK);
}

static int group_members(struct store *store, struct store_op *op)
{
    int status = begin_with_key(store, op);
    if (status < 0)
        return status;
    jf_conn_id *ids = NULL;
    status = ledger_members(store->ledger, op->key, &ids, &op->member_count);
    op->members = ids;
    op->memory = ids;
    return answer_later(store, op, status);
}

static int group_count(struct store *store, struct store_op *op)
{
    int status = begin_with_key(store, op);
    if (status < 0)
        return status;
    op->number = ledger_count(store->ledger, op->key);
    return answer_later(store, op, JF_OK);
}

static int forget(struct store *store, struct store_op *op)
{
    int status = begin(store, op);
    if (status < 0)
        return status;
    ledger_forget(store->ledger, op->conn);
    return answer_later(store, op, JF_OK);
}

static int share(struct store_shared **out)
{
    struct store_shared *shared = xnew(struct store_shared);
    shared->ledger = ledger_new();
    *out = shared;
    return JF_OK;
}

static void unshare(struct store_shared *shared)
{
    if (!shared)
        return;
    ledger_free(shared->ledger);
    free(shared);
}

static int open_store(struct loop *loop, struct store_shared *shared, struct store **out)
{
    struct store *store = xnew(struct store);
    store->loop = loop;
    store->ledger = shared->ledger;
    store->pending_tail = &store->pending;
    store->deliver.run = deliver;
    *out = store;
    return JF_OK;
}

static void answer_stopping(struct task *task)
{
    while (task) {
        struct store_op *op = CONTAINER_OF(task, struct store_op, task);
        task = task->next;
        op->answer = jf_view(NULL, 0);
        op->members = NULL;
        op->member_count = 0;
        op->number = 0;
        answer(op, JF_E_STOPPING);
    }
}

/* If `deliver` is still with the loop, it finds nothing to do and frees the store, at the
 * latest when the loop is freed. */
static void close_store(struct store *store)
{
    if (!store)
        return;
    CHECK(!store->closed);
    store->closed = true;
    struct task *batch = store->batch;
    store->batch = NULL;
    answer_stopping(batch);
    answer_stopping(take_pending(store));
    free_if_over(store);
}

const struct store_kind store_memory = {
    .name = "memory",
    .share = share,
    .unshare = unshare,
    .open = open_store,
    .close = close_store,
    .attr_set = attr_set,
    .attr_get = attr_get,
    .group_join = group_join,
    .group_leave = group_leave,
    .group_members = group_members,
    .group_count = group_count,
    .forget = forget,
};

size_t store_memory_size(struct store_shared *shared)
{
    return ledger_size(shared->ledger);
}
