/* A scene in which the same call can be made of two libraries: ours, as the sandbox opened
 * it, and Lua's own. `chunk` gets both and returns the global function "compare". */
#ifndef LUA_BESIDE_H
#define LUA_BESIDE_H

#include "tests/unit/plugins/lua_scene.h"

#include <lualib.h>

struct beside {
    struct scene scene;
    const char *chunk, *library;
    lua_CFunction open;
};

static inline int beside_open_both(lua_State *L)
{
    const struct beside *beside = lua_touserdata(L, 1);
    if (luaL_loadstring(L, beside->chunk) != LUA_OK)
        return lua_error(L);
    lua_getglobal(L, beside->library);
    lua_pushcfunction(L, beside->open);
    lua_call(L, 0, 1);
    lua_call(L, 2, 1);
    lua_setglobal(L, "compare");
    lua_pushinteger(L, SLOWNESS);
    lua_setglobal(L, "SLOWNESS");
    return 0;
}

static inline int beside_open(struct beside *beside)
{
    scene_open_with(&beside->scene, 64 * MIB, 600000);
    lua_pushcfunction(beside->scene.L, beside_open_both);
    lua_pushlightuserdata(beside->scene.L, beside);
    return lua_pcall(beside->scene.L, 1, 0, 0);
}

/* The code returns nil: it found no difference. */
static inline void beside_same(struct beside *beside, const char *code)
{
    const char *text = scene_run(&beside->scene, code);
    if (strcmp(text, "nil") != 0)
        print_message("%s\n", text);
    assert_string_equal(text, "nil");
}

#endif
