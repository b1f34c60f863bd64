/*
 * The libraries that a script gets, from a list.
 */
#include "lua_sandbox.h"

#include <lauxlib.h>
#include <lualib.h>

void lua_sandbox_open(lua_State *L)
{
    static const luaL_Reg libraries[] = {
        { LUA_GNAME, luaopen_base },        { LUA_TABLIBNAME, luaopen_table },
        { LUA_STRLIBNAME, luaopen_string }, { LUA_MATHLIBNAME, luaopen_math },
        { LUA_UTF8LIBNAME, luaopen_utf8 },  { LUA_COLIBNAME, luaopen_coroutine },
    };
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        luaL_requiref(L, libraries[i].name, libraries[i].func, 1);
        lua_pop(L, 1);
    }
}

int lua_sandbox_load(lua_State *L, const char *text, size_t len, const char *name)
{
    return luaL_loadbufferx(L, text, len, name, "t");
}
