/* The keys come in the order of AWS's own events, for those who compare by eye. Headers of
 * a $connect are the client's and what a gateway adds to them. */
#include "core/parse/aws_event.h"

#include <stdio.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/parse/head.h"
#include "core/parse/json_text.h"

#define ADDED_HEADERS 3 /* X-Forwarded-For, -Port, -Proto */

static void put_string(struct json_text *text, const char *name, jf_bytes value)
{
    json_text_name(text, jf_str(name));
    json_text_string(text, value);
}

static void put_number(struct json_text *text, const char *name, uint64_t value)
{
    json_text_name(text, jf_str(name));
    json_text_number(text, value);
}

/* ---- Headers and query -------------------------------------------------- */

/* Of names: headers ignore case, parameters do not. */
typedef bool same_fn(jf_bytes a, jf_bytes b);

static bool same_parameter(jf_bytes a, jf_bytes b)
{
    return jf_same(a, b);
}

struct pairs {
    const struct jf_pair *at;
    size_t count;
    same_fn *same;
};

static bool came_before(const struct pairs *pairs, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (pairs->same(pairs->at[i].name, pairs->at[index].name))
            return true;
    }
    return false;
}

/* Of a repeated name the last value counts. */
static void put_last(struct json_text *text, const struct pairs *pairs, size_t first)
{
    size_t last = pairs->count - 1;
    while (!pairs->same(pairs->at[last].name, pairs->at[first].name))
        last--;
    json_text_string(text, pairs->at[last].value);
}

static void put_all(struct json_text *text, const struct pairs *pairs, size_t first)
{
    json_text_open(text, '[');
    for (size_t i = first; i < pairs->count; i++) {
        if (pairs->same(pairs->at[i].name, pairs->at[first].name))
            json_text_string(text, pairs->at[i].value);
    }
    json_text_close(text, ']');
}

typedef void put_fn(struct json_text *text, const struct pairs *pairs, size_t first);

static void put_map(struct json_text *text, const char *name, const struct pairs *pairs,
                    put_fn *put)
{
    json_text_name(text, jf_str(name));
    json_text_open(text, '{');
    for (size_t i = 0; i < pairs->count; i++) {
        if (came_before(pairs, i))
            continue;
        json_text_name(text, pairs->at[i].name);
        put(text, pairs, i);
    }
    json_text_close(text, '}');
}

static void put_headers(struct json_text *text, const struct jf_pair *headers, size_t count)
{
    struct pairs pairs = { headers, count, bytes_same_nocase };
    put_map(text, "headers", &pairs, put_last);
    put_map(text, "multiValueHeaders", &pairs, put_all);
}

/* Those of the one hop to us are no concern of a handler's. */
static bool is_of_the_hop(jf_bytes name)
{
    return bytes_eq_nocase(name, "Connection") || bytes_eq_nocase(name, "Upgrade") ||
           bytes_eq_nocase(name, "Content-Length");
}

/* The port that the client wrote, or the one that it meant by writing none. */
static jf_bytes port_of(const struct aws_event *event)
{
    jf_bytes host = event->domain;
    size_t at = host.len;
    while (at && host.ptr[at - 1] >= '0' && host.ptr[at - 1] <= '9')
        at--;
    if (at && at < host.len && host.ptr[at - 1] == ':')
        return bytes_from(host, at);
    return jf_str(event->secure ? "443" : "80");
}

static const char x_port[] = "X-Forwarded-Port", x_proto[] = "X-Forwarded-Proto";

/* What a proxy of ours said of scheme and port is right; what a stranger says of them is
 * left out. */
static bool is_made_up(const struct aws_event *event, jf_bytes name)
{
    return !event->by_proxy &&
           (bytes_eq_nocase(name, x_port) || bytes_eq_nocase(name, x_proto));
}

static bool has(const struct aws_event *event, const char *name)
{
    const struct jf_connect *connect = event->connect;
    return event->by_proxy &&
           jf_find(connect->headers, connect->header_count, name).ptr != NULL;
}

/* Of addresses ours is the last, which is the only one that nobody can make up. */
static void put_connect_headers(struct json_text *text, const struct aws_event *event)
{
    const struct jf_connect *connect = event->connect;
    struct jf_pair headers[HEAD_HEADERS_MAX + ADDED_HEADERS];
    size_t count = 0;
    for (size_t i = 0; i < connect->header_count && count < HEAD_HEADERS_MAX; i++) {
        if ((event->method_arn.len || !is_of_the_hop(connect->headers[i].name)) &&
            !is_made_up(event, connect->headers[i].name))
            headers[count++] = connect->headers[i];
    }
    headers[count++] = (struct jf_pair){ jf_str("X-Forwarded-For"), event->source_ip };
    if (!has(event, x_port))
        headers[count++] = (struct jf_pair){ jf_str(x_port), port_of(event) };
    if (!has(event, x_proto))
        headers[count++] =
            (struct jf_pair){ jf_str(x_proto), jf_str(event->secure ? "https" : "http") };
    put_headers(text, headers, count);
}

static void put_query(struct json_text *text, const struct aws_event *event)
{
    const struct jf_connect *connect = event->connect;
    struct pairs pairs = { connect->query, connect->query_count, same_parameter };
    if (!pairs.count && !event->method_arn.len)
        return;
    put_map(text, "queryStringParameters", &pairs, put_last);
    put_map(text, "multiValueQueryStringParameters", &pairs, put_all);
}

static void put_variables(struct json_text *text, const struct aws_event *event)
{
    if (!event->variable_count && !event->method_arn.len)
        return;
    json_text_name(text, jf_str("stageVariables"));
    json_text_open(text, '{');
    for (size_t i = 0; i < event->variable_count; i++) {
        json_text_name(text, event->variables[i].name);
        json_text_string(text, event->variables[i].value);
    }
    json_text_close(text, '}');
}

/* The four that AWS makes up. */
static void put_disconnect_headers(struct json_text *text, const struct aws_event *event)
{
    const struct jf_pair headers[] = {
        { jf_str("Host"), event->domain },
        { jf_str("x-api-key"), jf_str("") },
        { jf_str("X-Forwarded-For"), jf_str("") },
        { jf_str("x-restapi"), jf_str("") },
    };
    put_headers(text, headers, sizeof(headers) / sizeof(headers[0]));
}

/* ---- The context -------------------------------------------------------- */

/* "29/Nov/2023:08:04:03 +0000"; a month's name of our own, as strftime() has a locale's. */
static void put_request_time(struct json_text *text, uint64_t ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm = { 0 };
    char words[96];
    gmtime_r(&seconds, &tm);
    int len = snprintf(words, sizeof(words), "%02d/%.3s/%04d:%02d:%02d:%02d +0000",
                       tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
    put_string(text, "requestTime", jf_view(words, (size_t)len));
}

static const char *type_of(const struct aws_event *event)
{
    return event->connect ? "CONNECT" : event->message ? "MESSAGE" : "DISCONNECT";
}

static void put_if_any(struct json_text *text, const char *name, jf_bytes value)
{
    if (value.len)
        put_string(text, name, value);
}

static void put_client_cert(struct json_text *text, const struct aws_client_cert *cert)
{
    json_text_name(text, jf_str("clientCert"));
    json_text_open(text, '{');
    put_if_any(text, "clientCertPem", cert->pem);
    put_if_any(text, "subjectDN", cert->subject);
    put_if_any(text, "issuerDN", cert->issuer);
    put_if_any(text, "serialNumber", cert->serial);
    put_if_any(text, "sha256Fingerprint", cert->fingerprint);
    json_text_name(text, jf_str("validity"));
    json_text_open(text, '{');
    put_if_any(text, "notBefore", cert->not_before);
    put_if_any(text, "notAfter", cert->not_after);
    json_text_close(text, '}');
    json_text_close(text, '}');
}

static void put_identity(struct json_text *text, const struct aws_event *event)
{
    json_text_name(text, jf_str("identity"));
    json_text_open(text, '{');
    if (event->user_agent.len)
        put_string(text, "userAgent", event->user_agent);
    put_string(text, "sourceIp", event->source_ip);
    if (event->api_key_id.len) {
        put_string(text, "apiKey", event->api_key);
        put_string(text, "apiKeyId", event->api_key_id);
    }
    if (event->client_cert)
        put_client_cert(text, event->client_cert);
    json_text_close(text, '}');
}

/* How long it took is told to $connect only, as AWS does; there, a name must not stand
 * twice. */
static void put_authorizer(struct json_text *text, const struct aws_event *event)
{
    static const char latency[] = "integrationLatency";
    if (!event->authorizer_count)
        return;
    json_text_name(text, jf_str("authorizer"));
    json_text_open(text, '{');
    for (size_t i = 0; i < event->authorizer_count; i++) {
        if (event->connect && bytes_eq(event->authorizer[i].name, latency))
            continue;
        json_text_name(text, event->authorizer[i].name);
        json_text_string(text, event->authorizer[i].value);
    }
    if (event->connect)
        put_number(text, latency, event->authorizer_ms);
    json_text_close(text, '}');
}

static void put_context(struct json_text *text, const struct aws_event *event)
{
    json_text_name(text, jf_str("requestContext"));
    json_text_open(text, '{');
    put_string(text, "routeKey", event->route);
    put_authorizer(text, event);
    if (event->message)
        put_string(text, "messageId", event->message_id);
    if (event->disconnect)
        put_number(text, "disconnectStatusCode", event->disconnect->code);
    put_string(text, "eventType", jf_str(type_of(event)));
    put_string(text, "extendedRequestId", event->request_id);
    put_request_time(text, event->requested_at);
    put_string(text, "messageDirection", jf_str("IN"));
    if (event->disconnect)
        put_string(text, "disconnectReason", event->disconnect->reason);
    put_string(text, "stage", event->stage);
    put_number(text, "connectedAt", event->connected_at);
    put_number(text, "requestTimeEpoch", event->requested_at);
    put_identity(text, event);
    put_string(text, "requestId", event->request_id);
    put_string(text, "domainName", event->domain);
    put_string(text, "connectionId", event->connection_id);
    put_string(text, "apiId", event->api_id);
    json_text_close(text, '}');
}

/* ---- The event ---------------------------------------------------------- */

static bool put_body(struct json_text *text, const struct jf_message *message)
{
    bool binary = message->opcode == JF_BINARY;
    json_text_name(text, jf_str("body"));
    if (binary)
        json_text_base64(text, message->body);
    else
        json_text_string(text, message->body);
    return binary;
}

char *aws_event_json(const struct aws_event *event, size_t *len)
{
    struct json_text text = { 0 };
    bool encoded = false;
    if (event->message) /* quotes in a JSON body are escaped, hence a bit more than it */
        json_text_expect(&text, 1024 + event->message->body.len * 5 / 4);
    json_text_open(&text, '{');
    if (event->method_arn.len) {
        put_string(&text, "type", jf_str("REQUEST"));
        put_string(&text, "methodArn", event->method_arn);
    }
    if (event->connect) {
        put_connect_headers(&text, event);
        put_query(&text, event);
    } else if (event->disconnect) {
        put_disconnect_headers(&text, event);
    }
    put_variables(&text, event);
    put_context(&text, event);
    if (event->message)
        encoded = put_body(&text, event->message);
    if (!event->method_arn.len) {
        json_text_name(&text, jf_str("isBase64Encoded"));
        json_text_bool(&text, encoded);
    }
    json_text_close(&text, '}');
    return json_text_take(&text, len);
}
