/* What the directory is told of a connection's life, and what follows from it. */
#include "core/host/presence.h"

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/cluster.h"
#include "core/host/facts.h"
#include "core/host/worker.h"

/* ---- In and out --------------------------------------------------------- */

struct entry {
    struct store_op op;
    struct worker *worker;
};

static void entered(struct store_op *op, int status)
{
    struct entry *entry = CONTAINER_OF(op, struct entry, op);
    struct worker *worker = entry->worker;
    if (status < 0)
        LOG_RARELY(ERROR, STORE, 10, "event=not_entered status=%s", status_name(status));
    free(entry);
    worker->waiting_asks--;
    worker_check_drained(worker);
}

void presence_enter(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    if (!gateway_cluster(worker->gateway))
        return;
    struct entry *entry = xnew(struct entry);
    entry->worker = worker;
    entry->op.conn = conn_id(conn);
    entry->op.key = session->stage->name;
    entry->op.since = facts_connected_at(session->facts);
    entry->op.done = entered;
    if (worker->store_kind->enter(worker->store, &entry->op) < 0) {
        free(entry);
        return;
    }
    session->stored = true;
    worker->waiting_asks++;
}

struct forget {
    struct store_op op;
    struct worker *worker;
};

static void forgotten(struct store_op *op, int status)
{
    struct forget *forget = CONTAINER_OF(op, struct forget, op);
    struct worker *worker = forget->worker;
    (void)status;
    free(forget);
    worker->waiting_asks--;
    worker_check_drained(worker);
}

void presence_forget(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    if (!session->stored)
        return;
    session->stored = false;
    struct forget *forget = xnew(struct forget);
    forget->op.conn = conn_id(conn);
    forget->op.done = forgotten;
    forget->worker = worker;
    if (worker->store_kind->forget(worker->store, &forget->op) < 0)
        free(forget);
    else
        worker->waiting_asks++;
}

/* ---- The end ------------------------------------------------------------ */

enum presence_end presence_end(const struct worker *worker, struct conn *conn)
{
    struct cluster *cluster = gateway_cluster(worker->gateway);
    if (!cluster || !worker->store_kind->has_entered(worker->store, conn_id(conn)))
        return PRESENCE_OURS;
    if (worker->numberless)
        return PRESENCE_THEIRS;
    return cluster_is_sure(cluster) ? PRESENCE_OURS : PRESENCE_OPEN;
}

struct held {
    struct list_node node;
    struct conn *conn;
};

void presence_hold(struct worker *worker, struct conn *conn)
{
    struct held *held = xnew(struct held);
    held->conn = conn;
    list_append(&worker->held, &held->node);
}

struct conn *presence_next_held(struct list_node *list)
{
    struct list_node *node = list_first(list);
    if (!node)
        return NULL;
    list_remove(node);
    struct held *held = CONTAINER_OF(node, struct held, node);
    struct conn *conn = held->conn;
    free(held);
    return conn;
}
