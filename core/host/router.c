/* Builds the tables that messages are routed by. */
#include "core/host/router.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"

/* The routes that messages can reach, by key. */
struct stage_table {
    struct table routes;
};

struct router {
    struct stage *stages;
    size_t stage_count;
    struct plugin **plugins;
    size_t plugin_count;
};

static const struct route **lifecycle_slot(struct stage *stage, jf_bytes key)
{
    if (bytes_eq(key, "$connect"))
        return &stage->connect;
    if (bytes_eq(key, "$disconnect"))
        return &stage->disconnect;
    if (bytes_eq(key, "$default"))
        return &stage->default_route;
    return NULL;
}

static const struct route *claimed(struct stage *stage, jf_bytes key)
{
    const struct route **slot = lifecycle_slot(stage, key);
    return slot ? *slot : table_find(&stage->table->routes, key);
}

static int add_route(struct stage *stage, struct plugin *plugin,
                     const struct plugin_route *from, char error[PLUGIN_ERROR_MAX])
{
    jf_bytes key = jf_str(from->key);
    const struct route *other = claimed(stage, key);
    if (other) {
        snprintf(error, PLUGIN_ERROR_MAX,
                 "%s: route \"%s\" of stage \"%.*s\" is already claimed by %s; rename one "
                 "with \"routes\" in the configuration",
                 plugin->file, from->key, BYTES_FMT(stage->name), other->plugin->file);
        return JF_E_INVALID;
    }
    struct route *route = xnew(struct route);
    *route = (struct route){ key, plugin, from->handler, from->data };
    const struct route **slot = lifecycle_slot(stage, key);
    if (slot)
        *slot = route;
    else
        table_put(&stage->table->routes, key, route);
    return JF_OK;
}

static int add_plugin(struct router *router, struct stage *stage,
                      const struct config_plugin *config, const struct jf_host *table,
                      uint32_t worker_count, char error[PLUGIN_ERROR_MAX])
{
    struct plugin *plugin;
    int status = plugin_load(config, stage->name.ptr, table, worker_count, &plugin, error);
    if (status < 0)
        return status;
    router->plugins[router->plugin_count++] = plugin;
    for (size_t i = 0; i < plugin->route_count; i++) {
        status = add_route(stage, plugin, &plugin->routes[i], error);
        if (status < 0)
            return status;
    }
    return JF_OK;
}

static int compile_selector(struct stage *stage, const char *expression,
                            char error[PLUGIN_ERROR_MAX])
{
    struct selector_error wrong;
    int status = selector_compile(jf_str(expression), &stage->selector, &wrong);
    if (status < 0)
        snprintf(error, PLUGIN_ERROR_MAX, "stage \"%.*s\": route \"%s\": character %zu: %s",
                 BYTES_FMT(stage->name), expression, wrong.at + 1, wrong.text);
    return status;
}

static int add_stage(struct router *router, const struct config_stage *config,
                     const struct jf_host *table, uint32_t worker_count,
                     char error[PLUGIN_ERROR_MAX])
{
    struct stage *stage = &router->stages[router->stage_count];
    stage->name = jf_str(config->name);
    stage->index = (uint32_t)router->stage_count++;
    stage->table = xnew(struct stage_table);
    table_init(&stage->table->routes);
    int status = compile_selector(stage, config->route, error);
    for (size_t i = 0; status == JF_OK && i < config->plugin_count; i++)
        status = add_plugin(router, stage, &config->plugins[i], table, worker_count, error);
    return status;
}

static size_t count_plugins(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->stage_count; i++)
        count += config->stages[i].plugin_count;
    return count;
}

int router_new(const struct config *config, const struct jf_host *table,
               uint32_t worker_count, struct router **out, char error[PLUGIN_ERROR_MAX])
{
    struct router *router = xnew(struct router);
    router->stages = xcalloc(config->stage_count, sizeof(*router->stages));
    router->plugins = xcalloc(count_plugins(config), sizeof(struct plugin *));
    for (size_t i = 0; i < config->stage_count; i++) {
        int status = add_stage(router, &config->stages[i], table, worker_count, error);
        if (status < 0) {
            router_free(router);
            return status;
        }
    }
    *out = router;
    return JF_OK;
}

static void free_route(const struct route *route)
{
    union {
        const struct route *in;
        void *out;
    } pointer = { .in = route };
    free(pointer.out);
}

static void stage_fini(struct stage *stage)
{
    size_t at = 0;
    void *route;
    free_route(stage->connect);
    free_route(stage->disconnect);
    free_route(stage->default_route);
    while (table_next(&stage->table->routes, &at, &route))
        free(route);
    table_fini(&stage->table->routes);
    free(stage->table);
    selector_free(stage->selector);
}

void router_free_plugins(struct router *router)
{
    if (!router)
        return;
    while (router->plugin_count)
        plugin_free(router->plugins[--router->plugin_count]);
}

void router_free(struct router *router)
{
    if (!router)
        return;
    router_free_plugins(router);
    for (size_t i = 0; i < router->stage_count; i++)
        stage_fini(&router->stages[i]);
    free(router->plugins);
    free(router->stages);
    free(router);
}

const struct stage *router_stage_named(const struct router *router, jf_bytes name)
{
    for (size_t i = 0; i < router->stage_count; i++) {
        if (jf_same(router->stages[i].name, name))
            return &router->stages[i];
    }
    return NULL;
}

const struct stage *router_stage(const struct router *router, jf_bytes path)
{
    jf_bytes part = bytes_from(path, 1);
    part.len = bytes_find(part, '/');
    return router_stage_named(router, part.len ? part : jf_str("$default"));
}

const struct route *router_find(const struct stage *stage, jf_bytes key)
{
    const struct route *route = table_find(&stage->table->routes, key);
    return route ? route : stage->default_route;
}

size_t router_plugin_count(const struct router *router)
{
    return router->plugin_count;
}

struct plugin *router_plugin(const struct router *router, size_t index)
{
    return router->plugins[index];
}
