/* Reads the head, waits for the verdict, refuses or upgrades. It works on a wire, so it
 * does not know whether there is TLS. A request that asks for no upgrade is handed on
 * whole, to http.c. */
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/conn_impl.h"
#include "core/net/frame.h"
#include "core/net/http.h"
#include "core/net/http_phrase.h"
#include "core/parse/envelope.h"

static struct frame *answer_frame(unsigned status, const char *extra, jf_bytes body)
{
    char lines[512];
    int n = snprintf(lines, sizeof(lines),
                     "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\nConnection: close\r\n%s\r\n",
                     status, http_phrase(status), body.len, extra);
    CHECK(n > 0 && (size_t)n < sizeof(lines));
    struct frame *frame = frame_new_empty((size_t)n + body.len);
    if (!frame)
        return frame_new_raw(jf_str("HTTP/1.1 500 Internal Server Error\r\n\r\n"));
    memcpy(frame->bytes, lines, (size_t)n);
    if (body.len)
        memcpy(frame->bytes + n, body.ptr, body.len);
    return frame;
}

void greeter_answer(struct conn *conn, unsigned status, const char *extra, jf_bytes body)
{
    struct server *server = conn->wire.server;
    server->counters.refused++;
    outbox_clear(&conn->outbox); /* what was sent to it meanwhile goes with it */
    outbox_push(&conn->outbox, answer_frame(status, extra, body), 0);
    greeter_forget(conn);
    conn_linger(conn);
}

/* A refusal of the server's own: the client's request was wrong, and `why` says how. */
static void refuse_request(struct conn *conn, unsigned status, const char *why)
{
    char body[ENVELOPE_MAX], peer[CONN_PEER_MAX];
    size_t len = envelope_http(why, body);
    LOG_DEBUG(NET, "event=handshake_refused peer=%.*s status=%u reason=\"%s\"",
              BYTES_FMT(conn_peer(conn, peer)), status, why);
    greeter_answer(conn, status, status == 426 ? "Sec-WebSocket-Version: 13\r\n" : "",
                   jf_view(body, len));
}

void greeting_free(struct greeting *greeting)
{
    if (!greeting)
        return;
    head_fini(&greeting->head);
    free(greeting->bytes);
    free(greeting);
}

void greeter_forget(struct conn *conn)
{
    greeting_free(conn->greeting);
    conn->greeting = NULL;
}

struct greeting *conn_take_greeting(struct conn *conn)
{
    struct greeting *greeting = conn->greeting;
    conn->greeting = NULL;
    return greeting;
}

static void ask_host(struct conn *conn)
{
    struct server *server = conn->wire.server;
    conn->state = CONN_DECIDING;
    conn->state_due = 0;
    conn->hosted = true;
    conn->id = conn_id_make(server->options->node, server->options->worker, conn->slot);
    conn->wire.kind->set_interest(&conn->wire, false, false);
    server->events->on_upgrade(server->host, conn);
    if (conn->state == CONN_DECIDING)
        conn_rearm(conn);
}

/* A whole head is in `conn->greeting`. True: it is a WebSocket handshake or was answered.
 * False: plain HTTP. */
static bool judge(struct conn *conn, size_t len)
{
    struct greeting *greeting = conn->greeting;
    unsigned status;
    const char *why;
    if (head_parse(greeting->bytes, len, &greeting->head, &status, &why) < 0) {
        refuse_request(conn, status, why);
        return true;
    }
    if (!head_wants_upgrade(&greeting->head))
        return false;
    if (head_check_upgrade(&greeting->head, &greeting->key, &status, &why) < 0)
        refuse_request(conn, status, why);
    else if (conn->listener)
        refuse_request(conn, 403, "Forbidden");
    else
        ask_host(conn);
    return true;
}

static size_t take_head(struct conn *conn, const uint8_t *bytes, size_t len)
{
    conn->greeting = xnew(struct greeting);
    conn->greeting->bytes = xalloc(len);
    memcpy(conn->greeting->bytes, bytes, len);
    if (judge(conn, len))
        return len;
    greeter_forget(conn);
    http_take(conn->wire.server->http, conn);
    return 0;
}

static bool looks_like_http(const uint8_t *bytes)
{
    return bytes[0] >= 'A' && bytes[0] <= 'Z';
}

static size_t on_bytes(struct wire *wire, uint8_t *bytes, size_t len)
{
    struct conn *conn = CONTAINER_OF(wire, struct conn, wire);
    size_t head = head_length((const char *)bytes, len, conn->head_seen);
    if (head && head <= HEAD_BYTES_MAX)
        return take_head(conn, bytes, head);
    if (!looks_like_http(bytes)) {
        refuse_request(conn, 400, "this is not HTTP/1.1");
        return len;
    }
    if (head || len > HEAD_BYTES_MAX) {
        refuse_request(conn, 431, "the request head is larger than 16384 octets");
        return len;
    }
    conn->head_seen = len;
    return 0;
}

static void on_writable(struct wire *wire)
{
    conn_flush(CONTAINER_OF(wire, struct conn, wire));
}

static void on_end(struct wire *wire)
{
    conn_end(CONTAINER_OF(wire, struct conn, wire), WS_CLOSE_ABNORMAL, jf_str(""));
}

const struct wire_events greeter_events = { on_bytes, on_writable, on_end };

void greeter_overdue(struct conn *conn)
{
    char peer[CONN_PEER_MAX];
    LOG_RARELY(INFO, NET, 10, "event=head_timeout peer=%.*s",
               BYTES_FMT(conn_peer(conn, peer)));
    conn_end(conn, WS_CLOSE_ABNORMAL, jf_str(""));
}

/* The 101 goes in front of what was sent meanwhile. */
static void push_welcome(struct conn *conn, jf_bytes subprotocol)
{
    char accept[29], lines[512];
    head_accept_key(conn->greeting->key, accept);
    int n = snprintf(lines, sizeof(lines),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s%.*s%s\r\n",
                     accept, subprotocol.len ? "Sec-WebSocket-Protocol: " : "",
                     BYTES_FMT(subprotocol), subprotocol.len ? "\r\n" : "");
    CHECK(n > 0 && (size_t)n < sizeof(lines));
    struct outbox meanwhile = conn->outbox;
    conn->outbox = (struct outbox){ 0 };
    outbox_push(&conn->outbox, frame_new_raw(jf_view(lines, (size_t)n)), 0);
    outbox_append(&conn->outbox, &meanwhile);
}

void conn_admit(struct conn *conn, jf_bytes subprotocol)
{
    if (conn->state != CONN_DECIDING)
        return;
    struct server *server = conn->wire.server;
    push_welcome(conn, subprotocol);
    greeter_forget(conn);
    server->counters.admitted++;
    conn->state = CONN_OPEN;
    conn->seen_at = loop_now(server->loop);
    conn->life_due =
        conn->limits->lifetime_ms ? conn->seen_at + conn->limits->lifetime_ms : 0;
    conn->wire.peek = false;
    conn->wire.events = &conn_events;
    conn->wire.kind->set_interest(&conn->wire, true, false);
    conn_rearm(conn);
    conn_list_for_flush(conn);
    if (conn->close_code) /* asked for while the verdict was awaited */
        conn_begin_close(conn);
}

static void refuse(struct conn *conn, unsigned http_status, const char *extra,
                   jf_bytes body)
{
    conn->hosted = false;
    if (conn->state == CONN_DECIDING)
        greeter_answer(conn, http_status, extra, body);
    else if (conn->state == CONN_ENDED)
        conn_forget(conn);
}

void conn_refuse(struct conn *conn, unsigned http_status, jf_bytes body)
{
    refuse(conn, http_status, "", body);
}

void conn_refuse_busy(struct conn *conn, uint64_t wait_ms, jf_bytes body)
{
    char line[48];
    uint64_t seconds = wait_ms < 3600000 ? (wait_ms + 999) / 1000 : 3600;
    snprintf(line, sizeof(line), "Retry-After: %llu\r\n",
             (unsigned long long)(seconds ? seconds : 1));
    refuse(conn, 429, line, body);
}
