/* The states of a connection: how it starts, what is due when, how it ends. The way in is
 * conn_in.c, the way out conn_out.c. */
#include "core/net/conn.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/loop/loop.h"
#include "core/net/bridge.h"
#include "core/net/conn_impl.h"
#include "core/net/frame.h"

static void on_writable(struct wire *wire)
{
    conn_flush(CONTAINER_OF(wire, struct conn, wire));
}

static void on_end(struct wire *wire)
{
    conn_end(CONTAINER_OF(wire, struct conn, wire), WS_CLOSE_ABNORMAL, jf_str(""));
}

const struct wire_events conn_events = { conn_on_bytes, on_writable, on_end };

static void on_ring(struct alarm *alarm);

void conn_start(struct conn *conn, int fd, const struct sockaddr *peer)
{
    struct server *server = conn->wire.server;
    const struct net_options *options = server->options;
    conn->state = CONN_HEAD;
    conn->wire.events = &greeter_events;
    conn->wire.peek = true;
    conn->seen_at = loop_now(server->loop);
    conn->state_due = conn->seen_at + options->head_ms;
    conn->alarm.ring = on_ring;
    memcpy(&conn->peer, peer,
           peer->sa_family == AF_INET ? sizeof(conn->peer.v4) : sizeof(conn->peer.v6));
    int status = options->tls_cert ? wire_tls_open(&conn->wire, fd)
                                   : wire_plain_open(&conn->wire, fd);
    if (conn->state == CONN_FREE)
        return; /* it came, was judged and went while it was being opened */
    if (status < 0) {
        LOG_RARELY(INFO, NET, 10, "event=accept_failed status=%s", status_name(status));
        slot_free(conn);
        return;
    }
    server->counters.accepted++;
    conn_rearm(conn);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    if (!a || !b)
        return a ? a : b;
    return a < b ? a : b;
}

static uint64_t ping_due(const struct conn *conn)
{
    uint64_t every = conn->limits->ping_ms;
    if (!every)
        return 0;
    return (conn->pinged_at > conn->seen_at ? conn->pinged_at : conn->seen_at) + every;
}

static uint64_t idle_due(const struct conn *conn)
{
    uint64_t after = conn->limits->idle_ms;
    return after ? conn->seen_at + after : 0;
}

uint64_t conn_quiet_ms(const struct conn *conn)
{
    return loop_now(conn->wire.server->loop) - conn->seen_at;
}

void conn_rearm(struct conn *conn)
{
    uint64_t due = earlier(conn->state_due, conn->host_due);
    if (conn->state == CONN_OPEN) {
        due = earlier(due, conn->life_due);
        due = earlier(due, earlier(ping_due(conn), idle_due(conn)));
    }
    if (due)
        alarm_set(conn->wire.server->wheel, &conn->alarm, due);
    else
        alarm_stop(conn->wire.server->wheel, &conn->alarm);
}

static void overdue(struct conn *conn)
{
    if (conn->state == CONN_HEAD)
        greeter_overdue(conn);
    else
        conn_end(conn, WS_CLOSE_ABNORMAL, jf_str(""));
}

static void look_after(struct conn *conn, uint64_t now)
{
    uint64_t idle = idle_due(conn), ping = ping_due(conn);
    if ((conn->life_due && now >= conn->life_due) || (idle && now >= idle)) {
        conn_close(conn, WS_CLOSE_GOING_AWAY, jf_str("Going away"));
    } else if (ping && now >= ping) {
        conn->pinged_at = now;
        conn_send_control(conn, WS_OP_PING, jf_str(""));
    }
}

/* One alarm per connection; which of its deadlines it was is found out here. They are kept
 * lazily: a sign of life only writes down the time. */
static void on_ring(struct alarm *alarm)
{
    struct conn *conn = CONTAINER_OF(alarm, struct conn, alarm);
    struct server *server = conn->wire.server;
    uint64_t now = loop_now(server->loop);
    if (conn->state_due && now >= conn->state_due) {
        overdue(conn);
        return;
    }
    if (conn->host_due && now >= conn->host_due) {
        conn->host_due = 0;
        server->events->on_deadline(server->host, conn);
    }
    if (conn->state == CONN_OPEN)
        look_after(conn, now);
    if (conn->state != CONN_FREE)
        conn_rearm(conn);
}

void conn_set_deadline(struct conn *conn, uint64_t ms)
{
    conn->host_due = ms ? loop_now(conn->wire.server->loop) + ms : 0;
    if (ms && (!alarm_is_set(&conn->alarm) || conn->host_due < conn->alarm.due))
        alarm_set(conn->wire.server->wheel, &conn->alarm, conn->host_due);
}

void conn_note_close(struct conn *conn, uint16_t code, jf_bytes reason)
{
    if (conn->close_code)
        return;
    conn->close_code = code;
    if (reason.len) {
        conn->close_reason = xdup(reason);
        conn->close_reason_len = reason.len;
    }
}

void conn_begin_close(struct conn *conn)
{
    conn->state = CONN_CLOSING;
    conn->state_due =
        loop_now(conn->wire.server->loop) + conn->wire.server->options->close_ms;
    conn_send_close(conn, conn->close_code, conn_close_reason(conn));
    if (conn->paused) { /* the answer to our close must be read */
        conn->paused = false;
        conn->wire.kind->set_interest(&conn->wire, true, conn->wire.writing);
    }
    conn_rearm(conn);
}

void conn_close(struct conn *conn, uint16_t code, jf_bytes reason)
{
    if (!conn_alive(conn))
        return;
    conn_note_close(conn, code, reason);
    if (conn->state == CONN_OPEN)
        conn_begin_close(conn);
}

static void tell_closed(struct conn *conn)
{
    struct server *server = conn->wire.server;
    if (!conn->hosted || conn->closed_told)
        return;
    conn->closed_told = true;
    server->counters.closed++;
    server->events->on_closed(server->host, conn);
}

void conn_linger(struct conn *conn)
{
    struct server *server = conn->wire.server;
    conn->state = CONN_LINGER;
    conn->state_due = loop_now(server->loop) + server->options->close_ms;
    conn->peer_closed = true;
    conn->paused = false;
    conn->wire.peek = false;
    conn->wire.events = &conn_events;
    conn->wire.kind->set_interest(&conn->wire, true, conn->wire.writing);
    conn_rearm(conn);
    conn_list_for_flush(conn);
    tell_closed(conn);
}

void conn_end(struct conn *conn, uint16_t code, jf_bytes reason)
{
    struct server *server = conn->wire.server;
    if (conn->state == CONN_ENDED || conn->state == CONN_FREE)
        return;
    conn_note_close(conn, code, reason);
    conn->state = CONN_ENDED;
    conn->state_due = 0;
    list_remove(&conn->flush_node);
    bridge_stop(conn);
    conn->wire.kind->close(&conn->wire);
    outbox_clear(&conn->outbox);
    free(conn->partial);
    conn->partial = NULL;
    if (!conn->host_due)
        alarm_stop(server->wheel, &conn->alarm);
    if (!conn->hosted) {
        conn_forget(conn);
        return;
    }
    tell_closed(conn);
}

void conn_forget(struct conn *conn)
{
    greeter_forget(conn);
    conn_drop_input(conn);
    free(conn->close_reason);
    alarm_stop(conn->wire.server->wheel, &conn->alarm);
    slot_free(conn);
}

void conn_release(struct conn *conn)
{
    CHECK(conn->hosted);
    conn->hosted = false;
    conn->host_due = 0;
    greeter_forget(conn);
    conn_drop_input(conn);
    if (conn->state == CONN_ENDED)
        conn_forget(conn);
}

struct tls_client *conn_client_cert(const struct conn *conn)
{
    return wire_tls_client(&conn->wire);
}

jf_conn_id conn_id(const struct conn *conn)
{
    return conn->id;
}

void *conn_session(struct conn *conn)
{
    return conn->session;
}

jf_bytes conn_peer(const struct conn *conn, char text[CONN_PEER_MAX])
{
    char address[INET6_ADDRSTRLEN] = "";
    int n;
    if (conn->peer.any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &conn->peer.v4.sin_addr, address, sizeof(address));
        n = snprintf(text, CONN_PEER_MAX, "%s:%u", address, ntohs(conn->peer.v4.sin_port));
    } else {
        inet_ntop(AF_INET6, &conn->peer.v6.sin6_addr, address, sizeof(address));
        n = snprintf(text, CONN_PEER_MAX, "[%s]:%u", address,
                     ntohs(conn->peer.v6.sin6_port));
    }
    return jf_view(text, (size_t)n);
}

void conn_set_limits(struct conn *conn, const struct net_limits *limits)
{
    conn->limits = limits;
}

size_t conn_frame_bytes(const struct conn *conn)
{
    return conn->limits->frames.frame_bytes;
}

static const uint8_t v4_mapped[12] = { [10] = 0xff, [11] = 0xff };

void conn_peer_address(const struct conn *conn, uint8_t out[16])
{
    if (conn->peer.any.sa_family != AF_INET) {
        memcpy(out, &conn->peer.v6.sin6_addr, 16);
        return;
    }
    memcpy(out, v4_mapped, sizeof(v4_mapped));
    memcpy(out + sizeof(v4_mapped), &conn->peer.v4.sin_addr, 4);
}

void conn_set_peer_address(struct conn *conn, const uint8_t address[16])
{
    memset(&conn->peer, 0, sizeof(conn->peer));
    if (memcmp(address, v4_mapped, sizeof(v4_mapped)) == 0) {
        conn->peer.v4.sin_family = AF_INET;
        memcpy(&conn->peer.v4.sin_addr, address + sizeof(v4_mapped), 4);
    } else {
        conn->peer.v6.sin6_family = AF_INET6;
        memcpy(&conn->peer.v6.sin6_addr, address, 16);
    }
}

const struct head *conn_head(const struct conn *conn)
{
    return &conn->greeting->head;
}

bool conn_alive(const struct conn *conn)
{
    return conn->state == CONN_OPEN || conn->state == CONN_DECIDING;
}

void conn_prefetch(const struct conn *conn)
{
    __builtin_prefetch(conn);
    __builtin_prefetch((const char *)conn + 64);
    __builtin_prefetch((const char *)conn + 128);
}

uint16_t conn_close_code(const struct conn *conn)
{
    return conn->close_code ? conn->close_code : WS_CLOSE_ABNORMAL;
}

jf_bytes conn_close_reason(const struct conn *conn)
{
    return jf_view(conn->close_reason, conn->close_reason_len);
}
