/*
 * Broken: a route whose key is the empty string, which a missing path would select.
 * The host: refuses it, and names the file.
 */
#include "jackfield.h"

static int on_message(struct jf_event *ev)
{
    (void)ev;
    return JF_OK;
}

static const struct jf_route routes[] = { { "", on_message }, { NULL, NULL } };

JF_PLUGIN(.name = "empty_key", .version = "1.0", .routes = routes);
