/* The Redis kind. What is asked about a connection of this node is done and known in the
 * ledger, as with memory, and the directory in Redis is told of it; so all of that goes on
 * when Redis does not. Only who else is in a group must be asked there. Connections of
 * other nodes are JF_E_GONE: their own node is to be asked about them. */
#include "core/store/store_redis.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/parse/conn_id.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_url.h"
#include "core/store/answers.h"
#include "core/store/directory.h"
#include "core/store/ledger.h"

#define TIMEOUT_MS 1000

struct store_shared {
    struct redis_url url;
    struct ledger *ledger;
    struct directory_options options;
    atomic_bool fenced;
};

struct store {
    struct answers answers;
    struct ledger *ledger;
    struct directory *directory;
    uint16_t node;
};

static int later(struct store *store, struct store_op *op, int status)
{
    return answer_later(&store->answers, store, op, status);
}

static bool is_here(const struct store *store, const struct store_op *op)
{
    return conn_id_node(op->conn) == store->node;
}

/* ---- About a connection ---- */

/* Does it go on? If not, *status is what the call returns: it may not begin, or the answer
 * is on its way. */
static bool begin_here(struct store *store, struct store_op *op, int *status)
{
    *status = answers_begin_with_key(&store->answers, op);
    if (*status < 0)
        return false;
    if (is_here(store, op))
        return true;
    *status = later(store, op, JF_E_GONE);
    return false;
}

static int enter(struct store *store, struct store_op *op)
{
    char text[DIRECTORY_ENTRY_MAX];
    int status;
    if (!begin_here(store, op, &status))
        return status;
    jf_bytes entry = directory_entry(text, op->since, op->key);
    status = ledger_enter(store->ledger, op->conn, entry);
    if (status == JF_OK)
        directory_enter(store->directory, op->conn, entry);
    return later(store, op, status);
}

static bool has_entered(const struct store *store, jf_conn_id conn)
{
    return directory_has_entered(store->directory, conn);
}

static int attr_set(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    if (op->value.len > STORE_VALUE_MAX)
        return JF_E_TOO_BIG;
    if (!is_here(store, op))
        return later(store, op, JF_E_GONE);
    if (op->value.len) {
        status = ledger_attr_set(store->ledger, op->conn, op->key, op->value);
        if (status == JF_OK)
            directory_set(store->directory, op->conn, op->key, op->value);
    } else {
        ledger_attr_remove(store->ledger, op->conn, op->key);
        directory_unset(store->directory, op->conn, op->key);
    }
    return later(store, op, status);
}

static int attr_get(struct store *store, struct store_op *op)
{
    int status;
    if (!begin_here(store, op, &status))
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
    int status;
    if (!begin_here(store, op, &status))
        return status;
    status = ledger_join(store->ledger, op->key, op->conn);
    if (status == JF_OK)
        directory_join(store->directory, op->conn, op->key);
    return later(store, op, status);
}

static int group_leave(struct store *store, struct store_op *op)
{
    int status;
    if (!begin_here(store, op, &status))
        return status;
    ledger_leave(store->ledger, op->key, op->conn);
    directory_leave(store->directory, op->conn, op->key);
    return later(store, op, JF_OK);
}

static int forget(struct store *store, struct store_op *op)
{
    int status = answers_begin(&store->answers, op);
    if (status < 0)
        return status;
    if (!is_here(store, op))
        return later(store, op, JF_E_GONE);
    ledger_forget(store->ledger, op->conn);
    directory_forget(store->directory, op->conn);
    return later(store, op, JF_OK);
}

static void on_orphan_left(void *data, int status)
{
    answer_now(data, status);
}

static int orphan_leave(struct store *store, struct store_op *op, uint64_t fence)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    status = directory_orphan_leave(store->directory, op->conn, fence, op->key,
                                    on_orphan_left, op);
    return status < 0 ? later(store, op, status) : JF_OK;
}

/* ---- About a group: those elsewhere from Redis, those here from the ledger ---- */

static int add_own(struct store *store, jf_bytes group, struct id_set *ids)
{
    jf_conn_id *own = NULL;
    size_t count = 0;
    int status = ledger_members(store->ledger, group, &own, &count);
    for (size_t i = 0; i < count && status == JF_OK; i++)
        status = id_set_add(ids, own[i]);
    free(own);
    return status;
}

static void on_members(void *data, int status, struct id_set *ids)
{
    struct store_op *op = data;
    if (status == JF_OK)
        status = add_own(op->store, op->key, ids);
    op->members = ids->ids;
    op->member_count = ids->count;
    op->memory = ids->places; /* one piece with the ids */
    answer_now(op, status);
}

static int group_members(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    op->store = store;
    status = directory_members(store->directory, op->key, on_members, op);
    return status < 0 ? later(store, op, status) : JF_OK;
}

static void on_nodes(void *data, int status, struct id_set *ids)
{
    struct store_op *op = data;
    op->members = ids->ids;
    op->member_count = ids->count;
    op->memory = ids->places;
    answer_now(op, status);
}

static int nodes(struct store *store, struct store_op *op)
{
    int status = answers_begin(&store->answers, op);
    if (status < 0)
        return status;
    op->store = store;
    status = directory_nodes(store->directory, on_nodes, op);
    return status < 0 ? later(store, op, status) : JF_OK;
}

static void on_count(void *data, int status, uint64_t count)
{
    struct store_op *op = data;
    if (status == JF_OK)
        op->number = count + ledger_count(op->store->ledger, op->key);
    answer_now(op, status);
}

static int group_count(struct store *store, struct store_op *op)
{
    int status = answers_begin_with_key(&store->answers, op);
    if (status < 0)
        return status;
    op->store = store;
    status = directory_count(store->directory, op->key, on_count, op);
    return status < 0 ? later(store, op, status) : JF_OK;
}

/* ---- Open and closed ---- */

static bool is_prefix(const char *prefix)
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < len; i++) {
        if (prefix[i] <= ' ' || prefix[i] > '~')
            return false;
    }
    return len >= 1 && len <= DIRECTORY_PREFIX_MAX;
}

static int check(const struct store_options *options, const char **why)
{
    struct redis_url url;
    if (options->prefix && !is_prefix(options->prefix)) {
        *why = "a prefix has 1 to 64 visible ASCII characters";
        return JF_E_INVALID;
    }
    if (!options->url) {
        *why = "a store in Redis needs a url";
        return JF_E_INVALID;
    }
    int status = redis_url_parse(jf_str(options->url), &url, why);
    if (status < 0)
        return status;
    status = redis_link_check(&url, why);
    redis_url_fini(&url);
    return status;
}

static int share(const struct store_options *options, struct store_shared **out)
{
    const char *why;
    int status = check(options, &why);
    if (status < 0)
        return status;
    struct store_shared *shared = xnew(struct store_shared);
    CHECK(redis_url_parse(jf_str(options->url), &shared->url, &why) == JF_OK);
    shared->ledger = ledger_new();
    shared->options = (struct directory_options){
        .ledger = shared->ledger,
        .url = &shared->url,
        .prefix = options->prefix ? options->prefix : "jf:",
        .node = options->node,
        .timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS,
        .workers = options->workers ? options->workers : 1,
        .fence = options->fence,
        .fenced = &shared->fenced,
        .on_fenced = options->on_fenced,
        .data = options->data,
    };
    *out = shared;
    return JF_OK;
}

static void unshare(struct store_shared *shared)
{
    if (!shared)
        return;
    ledger_free(shared->ledger);
    redis_url_fini(&shared->url);
    free(shared);
}

static void over(struct answers *answers)
{
    free(CONTAINER_OF(answers, struct store, answers));
}

static void silence(struct store_shared *shared)
{
    atomic_store(&shared->fenced, true);
}

static int open_store(struct loop *loop, struct store_shared *shared, unsigned place,
                      struct store **out)
{
    struct store *store = xnew(struct store);
    answers_init(&store->answers, loop, over);
    store->ledger = shared->ledger;
    store->node = shared->options.node;
    int status = directory_open(loop, &shared->options, place, &store->directory);
    if (status < 0) {
        free(store);
        return status;
    }
    *out = store;
    return JF_OK;
}

static void close_store(struct store *store)
{
    if (!store)
        return;
    answers_refuse(&store->answers);
    directory_close(store->directory);
    answers_close(&store->answers);
}

bool store_redis_is_fenced(const struct store_shared *shared)
{
    return atomic_load(&shared->fenced);
}

bool store_redis_is_true(const struct store *store)
{
    return directory_is_true(store->directory);
}

const struct store_kind store_redis = {
    .name = "redis",
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
