/* Carries octets both ways between a TLS wire and one end of a socket pair, no more of them
 * at a time than one buffer each way: whoever is slow holds the other back. */
#include "core/net/bridge.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/net/conn_impl.h"
#include "core/net/frame.h"

#define CARRY_MAX 65536

struct bridge {
    struct pollee pollee; /* our end of the pair */
    struct conn *conn;
    uint8_t *inward; /* read from the client, not yet taken by the pair */
    size_t inward_len;
    bool ended; /* the HTTP side has said all it had to say */
};

/* Listen to the pair while the wire has room, write to it while something waits. */
static void update_interest(struct bridge *bridge)
{
    struct conn *conn = bridge->conn;
    uint32_t interest = 0;
    if (!bridge->ended && conn->outbox.bytes < CARRY_MAX)
        interest |= EPOLLIN;
    if (bridge->inward_len)
        interest |= EPOLLOUT;
    poller_set_interest(conn->wire.server->poller, &bridge->pollee, interest);
    bool reading = !bridge->inward_len;
    if (reading != conn->wire.reading)
        conn->wire.kind->set_interest(&conn->wire, reading, conn->wire.writing);
}

static void push_inward(struct bridge *bridge)
{
    ssize_t sent =
        send(bridge->pollee.fd, bridge->inward, bridge->inward_len, MSG_NOSIGNAL);
    if (sent < 0)
        return; /* no room yet, or its end is reported by reading */
    bridge->inward_len -= (size_t)sent;
    memmove(bridge->inward, bridge->inward + sent, bridge->inward_len);
}

static size_t on_bytes(struct wire *wire, uint8_t *bytes, size_t len)
{
    struct conn *conn = CONTAINER_OF(wire, struct conn, wire);
    struct bridge *bridge = conn->bridge;
    bridge->inward = xrealloc(bridge->inward, bridge->inward_len + len);
    memcpy(bridge->inward + bridge->inward_len, bytes, len);
    bridge->inward_len += len;
    push_inward(bridge);
    update_interest(bridge);
    return len;
}

static void on_writable(struct wire *wire)
{
    struct conn *conn = CONTAINER_OF(wire, struct conn, wire);
    conn_flush(conn);
    if (conn->bridge)
        update_interest(conn->bridge);
}

static void on_end(struct wire *wire)
{
    conn_end(CONTAINER_OF(wire, struct conn, wire), WS_CLOSE_ABNORMAL, jf_str(""));
}

static const struct wire_events bridge_events = { on_bytes, on_writable, on_end };

static void pull_outward(struct bridge *bridge)
{
    struct conn *conn = bridge->conn;
    uint8_t *buffer = conn->wire.server->read_buffer;
    ssize_t got = recv(bridge->pollee.fd, buffer, CARRY_MAX, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        bridge->ended = true;
        bridge_stop(conn);
        conn_linger(conn);
        return;
    }
    outbox_push(&conn->outbox, frame_new_raw(jf_view(buffer, (size_t)got)), 0);
    conn_list_for_flush(conn);
}

static void on_ready(struct pollee *pollee, uint32_t events)
{
    struct bridge *bridge = CONTAINER_OF(pollee, struct bridge, pollee);
    struct conn *conn = bridge->conn;
    if (events & EPOLLOUT)
        push_inward(bridge);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        pull_outward(bridge);
    if (conn->bridge)
        update_interest(conn->bridge);
}

int bridge_start(struct conn *conn)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0) {
        LOG_RARELY(WARN, HTTP, 60, "event=turned_away reason=open_files");
        conn_end(conn, WS_CLOSE_ABNORMAL, jf_str(""));
        return -1;
    }
    struct bridge *bridge = xnew(struct bridge);
    bridge->conn = conn;
    bridge->pollee = (struct pollee){ pair[0], EPOLLIN, on_ready };
    conn->bridge = bridge;
    conn->state = CONN_BRIDGE;
    conn->state_due = 0; /* libwebsockets keeps the time from here on */
    conn_rearm(conn);
    conn->wire.peek = false;
    conn->wire.events = &bridge_events;
    if (poller_add(conn->wire.server->poller, &bridge->pollee) == JF_OK)
        return pair[1];
    close(pair[1]);
    bridge->pollee.interest = 0;
    conn_end(conn, WS_CLOSE_ABNORMAL, jf_str(""));
    return -1;
}

void bridge_stop(struct conn *conn)
{
    struct bridge *bridge = conn->bridge;
    if (!bridge)
        return;
    poller_remove(conn->wire.server->poller, &bridge->pollee);
    close(bridge->pollee.fd);
    free(bridge->inward);
    free(bridge);
    conn->bridge = NULL;
}
