/* A letter is one block: the task, the ids or the name, the body. */
#include "core/host/mail.h"

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/far.h"
#include "core/host/worker.h"
#include "core/net/frame.h"

struct letter {
    struct task task;
    struct worker *to;
    struct mail_order order;
    uint16_t code; /* a closing letter's */
    char bytes[];
};

static int deliver_one(struct worker *worker, const struct mail_order *order, jf_conn_id id)
{
    struct conn *conn = server_find(worker->server, id);
    return conn ? conn_send(conn, order->opcode, order->body) : JF_E_GONE;
}

static void deliver_many(struct worker *worker, const struct mail_order *order,
                         struct frame *frame)
{
    for (size_t i = 0; i < order->count; i++) {
        struct conn *conn = server_find(worker->server, order->ids[i]);
        if (conn)
            conn_send_frame(conn, frame); /* who cannot take it is counted there */
    }
}

/* In which pieces: a group's name begins with its stage's. Connections of several stages
 * get what is usual. */
static size_t frame_bytes(const struct worker *worker, const struct mail_order *order)
{
    jf_bytes name = jf_view(order->name.ptr, bytes_find(order->name, '/'));
    const struct stage *stage =
        order->to == MAIL_IDS ? NULL : stages_find(gateway_stages(worker->gateway), name);
    const struct net_limits *limits =
        stage ? &stage_limits_find(&worker->limits, stage)->net : &worker->net.limits;
    return limits->frames.frame_bytes;
}

int mail_deliver(struct worker *worker, const struct mail_order *order)
{
    if (order->to == MAIL_IDS && order->count == 1)
        return deliver_one(worker, order, order->ids[0]);
    const struct audiences *all =
        order->to == MAIL_GROUP ? &worker->groups : &worker->stages;
    if (order->to != MAIL_IDS && !audience_exists(all, order->name))
        return JF_OK;
    struct frame *frame = frame_new(order->opcode, order->body, frame_bytes(worker, order));
    if (!frame)
        return JF_E_NOMEM;
    if (order->to == MAIL_IDS)
        deliver_many(worker, order, frame);
    else
        audience_send(all, order->name, frame);
    frame_unref(frame);
    return JF_OK;
}

static void open_letter(struct task *task)
{
    struct letter *letter = CONTAINER_OF(task, struct letter, task);
    int status = mail_deliver(letter->to, &letter->order);
    if (status < 0 && status != JF_E_GONE) {
        gateway_count_undelivered(letter->to->gateway);
        LOG_RARELY(WARN, DISPATCH, 10, "event=not_delivered status=%s",
                   status_name(status));
    }
    free(letter);
}

static struct letter *letter_new(struct worker *to, size_t size, void (*run)(struct task *))
{
    struct letter *letter = try_alloc(sizeof(*letter) + size);
    if (!letter)
        return NULL;
    *letter = (struct letter){ .task.run = run, .to = to };
    return letter;
}

static int post(struct letter *letter, size_t size)
{
    int status = mailbox_post(letter->to->box, &letter->task, sizeof(*letter) + size);
    if (status < 0)
        free(letter);
    return status;
}

int mail_post(struct worker *to, const struct mail_order *order)
{
    size_t ids = order->count * sizeof(jf_conn_id);
    size_t size = ids + order->name.len + order->body.len;
    struct letter *letter = letter_new(to, size, open_letter);
    if (!letter)
        return JF_E_NOMEM;
    letter->order = *order;
    letter->order.ids = (const jf_conn_id *)(const void *)letter->bytes;
    char *at = letter->bytes;
    bytes_keep(jf_view(order->ids, ids), &at);
    letter->order.name = bytes_keep(order->name, &at);
    letter->order.body = bytes_keep(order->body, &at);
    return post(letter, size);
}

int mail_send(struct worker *home, const struct mail_order *order)
{
    return home == worker_current() ? mail_deliver(home, order) : mail_post(home, order);
}

/* Those of `ids` that live on `worker`, into `mine`; how many. */
static size_t select_of_worker(const struct worker *worker, const struct mail_order *order,
                               jf_conn_id *mine)
{
    size_t found = 0;
    for (size_t i = 0; i < order->count; i++) {
        if (gateway_home_of(worker->gateway, order->ids[i]) == worker)
            mine[found++] = order->ids[i];
    }
    return found;
}

int mail_send_ids(struct gateway *gateway, const struct mail_order *order)
{
    int worst = JF_OK;
    if (order->count > SIZE_MAX / sizeof(*order->ids))
        return JF_E_INVALID;
    AUTO_FREE jf_conn_id *mine = try_alloc(order->count * sizeof(*mine));
    if (!mine)
        return JF_E_NOMEM;
    for (uint32_t i = 0; i < gateway_worker_count(gateway); i++) {
        struct worker *worker = gateway_worker(gateway, i);
        struct mail_order part = *order;
        part.ids = mine;
        part.count = select_of_worker(worker, order, mine);
        int status = part.count ? mail_send(worker, &part) : JF_OK;
        if (status < 0 && status != JF_E_GONE)
            worst = status;
    }
    return worst;
}

int mail_send_everywhere(struct gateway *gateway, const struct mail_order *order)
{
    struct worker *here = worker_current();
    int worst = JF_OK;
    for (uint32_t i = 0; i < gateway_worker_count(gateway); i++) {
        struct worker *worker = gateway_worker(gateway, i);
        int status = worker == here ? JF_OK : mail_post(worker, order);
        if (status < 0)
            worst = status;
    }
    int status = here ? mail_deliver(here, order) : JF_OK;
    return status < 0 ? status : worst;
}

static void open_closing_letter(struct task *task)
{
    struct letter *letter = CONTAINER_OF(task, struct letter, task);
    jf_conn_id id;
    memcpy(&id, letter->bytes, sizeof(id));
    struct conn *conn = server_find(letter->to->server, id);
    if (conn)
        conn_close(conn, letter->code, letter->order.body);
    free(letter);
}

int mail_post_close(struct worker *to, jf_conn_id id, uint16_t code, jf_bytes reason)
{
    size_t size = sizeof(id) + reason.len;
    struct letter *letter = letter_new(to, size, open_closing_letter);
    if (!letter)
        return JF_E_NOMEM;
    letter->code = code;
    char *at = letter->bytes;
    bytes_keep(jf_view(&id, sizeof(id)), &at);
    letter->order.body = bytes_keep(reason, &at);
    return post(letter, size);
}

/* Who is gone is passed by, wherever that is. */
static int worse(int worst, int status)
{
    return status < 0 && status != JF_E_GONE ? status : worst;
}

int mail_send_on_all_nodes(struct gateway *gateway, const struct mail_order *order)
{
    int here = order->to == MAIL_IDS ? mail_send_ids(gateway, order)
                                     : mail_send_everywhere(gateway, order);
    return worse(worse(JF_OK, here), far_send(gateway, order));
}
