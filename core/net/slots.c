/* The slot table: connections in chunks that never move and are never given back, so that
 * an id finds its connection by arithmetic and a pointer in a stale event is still memory.
 * Slots are reused last in, first out, while their cache lines are warm; the salt in the id
 * tells a new tenant from the old. */
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/conn_impl.h"

static bool add_chunk(struct server *server)
{
    char *chunk = calloc(SLOT_CHUNK, server->stride);
    if (!chunk)
        return false;
    uint32_t count = server->chunk_count + 1;
    server->chunks = xrealloc(server->chunks, count * sizeof(*server->chunks));
    server->free_slots =
        xrealloc(server->free_slots, count * SLOT_CHUNK * sizeof(*server->free_slots));
    server->chunks[server->chunk_count++] = chunk;
    for (uint32_t i = SLOT_CHUNK; i-- > 0;)
        server->free_slots[server->free_count++] = server->slot_count + i;
    server->slot_count += SLOT_CHUNK;
    return true;
}

struct conn *slot_at(struct server *server, uint32_t slot)
{
    if (slot >= server->slot_count)
        return NULL;
    char *chunk = server->chunks[slot / SLOT_CHUNK];
    return (struct conn *)(void *)(chunk + (slot % SLOT_CHUNK) * server->stride);
}

struct conn *slot_take(struct server *server)
{
    _Atomic uint32_t *total = server->options->connection_count;
    if (atomic_fetch_add(total, 1) >= server->options->connections ||
        (!server->free_count && !add_chunk(server))) {
        atomic_fetch_sub(total, 1);
        return NULL;
    }
    uint32_t slot = server->free_slots[--server->free_count];
    struct conn *conn = slot_at(server, slot);
    memset(conn, 0, server->stride);
    conn->slot = slot;
    conn->wire.server = server;
    conn->limits = &server->options->limits;
    server->used++;
    return conn;
}

void slot_free(struct conn *conn)
{
    struct server *server = conn->wire.server;
    CHECK(conn->state != CONN_FREE);
    conn->state = CONN_FREE;
    server->free_slots[server->free_count++] = conn->slot;
    server->used--;
    atomic_fetch_sub(server->options->connection_count, 1);
    if (!server->used && server->draining)
        server->events->on_drained(server->host);
}

void slots_fini(struct server *server)
{
    for (uint32_t i = 0; i < server->chunk_count; i++)
        free(server->chunks[i]);
    free(server->chunks);
    free(server->free_slots);
}
