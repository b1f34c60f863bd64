/* crowd - everybody is in one group. What one says goes to the group, or to each of its
 * members by itself; for the latter the members are asked for once and remembered. One
 * worker only: what is remembered is each worker's own. */
#include <stdlib.h>

#include "jackfield.h"

#define GROUP "crowd"

struct members {
    size_t count;
    jf_conn_id ids[];
};

static void on_joined(jf_worker *w, void *data, int status)
{
    (void)w;
    jf_finish(data, status);
}

static int on_connect(struct jf_event *ev)
{
    int status = jf_group_join(ev->worker, jf_str(GROUP), ev->conn, on_joined, ev);
    return status < 0 ? status : JF_LATER;
}

static int on_group(struct jf_event *ev)
{
    return jf_send_group(ev->self, jf_str(GROUP), JF_TEXT, ev->message->body);
}

/* The load generator stalls if one gets nothing; the log then says why. */
static int send_each(struct jf_event *ev, const struct members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        int status = jf_send(ev->self, members->ids[i], JF_TEXT, ev->message->body);
        if (status >= 0)
            continue;
        jf_log(ev->self, JF_ERROR, "send %zu of %zu: %d", i, members->count, status);
        return status;
    }
    return JF_OK;
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    struct jf_event *ev = data;
    struct members *members = NULL;
    if (status == JF_OK)
        members = malloc(sizeof(*members) + count * sizeof(*ids));
    if (!members) {
        jf_finish(ev, status < 0 ? status : JF_E_NOMEM);
        return;
    }
    members->count = count;
    memcpy(members->ids, ids, count * sizeof(*ids));
    free(w->local);
    w->local = members;
    jf_finish(ev, send_each(ev, members));
}

static int on_each(struct jf_event *ev)
{
    if (ev->worker->local)
        return send_each(ev, ev->worker->local);
    int status = jf_group_members(ev->worker, jf_str(GROUP), on_members, ev);
    return status < 0 ? status : JF_LATER;
}

static void worker_fini(jf_worker *w)
{
    free(w->local);
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "group", on_group },
    { "each", on_each },
    { NULL, NULL },
};

JF_PLUGIN(.name = "crowd", .version = "1.0", .routes = routes, .worker_fini = worker_fini);
