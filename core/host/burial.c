/* A $disconnect without a connection. While it runs the orphan can be found by its id, for
 * questions about it. */
#include "core/host/burial.h"

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/host/dispatch.h"
#include "core/host/event.h"
#include "core/host/facts.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"
#include "core/parse/conn_id.h"
#include "core/store/orphans.h"

const struct burial *burial_find(const struct worker *worker, jf_conn_id conn)
{
    for (struct list_node *at = worker->burials.next; at != &worker->burials;
         at = at->next) {
        const struct burial *burial = CONTAINER_OF(at, struct burial, node);
        if (conn_id_eq(burial->orphan->conn, conn))
            return burial;
    }
    return NULL;
}

int burial_attr(const struct burial *burial, jf_bytes key, jf_bytes *value)
{
    const struct orphan *orphan = burial->orphan;
    for (size_t i = 0; i < orphan->attr_count; i++) {
        if (jf_same(orphan->attrs[2 * i], key)) {
            *value = orphan->attrs[2 * i + 1];
            return JF_OK;
        }
    }
    return JF_E_NOT_FOUND;
}

static void end(struct burial *burial)
{
    alarm_stop(server_wheel(burial->worker->server), &burial->alarm);
    list_remove(&burial->node);
    burial->event = NULL;
    burial->over(burial);
}

/* The handler had its time. The event stays its own until it finishes it. */
static void on_overdue(struct alarm *alarm)
{
    struct burial *burial = CONTAINER_OF(alarm, struct burial, alarm);
    dispatch_overdue(burial->event);
    burial->event->burial = NULL;
    end(burial);
}

static void open_event(struct burial *burial, const struct route *route)
{
    struct worker *worker = burial->worker;
    struct event *event = event_open(&worker->events, worker, NULL, route, JF_DISCONNECT);
    event->burial = burial;
    event->facts_kept = facts_of_orphan(burial->orphan->since);
    event->pub.conn = burial->orphan->conn;
    event->of.disconnect.code = WS_CLOSE_ABNORMAL;
    event->of.disconnect.reason = jf_str("node lost");
    event->pub.disconnect = &event->of.disconnect;
    burial->event = event;
}

/* NULL: there is nobody to tell. One that had not entered was never admitted. */
static const struct stage_routes *routes_of(const struct burial *burial)
{
    const struct worker *worker = burial->worker;
    jf_bytes name = burial->orphan->stage;
    const struct stage *stage = stages_find(gateway_stages(worker->gateway), name);
    if (!stage && name.len)
        LOG_RARELY(WARN, DISPATCH, 10,
                   "event=no_stage stage=%.*s hint=\"nodes that share a store serve the "
                   "same stages\"",
                   BYTES_FMT(name));
    return stage ? router_of_stage(worker->router, stage) : NULL;
}

static void run(struct task *task)
{
    struct burial *burial = CONTAINER_OF(task, struct burial, task);
    struct worker *worker = burial->worker;
    const struct stage_routes *routes = routes_of(burial);
    list_append(&worker->burials, &burial->node);
    if (!routes || !routes->disconnect) {
        end(burial);
        return;
    }
    open_event(burial, routes->disconnect);
    struct event *event = burial->event;
    int status = dispatch_call(event, routes->stage, event->facts_kept);
    if (status == JF_LATER) {
        burial->alarm.ring = on_overdue;
        alarm_set(server_wheel(worker->server), &burial->alarm,
                  loop_now(worker->loop) +
                      stage_limits_find(&worker->limits, routes->stage)->event_ms);
        return;
    }
    event->burial = NULL;
    event_close_at_once(&worker->events, event);
    end(burial);
}

void burial_post(struct burial *burial)
{
    burial->task.run = run;
    mailbox_post_reserved(burial->worker->box, &burial->task);
}

void burial_finished(struct event *event)
{
    struct burial *burial = event->burial;
    event->burial = NULL;
    if (burial)
        end(burial);
}
