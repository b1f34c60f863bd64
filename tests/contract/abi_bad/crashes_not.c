/*
 * Broken: what it returns is no status, by route
 *   big       12345
 *   small     -12345
 *   finish    JF_LATER, then jf_finish() with 12345
 *   later     JF_LATER, then jf_finish() with JF_LATER
 * The host: treats each as a failure ("Internal server error"), logs the number, and does
 * not fall over.
 */
#include "jackfield.h"

static int on_big(struct jf_event *ev)
{
    (void)ev;
    return 12345;
}

static int on_small(struct jf_event *ev)
{
    (void)ev;
    return -12345;
}

static int on_finish(struct jf_event *ev)
{
    jf_finish(ev, 12345);
    return JF_LATER;
}

static int on_later(struct jf_event *ev)
{
    jf_finish(ev, JF_LATER);
    return JF_LATER;
}

static const struct jf_route routes[] = {
    { "big", on_big },     { "small", on_small }, { "finish", on_finish },
    { "later", on_later }, { NULL, NULL },
};

JF_PLUGIN(.name = "crashes_not", .version = "1.0", .routes = routes);
