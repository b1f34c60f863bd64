/* A binary heap by time, and a hash table with open addressing from connections to places
 * in the heap, so that a deadline can be moved when a token is refreshed. One timer per
 * worker is enough for all of them; who sets it is in expiry.c. */
#include "deadlines.h"

#include <stdlib.h>

#define ROOM_MIN 64

/* ---- The table -------------------------------------------------------------------------
 */

static uint32_t mask_of(const struct deadlines *d)
{
    return d->room * 2 - 1;
}

/* FNV-1a. An id has a random salt, which strangers do not choose. */
static uint32_t home_of(const struct deadlines *d, jf_conn_id conn)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < sizeof(conn.octet); i++)
        hash = (hash ^ conn.octet[i]) * 16777619u;
    return (hash ^ hash >> 16) & mask_of(d);
}

/* The connection's slot, or the free one where it would be. */
static uint32_t slot_of(const struct deadlines *d, jf_conn_id conn)
{
    uint32_t slot = home_of(d, conn);
    while (d->table[slot] &&
           memcmp(&d->heap[d->table[slot] - 1].conn, &conn, sizeof(conn)) != 0)
        slot = (slot + 1) & mask_of(d);
    return slot;
}

/* Free a slot, and move up those behind it that would not be found across the gap. */
static void free_slot(struct deadlines *d, uint32_t gap)
{
    uint32_t slot = gap;
    for (;;) {
        slot = (slot + 1) & mask_of(d);
        if (!d->table[slot])
            break;
        struct deadline *moved = &d->heap[d->table[slot] - 1];
        uint32_t home = home_of(d, moved->conn);
        if (((slot - home) & mask_of(d)) < ((slot - gap) & mask_of(d)))
            continue;
        d->table[gap] = d->table[slot];
        moved->slot = gap;
        gap = slot;
    }
    d->table[gap] = 0;
}

/* ---- The heap --------------------------------------------------------------------------
 */

static void place(struct deadlines *d, uint32_t at, const struct deadline *deadline)
{
    d->heap[at] = *deadline;
    d->table[deadline->slot] = at + 1;
}

/* Put it where it belongs, at `at` or nearer to the top. */
static void sift_up(struct deadlines *d, uint32_t at, struct deadline deadline)
{
    while (at && d->heap[(at - 1) / 2].at_s > deadline.at_s) {
        place(d, at, &d->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    place(d, at, &deadline);
}

static void sift_down(struct deadlines *d, uint32_t at, struct deadline deadline)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < d->count && d->heap[child + 1].at_s < d->heap[child].at_s)
            child++;
        if (child >= d->count || d->heap[child].at_s >= deadline.at_s)
            break;
        place(d, at, &d->heap[child]);
        at = child;
    }
    place(d, at, &deadline);
}

/* What is at `at` has another time. */
static void settle(struct deadlines *d, uint32_t at, struct deadline deadline)
{
    if (at && d->heap[(at - 1) / 2].at_s > deadline.at_s)
        sift_up(d, at, deadline);
    else
        sift_down(d, at, deadline);
}

static void take_out(struct deadlines *d, uint32_t at)
{
    free_slot(d, d->heap[at].slot);
    d->count--;
    if (at < d->count)
        settle(d, at, d->heap[d->count]);
}

/* ---- Room ------------------------------------------------------------------------------
 */

static void fill_table(struct deadlines *d)
{
    for (uint32_t i = 0; i < d->count; i++) {
        d->heap[i].slot = slot_of(d, d->heap[i].conn);
        d->table[d->heap[i].slot] = i + 1;
    }
}

static int grow(struct deadlines *d)
{
    uint32_t room = d->room ? d->room * 2 : ROOM_MIN;
    if (room > DEADLINES_MAX)
        return JF_E_FULL;
    uint32_t *table = calloc(2 * (size_t)room, sizeof(*table));
    struct deadline *heap = table ? realloc(d->heap, room * sizeof(*heap)) : NULL;
    if (!heap) {
        free(table);
        return JF_E_NOMEM;
    }
    free(d->table);
    d->heap = heap;
    d->table = table;
    d->room = room;
    fill_table(d);
    return JF_OK;
}

/* ---- All of it -------------------------------------------------------------------------
 */

int deadlines_put(struct deadlines *deadlines, const struct deadline *deadline)
{
    struct deadline copy = *deadline;
    int status = deadlines->room ? JF_OK : grow(deadlines);
    if (status < 0)
        return status;
    copy.slot = slot_of(deadlines, copy.conn);
    if (deadlines->table[copy.slot]) {
        settle(deadlines, deadlines->table[copy.slot] - 1, copy);
        return JF_OK;
    }
    if (deadlines->count == deadlines->room) {
        status = grow(deadlines);
        if (status < 0)
            return status;
        copy.slot = slot_of(deadlines, copy.conn);
    }
    sift_up(deadlines, deadlines->count++, copy);
    return JF_OK;
}

const struct deadline *deadlines_find(const struct deadlines *deadlines, jf_conn_id conn)
{
    if (!deadlines->count)
        return NULL;
    uint32_t place = deadlines->table[slot_of(deadlines, conn)];
    return place ? &deadlines->heap[place - 1] : NULL;
}

bool deadlines_remove(struct deadlines *deadlines, jf_conn_id conn)
{
    const struct deadline *found = deadlines_find(deadlines, conn);
    if (found)
        take_out(deadlines, (uint32_t)(found - deadlines->heap));
    return found != NULL;
}

bool deadlines_pop(struct deadlines *deadlines, int64_t now_s, struct deadline *out)
{
    if (!deadlines->count || deadlines->heap[0].at_s > now_s)
        return false;
    *out = deadlines->heap[0];
    take_out(deadlines, 0);
    return true;
}

bool deadlines_walk(struct deadlines *deadlines, jf_conn_id *out)
{
    if (!deadlines->count)
        return false;
    do {
        deadlines->hand = (deadlines->hand + 1) & mask_of(deadlines);
    } while (!deadlines->table[deadlines->hand]);
    *out = deadlines->heap[deadlines->table[deadlines->hand] - 1].conn;
    return true;
}

void deadlines_fini(struct deadlines *deadlines)
{
    if (!deadlines)
        return;
    free(deadlines->heap);
    free(deadlines->table);
    memset(deadlines, 0, sizeof(*deadlines));
}
