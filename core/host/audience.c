/* Memberships on one worker: an array per name, a linked list per connection. An audience
 * without members is forgotten. */
#include "core/host/audience.h"

#include "core/base/memory.h"
#include "core/net/conn.h"

#define PREFETCH 4 /* connections ahead of the one being sent to */

/* One connection's place in one audience. */
struct membership {
    struct conn *conn;
    struct audience *audience;
    size_t at;               /* its place in the array */
    struct membership *next; /* the connection's next one */
};

/* What the walk reads lies side by side. */
struct seat {
    struct conn *conn;
    struct membership *taken_by;
};

struct audience {
    struct seat *seats;
    size_t count, capacity;
    char *name;
    size_t name_len;
};

void audiences_fini(struct audiences *all)
{
    table_fini(&all->by_name);
}

static struct audience *get(struct audiences *all, jf_bytes name)
{
    struct audience *audience = table_find(&all->by_name, name);
    if (audience)
        return audience;
    audience = xnew(struct audience);
    audience->name = xdup(name);
    audience->name_len = name.len;
    table_put(&all->by_name, jf_view(audience->name, name.len), audience);
    return audience;
}

static struct membership **find_seat(struct membership **seats,
                                     const struct audience *audience)
{
    while (*seats && (*seats)->audience != audience)
        seats = &(*seats)->next;
    return seats;
}

void audience_join(struct audiences *all, jf_bytes name, struct conn *conn,
                   struct membership **seats)
{
    struct audience *audience = get(all, name);
    if (*find_seat(seats, audience))
        return;
    if (audience->count == audience->capacity) {
        audience->capacity = audience->capacity ? audience->capacity * 2 : 4;
        audience->seats =
            xrealloc(audience->seats, audience->capacity * sizeof(*audience->seats));
    }
    struct membership *membership = xnew(struct membership);
    *membership = (struct membership){ conn, audience, audience->count, *seats };
    audience->seats[audience->count++] = (struct seat){ conn, membership };
    *seats = membership;
}

static void forget(struct audiences *all, struct audience *audience)
{
    table_remove(&all->by_name, jf_view(audience->name, audience->name_len));
    free(audience->seats);
    free(audience->name);
    free(audience);
}

/* The last one takes the place of who leaves. */
static void vacate(struct audiences *all, struct membership **at)
{
    struct membership *membership = *at;
    struct audience *audience = membership->audience;
    struct seat last = audience->seats[--audience->count];
    audience->seats[membership->at] = last;
    last.taken_by->at = membership->at;
    *at = membership->next;
    free(membership);
    if (!audience->count)
        forget(all, audience);
}

void audience_leave(struct audiences *all, jf_bytes name, struct membership **seats)
{
    struct audience *audience = table_find(&all->by_name, name);
    if (!audience)
        return;
    struct membership **at = find_seat(seats, audience);
    if (*at)
        vacate(all, at);
}

void audience_leave_all(struct audiences *all, struct membership **seats)
{
    while (*seats)
        vacate(all, seats);
}

void audience_send(const struct audiences *all, jf_bytes name, struct frame *frame)
{
    const struct audience *audience = table_find(&all->by_name, name);
    if (!audience)
        return;
    /* Who cannot take it is counted by the connection; the others hear it. */
    for (size_t i = 0; i < audience->count; i++) {
        if (i + PREFETCH < audience->count)
            conn_prefetch(audience->seats[i + PREFETCH].conn);
        conn_send_frame(audience->seats[i].conn, frame);
    }
}

int audience_members(const struct audiences *all, jf_bytes name, jf_conn_id **copy,
                     size_t *count)
{
    const struct audience *audience = table_find(&all->by_name, name);
    size_t members = audience ? audience->count : 0;
    jf_conn_id *ids = members ? try_alloc(members * sizeof(*ids)) : NULL;
    if (members && !ids)
        return JF_E_NOMEM;
    for (size_t i = 0; i < members; i++)
        ids[i] = conn_id(audience->seats[i].conn);
    *copy = ids;
    *count = members;
    return JF_OK;
}

bool audience_exists(const struct audiences *all, jf_bytes name)
{
    return table_find(&all->by_name, name) != NULL;
}
