/* Builds one worker's network and takes it apart. The walk of a message does not come
 * through here. */
#include "core/net/server.h"

#include <unistd.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/acceptor.h"
#include "core/net/conn_impl.h"
#include "core/net/http.h"

#define DRAIN_TICK_MS 20

static void drain_tick(void *data);

int server_new(struct loop *loop, const struct net_options *options,
               const struct net_events *events, void *host, struct server **out)
{
    struct server *server = xnew(struct server);
    server->loop = loop;
    server->options = options;
    server->events = events;
    server->host = host;
    list_init(&server->flush_list);
    size_t align = sizeof(max_align_t);
    server->stride =
        (sizeof(struct conn) + options->session_bytes + align - 1) / align * align;
    int status = poller_new(loop, &server->poller);
    if (status < 0)
        goto fail_poller;
    status = wheel_new(loop, &server->wheel);
    if (status < 0)
        goto fail_wheel;
    status = http_new(server, &server->http);
    if (status < 0)
        goto fail_http;

    server->read_buffer = xalloc(READ_BUFFER_BYTES);
    server->spare_message = xalloc(sizeof(struct message) + SPARE_MESSAGE_BYTES);
    server->cork = xalloc(CORK_BYTES + WS_HEADER_MAX);
    timer_new(loop, drain_tick, server, &server->drain_timer);
    loop_set_turn_end(loop, server_flush, server);
    *out = server;
    return JF_OK;

fail_http:
    wheel_free(server->wheel);
fail_wheel:
    poller_free(server->poller);
fail_poller:
    free(server);
    return status;
}

void server_close(struct server *server)
{
    server_stop_accepting(server);
    loop_set_turn_end(server->loop, NULL, NULL);
    timer_free(server->drain_timer);
    http_close(server->http);
    wheel_free(server->wheel);
    poller_free(server->poller);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    http_free(server->http);
    slots_fini(server);
    free(server->spare_message);
    free(server->read_buffer);
    free(server->cork);
    free(server);
}

int server_listen(struct server *server, uint8_t which, int fd)
{
    return acceptor_new(server, which, fd, &server->acceptors[which]);
}

void server_stop_accepting(struct server *server)
{
    for (size_t i = 0; i < SERVER_LISTENERS; i++) {
        acceptor_free(server->acceptors[i]);
        server->acceptors[i] = NULL;
    }
}

static void close_for_drain(struct conn *conn)
{
    if (conn->state == CONN_HEAD)
        conn_end(conn, WS_CLOSE_GOING_AWAY, jf_str(""));
    else if (conn->state == CONN_OPEN || conn->state == CONN_DECIDING)
        conn->wire.server->events->on_drain(conn->wire.server->host, conn);
}

/* Close the next few. */
static void drain_tick(void *data)
{
    struct server *server = data;
    for (uint32_t n = 0; n < server->drain_step;) {
        if (server->drain_slot == server->slot_count)
            return;
        struct conn *conn = slot_at(server, server->drain_slot++);
        n += conn->state != CONN_FREE;
        close_for_drain(conn);
    }
    timer_start(server->drain_timer, server->drain_every);
}

void server_clear(struct server *server, uint64_t spread_ms)
{
    if (!server->used)
        return;
    uint64_t ticks = spread_ms / DRAIN_TICK_MS + 1;
    server->drain_slot = 0;
    server->drain_step = (uint32_t)((server->used + ticks - 1) / ticks);
    server->drain_every = (uint32_t)(spread_ms * server->drain_step / server->used);
    drain_tick(server);
}

void server_stop_clearing(struct server *server)
{
    timer_stop(server->drain_timer);
}

void server_drain(struct server *server, uint64_t spread_ms)
{
    server_stop_accepting(server);
    if (server->draining)
        return;
    server->draining = true;
    if (!server->used)
        server->events->on_drained(server->host);
    else
        server_clear(server, spread_ms);
}

void server_abort(struct server *server)
{
    server->draining = true;
    timer_stop(server->drain_timer);
    for (uint32_t slot = 0; slot < server->slot_count; slot++)
        conn_end(slot_at(server, slot), WS_CLOSE_GOING_AWAY, jf_str("Going away"));
}

struct conn *server_find(struct server *server, jf_conn_id id)
{
    struct conn *conn = slot_at(server, conn_id_slot(id));
    if (!conn || !conn_alive(conn) || !conn_id_eq(conn->id, id))
        return NULL;
    return conn;
}

struct conn *server_find_ended(struct server *server, jf_conn_id id)
{
    struct conn *conn = slot_at(server, conn_id_slot(id));
    return conn && conn->hosted && conn_id_eq(conn->id, id) ? conn : NULL;
}

struct conn *server_next(struct server *server, uint32_t *slot, uint32_t end)
{
    while (*slot < end && *slot < server->slot_count) {
        struct conn *conn = slot_at(server, (*slot)++);
        if (conn_alive(conn))
            return conn;
    }
    if (*slot >= server->slot_count)
        *slot = 0;
    return NULL;
}

struct wheel *server_wheel(struct server *server)
{
    return server->wheel;
}

const struct net_counters *server_counters(const struct server *server)
{
    return &server->counters;
}

uint32_t server_conn_count(const struct server *server)
{
    return server->used;
}
