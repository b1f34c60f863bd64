/* Orders for a worker stand in a line; the first of them is at work. A group's members are
 * copied when their turn comes, since closing them changes the group; for an attribute the
 * table of connections is walked, and the store asked of each. */
#include "core/host/kick.h"

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/facts.h"
#include "core/host/far.h"
#include "core/host/identity.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"
#include "core/net/conn.h"
#include "core/parse/utf8.h"

/* What a turn may do: to look at a connection costs a tenth of closing it, at most. */
#define LOOKS_PER_TURN 2048
#define CLOSES_PER_TURN 256

struct kick {
    struct task task;
    struct list_node node;
    struct worker *worker;
    struct kick_order order; /* its views are into `bytes` */
    jf_conn_id *ids;         /* KICK_GROUP: who was in it */
    size_t count, at;
    uint32_t slot; /* KICK_WHERE: where to go on */
    bool begun;
    char bytes[];
};

/* ---- A walk ------------------------------------------------------------- */

/* Who still waits for its $connect has no attributes yet, but perhaps a name. */
static bool is_called(const struct session *session, const struct kick_order *order)
{
    static const char prefix[] = "authorizer.";
    size_t len = sizeof(prefix) - 1, count;
    if (!session->facts || order->key.len < len || memcmp(order->key.ptr, prefix, len) != 0)
        return false;
    const struct jf_pair *pairs = identity_pairs(facts_identity(session->facts), &count);
    for (size_t i = 0; i < count; i++) {
        if (jf_same(pairs[i].name, bytes_from(order->key, len)))
            return jf_same(pairs[i].value, order->value);
    }
    return false;
}

static bool is_meant(const struct kick *kick, struct conn *conn)
{
    const struct session *session = session_of(conn);
    const struct worker *worker = kick->worker;
    const struct kick_order *order = &kick->order;
    if (!session->stage || !jf_same(session->stage->name, order->name))
        return false;
    return session->admitted ? worker->store_kind->attr_is(worker->store, conn_id(conn),
                                                           order->key, order->value)
                             : is_called(session, order);
}

/* Both say whether it is over. */
static bool walk_table(struct kick *kick)
{
    struct conn *conn;
    uint32_t end = kick->slot + LOOKS_PER_TURN;
    for (size_t closed = 0; closed < CLOSES_PER_TURN;) {
        conn = server_next(kick->worker->server, &kick->slot, end);
        if (!conn)
            return !kick->slot;
        if (!is_meant(kick, conn))
            continue;
        conn_close(conn, kick->order.code, kick->order.reason);
        closed++;
    }
    return false;
}

static bool walk_members(struct kick *kick)
{
    size_t end = kick->at + CLOSES_PER_TURN;
    for (; kick->at < kick->count && kick->at < end; kick->at++) {
        struct conn *conn = server_find(kick->worker->server, kick->ids[kick->at]);
        if (conn)
            conn_close(conn, kick->order.code, kick->order.reason);
    }
    return kick->at == kick->count;
}

static bool walk(struct kick *kick)
{
    const struct kick_order *order = &kick->order;
    if (!kick->begun && order->whom == KICK_GROUP &&
        audience_members(&kick->worker->groups, order->name, &kick->ids, &kick->count) < 0)
        LOG_RARELY(ERROR, DISPATCH, 10, "event=not_closed status=%s",
                   status_name(JF_E_NOMEM));
    kick->begun = true;
    return order->whom == KICK_GROUP ? walk_members(kick) : walk_table(kick);
}

/* ---- The line ----------------------------------------------------------- */

static void end(struct kick *kick)
{
    struct worker *worker = kick->worker;
    list_remove(&kick->node);
    atomic_fetch_sub_explicit(&worker->kicks_due, 1, memory_order_relaxed);
    worker->waiting_asks--;
    free(kick->ids);
    free(kick);
    worker_check_drained(worker);
}

static void go_on(struct task *task)
{
    struct kick *kick = CONTAINER_OF(task, struct kick, task);
    struct worker *worker = kick->worker;
    if (worker->halting || walk(kick))
        end(kick);
    struct list_node *first = list_first(&worker->kicks);
    if (first)
        loop_defer(worker->loop, &CONTAINER_OF(first, struct kick, node)->task);
}

/* At its worker. What is short is over at once. */
static void begin(struct task *task)
{
    struct kick *kick = CONTAINER_OF(task, struct kick, task);
    struct worker *worker = kick->worker;
    bool alone = list_empty(&worker->kicks);
    list_append(&worker->kicks, &kick->node);
    worker->waiting_asks++;
    kick->task.run = go_on;
    if (!alone)
        return;
    if (walk(kick))
        end(kick);
    else
        loop_defer(worker->loop, &kick->task);
}

/* ---- To the workers ----------------------------------------------------- */

static size_t size_of(const struct kick_order *order)
{
    return sizeof(struct kick) + order->name.len + order->key.len + order->value.len +
           order->reason.len;
}

static struct kick *kick_new(struct worker *worker, const struct kick_order *order)
{
    struct kick *kick = try_alloc(size_of(order));
    if (!kick)
        return NULL;
    *kick = (struct kick){ .task.run = begin, .worker = worker, .order = *order };
    char *at = kick->bytes;
    kick->order.name = bytes_keep(order->name, &at);
    kick->order.key = bytes_keep(order->key, &at);
    kick->order.value = bytes_keep(order->value, &at);
    kick->order.reason = bytes_keep(order->reason, &at);
    return kick;
}

static int give_to(struct worker *worker, const struct kick_order *order)
{
    int status = JF_E_FULL;
    struct kick *kick = NULL;
    uint32_t due = atomic_fetch_add_explicit(&worker->kicks_due, 1, memory_order_relaxed);
    if (due < KICKS_MAX) {
        kick = kick_new(worker, order);
        status = kick ? JF_OK : JF_E_NOMEM;
    }
    if (kick && worker == worker_current()) {
        begin(&kick->task);
        return JF_OK;
    }
    if (kick)
        status = mailbox_post(worker->box, &kick->task, size_of(order));
    if (status < 0) {
        atomic_fetch_sub_explicit(&worker->kicks_due, 1, memory_order_relaxed);
        free(kick);
    }
    return status;
}

int kick_here(struct gateway *gateway, const struct kick_order *order)
{
    int worst = JF_OK;
    for (uint32_t i = 0; i < gateway_worker_count(gateway); i++) {
        int status = give_to(gateway_worker(gateway, i), order);
        if (status < 0)
            worst = status;
    }
    return worst;
}

int kick_check(const struct kick_order *order)
{
    if (!ws_close_code_valid(order->code) || order->reason.len > WS_REASON_MAX ||
        !utf8_is_text(order->reason))
        return JF_E_INVALID;
    if (!order->name.len || order->name.len > STORE_KEY_MAX)
        return JF_E_INVALID;
    if (order->whom == KICK_GROUP)
        return JF_OK;
    if (!order->key.len || order->key.len > STORE_NAME_MAX || !order->value.len)
        return JF_E_INVALID;
    return order->value.len > STORE_VALUE_MAX ? JF_E_TOO_BIG : JF_OK;
}

int kick_on_all_nodes(struct gateway *gateway, const struct kick_order *order)
{
    int status = kick_check(order);
    if (status < 0)
        return status;
    int here = kick_here(gateway, order), there = far_kick(gateway, order);
    return here < 0 ? here : there;
}
