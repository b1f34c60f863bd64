/*
 * Broken: calls jf_finish() and returns JF_OK, so the event is finished by both, by route
 *   ok       the two agree
 *   differ   jf_finish() says it failed, the handler says JF_OK
 * The host: what the handler returned counts; the jf_finish() is logged with its route and
 * has no effect, on this event or the next.
 */
#include "jackfield.h"

static int on_ok(struct jf_event *ev)
{
    jf_finish(ev, JF_OK);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("ok"));
}

static int on_differ(struct jf_event *ev)
{
    jf_finish(ev, JF_E_INTERNAL);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("differ"));
}

static const struct jf_route routes[] = {
    { "ok", on_ok },
    { "differ", on_differ },
    { NULL, NULL },
};

JF_PLUGIN(.name = "sync_finish", .version = "1.0", .routes = routes);
