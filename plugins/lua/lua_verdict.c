/*
 * From return values to a status: our own ways (nothing, true, a string, nil and a status)
 * and those of a Lambda function, { statusCode, body, headers }.
 *
 * What a table holds is looked at without its metamethods: the handler has returned.
 */
#include "lua_verdict.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <strings.h>

#include "lua_args.h"
#include "lua_authorize.h"
#include "lua_call.h"
#include "lua_report.h"
#include "lua_state.h"

/* Push the field of the table at `index`; its type. */
static int field(lua_State *co, int index, const char *name)
{
    lua_pushstring(co, name);
    return lua_rawget(co, index);
}

static int wrong(struct lua_call *call)
{
    call->state->worker->errors++;
    return JF_E_INTERNAL;
}

static int send_text(lua_State *co, struct lua_call *call, int index)
{
    jf_bytes text;
    text.ptr = lua_tolstring(co, index, &text.len);
    return jf_send(call->ev->self, call->ev->conn, JF_TEXT, text);
}

/* Where only one way is configured, what is returned is dropped. */
static int send_back(lua_State *co, struct lua_call *call, int index)
{
    return jf_way(call->ev) == JF_ONE_WAY ? JF_OK : send_text(co, call, index);
}

int lua_verdict_named(lua_State *co, struct lua_call *call, int index)
{
    int status = JF_OK;
    if (lua_type(co, index) == LUA_TSTRING)
        status = lua_args_status_of(lua_tostring(co, index));
    if (status < 0)
        return status;
    if (lua_type(co, index) == LUA_TSTRING)
        lua_report_result(call,
                          "the handler returned nil and \"%.64s\", which is no status",
                          lua_tostring(co, index));
    else
        lua_report_result(call, "the handler returned nil and a %s: the name of a status?",
                          luaL_typename(co, index));
    return wrong(call);
}

/* Is the table's body, if any, text? Push it. */
static bool body_is_text(lua_State *co, struct lua_call *call, int table)
{
    int type = field(co, table, "body");
    if (type == LUA_TNIL || type == LUA_TSTRING)
        return true;
    lua_report_result(call, "the handler returned a body that is a %s: jf.json.encode it",
                      lua_typename(co, type));
    return false;
}

/* Push the value of a header, its name in any case; false: there is none. */
static bool header(lua_State *co, int table, const char *name)
{
    if (field(co, table, "headers") != LUA_TTABLE)
        return false;
    lua_pushnil(co);
    while (lua_next(co, -2)) {
        if (lua_type(co, -2) == LUA_TSTRING && lua_type(co, -1) == LUA_TSTRING &&
            strcasecmp(lua_tostring(co, -2), name) == 0)
            return true;
        lua_pop(co, 1);
    }
    return false;
}

static int admit(lua_State *co, struct lua_call *call, int table)
{
    jf_bytes name;
    if (!header(co, table, "Sec-WebSocket-Protocol"))
        return JF_OK;
    name.ptr = lua_tolstring(co, -1, &name.len);
    int status = jf_subprotocol(call->ev, name);
    if (status < 0)
        lua_report_result(call, "the subprotocol \"%.64s\" was not offered", name.ptr);
    return status < 0 ? wrong(call) : JF_OK;
}

static int refuse(lua_State *co, struct lua_call *call, lua_Number code)
{
    jf_bytes body = { "", 0 };
    if (lua_type(co, -1) == LUA_TSTRING)
        body.ptr = lua_tolstring(co, -1, &body.len);
    int status = JF_E_INVALID;
    if (code >= 100 && code <= 999)
        status = jf_refuse(call->ev, (uint32_t)code, body);
    if (status != JF_E_INVALID)
        return status;
    lua_report_result(call, "a connection cannot be refused with statusCode %g", code);
    return wrong(call);
}

static bool has_text(lua_State *co, int index)
{
    return lua_type(co, index) == LUA_TSTRING && lua_rawlen(co, index) > 0;
}

int lua_verdict_connect(lua_State *co, struct lua_call *call, int table)
{
    if (field(co, table, "statusCode") != LUA_TNUMBER) {
        lua_report_result(call, "$connect returned a table without a number as statusCode");
        return wrong(call);
    }
    lua_Number code = lua_tonumber(co, -1);
    if (!body_is_text(co, call, table))
        return wrong(call);
    int body = lua_gettop(co);
    if (!(code >= 200 && code < 300)) /* NaN is neither */
        return refuse(co, call, code);
    int status = admit(co, call, table);
    if (status < 0 || !has_text(co, body) || jf_way(call->ev) != JF_TWO_WAY)
        return status;
    return send_text(co, call, body); /* it follows the upgrade */
}

static int table_verdict(lua_State *co, struct lua_call *call, int table)
{
    if (call->ev->kind == JF_CONNECT)
        return lua_verdict_connect(co, call, table);
    if (call->ev->kind == JF_DISCONNECT)
        return JF_OK;
    if (!body_is_text(co, call, table))
        return wrong(call);
    if (has_text(co, -1))
        return send_back(co, call, -1);
    if (jf_way(call->ev) != JF_TWO_WAY)
        return JF_OK;
    return jf_send(call->ev->self, call->ev->conn, JF_TEXT, jf_str(""));
}

int lua_verdict(lua_State *co, struct lua_call *call, int first)
{
    if (lua_authorize_is(call))
        return lua_authorize_verdict(co, call, first);
    luaL_checkstack(co, 8, "the handler returned too many values");
    lua_settop(co, first + 1);
    switch (lua_type(co, first)) {
    case LUA_TSTRING:
        return send_back(co, call, first);
    case LUA_TNIL:
    case LUA_TBOOLEAN:
        if (lua_toboolean(co, first))
            return JF_OK;
        if (!lua_isnil(co, first + 1))
            return lua_verdict_named(co, call, first + 1);
        return lua_isnil(co, first) ? JF_OK : JF_E_DENIED;
    case LUA_TTABLE:
        return table_verdict(co, call, first);
    default:
        lua_report_result(call, "the handler returned a %s", luaL_typename(co, first));
        return wrong(call);
    }
}
