/* Facts and the event they belong to become a struct aws_event; the words are that room's.
 */
#include "core/host/facts.h"

#include <stdio.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/event.h"
#include "core/host/identity.h"
#include "core/host/worker.h"
#include "core/net/tls_client.h"
#include "core/parse/aws_event.h"
#include "core/parse/conn_id.h"
#include "core/parse/envelope.h"

#define HEADER_MAX 256 /* octets kept of Host and of User-Agent */

/* One per connection, so every octet counts: the texts stand behind each other. */
struct facts {
    uint64_t connected_at; /* milliseconds since 1970 */
    uint32_t refs;         /* the home worker's */
    uint32_t authorizer_ms;
    struct identity *identity; /* NULL: nobody was asked */
    struct tls_client *cert;   /* that the client has shown; NULL: none */
    char *api_key;             /* its value, then its id; NULL: none */
    uint16_t host_len, agent_len, api_key_len;
    uint8_t ip_len, api_key_id_len;
    bool by_proxy;
    char text[];
};

uint64_t facts_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static jf_bytes header(const struct head *head, const char *name)
{
    jf_bytes value = jf_find(head->headers, head->header_count, name);
    if (value.len > HEADER_MAX)
        value.len = HEADER_MAX;
    return value;
}

/* "192.0.2.1:50000" or "[2001:db8::1]:50000" without the port; "::ffff:192.0.2.1", as a
 * socket for both calls it, is the former. */
static jf_bytes ip_of(jf_bytes peer)
{
    static const char mapped[] = "::ffff:";
    size_t prefix = sizeof(mapped) - 1;
    jf_bytes ip = { peer.ptr, bytes_find(peer, ':') };
    if (!peer.len || peer.ptr[0] != '[')
        return ip;
    ip = jf_view(peer.ptr + 1, bytes_find(peer, ']') - 1);
    bool is_v4 = ip.len > prefix && memcmp(ip.ptr, mapped, prefix) == 0 &&
                 bytes_find(ip, '.') < ip.len;
    return is_v4 ? bytes_from(ip, prefix) : ip;
}

struct facts *facts_new(struct conn *conn, bool by_proxy)
{
    char peer[CONN_PEER_MAX];
    const struct head *head = conn_head(conn);
    jf_bytes ip = ip_of(conn_peer(conn, peer));
    jf_bytes host = header(head, "Host"), agent = header(head, "User-Agent");
    struct facts *facts =
        xalloc(offsetof(struct facts, text) + ip.len + host.len + agent.len);
    facts->connected_at = facts_now();
    facts->refs = 1;
    facts->authorizer_ms = 0;
    facts->identity = NULL;
    facts->cert = conn_client_cert(conn);
    facts->api_key = NULL;
    facts->api_key_len = facts->api_key_id_len = 0;
    facts->ip_len = (uint8_t)ip.len;
    facts->by_proxy = by_proxy;
    facts->host_len = (uint16_t)host.len;
    facts->agent_len = (uint16_t)agent.len;
    char *at = facts->text;
    bytes_keep(ip, &at);
    bytes_keep(host, &at);
    bytes_keep(agent, &at);
    return facts;
}

struct facts *facts_of_orphan(uint64_t connected_at)
{
    struct facts *facts = xnew(struct facts);
    facts->connected_at = connected_at;
    facts->refs = 1;
    return facts;
}

uint64_t facts_connected_at(const struct facts *facts)
{
    return facts->connected_at;
}

struct jf_caller facts_caller(const struct facts *facts)
{
    const char *text = facts->text;
    return (struct jf_caller){
        .source_ip = jf_view(text, facts->ip_len),
        .domain_name = jf_view(text + facts->ip_len, facts->host_len),
        .user_agent = jf_view(text + facts->ip_len + facts->host_len, facts->agent_len),
        .connected_at = facts->connected_at,
        .cert_subject = facts->cert ? facts->cert->subject : jf_str(""),
        .cert_fingerprint = facts->cert ? facts->cert->fingerprint : jf_str(""),
    };
}

struct facts *facts_ref(struct facts *facts)
{
    facts->refs++;
    return facts;
}

void facts_unref(struct facts *facts)
{
    if (!facts || --facts->refs)
        return;
    identity_free(facts->identity);
    free(facts->cert);
    free(facts->api_key);
    free(facts);
}

void facts_identify(struct facts *facts, struct identity *identity, uint64_t ms)
{
    facts->identity = identity;
    facts->authorizer_ms = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

const struct identity *facts_identity(const struct facts *facts)
{
    return facts->identity;
}

void facts_set_api_key(struct facts *facts, jf_bytes value, jf_bytes id)
{
    char *at = facts->api_key = xalloc(value.len + id.len);
    CHECK(value.len <= UINT16_MAX && id.len <= UINT8_MAX);
    facts->api_key_len = (uint16_t)bytes_keep(value, &at).len;
    facts->api_key_id_len = (uint8_t)bytes_keep(id, &at).len;
}

jf_bytes facts_api_key_id(const struct facts *facts)
{
    return jf_view(facts->api_key ? facts->api_key + facts->api_key_len : NULL,
                   facts->api_key_id_len);
}

static void tell_caller(const struct facts *facts, struct aws_event *out)
{
    const struct jf_caller caller = facts_caller(facts);
    out->connected_at = caller.connected_at;
    out->by_proxy = facts->by_proxy;
    out->source_ip = caller.source_ip;
    out->domain = caller.domain_name;
    out->user_agent = caller.user_agent;
    out->api_key = jf_view(facts->api_key, facts->api_key_len);
    out->api_key_id = facts_api_key_id(facts);
}

static bool tell_cert(const struct tls_client *cert, struct aws_client_cert *out)
{
    if (cert)
        *out = (struct aws_client_cert){ .pem = cert->pem,
                                         .subject = cert->subject,
                                         .issuer = cert->issuer,
                                         .serial = cert->serial,
                                         .fingerprint = cert->fingerprint,
                                         .not_before = cert->not_before,
                                         .not_after = cert->not_after };
    return cert != NULL;
}

void facts_arn(const struct event *event, char out[FACTS_ARN_MAX])
{
    jf_bytes api = settings_api_id(event->settings), stage = event->pub.stage;
    int n = snprintf(out, FACTS_ARN_MAX,
                     "arn:aws:execute-api:local:000000000000:%.*s/%.*s/$connect",
                     BYTES_FMT(api), BYTES_FMT(stage));
    CHECK(n > 0 && n < FACTS_ARN_MAX);
}

/* The request's id is kept: an error frame for this event shall name it. */
static char *write_json(struct event *event, size_t *len)
{
    const struct jf_event *pub = &event->pub;
    char id[JF_CONN_ID_TEXT + 1], message_id[JF_CONN_ID_TEXT + 1], arn[FACTS_ARN_MAX];
    conn_id_to_text(pub->conn, id);
    envelope_request_id(event->request_id);
    envelope_request_id(message_id);
    struct aws_event aws = {
        .route = pub->route,
        .stage = pub->stage,
        .connection_id = jf_str(id),
        .request_id = jf_str(event->request_id),
        .message_id = jf_str(message_id),
        .api_id = settings_api_id(event->settings),
        .requested_at = facts_now(),
        .secure = event->worker->net.tls_cert != NULL,
        .connect = pub->connect,
        .message = pub->message,
        .disconnect = pub->disconnect,
    };
    aws.variables = settings_variables(event->settings, &aws.variable_count);
    if (bytes_eq(pub->route, "$authorize")) {
        facts_arn(event, arn);
        aws.method_arn = jf_str(arn);
    }
    aws.authorizer = identity_pairs(event->facts->identity, &aws.authorizer_count);
    aws.authorizer_ms = event->facts->authorizer_ms;
    tell_caller(event->facts, &aws);
    struct aws_client_cert cert;
    if (tell_cert(event->facts->cert, &cert))
        aws.client_cert = &cert;
    return aws_event_json(&aws, len);
}

jf_bytes facts_json(struct event *event)
{
    char *json = atomic_load_explicit(&event->json, memory_order_relaxed);
    if (!json) {
        json = write_json(event, &event->json_len);
        atomic_store_explicit(&event->json, json, memory_order_release);
    }
    return jf_view(json, json ? event->json_len : 0);
}
