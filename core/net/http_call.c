/* Collects a request's body, hands it up, and writes the answer: within the same callback
 * of libwebsockets if the host is that fast, else when libwebsockets says that it may be
 * written. */
#include "core/net/http_call.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/conn_impl.h"
#include "core/net/http_impl.h"
#include "core/net/http_phrase.h"

#define SWALLOW_MAX (16u << 20) /* of a body that is too large, so that it can be told */
#define PARAMETER_BYTES_MAX 8192
#define NAME_MAX_OCTETS 128 /* of a header that is asked for */
#define HEAD_MAX 256        /* of an answer, without its further lines */

enum phase { READING, WITH_HOST, ANSWERED };

/* A header that was asked for. */
struct kept {
    struct kept *next;
    size_t len;
    char text[];
};

struct http_call {
    struct http_client *client; /* NULL: it has gone */
    struct lws *wsi;
    struct http *http;
    enum phase phase;
    bool inside;       /* a callback, which will write the answer */
    bool last;         /* no further request on this connection */
    unsigned refusal;  /* what it will be answered with; 0: the host decides */
    uint64_t deadline; /* for the body */

    const char *method;
    jf_bytes path;
    char *body;
    size_t body_len, body_size;
    struct jf_pair parameters[HTTP_CALL_PARAMETERS_MAX];
    size_t parameter_count;
    struct kept *kept;
    uint8_t listener;
    char peer[CONN_PEER_MAX];

    uint8_t *answer; /* behind LWS_PRE octets */
    size_t answer_len;
    char memory[]; /* the path */
};

static void call_free(struct http_call *call)
{
    call->http->bodies -= call->body_size;
    for (struct kept *kept = call->kept; kept;) {
        struct kept *next = kept->next;
        free(kept);
        kept = next;
    }
    free(call->body);
    free(call->answer);
    free(call);
}

/* ---- What the host asks ------------------------------------------------- */

jf_bytes http_call_method(const struct http_call *call)
{
    return jf_str(call->method);
}

jf_bytes http_call_path(const struct http_call *call)
{
    return call->path;
}

jf_bytes http_call_body(const struct http_call *call)
{
    return jf_view(call->body, call->body_len);
}

unsigned http_call_refusal(const struct http_call *call)
{
    return call->refusal;
}

jf_bytes http_call_peer(const struct http_call *call)
{
    return jf_str(call->peer);
}

uint8_t http_call_listener(const struct http_call *call)
{
    return call->listener;
}

const struct jf_pair *http_call_parameters(const struct http_call *call, size_t *count)
{
    *count = call->parameter_count;
    return call->parameters;
}

/* libwebsockets knows the usual ones by number; it writes them with their colon. */
static int token_of(jf_bytes name)
{
    for (int token = 0; token < WSI_TOKEN_COUNT; token++) {
        const char *known =
            (const char *)lws_token_to_string((enum lws_token_indexes)token);
        if (known && *known == *name.ptr && strncmp(known, name.ptr, name.len) == 0 &&
            strcmp(known + name.len, ":") == 0)
            return token;
    }
    return -1;
}

static struct kept *keep(struct http_call *call, size_t room)
{
    struct kept *kept = xalloc(sizeof(*kept) + room);
    kept->next = call->kept;
    call->kept = kept;
    kept->len = 0;
    return kept;
}

static jf_bytes copy_known(struct http_call *call, enum lws_token_indexes token)
{
    int len = lws_hdr_total_length(call->wsi, token);
    if (len <= 0)
        return (jf_bytes){ 0 };
    struct kept *kept = keep(call, (size_t)len + 1);
    len = lws_hdr_copy(call->wsi, kept->text, len + 1, token);
    return len < 0 ? (jf_bytes){ 0 } : jf_view(kept->text, (size_t)len);
}

static jf_bytes copy_custom(struct http_call *call, jf_bytes name)
{
    char text[NAME_MAX_OCTETS + 1];
    char *at = text;
    bytes_keep(name, &at);
    *at = ':';
    int name_len = (int)name.len + 1;
    int len = lws_hdr_custom_length(call->wsi, text, name_len);
    if (len < 0)
        return (jf_bytes){ 0 };
    struct kept *kept = keep(call, (size_t)len + 1);
    len = lws_hdr_custom_copy(call->wsi, kept->text, len + 1, text, name_len);
    return len < 0 ? (jf_bytes){ 0 } : bytes_trim(jf_view(kept->text, (size_t)len));
}

jf_bytes http_call_header(struct http_call *call, jf_bytes name)
{
    if (!call->client || !name.len || name.len > NAME_MAX_OCTETS)
        return (jf_bytes){ 0 };
    int token = token_of(name);
    return token < 0 ? copy_custom(call, name)
                     : copy_known(call, (enum lws_token_indexes)token);
}

/* ---- The answer --------------------------------------------------------- */

static int write_answer(struct http_call *call)
{
    struct lws *wsi = call->wsi;
    bool last = call->last;
    int sent =
        lws_write(wsi, call->answer + LWS_PRE, call->answer_len, LWS_WRITE_HTTP_FINAL);
    call->client->call = NULL;
    call_free(call);
    if (sent < 0 || last)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static void put_line(char **at, const char *name, const char *value)
{
    bytes_keep(jf_str(name), at);
    bytes_keep(jf_str(value), at);
    bytes_keep(jf_str("\r\n"), at);
}

/* At most HEAD_MAX octets, and the lines. */
static size_t put_head(const struct http_call *call, unsigned status, jf_bytes lines,
                       const char *type, size_t body_len, char *out)
{
    char *at = out, numbers[2][24];
    snprintf(numbers[0], sizeof(numbers[0]), "%u ", status);
    bytes_keep(jf_str("HTTP/1.1 "), &at);
    put_line(&at, numbers[0], http_phrase(status));
    if (*type)
        put_line(&at, "content-type: ", type);
    snprintf(numbers[1], sizeof(numbers[1]), "%zu", body_len);
    if (status != 204)
        put_line(&at, "content-length: ", numbers[1]);
    bytes_keep(lines, &at);
    if (call->last)
        put_line(&at, "connection: ", "close");
    put_line(&at, "", "");
    return (size_t)(at - out);
}

void http_call_answer(struct http_call *call, unsigned status, jf_bytes lines,
                      const char *type, jf_bytes body)
{
    CHECK(call->phase != ANSWERED);
    if (!call->client) {
        call_free(call);
        return;
    }
    CHECK(strlen(type) < HEAD_MAX / 2);
    call->answer = xalloc(LWS_PRE + HEAD_MAX + lines.len + body.len);
    char *at = (char *)call->answer + LWS_PRE;
    size_t head = put_head(call, status, lines, type, body.len, at);
    at += head;
    if (strcmp(call->method, "HEAD") == 0)
        body.len = 0; /* only its length is told: RFC 9110, 9.3.2 */
    bytes_keep(body, &at);
    call->answer_len = head + body.len;
    call->phase = ANSWERED;
    if (!call->inside)
        lws_callback_on_writable(call->wsi);
}

int http_call_on_writable(struct http_call *call)
{
    return call && call->phase == ANSWERED ? write_answer(call) : 0;
}

void http_call_on_gone(struct http_call *call)
{
    if (!call)
        return;
    call->client = NULL;
    if (call->phase != WITH_HOST)
        call_free(call);
}

/* ---- The request -------------------------------------------------------- */

/* All that will be read of it has been. */
static int hand_up(struct http_call *call)
{
    struct server *server = call->http->server;
    call->phase = WITH_HOST;
    call->inside = true;
    server->events->on_call(server->host, call);
    if (call->phase == ANSWERED)
        return write_answer(call);
    call->inside = false;
    lws_set_timeout(call->wsi, NO_PENDING_TIMEOUT, 0); /* the host keeps the time */
    return 0;
}

int http_call_on_whole(struct http_call *call)
{
    return call && call->phase == READING ? hand_up(call) : 0;
}

/* What has not been read of the request is not read any more. */
static int refuse(struct http_call *call, unsigned status)
{
    call->refusal = status;
    call->last = true;
    return hand_up(call);
}

int http_call_on_body(struct http_call *call, const void *bytes, size_t len)
{
    if (!call || call->phase != READING)
        return 0;
    if (loop_now(call->http->server->loop) > call->deadline)
        return -1; /* it trickles */
    if (call->refusal)
        return 0;
    if (len > call->body_size - call->body_len)
        return -1; /* libwebsockets counts, so this does not happen */
    memcpy(call->body + call->body_len, bytes, len);
    call->body_len += len;
    return 0;
}

static const struct {
    enum lws_token_indexes token;
    const char *name;
} methods[] = {
    { WSI_TOKEN_POST_URI, "POST" },       { WSI_TOKEN_GET_URI, "GET" },
    { WSI_TOKEN_DELETE_URI, "DELETE" },   { WSI_TOKEN_PUT_URI, "PUT" },
    { WSI_TOKEN_PATCH_URI, "PATCH" },     { WSI_TOKEN_HEAD_URI, "HEAD" },
    { WSI_TOKEN_OPTIONS_URI, "OPTIONS" },
};

static const char *method_of(struct lws *wsi)
{
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (lws_hdr_total_length(wsi, methods[i].token) > 0)
            return methods[i].name;
    }
    return "";
}

/* libwebsockets has cut the query at each "&" and decoded it. False: it is too long. */
static bool read_parameters(struct http_call *call)
{
    for (int i = 0;; i++) {
        int len = lws_hdr_fragment_length(call->wsi, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (len <= 0)
            return true;
        if (i == HTTP_CALL_PARAMETERS_MAX || len > PARAMETER_BYTES_MAX)
            return false;
        struct kept *kept = keep(call, (size_t)len + 1);
        len = lws_hdr_copy_fragment(call->wsi, kept->text, len + 1, WSI_TOKEN_HTTP_URI_ARGS,
                                    i);
        if (len < 0)
            return false;
        jf_bytes text = jf_view(kept->text, (size_t)len);
        size_t name = bytes_find(text, '=');
        call->parameters[call->parameter_count++] =
            (struct jf_pair){ jf_view(text.ptr, name), bytes_from(text, name + 1) };
    }
}

static bool has_header(struct lws *wsi, enum lws_token_indexes token)
{
    return lws_hdr_total_length(wsi, token) > 0;
}

/* Of its body; false: what Content-Length says is no number. Without any there is no body,
 * but libwebsockets would go on to wait for one. */
static bool read_length(struct http_call *call, uint64_t *out)
{
    jf_bytes text = copy_known(call, WSI_TOKEN_HTTP_CONTENT_LENGTH);
    *out = 0;
    call->last |= !text.ptr && call->method[0] == 'P';
    return !text.ptr || bytes_number(text, INT64_MAX, out);
}

static struct http_call *call_new(struct http_client *client, struct lws *wsi,
                                  const char *path)
{
    size_t len = strlen(path);
    struct http_call *call = xcalloc(1, sizeof(*call) + len + 1);
    memcpy(call->memory, path, len);
    call->path = jf_view(call->memory, len);
    call->client = client;
    call->http = client->http;
    call->wsi = wsi;
    call->method = method_of(wsi);
    call->listener = client->listener;
    memcpy(call->peer, client->peer, sizeof(call->peer));
    const struct server *server = call->http->server;
    call->deadline = loop_now(server->loop) + server->options->head_ms;
    client->call = call;
    return call;
}

/* Room for the body, or a reason why not. */
static int prepare_body(struct http_call *call, uint64_t length)
{
    struct http *http = call->http;
    const struct net_options *options = http->server->options;
    bool waits = has_header(call->wsi, WSI_TOKEN_HTTP_EXPECT);
    if (length > options->body_bytes && (waits || length > SWALLOW_MAX))
        return refuse(call, 413);
    if (length > options->body_bytes) {
        call->refusal = 413;
        return 0;
    }
    if (http->bodies + length > options->bodies_bytes) {
        LOG_RARELY(WARN, HTTP, 10, "event=turned_away reason=http_bodies");
        return refuse(call, 503);
    }
    call->body = xalloc(length ? length : 1);
    call->body_size = length;
    http->bodies += length;
    return 0;
}

static int invite_body(struct lws *wsi)
{
    static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
    unsigned char buffer[LWS_PRE + sizeof(line)];
    memcpy(buffer + LWS_PRE, line, sizeof(line));
    return lws_write(wsi, buffer + LWS_PRE, sizeof(line) - 1, LWS_WRITE_HTTP_HEADERS) < 0
               ? -1
               : 0;
}

int http_call_begin(struct http_client *client, struct lws *wsi, const char *path)
{
    struct http_call *call = call_new(client, wsi, path);
    uint64_t length;
    /* libwebsockets hands a chunked body over with the chunks' heads in it. */
    if (has_header(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
        return refuse(call, 411);
    if (!read_length(call, &length) || !read_parameters(call))
        return refuse(call, 400);
    int status = prepare_body(call, length);
    if (status < 0 || client->call != call)
        return status;
    if (!length)
        return http_call_on_whole(call);
    return has_header(wsi, WSI_TOKEN_HTTP_EXPECT) ? invite_body(wsi) : 0;
}
