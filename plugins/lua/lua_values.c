/*
 * The rest of the module: the log, JSON, options, where and when we are.
 */
#include <lauxlib.h>
#include <time.h>

#include "lua_api.h"
#include "lua_args.h"
#include "lua_bindings.h"
#include "lua_json.h"
#include "lua_plugin.h"
#include "lua_report.h"
#include "lua_state.h"

/* ---- The log ---------------------------------------------------------------------------
 */

static void say(lua_State *L, int level, const char *text)
{
    char line[1024];
    lua_report_flatten(text, line, sizeof(line));
    jf_log(lua_api_self(L), level, "%s", line);
}

static int level_of(const char *name)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    int level = JF_ERROR;
    while (level < JF_DEBUG && strcmp(names[level], name) != 0)
        level++;
    return level;
}

/* Formatted by Lua itself, as the library's function stood when the module was made. */
int lua_values_log(lua_State *L)
{
    int level = level_of(strrchr(lua_api_name(L), '.') + 1);
    luaL_checkstring(L, 1);
    lua_rawgeti(L, LUA_REGISTRYINDEX, lua_api_state(L)->format);
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    say(L, level, lua_tostring(L, -1));
    return 0;
}

int lua_values_print(lua_State *L)
{
    luaL_Buffer line;
    int count = lua_gettop(L);
    luaL_buffinit(L, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            luaL_addchar(&line, ' ');
        luaL_tolstring(L, i, NULL);
        luaL_addvalue(&line);
    }
    luaL_pushresult(&line);
    say(L, JF_INFO, lua_tostring(L, -1));
    return 0;
}

/* ---- JSON ------------------------------------------------------------------------------
 */

int lua_values_encode(lua_State *L)
{
    luaL_checkany(L, 1);
    lua_json_encode(L, 1);
    return 1;
}

int lua_values_decode(lua_State *L)
{
    jf_bytes text = lua_args_bytes(L, 1);
    int status = lua_json_decode(L, &lua_api_state(L)->json, text);
    return status < 0 ? lua_args_result(L, status) : 1;
}

int lua_values_null(lua_State *L)
{
    lua_json_push_null(L);
    return 1;
}

int lua_values_array(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (lua_getmetatable(L, 1)) {
        lua_pop(L, 1);
        luaL_argcheck(L, lua_json_is_array(L, 1), 1, "it has a metatable already");
    }
    lua_json_mark_array(L);
    return 1;
}

/* ---- Where and when --------------------------------------------------------------------
 */

int lua_values_options(lua_State *L)
{
    struct lua_state *s = lua_api_state(L);
    jf_bytes text = jf_str(s->plugin->options);
    if (lua_json_decode(L, &s->json, text) < 0)
        lua_newtable(L);
    return 1;
}

int lua_values_worker(lua_State *L)
{
    const struct lua_state *s = lua_api_state(L);
    lua_pushinteger(L, s->worker ? s->worker->w->index : 0);
    return 1;
}

int lua_values_workers(lua_State *L)
{
    lua_pushinteger(L, lua_api_self(L)->worker_count);
    return 1;
}

int lua_values_now(lua_State *L)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    lua_pushinteger(L, (lua_Integer)now.tv_sec * 1000 + now.tv_nsec / 1000000);
    return 1;
}
