/*
 * jf.send and its relatives. None of them waits but one.
 */
#include <lauxlib.h>

#include "lua_api.h"
#include "lua_args.h"
#include "lua_bindings.h"
#include "lua_budget.h"
#include "lua_call.h"
#include "lua_state.h"

int lua_send_one(lua_State *L)
{
    jf_conn_id conn;
    int status = lua_args_conn(L, 1, &conn);
    jf_bytes body = lua_args_bytes(L, 2);
    uint32_t opcode = lua_args_opcode(L, 3);
    if (status == JF_OK)
        status = jf_send(lua_api_self(L), conn, opcode, body);
    return lua_args_result(L, status);
}

static void on_sent(jf_worker *w, void *data, int status)
{
    struct lua_call *call = data;
    (void)w;
    call->answer.status = status;
    lua_call_resume(call);
}

int lua_send_wait(lua_State *L)
{
    jf_conn_id conn;
    int status = lua_args_conn(L, 1, &conn);
    jf_bytes body = lua_args_bytes(L, 2);
    uint32_t opcode = lua_args_opcode(L, 3);
    struct lua_call *call = lua_call_to_wait(L);
    if (status == JF_OK)
        status =
            jf_send_then(lua_api_state(L)->worker->w, conn, opcode, body, on_sent, call);
    if (status < 0)
        return lua_args_result(L, status);
    return lua_call_wait(L, call, lua_args_push_status);
}

int lua_send_many(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    jf_bytes body = lua_args_bytes(L, 2);
    uint32_t opcode = lua_args_opcode(L, 3);
    lua_Unsigned count = lua_rawlen(L, 1);
    int status = JF_OK;
    luaL_argcheck(L, count <= INT32_MAX, 1, "too many");
    jf_conn_id *ids = lua_newuserdatauv(L, (size_t)count * sizeof(*ids), 0);
    for (lua_Unsigned i = 0; i < count && status == JF_OK; i++) {
        lua_budget_check(L);
        if (lua_rawgeti(L, 1, (lua_Integer)i + 1) != LUA_TSTRING)
            return luaL_argerror(L, 1, "an array of connection ids expected");
        status = lua_args_conn(L, -1, &ids[i]);
        lua_pop(L, 1);
    }
    if (status == JF_OK)
        status = jf_send_many(lua_api_self(L), ids, (size_t)count, opcode, body);
    return lua_args_result(L, status);
}

int lua_send_group(lua_State *L)
{
    jf_bytes name = lua_args_bytes(L, 1);
    jf_bytes body = lua_args_bytes(L, 2);
    uint32_t opcode = lua_args_opcode(L, 3);
    return lua_args_result(L, jf_send_group(lua_api_self(L), name, opcode, body));
}

int lua_send_all(lua_State *L)
{
    jf_bytes stage = lua_args_bytes(L, 1);
    jf_bytes body = lua_args_bytes(L, 2);
    uint32_t opcode = lua_args_opcode(L, 3);
    return lua_args_result(L, jf_send_all(lua_api_self(L), stage, opcode, body));
}

/* Code and reason, from this argument on. A code that no frame can have becomes 0, which
 * may not be sent either. */
static uint32_t close_code(lua_State *L, int arg, jf_bytes *reason)
{
    lua_Integer code = luaL_optinteger(L, arg, 1000);
    *reason = (jf_bytes){ "", 0 };
    if (!lua_isnoneornil(L, arg + 1))
        *reason = lua_args_bytes(L, arg + 1);
    return code < 0 || code > UINT16_MAX ? 0 : (uint32_t)code;
}

int lua_send_close(lua_State *L)
{
    jf_conn_id conn;
    jf_bytes reason;
    int status = lua_args_conn(L, 1, &conn);
    uint32_t code = close_code(L, 2, &reason);
    if (status == JF_OK)
        status = jf_close(lua_api_self(L), conn, code, reason);
    return lua_args_result(L, status);
}

int lua_send_close_group(lua_State *L)
{
    jf_bytes reason, name = lua_args_bytes(L, 1);
    uint32_t code = close_code(L, 2, &reason);
    return lua_args_result(L, jf_close_group(lua_api_self(L), name, code, reason));
}

int lua_send_close_where(lua_State *L)
{
    jf_bytes reason, stage = lua_args_bytes(L, 1);
    jf_bytes key = lua_args_bytes(L, 2);
    jf_bytes value = lua_args_bytes(L, 3);
    uint32_t code = close_code(L, 4, &reason);
    return lua_args_result(
        L, jf_close_where(lua_api_self(L), stage, key, value, code, reason));
}
