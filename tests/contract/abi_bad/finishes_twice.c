/*
 * Broken: finishes an event twice, by route
 *   at_once   twice inside the handler
 *   later     once, and again 50 ms after, when the event is long over and its place may
 *             hold another one
 * The host: the first one counts; the second is logged with its route and has no effect. In
 * particular it does not finish the event that came next ("ok" answers "ok").
 */
#include "jackfield.h"

static int on_ok(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("ok"));
}

static int on_at_once(struct jf_event *ev)
{
    int status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str("at_once"));
    jf_finish(ev, status);
    jf_finish(ev, status);
    return JF_LATER;
}

static void again(jf_worker *w, void *data)
{
    (void)w;
    jf_finish(data, JF_E_INTERNAL);
}

static int on_later(struct jf_event *ev)
{
    int status = jf_timer_start(ev->worker, 50, again, ev, NULL);
    if (status == JF_OK)
        status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str("later"));
    jf_finish(ev, status);
    return JF_LATER;
}

static const struct jf_route routes[] = {
    { "ok", on_ok },
    { "at_once", on_at_once },
    { "later", on_later },
    { NULL, NULL },
};

JF_PLUGIN(.name = "finishes_twice", .version = "1.0", .routes = routes);
