/* A TLS wire: a libwebsockets raw connection. libwebsockets holds the keys and the socket;
 * we have its callback. Two of its rules shape this file: it may buffer one write that the
 * socket did not take, so there is never a second one meanwhile; and a connection may only
 * be closed from its own callback by returning -1 from it. */
#include "core/net/wire_tls.h"

#include <openssl/ssl.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/net/conn_impl.h"
#include "core/net/http.h"
#include "core/net/tls_client.h"

#define WRITE_MAX 65536
#define UNREAD_MAX (HEAD_BYTES_MAX * 4)

static void keep_unread(struct wire *wire, const uint8_t *bytes, size_t len)
{
    wire->unread = xrealloc(wire->unread, wire->unread_len + len);
    memcpy(wire->unread + wire->unread_len, bytes, len);
    wire->unread_len += len;
}

static bool attached(const struct lws *wsi, const struct wire *wire)
{
    return lws_get_opaque_user_data(wsi) == wire;
}

/* Show what is unread as long as its user takes some of it. */
static void show_unread(struct lws *wsi, struct wire *wire)
{
    while (attached(wsi, wire) && wire->reading && wire->unread_len) {
        uint8_t *bytes = wire->unread;
        size_t len = wire->unread_len;
        wire->unread = NULL; /* so that closing the wire does not free it under us */
        wire->unread_len = 0;
        size_t taken = wire->events->on_bytes(wire, bytes, len);
        if (attached(wsi, wire) && taken < len)
            keep_unread(wire, bytes + taken, len - taken);
        free(bytes);
        if (!taken && (!attached(wsi, wire) || wire->peek))
            return;
    }
}

static void on_receive(struct lws *wsi, struct wire *wire, uint8_t *bytes, size_t len)
{
    if (wire->reading && !wire->peek && !wire->unread_len) {
        wire->events->on_bytes(wire, bytes, len);
        return;
    }
    if (wire->unread_len + len > UNREAD_MAX) {
        wire->events->on_end(wire); /* it was told to wait, and did not */
        return;
    }
    keep_unread(wire, bytes, len);
    show_unread(wsi, wire);
}

/* It tells once; who still waits must ask again. */
static void on_writeable(struct lws *wsi, struct wire *wire)
{
    if (wire->writing)
        wire->events->on_writable(wire);
    if (attached(wsi, wire))
        show_unread(wsi, wire);
    if (attached(wsi, wire) && wire->writing)
        lws_callback_on_writable(wsi);
}

static void detach(struct wire *wire)
{
    lws_set_opaque_user_data(wire->wsi, NULL);
    wire->wsi = NULL;
    wire->kind = NULL;
    free(wire->unread);
    wire->unread = NULL;
    wire->unread_len = 0;
}

static void on_closed(struct wire *wire)
{
    const struct wire_events *events = wire->events;
    wire->in_callback = true; /* it is closing already */
    events->on_end(wire);
}

int wire_tls_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                      void *in, size_t len)
{
    struct wire *wire = lws_get_opaque_user_data(wsi);
    (void)user;
    if (reason != LWS_CALLBACK_RAW_RX && reason != LWS_CALLBACK_RAW_WRITEABLE &&
        reason != LWS_CALLBACK_RAW_CLOSE)
        return 0;
    if (!wire)
        return reason == LWS_CALLBACK_RAW_CLOSE ? 0 : -1;
    wire->wsi = wsi; /* it may call before it has returned what it adopted */
    if (wire->opening && reason == LWS_CALLBACK_RAW_CLOSE) {
        detach(wire);
        return 0;
    }
    wire->in_callback = true;
    if (!wire->established) { /* from here on the time is kept by us */
        wire->established = true;
        lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    }
    if (reason == LWS_CALLBACK_RAW_RX)
        on_receive(wsi, wire, in, len);
    else if (reason == LWS_CALLBACK_RAW_WRITEABLE)
        on_writeable(wsi, wire);
    else
        on_closed(wire);
    if (!attached(wsi, wire))
        return -1;
    wire->in_callback = false;
    return 0;
}

static size_t gather(uint8_t *to, const struct iovec *parts, int count)
{
    size_t len = 0;
    for (int i = 0; i < count && len < WRITE_MAX; i++) {
        size_t take = parts[i].iov_len;
        if (take > WRITE_MAX - len)
            take = WRITE_MAX - len;
        memcpy(to + len, parts[i].iov_base, take);
        len += take;
    }
    return len;
}

static ssize_t tls_write(struct wire *wire, const struct iovec *parts, int count)
{
    uint8_t buffer[LWS_PRE + WRITE_MAX];
    if (lws_partial_buffered(wire->wsi))
        return 0;
    size_t len = gather(buffer + LWS_PRE, parts, count);
    if (lws_write(wire->wsi, buffer + LWS_PRE, len, LWS_WRITE_RAW) < 0)
        return JF_E_GONE;
    return (ssize_t)len;
}

static void tls_set_interest(struct wire *wire, bool reading, bool writing)
{
    if (reading != wire->reading)
        lws_rx_flow_control(wire->wsi, reading);
    wire->reading = reading;
    wire->writing = writing;
    if (writing || (reading && wire->unread_len))
        lws_callback_on_writable(wire->wsi);
}

/* close_notify, as TLS wants before the end; then we wait for the peer's. */
static void tls_finish(struct wire *wire)
{
    SSL *ssl = lws_get_ssl(wire->wsi);
    if (lws_partial_buffered(wire->wsi)) { /* our user tries again when it is writable */
        tls_set_interest(wire, wire->reading, true);
        return;
    }
    if (ssl)
        SSL_shutdown(ssl);
}

static void tls_close(struct wire *wire)
{
    struct lws *wsi = wire->wsi;
    bool in_callback = wire->in_callback;
    wire->in_callback = false;
    detach(wire);
    if (!in_callback)
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

static const struct wire_kind wire_tls = {
    .write = tls_write,
    .set_interest = tls_set_interest,
    .write_max = WRITE_MAX,
    .finish = tls_finish,
    .close = tls_close,
};

int wire_tls_open(struct wire *wire, int fd)
{
    lws_adopt_desc_t info = {
        .vh = http_tls_vhost(wire->server->http),
        .type = LWS_ADOPT_SOCKET | LWS_ADOPT_ALLOW_SSL,
        .fd = { .sockfd = fd },
        .vh_prot_name = "tls",
        .opaque = wire,
    };
    wire->pollee.fd = fd;
    wire->reading = true;
    wire->kind = &wire_tls;
    wire->opening = true;
    struct lws *wsi = lws_adopt_descriptor_vhost_via_info(&info);
    wire->opening = false;
    if (!wire->kind || !wsi) {
        wire->kind = NULL;
        return JF_E_UNAVAILABLE;
    }
    wire->wsi = wsi;
    return JF_OK;
}

struct tls_client *wire_tls_client(const struct wire *wire)
{
    return wire->kind == &wire_tls ? tls_client_of(lws_get_ssl(wire->wsi)) : NULL;
}
