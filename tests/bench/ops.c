/* ops - a message asks the store many times, so many at a time in flight, and is answered
 * when all is done: then the message itself costs next to nothing. Everybody is in one
 * group. The number comes from the options: { "count": 4000 }. One worker only: it knows
 * the connections of its own.
 *
 * A store with a server tells it of changes without waiting. So the end is a question to
 * that server, by the same way: its answer comes when all that was told before is done. */
#include <stdlib.h>

#include "jackfield.h"

#define GROUP "crowd"
#define IN_FLIGHT 64
#define CONNS_MAX 1024

struct conns {
    size_t count;
    jf_conn_id ids[CONNS_MAX];
};

struct run {
    struct jf_event *ev;
    int (*ask)(jf_worker *w, struct run *run, unsigned at);
    unsigned count, asked, answered;
    int status; /* of the first that failed; after it no more are asked */
};

/* ---- One operation -------------------------------------------------------------- */

static void answered(jf_worker *w, struct run *run, int status);

static void on_done(jf_worker *w, void *data, int status)
{
    answered(w, data, status);
}

static void on_value(jf_worker *w, void *data, int status, jf_bytes value)
{
    (void)value;
    answered(w, data, status);
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    (void)ids;
    (void)count;
    answered(w, data, status);
}

static void on_count(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)count;
    answered(w, data, status);
}

static jf_conn_id conn_at(const jf_worker *w, unsigned at)
{
    const struct conns *conns = w->local;
    return conns->ids[at % conns->count];
}

static int attr_set(jf_worker *w, struct run *run, unsigned at)
{
    return jf_attr_set(w, conn_at(w, at), jf_str("name"), jf_str("a value of 20 octets"),
                       on_done, run);
}

static int attr_get(jf_worker *w, struct run *run, unsigned at)
{
    return jf_attr_get(w, conn_at(w, at), jf_str("name"), on_value, run);
}

/* Half of them join, and those who did leave. */
static int join_leave(jf_worker *w, struct run *run, unsigned at)
{
    if (at % 2)
        return jf_group_leave(w, jf_str("room"), conn_at(w, at / 2), on_done, run);
    return jf_group_join(w, jf_str("room"), conn_at(w, at / 2), on_done, run);
}

static int group_members(jf_worker *w, struct run *run, unsigned at)
{
    (void)at;
    return jf_group_members(w, jf_str(GROUP), on_members, run);
}

static int group_count(jf_worker *w, struct run *run, unsigned at)
{
    (void)at;
    return jf_group_count(w, jf_str(GROUP), on_count, run);
}

/* ---- Many ----------------------------------------------------------------------- */

static void end(struct run *run, int status)
{
    struct jf_event *ev = run->ev;
    free(run);
    if (status == JF_OK)
        status = jf_send(ev->self, ev->conn, JF_TEXT, ev->message->body);
    if (status < 0)
        jf_log(ev->self, JF_ERROR, "an operation failed: %d", status);
    jf_finish(ev, status);
}

static void on_all_told(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)w;
    (void)count;
    end(data, status);
}

static void ask_one(jf_worker *w, struct run *run)
{
    int status = run->ask(w, run, run->asked);
    if (status < 0)
        run->status = status;
    else
        run->asked++;
}

static void answered(jf_worker *w, struct run *run, int status)
{
    run->answered++;
    if (status < 0 && run->status == JF_OK)
        run->status = status;
    if (run->status == JF_OK && run->asked < run->count)
        ask_one(w, run);
    if (run->answered < run->asked)
        return;
    status = run->status;
    if (status == JF_OK)
        status = jf_group_count(w, jf_str("nobody"), on_all_told, run);
    if (status < 0)
        end(run, status);
}

static int begin(struct jf_event *ev, int (*ask)(jf_worker *, struct run *, unsigned))
{
    struct run *run = calloc(1, sizeof(*run));
    if (!run)
        return JF_E_NOMEM;
    *run = (struct run){ .ev = ev, .ask = ask, .count = *(unsigned *)ev->self->state };
    while (run->status == JF_OK && run->asked < IN_FLIGHT && run->asked < run->count)
        ask_one(ev->worker, run);
    if (run->asked)
        return JF_LATER;
    int status = run->status;
    free(run);
    return status;
}

static int on_attr_set(struct jf_event *ev)
{
    return begin(ev, attr_set);
}

static int on_attr_get(struct jf_event *ev)
{
    return begin(ev, attr_get);
}

static int on_join_leave(struct jf_event *ev)
{
    return begin(ev, join_leave);
}

static int on_members_asked(struct jf_event *ev)
{
    return begin(ev, group_members);
}

static int on_count_asked(struct jf_event *ev)
{
    return begin(ev, group_count);
}

/* ---- Life ----------------------------------------------------------------------- */

static void on_named(jf_worker *w, void *data, int status)
{
    struct jf_event *ev = data;
    struct conns *conns = w->local;
    if (status == JF_OK && conns->count < CONNS_MAX)
        conns->ids[conns->count++] = ev->conn;
    jf_finish(ev, status);
}

/* With an attribute to be read. */
static void on_joined(jf_worker *w, void *data, int status)
{
    struct jf_event *ev = data;
    if (status == JF_OK)
        status = jf_attr_set(w, ev->conn, jf_str("name"), jf_str("a value of 20 octets"),
                             on_named, ev);
    if (status < 0)
        jf_finish(ev, status);
}

static int on_connect(struct jf_event *ev)
{
    int status = jf_group_join(ev->worker, jf_str(GROUP), ev->conn, on_joined, ev);
    return status < 0 ? status : JF_LATER;
}

static int init(jf_self *self, jf_bytes options)
{
    static unsigned count;
    char text[64] = "";
    if (options.len >= sizeof(text))
        return JF_E_INVALID;
    memcpy(text, options.ptr, options.len);
    const char *colon = strchr(text, ':');
    count = colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
    self->state = &count;
    return count ? JF_OK : JF_E_INVALID;
}

static int worker_init(jf_worker *w)
{
    w->local = calloc(1, sizeof(struct conns));
    return w->local ? JF_OK : JF_E_NOMEM;
}

static void worker_fini(jf_worker *w)
{
    free(w->local);
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "attr_set", on_attr_set },
    { "attr_get", on_attr_get },
    { "join_leave", on_join_leave },
    { "group_members", on_members_asked },
    { "group_count", on_count_asked },
    { NULL, NULL },
};

JF_PLUGIN(.name = "ops", .version = "1.0", .routes = routes, .init = init,
          .worker_init = worker_init, .worker_fini = worker_fini);
