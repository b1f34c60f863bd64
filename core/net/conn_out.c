/* The way out: messages to frames to the outbox, and the outbox to the wire.
 *
 * A reply to the connection whose input is being worked on goes into the server's cork and
 * leaves in one write when that input is done. Everything else waits in outboxes until the
 * end of the loop turn, so that what a turn produces for a connection travels together. */
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/conn_impl.h"
#include "core/net/frame.h"

#define LARGEST_COPIED_CONTROL (WS_HEADER_MAX + WS_CONTROL_MAX)

static bool corked(const struct conn *conn)
{
    return conn->wire.server->corked == conn;
}

static size_t waiting(const struct conn *conn)
{
    return conn->outbox.bytes + (corked(conn) ? conn->wire.server->cork_len : 0);
}

void conn_cork(struct conn *conn)
{
    struct server *server = conn->wire.server;
    if (conn->outbox.count || conn->wire.writing)
        return; /* what waits goes first */
    server->corked = conn;
    server->cork_len = 0;
}

/* Octets `from` on of the cork, as a frame in the outbox: the wire took no more. */
static void keep_rest(struct conn *conn, size_t from)
{
    struct server *server = conn->wire.server;
    jf_bytes rest = jf_view(server->cork + from, server->cork_len - from);
    struct frame *frame = frame_new_raw(rest);
    frame->control = true; /* it begins inside a message: it must not be dropped */
    outbox_push(&conn->outbox, frame, 0);
    conn_list_for_flush(conn);
}

static void write_cork(struct conn *conn)
{
    struct server *server = conn->wire.server;
    struct iovec part = { server->cork, server->cork_len };
    ssize_t taken = 0;
    if (!conn->outbox.count)
        taken = conn->wire.kind->write(&conn->wire, &part, 1);
    if (taken >= 0 && (size_t)taken < server->cork_len)
        keep_rest(conn, (size_t)taken);
    server->cork_len = 0; /* a peer that is gone is reported by its wire */
}

void conn_uncork(struct conn *conn)
{
    struct server *server = conn->wire.server;
    if (!corked(conn))
        return;
    if (server->cork_len && wire_open(&conn->wire))
        write_cork(conn);
    server->corked = NULL;
}

/* True: it fits into the cork now. */
static bool cork_takes(struct conn *conn, size_t size)
{
    struct server *server = conn->wire.server;
    if (!corked(conn) || conn->outbox.count || size > CORK_BYTES / 4)
        return false;
    if (server->cork_len + size > CORK_BYTES)
        write_cork(conn);
    return !conn->outbox.count;
}

static void cork_put(struct server *server, uint32_t opcode, jf_bytes body)
{
    uint8_t *at = server->cork + server->cork_len;
    size_t header = ws_write_header(at, (enum ws_opcode)opcode, true, body.len);
    if (body.len)
        memcpy(at + header, body.ptr, body.len);
    server->cork_len += header + body.len;
}

void conn_list_for_flush(struct conn *conn)
{
    if (conn->wire.writing || conn->state == CONN_DECIDING ||
        list_linked(&conn->flush_node))
        return;
    list_append(&conn->wire.server->flush_list, &conn->flush_node);
}

static void push(struct conn *conn, struct frame *frame)
{
    if (corked(conn) && conn->wire.server->cork_len)
        write_cork(conn); /* what is in the cork was said before */
    outbox_push(&conn->outbox, frame, 0);
    conn_list_for_flush(conn);
}

static int refuse_slow(struct conn *conn)
{
    char peer[CONN_PEER_MAX];
    conn->wire.server->counters.sends_full++;
    LOG_RARELY(INFO, NET, 10, "event=outbox_full peer=%.*s bytes=%zu",
               BYTES_FMT(conn_peer(conn, peer)), waiting(conn));
    return JF_E_FULL;
}

/* Room for `size` octets, by the policy for slow readers. */
static int make_room(struct conn *conn, size_t size)
{
    struct server *server = conn->wire.server;
    size_t limit = conn->limits->outbox_bytes;
    if (waiting(conn) + size <= limit)
        return JF_OK;
    if (server->options->slow_reader == NET_SLOW_DROP_OLDEST) {
        while (waiting(conn) + size > limit && outbox_drop_oldest(&conn->outbox))
            server->counters.frames_dropped++;
        if (waiting(conn) + size <= limit)
            return JF_OK;
    }
    if (server->options->slow_reader == NET_SLOW_CLOSE)
        conn_close(conn, WS_CLOSE_POLICY, jf_str("Slow reader"));
    return refuse_slow(conn);
}

static void note_send(struct conn *conn)
{
    struct server *server = conn->wire.server;
    if (server->options->sends_are_life)
        conn->seen_at = loop_now(server->loop);
}

int conn_send(struct conn *conn, uint32_t opcode, jf_bytes body)
{
    struct server *server = conn->wire.server;
    size_t fragment = conn->limits->frames.frame_bytes;
    if (!conn_alive(conn))
        return JF_E_GONE;
    size_t size = frame_size(body.len, fragment);
    int status = make_room(conn, size);
    if (status < 0)
        return status;
    note_send(conn);
    if (body.len <= fragment && cork_takes(conn, size)) {
        cork_put(server, opcode, body);
        return JF_OK;
    }
    struct frame *frame = frame_new(opcode, body, fragment);
    if (!frame)
        return JF_E_NOMEM;
    push(conn, frame);
    return JF_OK;
}

int conn_send_frame(struct conn *conn, struct frame *frame)
{
    if (!conn_alive(conn))
        return JF_E_GONE;
    int status = make_room(conn, frame->len);
    if (status < 0)
        return status;
    note_send(conn);
    frame_ref(frame);
    push(conn, frame);
    return JF_OK;
}

/* Control frames may exceed the limit by a little, or a full outbox could not be closed.
 * Pongs may not: who asks and does not read gets no more of them. */
void conn_send_control(struct conn *conn, uint32_t opcode, jf_bytes body)
{
    struct server *server = conn->wire.server;
    if (opcode != WS_OP_CLOSE &&
        waiting(conn) + LARGEST_COPIED_CONTROL > conn->limits->outbox_bytes) {
        server->counters.pongs_dropped++;
        return;
    }
    if (cork_takes(conn, LARGEST_COPIED_CONTROL)) {
        cork_put(server, opcode, body);
        return;
    }
    struct frame *frame = frame_new(opcode, body, WS_CONTROL_MAX);
    CHECK(frame);
    frame->control = true;
    push(conn, frame);
}

void conn_send_close(struct conn *conn, uint16_t code, jf_bytes reason)
{
    char payload[WS_CONTROL_MAX];
    size_t len = 0;
    if (code != WS_CLOSE_NO_STATUS) {
        size_t room = reason.len < WS_REASON_MAX ? reason.len : WS_REASON_MAX;
        payload[len++] = (char)(code >> 8);
        payload[len++] = (char)(code & 0xff);
        if (room)
            memcpy(payload + len, reason.ptr, room);
        len += room;
    }
    conn_send_control(conn, WS_OP_CLOSE, jf_view(payload, len));
}

void conn_flush(struct conn *conn)
{
    struct wire *wire = &conn->wire;
    list_remove(&conn->flush_node);
    if (!wire_open(wire))
        return;
    int status = outbox_write(&conn->outbox, wire);
    if (status == JF_E_GONE) {
        conn_end(conn, WS_CLOSE_ABNORMAL, jf_str(""));
        return;
    }
    bool writing = status == JF_E_FULL;
    if (writing != wire->writing)
        wire->kind->set_interest(wire, wire->reading, writing);
    if (!writing && conn->state == CONN_LINGER)
        wire->kind->finish(wire);
}

void server_flush(void *data)
{
    struct server *server = data;
    struct list_node batch, *node;
    list_init(&batch);
    list_take_all(&batch, &server->flush_list);
    while ((node = list_first(&batch))) {
        struct conn *next = CONTAINER_OF(node->next, struct conn, flush_node);
        if (node->next != &batch)
            __builtin_prefetch(next);
        conn_flush(CONTAINER_OF(node, struct conn, flush_node));
    }
}
