/* Builds the tables that messages are routed by. */
#include "core/host/router.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"
#include "core/host/api_keys.h"
#include "core/host/domains.h"

/* The routes that messages can reach, by key. */
struct stage_table {
    struct table routes;
};

struct router {
    const struct stages *stages;
    struct domains domains;
    struct stage_routes *routes; /* by the stage's index */
    uint32_t count;
};

static const struct route **lifecycle_slot(struct stage_routes *routes, jf_bytes key)
{
    if (bytes_eq(key, "$authorize"))
        return &routes->authorize;
    if (bytes_eq(key, "$connect"))
        return &routes->connect;
    if (bytes_eq(key, "$disconnect"))
        return &routes->disconnect;
    if (bytes_eq(key, "$default"))
        return &routes->default_route;
    return NULL;
}

static int quarrel(const struct route *route, const struct route *other,
                   char error[PLUGIN_ERROR_MAX])
{
    const struct plugin *plugin = route->plugin;
    snprintf(
        error, PLUGIN_ERROR_MAX,
        "%s: route \"%.*s\" of stage \"%.*s\" is already claimed by %s; rename one with "
        "\"routes\" in the configuration",
        plugin->file, BYTES_FMT(route->key), BYTES_FMT(plugin->stage->name),
        other->plugin->file);
    return JF_E_INVALID;
}

static int add_route(struct stage_routes *routes, struct route *route,
                     char error[PLUGIN_ERROR_MAX])
{
    const struct route **slot = lifecycle_slot(routes, route->key);
    const struct route *other =
        slot ? *slot : table_find(&routes->table->routes, route->key);
    if (other)
        return quarrel(route, other, error);
    if (slot)
        *slot = route;
    else
        table_put(&routes->table->routes, route->key, route);
    return JF_OK;
}

static int add_plugin(struct router *router, const struct lineup_entry *entry,
                      char error[PLUGIN_ERROR_MAX])
{
    struct plugin *plugin = entry->plugin;
    int status = JF_OK;
    for (size_t i = 0; status == JF_OK && i < plugin->route_count; i++)
        status = add_route(&router->routes[entry->stage->index], &plugin->routes[i], error);
    return status;
}

static int add_stage(struct router *router, const struct config_stage *config,
                     enum config_profile profile, struct api_keys *keys,
                     char error[PLUGIN_ERROR_MAX])
{
    const struct stage *stage = stages_find(router->stages, jf_str(config->name));
    struct stage_routes *routes = &router->routes[stage->index];
    struct selector_error wrong;
    routes->stage = stage;
    routes->table = xnew(struct stage_table);
    routes->settings = settings_new(config, profile, keys);
    table_init(&routes->table->routes);
    int status = selector_compile(jf_str(config->route), &routes->selector, &wrong);
    if (status < 0)
        snprintf(error, PLUGIN_ERROR_MAX, "stage \"%s\": route \"%s\": character %zu: %s",
                 config->name, config->route, wrong.at + 1, wrong.text);
    return status;
}

/* Or anybody could come in without one. */
static int check_keys(const struct stage_routes *routes, char error[PLUGIN_ERROR_MAX])
{
    if (routes->authorize || !settings_wants_key(routes->settings) ||
        settings_api_key_source(routes->settings) != API_KEY_AUTHORIZER)
        return JF_OK;
    snprintf(error, PLUGIN_ERROR_MAX,
             "stage \"%.*s\": \"api_key\" is what $authorize says, and no plugin of the "
             "stage has that route",
             BYTES_FMT(routes->stage->name));
    return JF_E_INVALID;
}

static int check_stages(const struct router *router, char error[PLUGIN_ERROR_MAX])
{
    int status = JF_OK;
    for (uint32_t i = 0; status == JF_OK && i < router->count; i++) {
        if (router->routes[i].table)
            status = check_keys(&router->routes[i], error);
    }
    return status;
}

int router_new(const struct config *config, const struct lineup *lineup,
               const struct stages *stages, struct router **out,
               char error[PLUGIN_ERROR_MAX])
{
    struct router *router = xnew(struct router);
    int status = JF_OK;
    router->stages = stages;
    struct api_keys *keys = api_keys_new(config);
    domains_init(&router->domains, config);
    router->count = stages_count(stages);
    router->routes = xcalloc(router->count, sizeof(*router->routes));
    for (size_t i = 0; status == JF_OK && i < config->stage_count; i++)
        status = add_stage(router, &config->stages[i], config->profile, keys, error);
    api_keys_unref(keys); /* the settings of its stages have it */
    for (size_t i = 0; status == JF_OK && i < lineup->count; i++)
        status = add_plugin(router, &lineup->entries[i], error);
    if (status == JF_OK)
        status = check_stages(router, error);
    if (status < 0) {
        router_free(router);
        return status;
    }
    *out = router;
    return JF_OK;
}

void router_free(struct router *router)
{
    if (!router)
        return;
    for (uint32_t i = 0; i < router->count; i++) {
        struct stage_routes *routes = &router->routes[i];
        if (!routes->table)
            continue;
        table_fini(&routes->table->routes);
        free(routes->table);
        selector_free(routes->selector);
        settings_unref(routes->settings);
    }
    domains_free(&router->domains);
    free(router->routes);
    free(router);
}

const struct stage_routes *router_of_stage(const struct router *router,
                                           const struct stage *stage)
{
    if (!stage || stage->index >= router->count)
        return NULL;
    const struct stage_routes *routes = &router->routes[stage->index];
    return routes->table ? routes : NULL;
}

/* The first part of a path, and what follows it. */
static jf_bytes cut_part(jf_bytes path, jf_bytes *rest)
{
    jf_bytes part = bytes_from(path, 1);
    part.len = bytes_find(part, '/');
    *rest = bytes_from(path, 1 + part.len);
    return part;
}

bool router_is_reserved(jf_bytes part)
{
    return part.len &&
           (part.ptr[0] == '@' || (part.ptr[0] == '%' && bytes_unescape(part) == '@'));
}

const struct stage_routes *router_of_request(const struct router *router, jf_bytes host,
                                             jf_bytes path, jf_bytes *rest)
{
    jf_bytes name, left;
    if (!domains_find(&router->domains, host, path, &name, &left)) {
        name = cut_part(path, &left);
        if (router_is_reserved(name))
            left = path;
        if (!name.len || router_is_reserved(name))
            name = jf_str("$default");
    }
    const struct stage_routes *routes =
        router_of_stage(router, stages_find(router->stages, name));
    if (routes)
        *rest = left;
    return routes;
}

const struct route *router_find(const struct stage_routes *routes, jf_bytes key)
{
    const struct route *route = table_find(&routes->table->routes, key);
    return route ? route : routes->default_route;
}
