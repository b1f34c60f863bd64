/* The way of a question: here, to the connection's home, into the store or the outbox, and
 * back. One block of memory goes the whole way. */
#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/host/ask_impl.h"
#include "core/host/burial.h"
#include "core/loop/loop.h"
#include "core/parse/conn_id.h"

void ask_free(struct ask *ask)
{
    if (ask->plugin_worker)
        plugin_unhold(plugin_of(ask->plugin_worker->self));
    free(ask->answer);
    free(ask);
}

/* As a whole; such a question is put by the worker that asks. */
static bool is_about_group(enum ask_kind kind)
{
    return kind == ASK_GROUP_MEMBERS || kind == ASK_GROUP_COUNT;
}

static bool has_value(enum ask_kind kind)
{
    return kind == ASK_ATTR_GET || kind == ASK_LOOK || kind == ASK_LIST;
}

static void tell(struct ask *ask, int status, const jf_conn_id *members, size_t count)
{
    union ask_done done = ask->order.done;
    void *data = ask->order.data;
    jf_bytes value = jf_view(ask->answer, ask->answer_len);
    if (ask->answered || !done.status)
        return;
    ask->answered = true;
    if (has_value(ask->order.kind))
        done.value(ask->plugin_worker, data, status, value);
    else if (ask->order.kind == ASK_GROUP_MEMBERS)
        done.members(ask->plugin_worker, data, status, members, count);
    else if (ask->order.kind == ASK_GROUP_COUNT)
        done.count(ask->plugin_worker, data, status, ask->op.number);
    else
        done.status(ask->plugin_worker, data, status);
}

/* Back at the asking worker. */
static void come_home(struct task *task)
{
    struct ask *ask = CONTAINER_OF(task, struct ask, task);
    struct worker *worker = ask->from;
    alarm_stop(server_wheel(worker->server), &ask->alarm);
    tell(ask, ask->status, NULL, 0);
    worker->waiting_asks--;
    ask_free(ask);
    worker_check_drained(worker);
}

void ask_send_back(struct ask *ask, int status)
{
    if (!ask->from) {
        ask_reply(ask, status);
        return;
    }
    ask->status = status;
    ask->task.run = come_home;
    if (ask->from == ask->home)
        loop_defer(ask->from->loop, &ask->task);
    else
        mailbox_post_reserved(ask->from->box, &ask->task);
}

void ask_keep_answer(struct ask *ask, jf_bytes answer)
{
    if (!answer.len)
        return;
    ask->answer = try_alloc(answer.len);
    if (!ask->answer) {
        ask->status = JF_E_NOMEM;
        return;
    }
    memcpy(ask->answer, answer.ptr, answer.len);
    ask->answer_len = answer.len;
}

/* A join is heard of at once; one that the store then refuses is taken back. */
static void take_back(struct ask *ask)
{
    struct conn *conn = server_find_ended(ask->home->server, ask->order.conn);
    if (conn)
        audience_leave(&ask->home->groups, ask->order.key, &session_of(conn)->groups);
}

static void store_done(struct store_op *op, int status)
{
    struct ask *ask = CONTAINER_OF(op, struct ask, op);
    ask->status = status;
    if (ask->order.kind == ASK_GROUP_JOIN && status < 0)
        take_back(ask);
    if (is_about_group(ask->order.kind)) { /* asked at home: nothing to carry back */
        tell(ask, status, op->members, op->member_count);
    } else {
        ask_keep_answer(ask, op->answer);
        if (ask->from == ask->home)
            tell(ask, ask->status, NULL, 0);
    }
    ask_send_back(ask, ask->status);
}

static void settled(struct frame_note *note, int status)
{
    ask_send_back(CONTAINER_OF(note, struct ask, note), status);
}

static int send_with_note(struct ask *ask, struct conn *conn)
{
    struct frame *frame =
        frame_new(ask->order.opcode, ask->order.value, conn_frame_bytes(conn));
    if (!frame)
        return JF_E_NOMEM;
    ask->note.settled = settled;
    int status = conn_send_frame(conn, frame);
    if (status == JF_OK)
        frame->note = &ask->note;
    frame_unref(frame);
    return status;
}

static void fill_op(struct ask *ask)
{
    ask->op.conn = ask->order.conn;
    ask->op.key = ask->order.key;
    ask->op.value = ask->order.value;
    ask->op.done = store_done;
}

static int put_to_store(struct ask *ask, struct conn *conn)
{
    struct worker *home = ask->home;
    struct session *session = session_of(conn);
    fill_op(ask);
    switch (ask->order.kind) {
    case ASK_ATTR_SET:
        session->stored = true;
        return home->store_kind->attr_set(home->store, &ask->op);
    case ASK_ATTR_GET:
        return home->store_kind->attr_get(home->store, &ask->op);
    case ASK_GROUP_JOIN:
        session->stored = true;
        return home->store_kind->group_join(home->store, &ask->op);
    case ASK_GROUP_LEAVE:
        return home->store_kind->group_leave(home->store, &ask->op);
    default:
        return JF_E_INTERNAL;
    }
}

/* A send to the group hears of it at once, on this worker. */
static void update_audience(struct ask *ask, struct conn *conn)
{
    struct session *session = session_of(conn);
    if (ask->order.kind == ASK_GROUP_JOIN)
        audience_join(&ask->home->groups, ask->order.key, conn, &session->groups);
    else if (ask->order.kind == ASK_GROUP_LEAVE)
        audience_leave(&ask->home->groups, ask->order.key, &session->groups);
}

/* A question that who has ended may still be asked, until its $disconnect is finished. */
static bool is_for_ended(enum ask_kind kind)
{
    return kind == ASK_ATTR_GET || kind == ASK_GROUP_LEAVE;
}

/* At the home of the connection. A failure: nothing was begun. */
static int put_at_home(struct ask *ask)
{
    if (ask_is_managed(ask->order.kind)) {
        ask_send_back(ask, ask_do_managed(ask));
        return JF_OK;
    }
    struct server *server = ask->home->server;
    struct conn *conn = is_for_ended(ask->order.kind)
                            ? server_find_ended(server, ask->order.conn)
                            : server_find(server, ask->order.conn);
    if (!conn)
        return JF_E_GONE;
    if (ask->order.kind == ASK_SEND)
        return send_with_note(ask, conn);
    int status = put_to_store(ask, conn);
    if (status == JF_OK)
        update_audience(ask, conn);
    return status;
}

void ask_arrive(struct task *task)
{
    struct ask *ask = CONTAINER_OF(task, struct ask, task);
    int status = put_at_home(ask);
    if (status < 0)
        ask_send_back(ask, status);
}

static void out_of_patience(struct alarm *alarm)
{
    struct ask *ask = CONTAINER_OF(alarm, struct ask, alarm);
    if (ask->far) {
        ask_forget_far(ask);
        ask_send_back(ask, JF_E_TIMEOUT);
        return;
    }
    tell(ask, JF_E_TIMEOUT, NULL, 0); /* ask->status is the home's to write */
    ask->answered = true;             /* what comes back later is only freed */
}

/* Here the outbox surely answers, however slow the client is; from another node nothing may
 * come at all. */
static void start_patience(struct ask *ask)
{
    struct worker *worker = ask->from;
    uint64_t patience = ask->far ? worker->store_timeout_ms : worker->event_ms;
    ask->alarm.ring = out_of_patience;
    alarm_set(server_wheel(worker->server), &ask->alarm, loop_now(worker->loop) + patience);
}

struct ask *ask_new(struct worker *worker, jf_worker *plugin_worker,
                    const struct ask_order *order)
{
    struct ask *ask = try_alloc(sizeof(*ask) + order->key.len + order->value.len);
    if (!ask)
        return NULL;
    if (plugin_worker)
        plugin_hold(plugin_of(plugin_worker->self));
    *ask = (struct ask){ .from = worker, .plugin_worker = plugin_worker, .order = *order };
    char *at = ask->bytes;
    ask->order.key = bytes_keep(order->key, &at);
    ask->order.value = bytes_keep(order->value, &at);
    return ask;
}

static int put_about_group(struct ask *ask)
{
    struct worker *worker = ask->from;
    ask->home = worker;
    ask->op.key = ask->order.key;
    ask->op.done = store_done;
    if (ask->order.kind == ASK_GROUP_COUNT)
        return worker->store_kind->group_count(worker->store, &ask->op);
    return worker->store_kind->group_members(worker->store, &ask->op);
}

/* Of a connection whose node has died, and whose $disconnect runs here. It may still be
 * asked what it was, and leave its groups. */
static int put_about_orphan(struct ask *ask, const struct burial *burial)
{
    struct worker *worker = ask->from;
    jf_bytes value = { 0 };
    ask->home = worker;
    if (ask->order.kind == ASK_GROUP_LEAVE) {
        fill_op(ask);
        return worker->store_kind->orphan_leave(worker->store, &ask->op, burial->fence);
    }
    if (ask->order.kind != ASK_ATTR_GET)
        return JF_E_GONE;
    ask->status = burial_attr(burial, ask->order.key, &value);
    ask_keep_answer(ask, value);
    ask_send_back(ask, ask->status);
    return JF_OK;
}

static int put_anywhere(struct ask *ask)
{
    struct worker *worker = ask->from;
    if (is_about_group(ask->order.kind))
        return put_about_group(ask);
    const struct burial *burial = burial_find(worker, ask->order.conn);
    if (burial)
        return put_about_orphan(ask, burial);
    ask->home = gateway_home_of(worker->gateway, ask->order.conn);
    if (!ask->home)
        return ask_put_far(ask);
    if (ask->home == worker)
        return put_at_home(ask);
    ask->task.run = ask_arrive;
    size_t size = sizeof(*ask) + ask->order.key.len + ask->order.value.len;
    return mailbox_post(ask->home->box, &ask->task, size);
}

int ask_check(const struct ask_order *order)
{
    bool attribute = order->kind == ASK_ATTR_SET || order->kind == ASK_ATTR_GET;
    if (order->kind == ASK_SEND)
        return JF_OK;
    if (ask_is_managed(order->kind))
        return ask_check_managed(order);
    if (!order->key.len || order->key.len > (attribute ? STORE_NAME_MAX : STORE_KEY_MAX))
        return JF_E_INVALID;
    return order->value.len > STORE_VALUE_MAX ? JF_E_TOO_BIG : JF_OK;
}

static int put(struct worker *worker, jf_worker *plugin_worker,
               const struct ask_order *order)
{
    int status = ask_check(order);
    if (status < 0)
        return status;
    struct ask *ask = ask_new(worker, plugin_worker, order);
    if (!ask)
        return JF_E_NOMEM;
    status = put_anywhere(ask);
    if (status < 0) {
        ask_free(ask);
        return status;
    }
    if (order->kind == ASK_SEND || ask->far)
        start_patience(ask);
    worker->waiting_asks++;
    return JF_OK;
}

int ask_put(struct worker *worker, jf_worker *plugin_worker, const struct ask_order *order)
{
    if (worker->halting ||
        atomic_load_explicit(&plugin_of(plugin_worker->self)->closed, memory_order_relaxed))
        return JF_E_STOPPING;
    return put(worker, plugin_worker, order);
}

int ask_put_own(struct worker *worker, const struct ask_order *order)
{
    return worker->halting ? JF_E_STOPPING : put(worker, NULL, order);
}
