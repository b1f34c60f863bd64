/*
 * router - stage and key to (plugin, handler, data).
 *
 * Built on the main thread from the configuration and the loaded plugins, then immutable.
 * Finding allocates nothing. [any thread]
 */
#ifndef JF_HOST_ROUTER_H
#define JF_HOST_ROUTER_H

#include "core/host/plugin.h"
#include "core/parse/selector.h"
#include "sdk/jackfield.h"

struct router;

/* Where an event goes. Read by dispatch on every event, hence the bodies. */
struct route {
    jf_bytes key;
    struct plugin *plugin;
    jf_event_fn *handler;
    void *data;
};

/* One served API. */
struct stage {
    jf_bytes name;
    uint32_t index;
    struct selector *selector;
    const struct route *connect, *disconnect, *default_route; /* NULL: none */
    struct stage_table *table;
};

/* Load every plugin of the configuration and map its routes. On failure *error says which
 * file and why, two claimants of one key are both named, and everything is undone. */
int router_new(const struct config *config, const struct jf_host *table,
               uint32_t worker_count, struct router **out, char error[PLUGIN_ERROR_MAX]);

/* End the plugins, last loaded first, while the workers are still there to be called.
 * NULL is accepted. */
void router_free_plugins(struct router *router);

/* Also ends the plugins. NULL is accepted. */
void router_free(struct router *router);

/* The stage whose name is the first part of the path; "/" is "$default"'s. NULL: none. */
const struct stage *router_stage(const struct router *router, jf_bytes path);
const struct stage *router_stage_named(const struct router *router, jf_bytes name);

/* The route of a message's key, "$default" if it has none of its own; NULL: neither.
 * Lifecycle routes are not found. */
const struct route *router_find(const struct stage *stage, jf_bytes key);

size_t router_plugin_count(const struct router *router);
struct plugin *router_plugin(const struct router *router, size_t index);

#endif
