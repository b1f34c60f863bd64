/* An order becomes letters, one for each node it goes to, or one for all. A worker writes
 * them itself; for everybody else the cluster's thread does. */
#include "core/host/far.h"

#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/cluster.h"
#include "core/host/group_name.h"
#include "core/host/kick.h"
#include "core/host/worker.h"
#include "core/parse/conn_id.h"
#include "core/relay/relay_ask.h"
#include "core/relay/relay_out.h"

#define IDS_MAX 65536   /* of one letter */
#define ASKED_MAX 65536 /* questions of a worker on their way */
#define PATIENCE_MS 500 /* for Redis, at the end */

/* ---- A worker's way to the others --------------------------------------- */

static void on_undelivered(void *data, uint16_t node, uint64_t first, uint64_t last,
                           int status)
{
    struct worker *worker = data;
    relay_ask_undelivered(worker->asker, node, first, last, status);
}

static const struct relay_out_events worker_out_events = {
    .on_undelivered = on_undelivered,
};

int far_open_worker(struct cluster *cluster, struct worker *worker)
{
    if (!cluster)
        return JF_OK;
    const struct relay_options options = cluster_relay_options(cluster);
    int status = relay_out_open(worker->loop, &options, cluster_lease(cluster),
                                &worker_out_events, worker, &worker->out);
    return status < 0 ? status : relay_asker_new(ASKED_MAX, &worker->asker);
}

void far_fail_questions(struct worker *worker, int status)
{
    if (worker->asker)
        relay_ask_fail_all(worker->asker, status);
}

void far_close_worker(struct worker *worker)
{
    relay_out_close(worker->out, PATIENCE_MS);
    relay_asker_free(worker->asker);
    worker->out = NULL;
    worker->asker = NULL;
}

/* ---- Letters ------------------------------------------------------------ */

/* What another thread wants sent. */
struct outgoing {
    struct task task;
    struct cluster *cluster;
    uint16_t node;
    struct letter letter; /* its views are into `bytes` */
    char bytes[];
};

/* `node` is 0 where the kind of letter says who gets it. */
static int send_letter(struct relay_out *out, uint16_t node, const struct letter *letter)
{
    if (letter->kind == LETTER_GROUP)
        return relay_send_group(out, letter);
    if (letter->kind == LETTER_STAGE || letter->kind == LETTER_CLOSE_GROUP ||
        letter->kind == LETTER_CLOSE_WHERE)
        return relay_send_all(out, letter);
    return relay_send(out, node, letter);
}

static void send_outgoing(struct task *task)
{
    struct outgoing *outgoing = CONTAINER_OF(task, struct outgoing, task);
    struct cluster *cluster = outgoing->cluster;
    int status = send_letter(cluster_out(cluster), outgoing->node, &outgoing->letter);
    if (status < 0) {
        gateway_count_undelivered(cluster_gateway(cluster));
        LOG_RARELY(WARN, DISPATCH, 10, "event=not_delivered to=node status=%s",
                   status_name(status));
    }
    free(outgoing);
}

int far_post(struct cluster *cluster, uint16_t node, const struct letter *letter)
{
    size_t ids = letter->id_count * sizeof(*letter->ids);
    size_t size = sizeof(struct outgoing) + ids + letter->name.len + letter->body.len;
    struct outgoing *outgoing = try_alloc(size);
    if (!outgoing)
        return JF_E_NOMEM;
    *outgoing = (struct outgoing){
        .task.run = send_outgoing, .cluster = cluster, .node = node, .letter = *letter
    };
    outgoing->letter.ids = (const jf_conn_id *)(const void *)outgoing->bytes;
    char *at = outgoing->bytes;
    bytes_keep(jf_view(letter->ids, ids), &at);
    outgoing->letter.name = bytes_keep(letter->name, &at);
    outgoing->letter.body = bytes_keep(letter->body, &at);
    int status = cluster_post(cluster, &outgoing->task, size);
    if (status < 0)
        free(outgoing);
    return status;
}

static int send(struct gateway *gateway, uint16_t node, const struct letter *letter)
{
    struct worker *here = worker_current();
    return here ? send_letter(here->out, node, letter)
                : far_post(gateway_cluster(gateway), node, letter);
}

/* ---- Orders ------------------------------------------------------------- */

static int by_node(const void *a, const void *b)
{
    return memcmp(a, b, 2); /* where an id has its node */
}

/* How many at the head of `ids` live on the same node. */
static size_t same_node(const jf_conn_id *ids, size_t count)
{
    size_t same = 1;
    while (same < count && same < IDS_MAX && by_node(&ids[0], &ids[same]) == 0)
        same++;
    return same;
}

static int send_to_node(struct gateway *gateway, const struct mail_order *order,
                        const jf_conn_id *ids, size_t count)
{
    const struct letter letter = { .kind = LETTER_SEND,
                                   .opcode = (uint8_t)order->opcode,
                                   .ids = ids,
                                   .id_count = count,
                                   .body = order->body };
    return send(gateway, conn_id_node(ids[0]), &letter);
}

static size_t select_far(struct gateway *gateway, const struct mail_order *order,
                         jf_conn_id *far)
{
    size_t found = 0;
    for (size_t i = 0; i < order->count; i++) {
        if (gateway_is_far(gateway, order->ids[i]))
            far[found++] = order->ids[i];
    }
    return found;
}

static int send_to_many(struct gateway *gateway, const struct mail_order *order)
{
    AUTO_FREE jf_conn_id *ids = try_alloc(order->count * sizeof(*ids));
    if (!ids)
        return JF_E_NOMEM;
    size_t count = select_far(gateway, order, ids);
    int worst = count ? JF_OK : JF_E_GONE;
    qsort(ids, count, sizeof(*ids), by_node);
    for (size_t at = 0, same; at < count; at += same) {
        same = same_node(ids + at, count - at);
        int status = send_to_node(gateway, order, ids + at, same);
        if (status < 0)
            worst = status;
    }
    return worst;
}

static int send_to_ids(struct gateway *gateway, const struct mail_order *order)
{
    if (order->count > 1)
        return send_to_many(gateway, order);
    return gateway_is_far(gateway, order->ids[0])
               ? send_to_node(gateway, order, order->ids, 1)
               : JF_E_GONE;
}

int far_send(struct gateway *gateway, const struct mail_order *order)
{
    if (!gateway_cluster(gateway))
        return order->to == MAIL_IDS ? JF_E_GONE : JF_OK;
    if (order->to == MAIL_IDS)
        return send_to_ids(gateway, order);
    const struct letter letter = { .kind = order->to == MAIL_GROUP ? LETTER_GROUP
                                                                   : LETTER_STAGE,
                                   .opcode = (uint8_t)order->opcode,
                                   .name = order->name,
                                   .body = order->body };
    return send(gateway, 0, &letter);
}

int far_close(struct gateway *gateway, jf_conn_id id, uint16_t code, jf_bytes reason)
{
    const struct letter letter = {
        .kind = LETTER_CLOSE, .code = code, .ids = &id, .id_count = 1, .body = reason
    };
    if (!gateway_is_far(gateway, id))
        return JF_E_GONE;
    return send(gateway, conn_id_node(id), &letter);
}

static int kick_group(struct gateway *gateway, const struct kick_order *order)
{
    const struct letter letter = { .kind = LETTER_CLOSE_GROUP,
                                   .code = order->code,
                                   .name = order->name,
                                   .body = order->reason };
    return send(gateway, 0, &letter);
}

static int kick_where(struct gateway *gateway, const struct kick_order *order)
{
    struct group_name name; /* "stage/attribute" */
    int status = group_name_make(order->name, order->key, &name);
    AUTO_FREE char *body = try_alloc(order->reason.len + order->value.len);
    if (status < 0 || !body)
        return status < 0 ? status : JF_E_NOMEM;
    char *at = body;
    bytes_keep(order->reason, &at);
    bytes_keep(order->value, &at);
    const struct letter letter = { .kind = LETTER_CLOSE_WHERE,
                                   .verb = (uint8_t)order->reason.len,
                                   .code = order->code,
                                   .name = name.bytes,
                                   .body = jf_view(body, (size_t)(at - body)) };
    return send(gateway, 0, &letter);
}

/* Not only to nodes that the directory knows to have members: it may lag behind, and who is
 * overlooked here stays. */
int far_kick(struct gateway *gateway, const struct kick_order *order)
{
    if (!gateway_cluster(gateway))
        return JF_OK;
    return order->whom == KICK_GROUP ? kick_group(gateway, order)
                                     : kick_where(gateway, order);
}
