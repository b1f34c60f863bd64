/*
 * What comes in and goes out of the functions that scripts call.
 */
#include "lua_args.h"

#include <lauxlib.h>

#include "lua_api.h"
#include "lua_call.h"
#include "lua_plugin.h"
#include "lua_state.h"

#define MS_MAX 9007199254740992.0 /* 2^53 */

static const struct {
    int code;
    const char *name;
} statuses[] = {
#define XX(code, upper, lower, text) { code, lower },
    JF_STATUS_MAP(XX)
#undef XX
};

int lua_args_status_of(const char *name)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (strcmp(name, statuses[i].name) == 0)
            return statuses[i].code;
    }
    return JF_OK;
}

static const char *name_of(int status)
{
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        if (statuses[i].code == status)
            return statuses[i].name;
    }
    return "internal";
}

int lua_args_result(lua_State *L, int status)
{
    if (status >= 0) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, name_of(status));
    return 2;
}

int lua_args_push_status(lua_State *L, const struct lua_answer *answer)
{
    return lua_args_result(L, answer->status);
}

jf_bytes lua_args_bytes(lua_State *L, int index)
{
    jf_bytes bytes;
    bytes.ptr = luaL_checklstring(L, index, &bytes.len);
    return bytes;
}

uint32_t lua_args_opcode(lua_State *L, int index)
{
    static const char *const kinds[] = { "text", "binary", NULL };
    return luaL_checkoption(L, index, "text", kinds) == 0 ? JF_TEXT : JF_BINARY;
}

int lua_args_conn(lua_State *L, int index, jf_conn_id *out)
{
    jf_bytes text = lua_args_bytes(L, index);
    return jf_id_from_text(lua_api_state(L)->plugin->self, text, out);
}

uint64_t lua_args_ms(lua_State *L, int index)
{
    lua_Number ms = luaL_checknumber(L, index);
    luaL_argcheck(L, ms >= 0 && ms <= MS_MAX, index, "milliseconds, 0 or more");
    return (uint64_t)ms;
}
