/*
 * The table, and how a module is made of it. What the functions do is elsewhere.
 */
#include "lua_api.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "lua_bindings.h"
#include "lua_event.h"
#include "lua_json.h"
#include "lua_pairs.h"
#include "lua_plugin.h"
#include "lua_state.h"
#include "lua_timer.h"

const struct lua_binding lua_api_bindings[] = {
    { "jf.send", lua_send_one, LUA_ACTS },
    { "jf.send_wait", lua_send_wait, LUA_WAITS },
    { "jf.send_many", lua_send_many, LUA_ACTS },
    { "jf.send_group", lua_send_group, LUA_ACTS },
    { "jf.send_all", lua_send_all, LUA_ACTS },
    { "jf.close", lua_send_close, LUA_ACTS },
    { "jf.close_group", lua_send_close_group, LUA_ACTS },
    { "jf.close_where", lua_send_close_where, LUA_ACTS },

    { "jf.attr.set", lua_store_attr_set, LUA_WAITS },
    { "jf.attr.get", lua_store_attr_get, LUA_WAITS },
    { "jf.group.join", lua_store_join, LUA_WAITS },
    { "jf.group.leave", lua_store_leave, LUA_WAITS },
    { "jf.group.members", lua_store_members, LUA_WAITS },
    { "jf.group.count", lua_store_count, LUA_WAITS },

    { "jf.after", lua_timer_after, LUA_CALLS },
    { "timer:stop", lua_timer_stop, LUA_METHOD },
    { "jf.sleep", lua_timer_sleep, LUA_WAITS },
    { "jf.now", lua_values_now, LUA_CALLS },

    { "jf.log.error", lua_values_log, LUA_CALLS },
    { "jf.log.warn", lua_values_log, LUA_CALLS },
    { "jf.log.info", lua_values_log, LUA_CALLS },
    { "jf.log.debug", lua_values_log, LUA_CALLS },

    { "jf.json.encode", lua_values_encode, LUA_CALLS },
    { "jf.json.decode", lua_values_decode, LUA_CALLS },
    { "jf.json.array", lua_values_array, LUA_CALLS },
    { "jf.json.null", lua_values_null, LUA_VALUE },

    { "jf.options", lua_values_options, LUA_VALUE },
    { "jf.worker", lua_values_worker, LUA_VALUE },
    { "jf.workers", lua_values_workers, LUA_VALUE },

    { "ev.conn", lua_event_conn, LUA_FIELD },
    { "ev.stage", lua_event_stage, LUA_FIELD },
    { "ev.route", lua_event_route, LUA_FIELD },
    { "ev.kind", lua_event_kind, LUA_FIELD },
    { "ev.body", lua_event_body, LUA_FIELD },
    { "ev.binary", lua_event_binary, LUA_FIELD },
    { "ev.json", lua_event_json, LUA_FIELD },
    { "ev.headers", lua_event_headers, LUA_FIELD },
    { "ev.query", lua_event_query, LUA_FIELD },
    { "ev.path", lua_event_path, LUA_FIELD },
    { "ev.peer", lua_event_peer, LUA_FIELD },
    { "ev.subprotocols", lua_event_subprotocols, LUA_FIELD },
    { "ev.code", lua_event_code, LUA_FIELD },
    { "ev.reason", lua_event_reason, LUA_FIELD },
    { "ev.event", lua_event_event, LUA_FIELD },
    { "ev.context", lua_event_context, LUA_FIELD },
    { "ev.stageVariables", lua_event_variables, LUA_FIELD },
    { "ev.authorizer", lua_event_authorizer, LUA_FIELD },
    { "ev:subprotocol", lua_event_subprotocol, LUA_METHOD },
    { "ev:refuse", lua_event_refuse, LUA_METHOD },
    { NULL, NULL, LUA_CALLS },
};

struct lua_state *lua_api_state(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

jf_self *lua_api_self(lua_State *L)
{
    return lua_api_state(L)->plugin->self;
}

const char *lua_api_name(lua_State *L)
{
    return lua_api_bindings[lua_tointeger(L, lua_upvalueindex(2))].name;
}

static int do_nothing(lua_State *L)
{
    lua_pushboolean(L, 1);
    return 1;
}

/* Push what the row stands for in a script. */
static void push_row(lua_State *L, struct lua_state *s, const struct lua_binding *row)
{
    bool idle = row->kind == LUA_ACTS && !s->worker;
    lua_pushlightuserdata(L, s);
    lua_pushinteger(L, row - lua_api_bindings);
    lua_pushcclosure(L, idle ? do_nothing : row->function, 2);
    if (row->kind == LUA_VALUE)
        lua_call(L, 0, 1);
}

/* The row's value is on top, the module under it: "jf.attr.get" goes into a table "attr".
 */
static void place(lua_State *L, const char *path)
{
    const char *dot = strchr(path, '.');
    if (!dot) {
        lua_setfield(L, -2, path);
        return;
    }
    lua_pushlstring(L, path, (size_t)(dot - path));
    if (lua_rawget(L, -3) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
        lua_pushlstring(L, path, (size_t)(dot - path));
        lua_pushvalue(L, -2);
        lua_rawset(L, -5);
    }
    lua_insert(L, -2);
    lua_setfield(L, -2, dot + 1);
    lua_pop(L, 1);
}

void lua_api_open(lua_State *L, struct lua_state *s)
{
    lua_json_open(L);
    lua_pairs_open(L, s);
    lua_event_open(L, s);
    lua_timer_open(L, s);
    lua_newtable(L);
    for (const struct lua_binding *row = lua_api_bindings; row->name; row++) {
        if (strncmp(row->name, "jf.", 3) != 0)
            continue;
        push_row(L, s, row);
        place(L, row->name + 3);
    }
}

void lua_api_methods(lua_State *L, struct lua_state *s, const char *object)
{
    size_t len = strlen(object);
    for (const struct lua_binding *row = lua_api_bindings; row->name; row++) {
        if (strncmp(row->name, object, len) != 0 || !strchr(".:", row->name[len]))
            continue;
        if (row->kind == LUA_FIELD)
            lua_pushinteger(L, row - lua_api_bindings);
        else
            push_row(L, s, row);
        lua_setfield(L, -2, row->name + len + 1);
    }
}
