/*
 * Building a state: its libraries, the module, the script run once, its routes taken. And
 * taking it down, alone or for another one.
 *
 * A state is built from the instance's source, never from the disk, so all of an instance's
 * states hold the same version. All that may raise runs in one protected call.
 */
#include "lua_state.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "lua_api.h"
#include "lua_bindings.h"
#include "lua_budget.h"
#include "lua_call.h"
#include "lua_plugin.h"
#include "lua_report.h"
#include "lua_require.h"
#include "lua_sandbox.h"
#include "lua_timer.h"

/* More old states than these do not wait beside the new one: each may be as large. */
#define RETIRED_MAX 4

/* ---- The script ------------------------------------------------------------------------
 */

static const char *script_of(const struct lua_state *s)
{
    return lua_source_name(s->plugin->source);
}

/* The error, with a traceback under it. */
static int trace(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TSTRING)
        luaL_traceback(L, L, lua_tostring(L, 1), 1);
    else
        luaL_traceback(
            L, L, lua_pushfstring(L, "the error is a %s value", luaL_typename(L, 1)), 1);
    return 1;
}

/* Push what the script returns. */
static void run_script(lua_State *L, struct lua_state *s)
{
    const struct lua_text *text = NULL;
    int status = lua_source_get(s->plugin->source, script_of(s), true, &text);
    if (status < 0)
        luaL_error(L, "%s: %s", script_of(s),
                   status == JF_E_NOT_FOUND ? "there is no such file"
                   : status == JF_E_TOO_BIG ? "is too large"
                                            : "cannot be read");
    lua_pushcfunction(L, trace);
    int outcome = lua_sandbox_load(L, text->code, text->len, text->chunk);
    if (outcome == LUA_OK)
        outcome = lua_pcall(L, 0, 1, -2);
    if (outcome == LUA_ERRMEM)
        s->starved = true;
    if (outcome != LUA_OK)
        lua_error(L);
}

/* The script's table is on top. */
static void check_keys(lua_State *L, const struct lua_state *s)
{
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: returns a %s, not { routes = { ... } }", script_of(s),
                   luaL_typename(L, -1));
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pop(L, 1);
        if (lua_type(L, -1) != LUA_TSTRING || strcmp(lua_tostring(L, -1), "routes") != 0)
            luaL_error(L, "%s: returns a table with '%s', of which nothing is known",
                       script_of(s), luaL_tolstring(L, -1, NULL));
    }
}

/* The routes are on top. */
static size_t check_routes(lua_State *L, const struct lua_state *s)
{
    size_t count = 0;
    if (!lua_istable(L, -1))
        luaL_error(L, "%s: returns no table \"routes\"", script_of(s));
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) != LUA_TSTRING || !lua_rawlen(L, -2) ||
            strlen(lua_tostring(L, -2)) != lua_rawlen(L, -2))
            luaL_error(L, "%s: routes: a key is no name of a route", script_of(s));
        if (!lua_isfunction(L, -1))
            luaL_error(L, "%s: routes: '%s' is a %s, not a function", script_of(s),
                       lua_tostring(L, -2), luaL_typename(L, -1));
        lua_pop(L, 1);
        count++;
    }
    if (!count)
        luaL_error(L, "%s: returns no routes", script_of(s));
    return count;
}

/* What the trial found is what the instance serves. */
static void name_routes(lua_State *L, struct lua_plugin *plugin, size_t count)
{
    plugin->routes = calloc(count, sizeof(*plugin->routes));
    lua_pushnil(L);
    while (plugin->routes && lua_next(L, -2)) {
        struct lua_route *route = &plugin->routes[plugin->route_count];
        route->plugin = plugin;
        route->index = plugin->route_count;
        route->key = strdup(lua_tostring(L, -2));
        lua_pop(L, 1);
        if (!route->key)
            luaL_error(L, "not enough memory");
        plugin->route_count++;
    }
    if (!plugin->routes)
        luaL_error(L, "not enough memory");
}

static void take_handlers(lua_State *L, struct lua_state *s)
{
    const struct lua_plugin *plugin = s->plugin;
    s->handlers = calloc(plugin->route_count, sizeof(*s->handlers));
    if (!s->handlers)
        luaL_error(L, "not enough memory");
    for (size_t i = 0; i < plugin->route_count; i++) {
        lua_pushstring(L, plugin->routes[i].key);
        if (lua_rawget(L, -2) != LUA_TFUNCTION)
            luaL_error(L, "%s: the route '%s' is not there every time it runs",
                       script_of(s), plugin->routes[i].key);
        s->handlers[i] = luaL_ref(L, LUA_REGISTRYINDEX);
    }
}

/* ---- Its building ----------------------------------------------------------------------
 */

static void open_globals(lua_State *L, struct lua_state *s)
{
    lua_sandbox_open(L);
    lua_getglobal(L, "string");
    lua_getfield(L, -1, "format");
    s->format = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_api_open(L, s);
    lua_pushvalue(L, -1);
    lua_setglobal(L, "jf");
    lua_require_open(L, s);
    lua_pushlightuserdata(L, s);
    lua_pushcclosure(L, lua_values_print, 1);
    lua_setglobal(L, "print");
}

static int build(lua_State *L)
{
    struct lua_state *s = lua_touserdata(L, 1);
    open_globals(L, s);
    lua_settop(L, 0);
    run_script(L, s);
    check_keys(L, s);
    lua_getfield(L, -1, "routes");
    size_t count = check_routes(L, s);
    if (!s->worker)
        name_routes(L, s->plugin, count);
    take_handlers(L, s);
    return 0;
}

static void say_failure(struct lua_state *s)
{
    char line[1000];
    const char *text = "the error is no text";
    if (lua_type(s->L, -1) == LUA_TSTRING)
        text = lua_tostring(s->L, -1);
    lua_report_flatten(text, line, sizeof(line));
    jf_log(s->plugin->self, JF_ERROR, "%s", line);
    lua_pop(s->L, 1);
}

static int fill(struct lua_state *s)
{
    lua_budget_begin(s->budget, s->L);
    lua_pushcfunction(s->L, build);
    lua_pushlightuserdata(s->L, s);
    int outcome = lua_pcall(s->L, 1, 0, 0);
    bool over = lua_budget_end(s->budget, s->L);
    lua_json_release(&s->json);
    if (outcome != LUA_OK)
        say_failure(s);
    if (outcome == LUA_ERRMEM || s->starved)
        return JF_E_NOMEM;
    if (over)
        return JF_E_TIMEOUT;
    return outcome == LUA_OK ? JF_OK : JF_E_INVALID;
}

int lua_state_new(struct lua_plugin *plugin, struct lua_worker *worker,
                  struct lua_state **out)
{
    struct lua_state *s = calloc(1, sizeof(*s));
    if (!s)
        return JF_E_NOMEM;
    s->plugin = plugin;
    s->worker = worker;
    int status = lua_budget_new(plugin->memory_bytes, plugin->budget_ms, &s->budget);
    if (status < 0)
        goto fail;
    s->L = lua_budget_newstate(s->budget);
    status = s->L ? fill(s) : JF_E_NOMEM;
    if (status < 0)
        goto fail;
    *out = s;
    return JF_OK;

fail:
    lua_state_free(s);
    return status;
}

void lua_state_free(struct lua_state *s)
{
    if (!s)
        return;
    if (s->L) {
        lua_timer_stop_all(s);
        lua_close(s->L);
    }
    lua_call_free_all(s);
    lua_json_release(&s->json);
    lua_budget_free(s->budget);
    free(s->handlers);
    free(s);
}

/* ---- Its replacement -------------------------------------------------------------------
 */

void lua_state_spent(struct lua_state *s)
{
    struct lua_worker *worker = s->worker;
    size_t ceiling = s->plugin->memory_bytes;
    struct lua_state *fresh;
    lua_gc(s->L, LUA_GCCOLLECT);
    if (s->retired || lua_budget_memory(s->budget) <= ceiling - ceiling / 4 ||
        worker->retired_count == RETIRED_MAX)
        return;
    if (lua_state_new(s->plugin, worker, &fresh) < 0)
        return;
    s->retired = true;
    s->next = worker->retired;
    worker->retired = s;
    worker->retired_count++;
    worker->state = fresh;
    worker->replaced++;
    jf_log(s->plugin->self, JF_WARN,
           "%s: its memory is spent: a fresh state takes over, %u timers end, %zu calls "
           "wait on",
           script_of(s), lua_timer_stop_all(s), s->busy);
}

void lua_state_rest(struct lua_state *s)
{
    if (!s->retired || s->busy)
        return;
    struct lua_state **slot = &s->worker->retired;
    while (*slot != s)
        slot = &(*slot)->next;
    *slot = s->next;
    s->worker->retired_count--;
    lua_state_free(s);
}
