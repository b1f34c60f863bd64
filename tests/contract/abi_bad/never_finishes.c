/*
 * Broken: route "never" says JF_LATER and forgets about it; with "?never" in the query,
 * $connect does the same.
 * The host: after its event time it answers for the handler ("Endpoint request timed out",
 * or 504 before the upgrade) and logs the route. Other connections are not held up, this
 * one goes on, and a stopping host does not wait longer than it drains.
 */
#include "jackfield.h"

static int on_connect(struct jf_event *ev)
{
    jf_bytes never = jf_find(ev->connect->query, ev->connect->query_count, "never");
    return never.ptr ? JF_LATER : JF_OK;
}

static int on_never(struct jf_event *ev)
{
    (void)ev;
    return JF_LATER;
}

static int on_ok(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("ok"));
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "never", on_never },
    { "ok", on_ok },
    { NULL, NULL },
};

JF_PLUGIN(.name = "never_finishes", .version = "1.0", .routes = routes);
