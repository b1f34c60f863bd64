/* What the directory is told of a connection's life, and what follows from it. */
#include "core/host/presence.h"

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/cluster.h"
#include "core/host/facts.h"
#include "core/host/worker.h"
#include "core/parse/conn_id.h"

/* ---- In and out --------------------------------------------------------- */

/* Something the store is told, and nobody waits for but a worker that ends. */
struct news {
    struct store_op op;
    struct worker *worker;
};

static void told(struct store_op *op, int status)
{
    struct news *news = CONTAINER_OF(op, struct news, op);
    struct worker *worker = news->worker;
    if (status < 0 && status != JF_E_STOPPING)
        LOG_RARELY(ERROR, STORE, 10, "event=not_told status=%s", status_name(status));
    free(news);
    worker->waiting_asks--;
    worker_check_drained(worker);
}

static struct news *news_of(struct worker *worker, struct conn *conn)
{
    struct news *news = xnew(struct news);
    news->worker = worker;
    news->op.conn = conn_id(conn);
    news->op.done = told;
    return news;
}

/* `how` is a function of the store's kind. */
static void tell(struct news *news, int (*how)(struct store *store, struct store_op *op))
{
    if (how(news->worker->store, &news->op) < 0)
        free(news);
    else
        news->worker->waiting_asks++;
}

void presence_enter(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    if (!gateway_cluster(worker->gateway))
        return;
    session->stored = true;
    struct news *news = news_of(worker, conn);
    news->op.key = session->stage->name;
    news->op.since = facts_connected_at(session->facts);
    tell(news, worker->store_kind->enter);
}

void presence_forget(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    if (!session->stored)
        return;
    session->stored = false;
    tell(news_of(worker, conn), worker->store_kind->forget);
}

/* ---- The end ------------------------------------------------------------ */

enum presence_end presence_end(const struct worker *worker, struct conn *conn)
{
    struct cluster *cluster = gateway_cluster(worker->gateway);
    jf_conn_id id = conn_id(conn);
    if (!cluster || !worker->store_kind->has_entered(worker->store, id))
        return PRESENCE_OURS;
    if (worker->numberless)
        return PRESENCE_THEIRS;
    return cluster_is_sure(cluster, conn_id_node(id)) ? PRESENCE_OURS : PRESENCE_OPEN;
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
