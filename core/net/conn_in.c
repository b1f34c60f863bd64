/* The way in: octets to frames to whole messages in the inbox. What a message means is the
 * host's affair. */
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/conn_impl.h"

#define PARTIAL_MIN 1024

static size_t message_cost(const struct message *message)
{
    return sizeof(*message) + message->len;
}

static void pause_reading(struct conn *conn)
{
    conn->paused = true;
    conn->wire.kind->set_interest(&conn->wire, false, conn->wire.writing);
}

static void resume_reading(struct conn *conn)
{
    conn->paused = false;
    if (wire_open(&conn->wire))
        conn->wire.kind->set_interest(&conn->wire, true, conn->wire.writing);
}

/* Reading stops at the limit, so the inbox holds at most that and one read buffer. */
static void append_to_inbox(struct conn *conn, struct message *message)
{
    struct server *server = conn->wire.server;
    bool was_empty = !conn->inbox_first;
    if (was_empty)
        conn->inbox_first = message;
    else
        conn->inbox_last->next = message;
    conn->inbox_last = message;
    conn->inbox_bytes += message_cost(message);
    server->counters.messages_in++;
    if (was_empty)
        server->events->on_message(server->host, conn);
    if (conn->inbox_bytes > conn->limits->inbox_bytes && !conn->paused &&
        wire_open(&conn->wire))
        pause_reading(conn);
}

struct message *conn_take_message(struct conn *conn)
{
    struct message *message = conn->inbox_first;
    if (!message)
        return NULL;
    conn->inbox_first = message->next;
    conn->inbox_bytes -= message_cost(message);
    if (conn->paused && conn->inbox_bytes <= conn->limits->inbox_bytes / 2)
        resume_reading(conn);
    return message;
}

/* The usual message is small and over before the next one comes, so one roomy block of
 * memory, warm in the cache, serves them all. Those that must wait get what they need. */
static struct message *message_new(struct server *server, size_t len)
{
    struct message *message = server->spare_message;
    bool roomy = message && len <= SPARE_MESSAGE_BYTES;
    if (roomy)
        server->spare_message = NULL;
    else
        message = try_alloc(sizeof(*message) + len);
    if (message)
        *message = (struct message){ .len = len, .roomy = roomy };
    return message;
}

void message_free(struct server *server, struct message *message)
{
    if (message && message->roomy)
        server->spare_message = message;
    else
        free(message);
}

/* Room for this piece; for what the frame header announces only as fast as it comes, so
 * that an announcement alone costs us nothing. */
static bool make_room(struct conn *conn, const struct ws_piece *piece)
{
    size_t have = conn->partial ? conn->partial->len : 0;
    size_t need = have + piece->len;
    if (conn->partial && need <= conn->partial_capacity)
        return true;
    size_t capacity = need * 2 > PARTIAL_MIN ? need * 2 : PARTIAL_MIN;
    if (piece->last && capacity > need + piece->to_come)
        capacity = need + (size_t)piece->to_come;
    struct message *larger = realloc(conn->partial, sizeof(struct message) + capacity);
    if (!larger)
        return false;
    if (!conn->partial)
        *larger = (struct message){ .opcode = piece->opcode };
    conn->partial = larger;
    conn->partial_capacity = capacity;
    return true;
}

static void fail(struct conn *conn, uint16_t code, const char *why)
{
    char peer[CONN_PEER_MAX];
    LOG_DEBUG(NET, "event=failed peer=%.*s code=%u reason=\"%s\"",
              BYTES_FMT(conn_peer(conn, peer)), code, why);
    conn->peer_closed = true; /* nothing more is read from it */
    conn_note_close(conn, code, jf_str(why));
    conn_send_close(conn, code, jf_str(why));
}

/* The usual message: one frame, all of it here. */
static void take_whole(struct conn *conn, const struct ws_piece *piece)
{
    struct message *message = message_new(conn->wire.server, piece->len);
    if (!message) {
        fail(conn, WS_CLOSE_INTERNAL, "out of memory");
        return;
    }
    message->opcode = (uint8_t)piece->opcode;
    memcpy(message->body, piece->data, piece->len);
    append_to_inbox(conn, message);
}

/* What waits in the inbox takes the room that is counted for it. */
static struct message *fitted(struct message *message)
{
    struct message *smaller = realloc(message, sizeof(*message) + message->len);
    return smaller ? smaller : message;
}

static void take_part(struct conn *conn, const struct ws_piece *piece)
{
    if (!make_room(conn, piece)) {
        fail(conn, WS_CLOSE_INTERNAL, "out of memory");
        return;
    }
    struct message *message = conn->partial;
    if (piece->len)
        memcpy(message->body + message->len, piece->data, piece->len);
    message->len += piece->len;
    if (!piece->last)
        return;
    conn->partial = NULL;
    append_to_inbox(conn, fitted(message));
}

static void take_data(struct conn *conn, const struct ws_piece *piece)
{
    if (conn->state != CONN_OPEN)
        return; /* after our close frame nothing counts (RFC 6455, 1.4) */
    conn->seen_at = loop_now(conn->wire.server->loop);
    if (piece->first && piece->last)
        take_whole(conn, piece);
    else
        take_part(conn, piece);
}

static void take_close(struct conn *conn, const struct ws_piece *piece)
{
    conn->peer_closed = true;
    if (conn->state != CONN_OPEN)
        return; /* the answer to ours */
    jf_bytes reason = jf_view(piece->data, piece->len);
    if (piece->code == WS_CLOSE_NO_STATUS)
        reason = jf_str("Client-side close frame status not set");
    conn_note_close(conn, piece->code, reason);
    conn_send_close(conn, piece->code, jf_str(""));
}

static void take_piece(struct conn *conn, const struct ws_piece *piece)
{
    switch (piece->kind) {
    case WS_DATA:
        take_data(conn, piece);
        break;
    case WS_PING:
        if (conn->state == CONN_OPEN)
            conn_send_control(conn, WS_OP_PONG, jf_view(piece->data, piece->len));
        break;
    case WS_CLOSE:
        take_close(conn, piece);
        break;
    case WS_FAIL:
        if (conn->state == CONN_OPEN)
            fail(conn, piece->code, piece->reason);
        conn->peer_closed = true;
        break;
    case WS_PONG:
    case WS_MORE:
        break;
    }
}

size_t conn_on_bytes(struct wire *wire, uint8_t *bytes, size_t len)
{
    struct conn *conn = CONTAINER_OF(wire, struct conn, wire);
    struct server *server = wire->server;
    if (conn->peer_closed)
        return len; /* lingering: what still comes is of no interest */
    if (server->options->controls_are_life)
        conn->seen_at = loop_now(server->loop);
    __builtin_prefetch(conn->session);
    conn_cork(conn);
    size_t at = 0;
    while (!conn->peer_closed) {
        struct ws_piece piece;
        at += ws_read(&conn->reader, &conn->limits->frames, bytes + at, len - at, &piece);
        if (piece.kind == WS_MORE)
            break;
        take_piece(conn, &piece);
    }
    conn_uncork(conn);
    if (conn->peer_closed)
        conn_linger(conn);
    return len;
}

void conn_drop_input(struct conn *conn)
{
    free(conn->partial);
    conn->partial = NULL;
    struct message *message;
    while ((message = conn_take_message(conn)))
        message_free(conn->wire.server, message);
}
