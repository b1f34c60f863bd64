/*
 * router - stage and key to route.
 *
 * Made from a configuration and a lineup on the main thread, then immutable: a reload makes
 * another one, and each worker changes over between two events. Finding allocates nothing.
 * [any thread]
 */
#ifndef JF_HOST_ROUTER_H
#define JF_HOST_ROUTER_H

#include "core/host/lineup.h"
#include "core/host/plugin.h"
#include "core/host/settings.h"
#include "core/host/stage.h"
#include "core/parse/selector.h"
#include "sdk/jackfield.h"

struct router;
struct stage_table;

/* The routes of one stage. Read by dispatch on every event, hence the body. */
struct stage_routes {
    const struct stage *stage;
    struct selector *selector;
    struct settings *settings; /* what its events tell of it */
    const struct route *authorize, *connect, *disconnect, *default_route; /* NULL: none */
    struct stage_table *table;
};

/* On failure *error says which file or stage and why; two claimants of one key are both
 * named. [main thread] */
int router_new(const struct config *config, const struct lineup *lineup,
               const struct stages *stages, struct router **out,
               char error[PLUGIN_ERROR_MAX]);

/* NULL is accepted. [main thread] */
void router_free(struct router *router);

/* The routes of the stage that a request means, by its Host header and its path as they
 * came: that of a base path where the host has some, else the one whose name is the first
 * part of the path, "$default" if that is empty or begins with an "@", as stages' names do
 * not. *rest is the path without what selected the stage: empty, or from a slash on. NULL:
 * there is no such stage; *rest is not touched. */
const struct stage_routes *router_of_request(const struct router *router, jf_bytes host,
                                             jf_bytes path, jf_bytes *rest);

/* Does this part of a path begin with an "@", as it came? No stage's or base path's does.
 */
bool router_is_reserved(jf_bytes part);

/* NULL: the stage is newer than this router. */
const struct stage_routes *router_of_stage(const struct router *router,
                                           const struct stage *stage);

/* The route of a message's key, "$default" if it has none of its own; NULL: neither.
 * Lifecycle routes are not found. */
const struct route *router_find(const struct stage_routes *routes, jf_bytes key);

#endif
