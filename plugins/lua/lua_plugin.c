/*
 * lua - handlers written in Lua.
 *
 * An instance is one script; its options, as the host makes them for a file "chat.lua":
 *
 *   {"script":"/path/chat.lua","memory_bytes":16777216,"budget_ms":100,"options":{...}}
 *
 * memory_bytes and budget_ms are limits per state and per call; "options" is what the
 * script sees as jf.options. The script is tried once while the instance is made, which
 * shows its routes; then every worker builds a state of its own from the same text.
 */
#include "lua_plugin.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lua_call.h"
#include "lua_report.h"
#include "lua_state.h"

#define MEMORY_DEFAULT (16.0 * 1024 * 1024)
#define MEMORY_MIN (256.0 * 1024)
#define MEMORY_MAX (4096.0 * 1024 * 1024)
#define BUDGET_DEFAULT 100.0
#define BUDGET_MAX 60000.0

/* ---- Options ---------------------------------------------------------------------------
 */

static bool read_number(const cJSON *options, const char *name, double min, double max,
                        double *number)
{
    const cJSON *option = cJSON_GetObjectItemCaseSensitive(options, name);
    if (option && !cJSON_IsNumber(option))
        return false;
    if (option)
        *number = option->valuedouble;
    return *number >= min && *number <= max;
}

static int read_limits(struct lua_plugin *plugin, const cJSON *options)
{
    double memory = MEMORY_DEFAULT, budget = BUDGET_DEFAULT;
    if (!read_number(options, "memory_bytes", MEMORY_MIN, MEMORY_MAX, &memory)) {
        jf_log(plugin->self, JF_ERROR, "memory_bytes: a number from %.0f to %.0f",
               MEMORY_MIN, MEMORY_MAX);
        return JF_E_INVALID;
    }
    if (!read_number(options, "budget_ms", 1, BUDGET_MAX, &budget)) {
        jf_log(plugin->self, JF_ERROR, "budget_ms: a number from 1 to %.0f", BUDGET_MAX);
        return JF_E_INVALID;
    }
    plugin->memory_bytes = (size_t)memory;
    plugin->budget_ms = (unsigned)budget;
    return JF_OK;
}

/* Kept as text: each state makes a table of its own. */
static int read_script_options(struct lua_plugin *plugin, const cJSON *options)
{
    const cJSON *option = cJSON_GetObjectItemCaseSensitive(options, "options");
    if (option && !cJSON_IsObject(option)) {
        jf_log(plugin->self, JF_ERROR, "options: an object");
        return JF_E_INVALID;
    }
    char *text = option ? cJSON_PrintUnformatted(option) : NULL;
    plugin->options = strdup(text ? text : "{}");
    bool lost = (option && !text) || !plugin->options;
    cJSON_free(text);
    return lost ? JF_E_NOMEM : JF_OK;
}

static int read_options(struct lua_plugin *plugin, const cJSON *options)
{
    const char *script =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(options, "script"));
    if (!script) {
        jf_log(plugin->self, JF_ERROR, "script: the path of the script is missing");
        return JF_E_INVALID;
    }
    int status = read_limits(plugin, options);
    if (status == JF_OK)
        status = read_script_options(plugin, options);
    if (status == JF_OK)
        status = lua_source_new(plugin->self, script, &plugin->source);
    return status;
}

/* ---- The instance ----------------------------------------------------------------------
 */

static void free_plugin(struct lua_plugin *plugin)
{
    if (!plugin)
        return;
    for (size_t i = 0; i < plugin->route_count; i++)
        free(plugin->routes[i].key);
    free(plugin->routes);
    lua_source_free(plugin->source);
    free(plugin->options);
    free(plugin);
}

static int on_event(struct jf_event *ev)
{
    struct lua_worker *worker = ev->worker->local;
    return lua_call_event(worker->state, ev->data, ev);
}

static int add_routes(struct lua_plugin *plugin)
{
    int status = JF_OK;
    for (size_t i = 0; i < plugin->route_count && status == JF_OK; i++) {
        struct lua_route *route = &plugin->routes[i];
        status = jf_route_add(plugin->self, jf_str(route->key), on_event, route);
        if (status < 0)
            jf_log(plugin->self, JF_ERROR, "%s: the host refuses the route '%s'",
                   lua_source_name(plugin->source), route->key);
    }
    return status;
}

/* The trial is over before the first worker begins. */
static int try_script(struct lua_plugin *plugin)
{
    struct lua_state *trial = NULL;
    int status = lua_state_new(plugin, NULL, &trial);
    lua_state_free(trial);
    return status;
}

static int init(jf_self *self, jf_bytes text)
{
    struct lua_plugin *plugin = calloc(1, sizeof(*plugin));
    if (!plugin)
        return JF_E_NOMEM;
    plugin->self = self;
    cJSON *options = cJSON_ParseWithLength(text.ptr, text.len);
    int status = read_options(plugin, options);
    cJSON_Delete(options);
    if (status == JF_OK)
        status = try_script(plugin);
    if (status == JF_OK)
        status = add_routes(plugin);
    if (status < 0) {
        free_plugin(plugin);
        return status;
    }
    self->state = plugin;
    return JF_OK;
}

static void fini(jf_self *self)
{
    free_plugin(self->state);
    self->state = NULL;
}

/* ---- Its workers -----------------------------------------------------------------------
 */

static int worker_init(jf_worker *w)
{
    struct lua_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return JF_E_NOMEM;
    worker->w = w;
    int status = lua_state_new(w->self->state, worker, &worker->state);
    if (status < 0) {
        free(worker);
        return status;
    }
    w->local = worker;
    return JF_OK;
}

static void worker_fini(jf_worker *w)
{
    struct lua_worker *worker = w->local;
    const struct lua_plugin *plugin = w->self->state;
    lua_report_rest(worker);
    jf_log(w->self, JF_INFO,
           "%s: worker=%u calls=%llu errors=%llu over_budget=%llu out_of_memory=%llu "
           "replaced=%llu",
           lua_source_name(plugin->source), w->index, (unsigned long long)worker->calls,
           (unsigned long long)worker->errors, (unsigned long long)worker->over_budget,
           (unsigned long long)worker->out_of_memory, (unsigned long long)worker->replaced);
    lua_state_free(worker->state);
    while (worker->retired) {
        struct lua_state *old = worker->retired;
        worker->retired = old->next;
        lua_state_free(old);
    }
    free(worker);
    w->local = NULL;
}

JF_PLUGIN(.name = "lua", .version = "1.0", .init = init, .worker_init = worker_init,
          .worker_fini = worker_fini, .fini = fini);
