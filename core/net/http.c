/* Plain HTTP, done by libwebsockets. What is ours: which file a path means, and what to say
 * when it means none. */
#include "core/net/http.h"

#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/bridge.h"
#include "core/net/conn_impl.h"
#include "core/net/http_files.h"
#include "core/net/http_impl.h"
#include "core/net/tls_client.h"
#include "core/net/wire_tls.h"
#include "core/parse/envelope.h"

#define HTTP_CONNECTIONS_MAX 4096 /* per worker; more are answered 503 */
#define KEEPALIVE_S 30
#define SERVICE_BUFFER 65536
#define HOST_HEADER_MAX 272 /* a name of the DNS, and a port */

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len);

static const struct lws_protocols protocols[] = {
    { .name = "http", .callback = on_http },
    { .name = "tls", .callback = wire_tls_callback, .rx_buffer_size = 0 },
    { 0 },
};

/* libwebsockets' default enrols every connection in one sorted list of timers. */
static const lws_retry_bo_t no_idle_policy = { 0 };

static bool is_method(struct lws *wsi, enum lws_token_indexes token)
{
    return lws_hdr_total_length(wsi, token) > 0;
}

/* A JSON answer of our own; of HEAD without its body, as libwebsockets does it for files.
 * Returns what the callback returns. */
static int answer(struct lws *wsi, unsigned status, const char *message)
{
    unsigned char buffer[LWS_PRE + 1024], *at = buffer + LWS_PRE;
    unsigned char *const start = at, *const end = buffer + sizeof(buffer) - 1;
    char body[ENVELOPE_MAX];
    size_t len = envelope_http(message, body);
    if (lws_add_http_common_headers(wsi, status, "application/json", len, &at, end) ||
        (status == 426 &&
         lws_add_http_header_by_name(wsi, (const unsigned char *)"upgrade:",
                                     (const unsigned char *)"websocket", 9, &at, end)) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return -1;
    memcpy(start, body, len);
    if (!is_method(wsi, WSI_TOKEN_HEAD_URI) &&
        lws_write(wsi, start, len, LWS_WRITE_HTTP_FINAL) < 0)
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int serve_file(struct lws *wsi, const char *file)
{
    static const char extra[] = "x-content-type-options: nosniff\r\n"
                                "cache-control: no-cache\r\n";
    int sent = lws_serve_http_file(wsi, file, http_files_type(file), extra,
                                   (int)sizeof(extra) - 1);
    if (sent < 0 || (sent > 0 && lws_http_transaction_completed(wsi)))
        return -1;
    return 0;
}

/* The Host header; one that is too long to be anybody's is empty. */
static jf_bytes host_of(struct lws *wsi, char out[HOST_HEADER_MAX])
{
    int len = lws_hdr_copy(wsi, out, HOST_HEADER_MAX, WSI_TOKEN_HOST);
    return jf_view(out, len > 0 ? (size_t)len : 0);
}

static int on_request(struct http_client *client, struct lws *wsi, const char *path)
{
    struct http *http = client->http;
    const struct net_options *options = http->server->options;
    char file[PATH_MAX], name[HOST_HEADER_MAX];
    if (options->is_call(http->server->host, client->listener, jf_str(path)))
        return http_call_begin(client, wsi, path);
    if (client->listener)
        return answer(wsi, 403, "Forbidden");
    bool reading = is_method(wsi, WSI_TOKEN_GET_URI) || is_method(wsi, WSI_TOKEN_HEAD_URI);
    if (!reading)
        return answer(wsi, 403, "Forbidden");
    if (http_files_find(options->statics, options->static_count, path, file))
        return serve_file(wsi, file);
    if (options->is_stage(http->server->host, host_of(wsi, name), jf_str(path)))
        return answer(wsi, 426, "Upgrade Required");
    if (http_files_cover(options->statics, options->static_count, path))
        return answer(wsi, 404, "Not Found");
    return answer(wsi, 403, "Forbidden");
}

/* NULL: it is none of plain HTTP. */
static struct http_client *client_of(struct lws *wsi)
{
    const struct http *http = lws_context_user(lws_get_context(wsi));
    bool is_plain = http->plain && lws_get_vhost(wsi) == http->plain;
    return is_plain ? lws_get_opaque_user_data(wsi) : NULL;
}

/* libwebsockets will look for a body: also one that no Content-Length tells of. */
static bool expects_body(struct lws *wsi)
{
    return is_method(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) ||
           is_method(wsi, WSI_TOKEN_POST_URI) || is_method(wsi, WSI_TOKEN_PUT_URI) ||
           is_method(wsi, WSI_TOKEN_PATCH_URI);
}

/* Does libwebsockets still hold what this client sent ahead, this request among it? It does
 * not say, but that it must not sleep as long as it holds anything, of anybody. */
static bool is_held(struct lws *wsi)
{
    return !lws_service_adjust_timeout(lws_get_context(wsi), 1, 0);
}

/* A request with a body that was sent before the last one was answered: libwebsockets 4.1.6
 * takes the held octets for the body, from the head on, and then turns for ever. Nothing of
 * it has been done, so the client may send it again. */
static bool is_sent_ahead(struct http_client *client, struct lws *wsi)
{
    bool first = !client->used;
    client->used = true;
    return !first && expects_body(wsi) && is_held(wsi);
}

/* The moment at which libwebsockets has the context of its TLS ready. Its own options for
 * certificates of clients accept any, unless a callback objects: they are not used. */
static int on_tls_context(struct lws *wsi, void *context)
{
    const struct http *http = lws_context_user(lws_get_context(wsi));
    const struct net_options *options = http->server->options;
    bool done = tls_client_demand(context, options->tls_client_ca, options->tls_client);
    if (!done)
        LOG_ERROR(HTTP, "event=client_ca_unusable");
    return done ? 0 : 1;
}

static int on_http(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                   size_t len)
{
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS)
        return on_tls_context(wsi, user);
    struct http_client *client = client_of(wsi);
    if (!client)
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        if (is_sent_ahead(client, wsi)) {
            answer(wsi, 503, ENVELOPE_UNAVAILABLE);
            return -1;
        }
        if (strlen(in) != len)
            return answer(wsi, 400, "Bad Request"); /* "%00" */
        return on_request(client, wsi, in);
    case LWS_CALLBACK_HTTP_BODY:
        return http_call_on_body(client->call, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return http_call_on_whole(client->call);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return http_call_on_writable(client->call);
    case LWS_CALLBACK_HTTP_FILE_COMPLETION:
        return lws_http_transaction_completed(wsi) ? -1 : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return -1; /* upgrades come by the greeter, never on a used connection */
    case LWS_CALLBACK_RAW_ADOPT:
        return -1; /* what CONNECT would make of it */
    case LWS_CALLBACK_WSI_DESTROY:
        http_call_on_gone(client->call);
        client->http->open--;
        free(client);
        lws_set_opaque_user_data(wsi, NULL);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

static void on_lws_log(int level, const char *line)
{
    char quoted[LOG_QUOTED_MAX];
    jf_bytes text = jf_str(line);
    while (text.len && text.ptr[text.len - 1] == '\n')
        text.len--;
    if (level & LLL_ERR)
        LOG_WARN(HTTP, "event=libwebsockets text=%s", log_quote(text, quoted));
}

static struct lws_vhost *make_tls_vhost(struct http *http,
                                        struct lws_context_creation_info *info)
{
    const struct net_options *options = http->server->options;
    info->vhost_name = "tls";
    /* We are nobody's TLS client here, so the system's authorities need not be loaded. */
    info->options |=
        LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    info->alpn = "http/1.1"; /* the greeter speaks nothing else */
    info->ssl_cert_filepath = options->tls_cert;
    info->ssl_private_key_filepath = options->tls_key;
    info->ssl_options_set = SSL_OP_NO_RENEGOTIATION;
    return lws_create_vhost(http->context, info);
}

int http_new(struct server *server, struct http **out)
{
    struct http *http = xnew(struct http);
    void *loops[1] = { loop_uv(server->loop) };
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
        .foreign_loops = loops,
        .user = http,
        .server_string = "jackfield",
        .keepalive_timeout = KEEPALIVE_S,
        .max_http_header_data = HEAD_BYTES_MAX,
        .pt_serv_buf_size = SERVICE_BUFFER,
        .retry_and_idle_policy = &no_idle_policy,
    };
    http->server = server;
    info.pcontext = &http->context;
    if (server->options->tls_cert)
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    lws_set_log_level(LLL_ERR, on_lws_log);
    http->context = lws_create_context(&info);
    if (!http->context)
        goto fail;
    info.vhost_name = "plain";
    info.options &= ~(uint64_t)LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
    http->plain = lws_create_vhost(http->context, &info);
    if (!http->plain)
        goto fail;
    if (server->options->tls_cert) {
        http->tls = make_tls_vhost(http, &info);
        if (!http->tls)
            goto fail;
    }
    lws_set_log_level(0, NULL); /* its logger is not made for several threads */
    *out = http;
    return JF_OK;

fail:
    if (http->context)
        http_close(http);
    uv_run(loops[0], UV_RUN_NOWAIT); /* nothing else is on it yet */
    http_free(http);
    return JF_E_UNAVAILABLE;
}

/* On a loop of ours destruction has two halves: handles are closed by the loop, and what is
 * left goes with a second call, unless libwebsockets got there by itself, which `pcontext`
 * tells. */
void http_close(struct http *http)
{
    lws_context_destroy(http->context);
}

void http_free(struct http *http)
{
    if (!http)
        return;
    if (http->context)
        lws_context_destroy(http->context);
    free(http);
}

struct lws_vhost *http_tls_vhost(struct http *http)
{
    return http->tls;
}

/* If that fails, libwebsockets has closed the descriptor and told that the client went. */
static void adopt(struct http_client *client, int fd)
{
    lws_adopt_desc_t info = {
        .vh = client->http->plain,
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
        .fd = { .sockfd = fd },
        .opaque = client,
    };
    client->http->open++;
    lws_adopt_descriptor_vhost_via_info(&info);
}

static struct http_client *client_new(struct http *http, const struct conn *conn)
{
    struct http_client *client = xnew(struct http_client);
    client->http = http;
    client->listener = conn->listener;
    jf_bytes peer = conn_peer(conn, client->peer);
    client->peer[peer.len] = '\0';
    return client;
}

void http_take(struct http *http, struct conn *conn)
{
    if (http->open >= HTTP_CONNECTIONS_MAX) {
        static const char busy[] = "{\"message\":\"Service Unavailable\"}";
        LOG_RARELY(WARN, HTTP, 60, "event=turned_away reason=http_connections");
        greeter_answer(conn, 503, "Retry-After: 1\r\n", jf_view(busy, sizeof(busy) - 1));
        return;
    }
    struct http_client *client = client_new(http, conn);
    if (http->tls) {
        int fd = bridge_start(conn);
        if (fd >= 0)
            adopt(client, fd);
        else
            free(client);
        return;
    }
    int fd = wire_plain_release(&conn->wire);
    conn_forget(conn);
    adopt(client, fd);
}
