/*
 * Broken: claims one key twice.
 * The host: refuses it, and names the file and the key.
 */
#include "jackfield.h"

static int on_message(struct jf_event *ev)
{
    (void)ev;
    return JF_OK;
}

static const struct jf_route routes[] = {
    { "twin", on_message },
    { "other", on_message },
    { "twin", on_message },
    { NULL, NULL },
};

JF_PLUGIN(.name = "duplicate_keys", .version = "1.0", .routes = routes);
