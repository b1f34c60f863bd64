/* The memory kind: the ledger does the work during the call, and what comes later is only
 * the answer, so that code which is right with memory is right with Redis. */
#include "core/store/store_memory.h"

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/store/answers.h"
#include "core/store/ledger.h"

struct store_shared {
    struct ledger *ledger;
};

struct store {
    struct answers answers;
    struct ledger *ledger;
};

static int later(struct store *store, struct store_op *op, int status)
{
    return answer_later(&store->answers, store, op, status);
}

/* Nobody takes over what dies with the process. */
static int enter(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    return later(store, op, JF_OK);
}

static bool has_entered(const struct store *store, jf_conn_id conn)
{
    (void)store;
    (void)conn;
    return false;
}

static int attr_set(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    if (op->value.len > STORE_VALUE_MAX)
        return JF_E_TOO_BIG;
    if (op->value.len)
        status = ledger_attr_set(store->ledger, op->conn, op->key, op->value);
    else
        ledger_attr_remove(store->ledger, op->conn, op->key);
    return later(store, op, status);
}

static int attr_get(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    size_t len = 0;
    status = ledger_attr_get(store->ledger, op->conn, op->key, &op->memory, &len);
    op->answer = jf_view(op->memory, len);
    return later(store, op, status);
}

static bool attr_is(const struct store *store, jf_conn_id conn, jf_bytes key,
                    jf_bytes value)
{
    return ledger_attr_is(store->ledger, conn, key, value);
}

static int group_join(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    return later(store, op, ledger_join(store->ledger, op->key, op->conn));
}

static int group_leave(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    ledger_leave(store->ledger, op->key, op->conn);
    return later(store, op, JF_OK);
}

/* Nobody outlives the only node. */
static int orphan_leave(struct store *store, struct store_op *op, uint64_t fence)
{
    int status = answers_begin_with_key(&store->answers, op);
    (void)fence;
    return status < 0 ? status : later(store, op, JF_E_GONE);
}

static int group_members(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    jf_conn_id *ids = NULL;
    status = ledger_members(store->ledger, op->key, &ids, &op->member_count);
    op->members = ids;
    op->memory = ids;
    return later(store, op, status);
}

static int group_count(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    op->number = ledger_count(store->ledger, op->key);
    return later(store, op, JF_OK);
}

static int nodes(struct store *store, struct store_op *op)
{
    int status = answers_begin(&store->answers, op);
    return status < 0 ? status : later(store, op, JF_OK);
}

static int forget(struct store *store, struct store_op *op)
{
    int status = answers_begin(&store->answers, op);
    if (status < 0)
        return status;
    ledger_forget(store->ledger, op->conn);
    return later(store, op, JF_OK);
}

static int check(const struct store_options *options, const char **why)
{
    (void)options;
    (void)why;
    return JF_OK;
}

static int share(const struct store_options *options, struct store_shared **out)
{
    (void)options;
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

static void over(struct answers *answers)
{
    free(CONTAINER_OF(answers, struct store, answers));
}

static void silence(struct store_shared *shared)
{
    (void)shared;
}

static int open_store(struct loop *loop, struct store_shared *shared, unsigned place,
                      struct store **out)
{
    (void)place;
    struct store *store = xnew(struct store);
    answers_init(&store->answers, loop, over);
    store->ledger = shared->ledger;
    *out = store;
    return JF_OK;
}

static void close_store(struct store *store)
{
    if (store)
        answers_close(&store->answers);
}

const struct store_kind store_memory = {
    .name = "memory",
    .check = check,
    .share = share,
    .unshare = unshare,
    .silence = silence,
    .open = open_store,
    .close = close_store,
    .enter = enter,
    .has_entered = has_entered,
    .attr_set = attr_set,
    .attr_get = attr_get,
    .attr_is = attr_is,
    .group_join = group_join,
    .group_leave = group_leave,
    .orphan_leave = orphan_leave,
    .group_members = group_members,
    .group_count = group_count,
    .nodes = nodes,
    .forget = forget,
};

size_t store_memory_size(struct store_shared *shared)
{
    return ledger_size(shared->ledger);
}
