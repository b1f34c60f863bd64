/* Steps 3 to 6 and 11 of the walk: take the message, pick the key, find the route, call the
 * handler, and settle what it said. */
#include "core/host/dispatch.h"

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/admission.h"
#include "core/host/burial.h"
#include "core/host/dispatch_impl.h"
#include "core/host/event.h"
#include "core/host/facts.h"
#include "core/host/gate.h"
#include "core/host/manage.h"
#include "core/host/plugin.h"
#include "core/host/presence.h"
#include "core/host/rates.h"
#include "core/host/renumber.h"
#include "core/host/router.h"
#include "core/host/settings.h"
#include "core/host/trial.h"
#include "core/host/worker.h"
#include "core/parse/conn_id.h"
#include "core/parse/envelope.h"

static void next(struct worker *worker, struct conn *conn);

/* ---- The call ----------------------------------------------------------- */

/* A handler says JF_OK, JF_LATER or a failure. Anything else is a mistake of its author. */
static int checked_status(const struct event *event, int status)
{
    if (status <= JF_LATER && status >= JF_E_INTERNAL)
        return status;
    LOG_RARELY(WARN, PLUGIN, 10, "event=bad_status plugin=%s route=%.*s status=%d",
               event->route->plugin->name, BYTES_FMT(event->route->key), status);
    return JF_E_INTERNAL;
}

/* A client that has left, or one that was refused on purpose, is no failure of a handler.
 */
static void count_trial(const struct event *event, int status)
{
    bool failed = status < 0 && status != JF_E_GONE &&
                  (status != JF_E_DENIED || event->pub.kind != JF_CONNECT);
    trial_count(event->route->plugin, failed);
}

int dispatch_call(struct event *event, const struct stage *stage, struct facts *facts)
{
    struct worker *worker = event->worker;
    struct plugin *plugin = event->route->plugin;
    event->pub.worker = &plugin->seats[worker->index].pub;
    event->pub.stage = stage->name;
    event->facts = facts;
    event->settings = router_of_stage(worker->router, stage)->settings;
    int status = checked_status(event, event->route->handler(&event->pub));
    if (status != JF_LATER &&
        atomic_load_explicit(&event->phase, memory_order_acquire) == EVENT_FINISHED) {
        LOG_RARELY(WARN, PLUGIN, 10,
                   "event=finish_refused plugin=%s route=%.*s "
                   "hint=\"a handler that has called jf_finish returns JF_LATER\"",
                   plugin->name, BYTES_FMT(event->route->key));
        event->returned = status;
        event->has_returned = true; /* and that is what counts */
        status = JF_LATER;
    }
    if (status == JF_LATER) {
        event->settings_kept = settings_ref(event->settings);
        worker->waiting_events++;
        atomic_fetch_add_explicit(&plugin->unfinished, 1, memory_order_relaxed);
        plugin_hold(plugin);
        return status;
    }
    count_trial(event, status);
    return status;
}

int dispatch_run(struct event *event)
{
    struct session *session = session_of(event->conn);
    int status = dispatch_call(event, session->stage, session->facts);
    if (status == JF_LATER) {
        session->event = event;
        conn_set_deadline(
            event->conn,
            stage_limits_find(&event->worker->limits, session->stage)->event_ms);
    }
    return status;
}

void dispatch_log_failure(const struct event *event, int status)
{
    char id[JF_CONN_ID_TEXT + 1];
    if (!event->conn)
        return; /* it was overdue, which was said already */
    conn_id_to_text(event->pub.conn, id);
    if (status == JF_E_GONE) { /* the client left meanwhile: nobody's fault */
        LOG_DEBUG(DISPATCH, "event=client_left plugin=%s route=%.*s conn=%s",
                  event->route->plugin->name, BYTES_FMT(event->route->key), id);
        return;
    }
    LOG_RARELY(
        WARN, DISPATCH, 10, "event=handler_failed plugin=%s route=%.*s conn=%s status=%s",
        event->route->plugin->name, BYTES_FMT(event->route->key), id, status_name(status));
}

const struct stage_routes *dispatch_routes(const struct worker *worker, struct conn *conn)
{
    return router_of_stage(worker->router, session_of(conn)->stage);
}

/* ---- Messages ----------------------------------------------------------- */

/* An event that was told its request's id finds it in the frame. */
void dispatch_send_error(struct conn *conn, const struct event *event, const char *message)
{
    char id[JF_CONN_ID_TEXT + 1], fresh[JF_CONN_ID_TEXT + 1], text[ENVELOPE_MAX];
    const char *request = fresh;
    conn_id_to_text(conn_id(conn), id);
    if (event && atomic_load_explicit(&event->json, memory_order_acquire))
        request = event->request_id;
    else
        envelope_request_id(fresh);
    size_t len = envelope_error(message, id, request, text);
    /* A client that has gone or does not read misses it; the connection counts that. */
    conn_send(conn, JF_TEXT, jf_view(text, len));
}

static void settle_message(struct conn *conn, const struct event *event, int status)
{
    if (status >= 0)
        return;
    dispatch_log_failure(event, status);
    dispatch_send_error(conn, event,
                        status == JF_E_TIMEOUT ? ENVELOPE_TIMEOUT : ENVELOPE_INTERNAL);
}

static const struct route *pick(const struct stage_routes *routes,
                                const struct message *message)
{
    char scratch[SELECTOR_KEY_MAX];
    jf_bytes key;
    jf_bytes body = jf_view(message->body, message->len);
    if (message->opcode != JF_TEXT ||
        selector_pick(routes->selector, body, scratch, &key) < 0)
        return routes->default_route;
    return router_find(routes, key);
}

static void run_message(struct worker *worker, struct conn *conn, struct message *message)
{
    const struct route *route = pick(dispatch_routes(worker, conn), message);
    if (!route) {
        dispatch_send_error(conn, NULL, ENVELOPE_FORBIDDEN);
        message_free(worker->server, message);
        return;
    }
    if (!gate_message(worker, conn, route, message)) {
        message_free(worker->server, message);
        return;
    }
    struct event *event = event_open(&worker->events, worker, conn, route, JF_MESSAGE);
    event->message = message;
    event->of.message.body = jf_view(message->body, message->len);
    event->of.message.opcode = message->opcode;
    event->pub.message = &event->of.message;
    int status = dispatch_run(event);
    if (status == JF_LATER)
        return;
    settle_message(conn, event, status);
    event_close_at_once(&worker->events, event);
}

static void on_message(void *host, struct conn *conn)
{
    if (!session_of(conn)->event)
        next(host, conn);
}

/* ---- $disconnect -------------------------------------------------------- */

void dispatch_leave(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    audience_leave_all(&worker->groups, &session->groups);
    audience_leave_all(&worker->stages, &session->stage_seat);
    facts_unref(session->facts);
    session->facts = NULL;
    free(session->subprotocol);
    session->subprotocol = NULL;
    rates_leave(gateway_rates(worker->gateway), session->rates);
    session->rates = NULL;
    worker->sessions--;
    renumber_check_empty(worker);
    presence_forget(worker, conn);
}

static void goodbye(struct worker *worker, struct conn *conn)
{
    dispatch_leave(worker, conn);
    conn_release(conn);
}

static void fill_disconnect(struct event *event)
{
    jf_bytes reason = conn_close_reason(event->conn);
    size_t len = reason.len < WS_REASON_MAX ? reason.len : WS_REASON_MAX;
    if (len)
        memcpy(event->text, reason.ptr, len);
    event->of.disconnect.reason = jf_view(event->text, len);
    event->of.disconnect.code = conn_close_code(event->conn);
    event->pub.disconnect = &event->of.disconnect;
}

void dispatch_resume_held(struct worker *worker)
{
    struct list_node list;
    struct conn *conn;
    list_init(&list);
    list_take_all(&list, &worker->held);
    while ((conn = presence_next_held(&list)))
        next(worker, conn);
}

void dispatch_leave_held(struct worker *worker)
{
    struct conn *conn;
    while ((conn = presence_next_held(&worker->held))) {
        session_of(conn)->stored = false; /* the directory is to keep it */
        goodbye(worker, conn);
    }
}

static void disconnect(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    const struct route *route = dispatch_routes(worker, conn)->disconnect;
    enum presence_end end =
        session->admitted ? presence_end(worker, conn) : PRESENCE_THEIRS;
    if (end == PRESENCE_OPEN) {
        presence_hold(worker, conn);
        return;
    }
    session->disconnecting = true;
    if (!route || end == PRESENCE_THEIRS) {
        goodbye(worker, conn);
        return;
    }
    struct event *event = event_open(&worker->events, worker, conn, route, JF_DISCONNECT);
    fill_disconnect(event);
    int status = dispatch_run(event);
    if (status == JF_LATER)
        return;
    if (status < 0)
        dispatch_log_failure(event, status);
    event_close_at_once(&worker->events, event);
    goodbye(worker, conn);
}

static void on_closed(void *host, struct conn *conn)
{
    struct session *session = session_of(conn);
    session->closed = true;
    if (!session->event)
        next(host, conn);
}

/* ---- Whose turn it is --------------------------------------------------- */

/* The connection is idle: its next message, or its $disconnect, or nothing. */
static void next(struct worker *worker, struct conn *conn)
{
    struct session *session = session_of(conn);
    struct message *message;
    while (!session->event && (message = conn_take_message(conn)))
        run_message(worker, conn, message);
    if (session->event)
        return;
    if (session->closed && !session->disconnecting)
        disconnect(worker, conn);
    else if (session->leaving)
        conn_close(conn, WS_CLOSE_GOING_AWAY, jf_str("Going away"));
}

/* Settle an event by its status, whoever decided it. True: the connection goes on. */
static bool settle(struct worker *worker, struct conn *conn, struct event *event,
                   int status)
{
    switch ((enum jf_kind)event->pub.kind) {
    case JF_CONNECT:
        return admission_settle(worker, conn, event, status);
    case JF_MESSAGE:
        settle_message(conn, event, status);
        return true;
    case JF_DISCONNECT:
        if (status < 0)
            dispatch_log_failure(event, status);
        goodbye(worker, conn);
        return false;
    }
    return true;
}

void dispatch_finished(struct event *event)
{
    struct worker *worker = event->worker;
    struct conn *conn = event->conn;
    struct plugin *plugin = event->route->plugin;
    bool goes_on = false;
    worker->waiting_events--;
    atomic_fetch_sub_explicit(&plugin->unfinished, 1, memory_order_relaxed);
    if (conn) {
        session_of(conn)->event = NULL;
        conn_set_deadline(conn, 0);
        int status = event->has_returned ? event->returned : event->status;
        if (status == JF_LATER)
            status = JF_E_INVALID;
        status = checked_status(event, status);
        count_trial(event, status);
        goes_on = settle(worker, conn, event, status);
    }
    if (event->burial) {
        count_trial(event, checked_status(event, event->status));
        burial_finished(event);
    }
    event_retire(&worker->events, event);
    plugin_unhold(plugin);
    if (goes_on)
        next(worker, conn);
    worker_check_drained(worker);
}

void dispatch_overdue(struct event *event)
{
    char id[JF_CONN_ID_TEXT + 1];
    conn_id_to_text(event->pub.conn, id);
    LOG_WARN(DISPATCH, "event=overdue plugin=%s route=%.*s conn=%s",
             event->route->plugin->name, BYTES_FMT(event->route->key), id);
    count_trial(event, JF_E_TIMEOUT);
}

/* The handler had its time. The event stays its own until it finishes it; the client is
 * answered now, and the connection goes on without. */
static void on_deadline(void *host, struct conn *conn)
{
    struct worker *worker = host;
    struct session *session = session_of(conn);
    struct event *event = session->event;
    if (!event)
        return;
    dispatch_overdue(event);
    session->event = NULL;
    event->conn = NULL;
    event->facts_kept = facts_ref(session->facts);
    if (event->pub.kind == JF_CONNECT)
        event->greeting = conn_take_greeting(conn);
    if (settle(worker, conn, event, JF_E_TIMEOUT))
        next(worker, conn);
}

/* A connection at work is closed when next() finds it idle; so is one whose verdict is
 * awaited. */
static void on_drain(void *host, struct conn *conn)
{
    (void)host;
    session_of(conn)->leaving = true;
    if (!session_of(conn)->event)
        conn_close(conn, WS_CLOSE_GOING_AWAY, jf_str("Going away"));
}

static void on_drained(void *host)
{
    struct worker *worker = host;
    worker_check_drained(worker);
}

bool dispatch_is_stage(void *host, jf_bytes authority, jf_bytes path)
{
    struct worker *worker = host;
    jf_bytes rest;
    return router_of_request(worker->router, authority, path, &rest) != NULL;
}

const struct net_events dispatch_events = {
    .on_upgrade = admission_on_upgrade,
    .on_message = on_message,
    .on_closed = on_closed,
    .on_deadline = on_deadline,
    .on_drain = on_drain,
    .on_drained = on_drained,
    .on_call = manage_on_call,
};
