/*
 * The event as API Gateway writes it down for a Lambda function.
 *
 * The names and shapes are those of the real host. What only a real one can know is made
 * up and the same in every run: request ids are numbered, and the clock, which the fake
 * host has of its own, begins with 1970.
 */
#include "fake_inside.h"

#include <stdlib.h>
#include <strings.h>
#include <time.h>

#define API_ID "jackfield0"

struct text {
    char *at;
    size_t len, room;
};

/* ---- Words -----------------------------------------------------------------------------
 */

static void add_bytes(struct text *out, const char *bytes, size_t len)
{
    if (out->room - out->len < len) {
        out->room = (out->room + len) * 2;
        out->at = realloc(out->at, out->room);
        if (!out->at)
            abort();
    }
    memcpy(out->at + out->len, bytes, len);
    out->len += len;
}

static void add(struct text *out, const char *words)
{
    add_bytes(out, words, strlen(words));
}

/* How many octets of `rest` are one character in UTF-8; 0: they are none. */
static size_t utf8_length(const unsigned char *rest, size_t len)
{
    static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = rest[0];
    size_t want = first < 0x80   ? 1
                  : first < 0xc0 ? 0
                  : first < 0xe0 ? 2
                  : first < 0xf0 ? 3
                                 : 4;
    unsigned code = first & (0x7fu >> want);
    if (want < 2 || want > len || first > 0xf4)
        return want == 1;
    for (size_t i = 1; i < want; i++) {
        if ((rest[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (rest[i] & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[want] || code > 0x10ffff || surrogate ? 0 : want;
}

static void add_control(struct text *out, unsigned char c)
{
    char escape[8];
    snprintf(escape, sizeof(escape), "\\u%04x", c);
    add(out, escape);
}

/* What is no UTF-8 becomes U+FFFD, as a JSON text has nothing else for it. */
static void add_string(struct text *out, jf_bytes value)
{
    add(out, "\"");
    for (size_t i = 0; i < value.len;) {
        const unsigned char *c = (const unsigned char *)value.ptr + i;
        size_t len = utf8_length(c, value.len - i);
        if (*c == '"' || *c == '\\')
            add(out, "\\");
        if (*c < ' ')
            add_control(out, *c);
        else if (len)
            add_bytes(out, value.ptr + i, len);
        else
            add(out, "\xef\xbf\xbd");
        i += len ? len : 1;
    }
    add(out, "\"");
}

static void add_base64(struct text *out, jf_bytes value)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    add(out, "\"");
    for (size_t i = 0; i < value.len; i += 3) {
        size_t have = value.len - i < 3 ? value.len - i : 3;
        uint32_t bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (j < have ? (unsigned char)value.ptr[i + j] : 0);
        char four[4] = { alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                         have > 1 ? alphabet[bits >> 6 & 63] : '=',
                         have > 2 ? alphabet[bits & 63] : '=' };
        add_bytes(out, four, 4);
    }
    add(out, "\"");
}

/* A comma unless it is the first, the name, the colon. */
static void add_name(struct text *out, const char *name)
{
    if (out->len && out->at[out->len - 1] != '{')
        add(out, ",");
    add_string(out, jf_str(name));
    add(out, ":");
}

static void add_field(struct text *out, const char *name, const char *value)
{
    add_name(out, name);
    add_string(out, jf_str(value));
}

static void add_number(struct text *out, const char *name, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    add_name(out, name);
    add(out, digits);
}

/* ---- Pairs -----------------------------------------------------------------------------
 */

typedef int same_fn(jf_bytes a, jf_bytes b);

static int same_header(jf_bytes a, jf_bytes b)
{
    return a.len == b.len && (!a.len || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static bool comes_before(const struct jf_pair *pairs, size_t at, same_fn *same)
{
    for (size_t i = 0; i < at; i++) {
        if (same(pairs[i].name, pairs[at].name))
            return true;
    }
    return false;
}

/* The values of one name: the last, or all of them. */
static void add_values(struct text *out, const struct jf_pair *pairs, size_t count,
                       size_t first, same_fn *same, bool all)
{
    jf_bytes last = pairs[first].value;
    if (all)
        add(out, "[");
    for (size_t i = first; i < count; i++) {
        if (!same(pairs[i].name, pairs[first].name))
            continue;
        last = pairs[i].value;
        if (all && i > first)
            add(out, ",");
        if (all)
            add_string(out, last);
    }
    if (all)
        add(out, "]");
    else
        add_string(out, last);
}

static void add_map(struct text *out, const char *name, const struct jf_pair *pairs,
                    size_t count, same_fn *same, bool all)
{
    bool any = false;
    add_name(out, name);
    add(out, "{");
    for (size_t i = 0; i < count; i++) {
        if (comes_before(pairs, i, same))
            continue;
        if (any)
            add(out, ",");
        any = true;
        add_string(out, pairs[i].name);
        add(out, ":");
        add_values(out, pairs, count, i, same, all);
    }
    add(out, "}");
}

static void add_maps(struct text *out, const char *one, const char *many,
                     const struct jf_pair *pairs, size_t count, same_fn *same)
{
    add_map(out, one, pairs, count, same, false);
    add_map(out, many, pairs, count, same, true);
}

/* ---- The event -------------------------------------------------------------------------
 */

static void add_request_time(struct text *out, uint64_t ms)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)(ms / 1000);
    struct tm at;
    char words[64];
    gmtime_r(&seconds, &at);
    snprintf(words, sizeof(words), "%02d/%s/%d:%02d:%02d:%02d +0000", at.tm_mday,
             months[at.tm_mon], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    add_field(out, "requestTime", words);
    add_number(out, "requestTimeEpoch", ms);
}

static void add_cert(struct text *out, const struct fake_conn *conn)
{
    add_name(out, "clientCert");
    add(out, "{");
    add_field(out, "subjectDN", conn->cert_subject);
    if (conn->cert_fingerprint)
        add_field(out, "sha256Fingerprint", conn->cert_fingerprint);
    add(out, "}");
}

/* "192.0.2.1:50000" and "[2001:db8::1]:50000" without the port. */
static void add_identity(struct text *out, const struct fake_conn *conn)
{
    jf_bytes peer = jf_str(conn->peer);
    const char *colon = strrchr(conn->peer, ':');
    const char *bracket = strchr(conn->peer, ']');
    if (bracket)
        peer = jf_view(conn->peer + 1, (size_t)(bracket - conn->peer - 1));
    else if (colon && colon == strchr(conn->peer, ':'))
        peer.len = (size_t)(colon - conn->peer);
    add_name(out, "identity");
    add(out, "{");
    if (conn->agent)
        add_field(out, "userAgent", conn->agent);
    add_name(out, "sourceIp");
    add_string(out, peer);
    if (conn->cert_subject)
        add_cert(out, conn);
    add(out, "}");
}

static void add_context(struct text *out, const struct fake_host *host,
                        const struct fake_event *event)
{
    static const char *const types[] = { "CONNECT", "MESSAGE", "DISCONNECT" };
    const struct jf_event *seen = &event->seen;
    char id[JF_CONN_ID_TEXT + 1], request[32], message[32];
    host->table.id_to_text(seen->conn, id);
    snprintf(request, sizeof(request), "requ%011u=", (unsigned)event->number);
    snprintf(message, sizeof(message), "mess%011u=", (unsigned)event->number);
    add_name(out, "requestContext");
    add(out, "{");
    add_name(out, "routeKey");
    add_string(out, seen->route);
    add_field(out, "eventType", types[seen->kind]);
    add_field(out, "messageDirection", "IN");
    if (seen->message)
        add_field(out, "messageId", message);
    if (seen->disconnect) {
        add_number(out, "disconnectStatusCode", seen->disconnect->code);
        add_name(out, "disconnectReason");
        add_string(out, seen->disconnect->reason);
    }
    add_field(out, "stage", event->conn->stage);
    add_number(out, "connectedAt", event->conn->connected_at);
    add_request_time(out, host->now);
    add_field(out, "requestId", request);
    add_field(out, "extendedRequestId", request);
    add_field(out, "connectionId", id);
    add_field(out, "apiId", API_ID);
    add_field(out, "domainName", event->conn->host_name);
    add_identity(out, event->conn);
    add(out, "}");
}

static void add_disconnect_headers(struct text *out, const struct fake_conn *conn)
{
    struct jf_pair pairs[] = { { jf_str("Host"), jf_str(conn->host_name) },
                               { jf_str("x-api-key"), jf_str("") },
                               { jf_str("X-Forwarded-For"), jf_str("") },
                               { jf_str("x-restapi"), jf_str("") } };
    add_maps(out, "headers", "multiValueHeaders", pairs, 4, same_header);
}

static void add_variables(struct text *out, const struct fake_variables *variables)
{
    if (variables->count)
        add_map(out, "stageVariables", variables->pairs, variables->count, jf_same, false);
}

static void add_body(struct text *out, const struct jf_message *message)
{
    bool binary = message->opcode == JF_BINARY;
    add_name(out, "body");
    if (binary)
        add_base64(out, message->body);
    else
        add_string(out, message->body);
}

jf_bytes fake_write_json(const struct fake_host *host, struct fake_event *event)
{
    const struct jf_connect *connect = event->seen.connect;
    const struct jf_message *message = event->seen.message;
    struct text out = { 0 };
    if (event->json.ptr)
        return event->json;
    add(&out, "{");
    if (connect) {
        add_maps(&out, "headers", "multiValueHeaders", connect->headers,
                 connect->header_count, same_header);
        if (connect->query_count)
            add_maps(&out, "queryStringParameters", "multiValueQueryStringParameters",
                     connect->query, connect->query_count, jf_same);
    }
    if (event->seen.disconnect)
        add_disconnect_headers(&out, event->conn);
    add_variables(&out, &event->variables);
    add_context(&out, host, event);
    if (message)
        add_body(&out, message);
    add_name(&out, "isBase64Encoded");
    add(&out, message && message->opcode == JF_BINARY ? "true" : "false");
    add(&out, "}");
    event->json = jf_view(fake_text(&event->memory, jf_view(out.at, out.len)), out.len);
    free(out.at);
    return event->json;
}
