/* Before the 101: which stage, whose proxy, $authorize, then $connect; and what their
 * verdicts make of the connection. */
#include "core/host/admission.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/host/ask.h"
#include "core/host/dispatch_impl.h"
#include "core/host/event.h"
#include "core/host/facts.h"
#include "core/host/gate.h"
#include "core/host/identity.h"
#include "core/host/plugin.h"
#include "core/host/presence.h"
#include "core/host/router.h"
#include "core/host/settings.h"
#include "core/host/worker.h"
#include "core/parse/envelope.h"
#include "core/parse/forwarded.h"

/* An authorizer that fails is a fault of ours, whatever it is: 500 (AWS:
 * AUTHORIZER_FAILURE).
 */
static unsigned refusal_status(bool authorizing, int status)
{
    if (status == JF_E_DENIED)
        return 403;
    if (authorizing)
        return 500;
    return status == JF_E_TIMEOUT ? 504 : 502;
}

static const char *refusal_text(unsigned status)
{
    switch (status) {
    case 403:
        return ENVELOPE_FORBIDDEN;
    case 504:
        return ENVELOPE_TIMEOUT;
    default:
        return ENVELOPE_INTERNAL;
    }
}

static void refuse(struct worker *worker, struct conn *conn, struct event *event,
                   int status)
{
    /* An overdue event's details are still its holder's, who may be writing them now. */
    bool detailed = event->conn && event->refuse_status;
    unsigned http = detailed ? event->refuse_status
                             : refusal_status(session_of(conn)->authorizing, status);
    char text[ENVELOPE_MAX];
    jf_bytes body = detailed ? jf_view(event->refuse_body, event->refuse_len) : jf_str("");
    if (!detailed)
        body = jf_view(text, envelope_http(refusal_text(http), text));
    if (status != JF_E_DENIED)
        dispatch_log_failure(event, status);
    dispatch_leave(worker, conn);
    conn_refuse(conn, http, body);
}

static void keep_attribute(struct worker *worker, struct conn *conn, jf_bytes key,
                           jf_bytes value)
{
    int status = ask_put_own(worker, &(struct ask_order){ .kind = ASK_ATTR_SET,
                                                          .conn = conn_id(conn),
                                                          .key = key,
                                                          .value = value });
    if (status < 0)
        LOG_RARELY(WARN, DISPATCH, 10, "event=identity_not_stored status=%s",
                   status_name(status));
}

/* What its authorizer has said of it is among its attributes too, and which API key it came
 * with: by that it is found, and closed, from outside. A key itself is a secret. */
static void keep_identity(struct worker *worker, struct conn *conn)
{
    static const char prefix[] = "authorizer.";
    char key[sizeof(prefix) + IDENTITY_NAME_MAX];
    const struct facts *facts = session_of(conn)->facts;
    size_t count;
    const struct jf_pair *pairs = identity_pairs(facts_identity(facts), &count);
    for (size_t i = 0; i < count; i++) {
        if (bytes_eq(pairs[i].name, IDENTITY_API_KEY))
            continue;
        int n = snprintf(key, sizeof(key), "%s%.*s", prefix, BYTES_FMT(pairs[i].name));
        keep_attribute(worker, conn, jf_view(key, (size_t)n), pairs[i].value);
    }
    if (facts_api_key_id(facts).len)
        keep_attribute(worker, conn, jf_str("apiKeyId"), facts_api_key_id(facts));
}

/* From now on it hears what is sent to all of its stage. */
static void admit(struct worker *worker, struct conn *conn, jf_bytes subprotocol)
{
    struct session *session = session_of(conn);
    session->admitted = true;
    presence_enter(worker, conn);
    keep_identity(worker, conn);
    if (!session->closed)
        audience_join(&worker->stages, session->stage->name, conn, &session->stage_seat);
    jf_bytes before = jf_view(session->subprotocol, session->subprotocol_len);
    conn_admit(conn, subprotocol.len ? subprotocol : before);
    free(session->subprotocol);
    session->subprotocol = NULL;
}

static bool connect(struct worker *worker, struct conn *conn);

/* Who it is, is known: now $connect. What is said of it becomes attributes when it is in.
 */
static bool pass_on(struct worker *worker, struct conn *conn, struct event *event)
{
    struct session *session = session_of(conn);
    uint64_t took = facts_now() - facts_connected_at(session->facts);
    facts_identify(session->facts, event->identity, took);
    event->identity = NULL;
    session->subprotocol = event->subprotocol;
    session->subprotocol_len = event->subprotocol_len;
    event->subprotocol = NULL;
    session->authorizing = false;
    if (session->closed) {
        refuse(worker, conn, event, JF_E_DENIED); /* it has not waited */
        return false;
    }
    return gate_identified(worker, conn, dispatch_routes(worker, conn)) &&
           connect(worker, conn);
}

bool admission_settle(struct worker *worker, struct conn *conn, struct event *event,
                      int status)
{
    if (status < 0) {
        refuse(worker, conn, event, status);
        return false;
    }
    if (session_of(conn)->authorizing)
        return pass_on(worker, conn, event);
    admit(worker, conn, jf_view(event->subprotocol, event->subprotocol_len));
    return true;
}

static void fill_connect(struct event *event)
{
    const struct head *head = conn_head(event->conn);
    jf_bytes offered = jf_find(head->headers, head->header_count, "Sec-WebSocket-Protocol");
    event->of.connect = (struct jf_connect){
        .path = head->path,
        .peer = conn_peer(event->conn, event->text),
        .subprotocols = offered,
        .headers = head->headers,
        .query = head->query,
        .header_count = head->header_count,
        .query_count = head->query_count,
    };
    event->pub.connect = &event->of.connect;
}

/* True: the verdict is there, and the connection goes on. */
static bool ask(struct worker *worker, struct conn *conn, const struct route *route)
{
    struct event *event = event_open(&worker->events, worker, conn, route, JF_CONNECT);
    fill_connect(event);
    int status = dispatch_run(event);
    if (status == JF_LATER)
        return false;
    bool goes_on = admission_settle(worker, conn, event, status);
    event_close_at_once(&worker->events, event);
    return goes_on;
}

static bool connect(struct worker *worker, struct conn *conn)
{
    const struct route *route = dispatch_routes(worker, conn)->connect;
    if (route)
        return ask(worker, conn, route);
    admit(worker, conn, jf_str(""));
    return true;
}

static void refuse_plainly(struct conn *conn, unsigned status, const char *text)
{
    char body[ENVELOPE_MAX];
    conn_refuse(conn, status, jf_view(body, envelope_http(text, body)));
}

/* Paths below an "@" are not for sockets: management's are. */
static const struct stage_routes *routes_of_head(const struct worker *worker,
                                                 const struct head *head)
{
    jf_bytes rest, host = jf_find(head->headers, head->header_count, "Host");
    const struct stage_routes *routes =
        router_of_request(worker->router, host, head->path, &rest);
    return routes && router_is_reserved(bytes_from(rest, 1)) ? NULL : routes;
}

/* If the peer is one of our proxies, the client is whom that names. True: it is one. */
static bool believe_proxy(const struct worker *worker, struct conn *conn)
{
    const struct head *head = conn_head(conn);
    struct ip peer, client;
    if (!worker->proxy_count)
        return false;
    conn_peer_address(conn, peer.octet);
    if (!ip_in(worker->proxies, worker->proxy_count, &peer))
        return false;
    if (forwarded_client(worker->proxies, worker->proxy_count, head->headers,
                         head->header_count, &client))
        conn_set_peer_address(conn, client.octet);
    return true;
}

void admission_on_upgrade(void *host, struct conn *conn)
{
    struct worker *worker = host;
    struct session *session = session_of(conn);
    if (worker->numberless) {
        refuse_plainly(conn, 503, ENVELOPE_UNAVAILABLE);
        return;
    }
    const struct stage_routes *routes = routes_of_head(worker, conn_head(conn));
    if (!routes) {
        refuse_plainly(conn, 403, ENVELOPE_FORBIDDEN);
        return;
    }
    bool by_proxy = believe_proxy(worker, conn);
    worker->sessions++;
    session->stage = routes->stage;
    conn_set_limits(conn, &stage_limits_find(&worker->limits, routes->stage)->net);
    session->facts = facts_new(conn, by_proxy);
    if (!gate_upgrade(worker, conn, routes))
        return;
    session->authorizing = routes->authorize != NULL;
    if (routes->authorize)
        ask(worker, conn, routes->authorize);
    else
        connect(worker, conn);
}
