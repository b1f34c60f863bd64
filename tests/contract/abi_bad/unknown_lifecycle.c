/*
 * Broken: a key that starts with "$" and is none of $connect, $disconnect, $default. A
 * slip of the pen; no message could ever select it.
 * The host: refuses it, and names the file and the key.
 */
#include "jackfield.h"

static int on_message(struct jf_event *ev)
{
    (void)ev;
    return JF_OK;
}

static const struct jf_route routes[] = { { "$conect", on_message }, { NULL, NULL } };

JF_PLUGIN(.name = "unknown_lifecycle", .version = "1.0", .routes = routes);
