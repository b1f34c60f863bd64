/*
 * Our own way is a boolean, or a table that says who it is; AWS's is a table with a policy,
 * which the host evaluates. Anything else is a mistake, and nobody gets in by one.
 */
#include "lua_authorize.h"

#include <lauxlib.h>

#include "lua_call.h"
#include "lua_json.h"
#include "lua_report.h"
#include "lua_state.h"
#include "lua_verdict.h"

#define UNAUTHORIZED "Unauthorized"

bool lua_authorize_is(const struct lua_call *call)
{
    return call->ev && jf_same(call->ev->route, jf_str("$authorize"));
}

static int wrong(struct lua_call *call)
{
    call->state->worker->errors++;
    return JF_E_INTERNAL;
}

static int field(lua_State *co, int index, const char *name)
{
    lua_pushstring(co, name);
    return lua_rawget(co, index);
}

static jf_bytes text_at(lua_State *co, int index)
{
    jf_bytes text;
    text.ptr = lua_tolstring(co, index, &text.len);
    return text;
}

/* A boolean is no string to Lua. */
static jf_bytes scalar_at(lua_State *co, int index)
{
    if (lua_type(co, index) == LUA_TBOOLEAN)
        return jf_str(lua_toboolean(co, index) ? "true" : "false");
    return text_at(co, index);
}

static bool is_scalar(int type)
{
    return type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN;
}

static int keep_context(lua_State *co, struct lua_call *call, int table)
{
    lua_pushnil(co);
    while (lua_next(co, table)) {
        if (lua_type(co, -2) != LUA_TSTRING || !is_scalar(lua_type(co, -1))) {
            lua_report_result(call,
                              "context must be a table of names to texts, numbers and "
                              "booleans");
            return wrong(call);
        }
        int status = jf_context(call->ev, text_at(co, -2), scalar_at(co, -1));
        if (status < 0) {
            lua_report_result(call, "context is more than 8 KiB or 64 names");
            return wrong(call);
        }
        lua_pop(co, 1);
    }
    return JF_OK;
}

/* A text, if there is one. */
static int keep_text(lua_State *co, struct lua_call *call, int table, const char *name)
{
    int type = field(co, table, name);
    if (type == LUA_TNIL)
        return JF_OK;
    if (type != LUA_TSTRING) {
        lua_report_result(call, "%s is a %s, not a text", name, lua_typename(co, type));
        return wrong(call);
    }
    if (jf_context(call->ev, jf_str(name), text_at(co, -1)) == JF_OK)
        return JF_OK;
    lua_report_result(call, "%s is too long", name);
    return wrong(call);
}

static int identify(lua_State *co, struct lua_call *call, int table)
{
    int status = keep_text(co, call, table, "principalId");
    if (status == JF_OK)
        status = keep_text(co, call, table, "usageIdentifierKey");
    if (status < 0)
        return status;
    int type = field(co, table, "context");
    if (type == LUA_TNIL)
        return JF_OK;
    if (type != LUA_TTABLE) {
        lua_report_result(call, "context is a %s, not a table", lua_typename(co, type));
        return wrong(call);
    }
    return keep_context(co, call, lua_gettop(co));
}

static int judge(lua_State *co, struct lua_call *call, int table)
{
    lua_json_encode(co, table);
    int status = jf_judge(call->ev, text_at(co, -1));
    return status == JF_OK || status == JF_E_DENIED ? status : wrong(call);
}

static int table_verdict(lua_State *co, struct lua_call *call, int table)
{
    if (field(co, table, "policyDocument") != LUA_TNIL)
        return judge(co, call, table);
    if (field(co, table, "statusCode") == LUA_TNIL)
        return identify(co, call, table);
    int status = lua_verdict_connect(co, call, table);
    return status == JF_OK ? identify(co, call, table) : status;
}

int lua_authorize_verdict(lua_State *co, struct lua_call *call, int first)
{
    luaL_checkstack(co, 8, "the handler returned too many values");
    lua_settop(co, first + 1);
    int type = lua_type(co, first);
    if (type == LUA_TTABLE)
        return table_verdict(co, call, first);
    if (type == LUA_TBOOLEAN && lua_isnil(co, first + 1))
        return lua_toboolean(co, first) ? JF_OK : JF_E_DENIED;
    if (type == LUA_TNIL && !lua_isnil(co, first + 1))
        return lua_verdict_named(co, call, first + 1);
    lua_report_result(call, "$authorize returned a %s: true, false, or a table?",
                      luaL_typename(co, first));
    return wrong(call);
}

bool lua_authorize_raised(struct lua_call *call, int *status)
{
    static const size_t word = sizeof(UNAUTHORIZED) - 1;
    if (!lua_authorize_is(call) || lua_type(call->co, -1) != LUA_TSTRING)
        return false;
    jf_bytes said = text_at(call->co, -1);
    if (said.len < word ||
        !jf_same(jf_view(said.ptr + said.len - word, word), jf_str(UNAUTHORIZED)))
        return false;
    *status = jf_refuse(call->ev, 401, jf_str("{\"message\":\"" UNAUTHORIZED "\"}"));
    return true;
}
