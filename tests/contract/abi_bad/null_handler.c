/*
 * Broken: a route without a handler.
 * The host: refuses it, and names the file and the route.
 */
#include "jackfield.h"

static const struct jf_route routes[] = { { "hollow", NULL }, { NULL, NULL } };

JF_PLUGIN(.name = "null_handler", .version = "1.0", .routes = routes);
