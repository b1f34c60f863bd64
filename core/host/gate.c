/* In the order that docs/access.md has. */
#include "core/host/gate.h"

#include "core/host/api_keys.h"
#include "core/host/dispatch_impl.h"
#include "core/host/facts.h"
#include "core/host/identity.h"
#include "core/host/plugin.h"
#include "core/host/rates.h"
#include "core/host/router.h"
#include "core/host/settings.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"
#include "core/parse/conn_id.h"
#include "core/parse/envelope.h"

static struct rate_ask rate_ask(const struct worker *worker, const struct conn *conn,
                                const struct stage_routes *routes)
{
    struct rate_ask ask = { .book = gateway_rates(worker->gateway),
                            .stage = routes->stage,
                            .plan = settings_rates(routes->settings),
                            .keys = settings_api_keys(routes->settings),
                            .now_ms = loop_now(worker->loop) };
    conn_peer_address(conn, ask.address);
    if (ask.keys)
        ask.wall_ms = facts_now();
    return ask;
}

static const char *text_of(enum rate_reason reason)
{
    switch (reason) {
    case RATE_OVER_QUOTA:
        return ENVELOPE_OVER_QUOTA;
    case RATE_NO_KEY:
        return ENVELOPE_FORBIDDEN;
    case RATE_TOO_MUCH:
        break;
    }
    return ENVELOPE_TOO_MANY;
}

/* ---- Connecting --------------------------------------------------------- */

static bool turn_away(struct worker *worker, struct conn *conn, unsigned status,
                      const char *text)
{
    char body[ENVELOPE_MAX];
    dispatch_leave(worker, conn);
    conn_refuse(conn, status, jf_view(body, envelope_http(text, body)));
    return false;
}

/* Or let it pass. */
static bool settle(struct worker *worker, struct conn *conn, struct rate_answer answer)
{
    char body[ENVELOPE_MAX];
    const char *text = text_of(answer.reason);
    if (answer.verdict == RATE_PASS)
        return true;
    if (answer.reason == RATE_OVER_QUOTA)
        worker->limited.quotas++;
    else
        worker->limited.connects++;
    dispatch_leave(worker, conn);
    conn_refuse_busy(conn, answer.wait_ms, jf_view(body, envelope_http(text, body)));
    return false;
}

static jf_bytes header(const struct conn *conn, const char *name)
{
    const struct head *head = conn_head(conn);
    return jf_find(head->headers, head->header_count, name);
}

/* Who says no origin is no browser, which this is to guard against. */
static bool check_origin(struct worker *worker, struct conn *conn,
                         const struct settings *settings)
{
    jf_bytes origin = header(conn, "Origin");
    if (!origin.ptr || settings_allows_origin(settings, origin))
        return true;
    worker->limited.origins++;
    return turn_away(worker, conn, 403, ENVELOPE_FORBIDDEN);
}

static bool check_rates(struct worker *worker, struct conn *conn,
                        const struct stage_routes *routes)
{
    if (!settings_rates(routes->settings)->limits_connects)
        return true;
    const struct rate_ask ask = rate_ask(worker, conn, routes);
    return settle(worker, conn, rates_connect(&ask, &session_of(conn)->rates));
}

static bool check_key(struct worker *worker, struct conn *conn,
                      const struct stage_routes *routes, jf_bytes value)
{
    struct session *session = session_of(conn);
    const struct api_key *key = settings_find_key(routes->settings, value);
    if (!key) {
        worker->limited.keys++;
        return turn_away(worker, conn, 403, ENVELOPE_FORBIDDEN);
    }
    const struct rate_ask ask = rate_ask(worker, conn, routes);
    facts_set_api_key(session->facts, value, key->id);
    return settle(worker, conn, rates_connect_key(&ask, &session->rates, key));
}

static bool check_header_key(struct worker *worker, struct conn *conn,
                             const struct stage_routes *routes)
{
    const struct settings *settings = routes->settings;
    return !settings_wants_key(settings) ||
           settings_api_key_source(settings) != API_KEY_HEADER ||
           check_key(worker, conn, routes, header(conn, "x-api-key"));
}

/* It may be asked who it is, but has brought nothing to tell it by. */
static bool check_identity(struct worker *worker, struct conn *conn,
                           const struct stage_routes *routes)
{
    const struct head *head = conn_head(conn);
    const struct jf_connect connect = { .headers = head->headers,
                                        .header_count = head->header_count,
                                        .query = head->query,
                                        .query_count = head->query_count };
    return !routes->authorize || settings_has_identity(routes->settings, &connect) ||
           turn_away(worker, conn, 401, ENVELOPE_UNAUTHORIZED);
}

bool gate_upgrade(struct worker *worker, struct conn *conn,
                  const struct stage_routes *routes)
{
    return check_origin(worker, conn, routes->settings) &&
           check_rates(worker, conn, routes) && check_header_key(worker, conn, routes) &&
           check_identity(worker, conn, routes);
}

static bool check_ceilings(struct worker *worker, struct conn *conn,
                           const struct stage_routes *routes)
{
    struct session *session = session_of(conn);
    const struct identity *identity = facts_identity(session->facts);
    if (!settings_rates(routes->settings)->ceiling_count)
        return true;
    const struct rate_ask ask = rate_ask(worker, conn, routes);
    return settle(worker, conn, rates_connect_as(&ask, &session->rates, identity));
}

static bool check_named_key(struct worker *worker, struct conn *conn,
                            const struct stage_routes *routes)
{
    const struct settings *settings = routes->settings;
    const struct identity *identity = facts_identity(session_of(conn)->facts);
    return !settings_wants_key(settings) ||
           settings_api_key_source(settings) != API_KEY_AUTHORIZER ||
           check_key(worker, conn, routes,
                     identity_find(identity, jf_str(IDENTITY_API_KEY)));
}

bool gate_identified(struct worker *worker, struct conn *conn,
                     const struct stage_routes *routes)
{
    return check_named_key(worker, conn, routes) && check_ceilings(worker, conn, routes);
}

/* ---- Messages ----------------------------------------------------------- */

static void refuse_message(struct worker *worker, struct conn *conn,
                           struct rate_answer answer)
{
    const char *text = text_of(answer.reason);
    worker->limited.messages++;
    dispatch_send_error(conn, NULL, text);
    if (answer.verdict == RATE_CLOSE) {
        worker->limited.closed++;
        conn_close(conn, WS_CLOSE_POLICY, jf_str(text));
    }
}

static bool check_message_rates(struct worker *worker, struct conn *conn,
                                const struct stage_routes *routes,
                                const struct route *route, const struct message *message)
{
    const struct rate_ask ask = rate_ask(worker, conn, routes);
    struct rate_answer answer =
        rates_message(&ask, &session_of(conn)->rates, route->key, message->len);
    if (answer.verdict != RATE_PASS)
        refuse_message(worker, conn, answer);
    return answer.verdict == RATE_PASS;
}

static bool refuse_body(struct worker *worker, struct conn *conn)
{
    char id[JF_CONN_ID_TEXT + 1], message_id[JF_CONN_ID_TEXT + 1], text[ENVELOPE_MAX];
    conn_id_to_text(conn_id(conn), id);
    envelope_request_id(message_id);
    worker->limited.models++;
    conn_send(conn, JF_TEXT, jf_view(text, envelope_bad_body(id, message_id, text)));
    return false;
}

bool gate_message(struct worker *worker, struct conn *conn, const struct route *route,
                  const struct message *message)
{
    const struct stage_routes *routes = dispatch_routes(worker, conn);
    const struct settings *settings = routes->settings;
    bool limited = settings_rates(settings)->limits_messages ||
                   rate_use_has_key(session_of(conn)->rates);
    if (limited && !check_message_rates(worker, conn, routes, route, message))
        return false;
    return settings_fits_model(settings, route->key,
                               jf_view(message->body, message->len)) ||
           refuse_body(worker, conn);
}
