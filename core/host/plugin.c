/* From a file to an instance and back. What the events of an instance do is dispatch's. */
#include "core/host/plugin.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/engine_so.h"

/* What every plugin must have: everything up to and including its routes. */
#define ENTRY_MIN (offsetof(struct jf_plugin, routes) + sizeof(const struct jf_route *))

static int complain(char error[PLUGIN_ERROR_MAX], const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(char error[PLUGIN_ERROR_MAX], const char *file, const char *format, ...)
{
    int n = snprintf(error, PLUGIN_ERROR_MAX, "%s: ", file);
    va_list args;
    va_start(args, format);
    vsnprintf(error + n, PLUGIN_ERROR_MAX - (size_t)n, format, args);
    va_end(args);
    return JF_E_INVALID;
}

static int check_entry(const struct jf_plugin *entry, const char *file,
                       char error[PLUGIN_ERROR_MAX])
{
    if (entry->size < ENTRY_MIN)
        return complain(error, file, "its description is %u octets, %zu are the least",
                        entry->size, ENTRY_MIN);
    if (entry->abi_major != JF_ABI_MAJOR)
        return complain(error, file,
                        "built for ABI %u.%u, this host speaks %u.%u; rebuild it with this "
                        "host's jackfield.h",
                        entry->abi_major, entry->abi_minor, JF_ABI_MAJOR, JF_ABI_MINOR);
    if (entry->abi_minor > JF_ABI_MINOR)
        return complain(error, file,
                        "built for ABI %u.%u, newer than this host's %u.%u; use a newer "
                        "host or rebuild it with this host's jackfield.h",
                        entry->abi_major, entry->abi_minor, JF_ABI_MAJOR, JF_ABI_MINOR);
    if (!entry->name || !*entry->name)
        return complain(error, file, "has no name");
    return JF_OK;
}

static bool key_allowed(jf_bytes key)
{
    if (!key.len)
        return false;
    return key.ptr[0] != '$' || bytes_eq(key, "$connect") || bytes_eq(key, "$disconnect") ||
           bytes_eq(key, "$default");
}

int plugin_add_route(struct plugin *plugin, jf_bytes key, jf_event_fn *handler, void *data)
{
    if (!plugin->initialising || !handler || !key_allowed(key))
        return JF_E_INVALID;
    for (size_t i = 0; i < plugin->route_count; i++) {
        if (bytes_eq(key, plugin->routes[i].key))
            return JF_E_INVALID;
    }
    plugin->routes =
        xrealloc(plugin->routes, (plugin->route_count + 1) * sizeof(*plugin->routes));
    plugin->routes[plugin->route_count++] =
        (struct plugin_route){ xdup(key), handler, data };
    return JF_OK;
}

static int add_constant_routes(struct plugin *plugin, char error[PLUGIN_ERROR_MAX])
{
    const struct jf_route *route = plugin->entry.routes;
    for (; route && route->key; route++) {
        if (plugin_add_route(plugin, jf_str(route->key), route->handler, NULL) == JF_OK)
            continue;
        return complain(error, plugin->file,
                        "route \"%s\" is not acceptable: a key is not empty, stands there "
                        "once, has a handler, and begins with \"$\" only as $connect, "
                        "$disconnect or $default",
                        route->key);
    }
    return JF_OK;
}

static struct plugin_route *find_route(struct plugin *plugin, const char *key)
{
    for (size_t i = 0; i < plugin->route_count; i++) {
        if (strcmp(plugin->routes[i].key, key) == 0)
            return &plugin->routes[i];
    }
    return NULL;
}

/* "routes" of the configuration: the stage's key for a route the plugin calls otherwise. */
static int rename_routes(struct plugin *plugin, const struct config_plugin *config,
                         char error[PLUGIN_ERROR_MAX])
{
    for (size_t i = 0; i < config->rename_count; i++) {
        const struct config_rename *rename = &config->renames[i];
        struct plugin_route *route = find_route(plugin, rename->name);
        if (!route)
            return complain(error, plugin->file,
                            "the configuration maps \"%s\" to \"%s\", but it has no such "
                            "route",
                            rename->key, rename->name);
        if (!key_allowed(jf_str(rename->key)))
            return complain(error, plugin->file, "\"%s\" cannot be a route key",
                            rename->key);
        free(route->key);
        route->key = xdup(jf_str(rename->key));
    }
    return JF_OK;
}

static void release(struct plugin *plugin)
{
    for (size_t i = 0; i < plugin->route_count; i++)
        free(plugin->routes[i].key);
    free(plugin->routes);
    free(plugin->workers);
    free(plugin);
}

static struct plugin *plugin_new(const char *file, const struct jf_plugin *entry,
                                 const struct jf_host *table, uint32_t worker_count)
{
    struct plugin *plugin = xnew(struct plugin);
    size_t size = entry->size < sizeof(*entry) ? entry->size : sizeof(*entry);
    memcpy(&plugin->entry, entry, size);
    plugin->file = file;
    plugin->self.host = table;
    plugin->self.worker_count = worker_count;
    plugin->workers = xcalloc(worker_count, sizeof(*plugin->workers));
    for (uint32_t i = 0; i < worker_count; i++) {
        plugin->workers[i].self = &plugin->self;
        plugin->workers[i].index = i;
    }
    return plugin;
}

static int run_init(struct plugin *plugin, const struct config_plugin *config,
                    char error[PLUGIN_ERROR_MAX])
{
    if (!plugin->entry.init)
        return JF_OK;
    int status = plugin->entry.init(&plugin->self, jf_str(config->options));
    if (status != JF_OK)
        complain(error, plugin->file, "its init failed: %s", status_name(status));
    return status == JF_OK ? JF_OK : JF_E_INVALID;
}

int plugin_load(const struct config_plugin *config, const char *stage,
                const struct jf_host *table, uint32_t worker_count, struct plugin **out,
                char error[PLUGIN_ERROR_MAX])
{
    const struct jf_plugin *entry;
    int status = engine_so_open(config->file, &entry, error, PLUGIN_ERROR_MAX);
    if (status < 0)
        return status;
    status = check_entry(entry, config->file, error);
    if (status < 0)
        return status;

    struct plugin *plugin = plugin_new(config->file, entry, table, worker_count);
    plugin->stage = stage;
    plugin->initialising = true;
    status = add_constant_routes(plugin, error);
    if (status < 0)
        goto fail;
    status = run_init(plugin, config, error);
    if (status < 0)
        goto fail;
    plugin->initialising = false;
    status = rename_routes(plugin, config, error);
    if (status < 0) {
        plugin_free(plugin);
        return status;
    }
    LOG_INFO(PLUGIN, "event=loaded plugin=%s version=%s file=%s routes=%zu",
             plugin->entry.name, plugin->entry.version ? plugin->entry.version : "-",
             plugin->file, plugin->route_count);
    *out = plugin;
    return JF_OK;

fail:
    release(plugin);
    return status;
}

void plugin_free(struct plugin *plugin)
{
    if (!plugin)
        return;
    uint64_t unfinished = atomic_load(&plugin->unfinished);
    if (unfinished) { /* it may still use what it has: let it be */
        LOG_ERROR(PLUGIN, "event=not_released plugin=%s file=%s unfinished_events=%llu",
                  plugin->entry.name, plugin->file, (unsigned long long)unfinished);
        return;
    }
    if (plugin->entry.fini)
        plugin->entry.fini(&plugin->self);
    release(plugin);
}

int plugin_worker_init(struct plugin *plugin, uint32_t index)
{
    if (!plugin->entry.worker_init)
        return JF_OK;
    int status = plugin->entry.worker_init(&plugin->workers[index]);
    if (status == JF_OK)
        return JF_OK;
    LOG_ERROR(PLUGIN, "event=worker_init_failed plugin=%s file=%s status=%s",
              plugin->entry.name, plugin->file, status_name(status));
    return JF_E_INVALID;
}

void plugin_worker_fini(struct plugin *plugin, uint32_t index)
{
    if (plugin->entry.worker_fini && !atomic_load(&plugin->unfinished))
        plugin->entry.worker_fini(&plugin->workers[index]);
}
