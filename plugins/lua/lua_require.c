/*
 * Names of modules become paths below the script's folder, and what they hold is run once
 * per state. There is no search path and nothing to configure: "a.b" is a/b.lua or
 * a/b/init.lua.
 */
#include "lua_require.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>

#include "lua_plugin.h"
#include "lua_sandbox.h"
#include "lua_source.h"
#include "lua_state.h"

#define NAME_MAX_LEN 200

/* Pieces of letters, digits, '_' and '-', with a dot between them. */
static bool is_name(const char *name, size_t len)
{
    bool in_piece = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c == '.' && !in_piece)
            return false;
        in_piece = c != '.';
        if (c != '.' && !isalnum(c) && c != '_' && c != '-')
            return false;
    }
    return in_piece && len <= NAME_MAX_LEN;
}

static void path_of(const char *name, const char *end, char *out, size_t size)
{
    snprintf(out, size, "%s%s", name, end);
    for (char *dot = out; *dot && dot < out + strlen(name); dot++) {
        if (*dot == '.')
            *dot = '/';
    }
}

static const char *reason(int status)
{
    switch (status) {
    case JF_E_TOO_BIG:
        return "is too large";
    case JF_E_INVALID:
        return "is no file";
    case JF_E_NOMEM:
        return "does not fit into memory";
    default:
        return "cannot be read";
    }
}

static const struct lua_text *find(lua_State *L, struct lua_state *s, const char *name)
{
    static const char *const ends[] = { ".lua", "/init.lua" };
    char path[NAME_MAX_LEN + 16];
    const struct lua_text *text = NULL;
    for (int i = 0; i < 2; i++) {
        path_of(name, ends[i], path, sizeof(path));
        int status = lua_source_get(s->plugin->source, path, !s->worker, &text);
        if (status == JF_OK)
            return text;
        if (status != JF_E_NOT_FOUND)
            luaL_error(L, "module '%s': %s %s", name, path, reason(status));
    }
    path_of(name, ends[0], path, sizeof(path));
    luaL_error(L, "module '%s' not found: there is no %s below the script's folder", name,
               path);
    return NULL;
}

/* While a module is being loaded, its place holds the state's address. Whatever the end,
 * the place is emptied first: a module that has failed may be tried again. */
static void load(lua_State *L, struct lua_state *s, const struct lua_text *text)
{
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, s);
    lua_rawset(L, lua_upvalueindex(2));
    int outcome = lua_sandbox_load(L, text->code, text->len, text->chunk);
    if (outcome == LUA_OK) {
        lua_pushvalue(L, 1);
        outcome = lua_pcall(L, 1, 1, 0);
    }
    if (outcome == LUA_OK && lua_isnil(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }
    lua_pushvalue(L, 1);
    if (outcome == LUA_OK)
        lua_pushvalue(L, -2);
    else
        lua_pushnil(L);
    lua_rawset(L, lua_upvalueindex(2));
    if (outcome == LUA_ERRMEM)
        s->starved = true;
    if (outcome != LUA_OK)
        lua_error(L);
}

static int require(lua_State *L)
{
    struct lua_state *s = lua_touserdata(L, lua_upvalueindex(1));
    size_t len;
    const char *name = luaL_checklstring(L, 1, &len);
    lua_settop(L, 1);
    lua_pushvalue(L, 1);
    lua_rawget(L, lua_upvalueindex(2));
    if (lua_touserdata(L, -1) == s && lua_islightuserdata(L, -1))
        return luaL_error(L, "module '%s' requires itself, perhaps through others", name);
    if (!lua_isnil(L, -1))
        return 1;
    if (!is_name(name, len))
        return luaL_error(L, "'%s' is no name of a module: \"a.b\" is a/b.lua", name);
    load(L, s, find(L, s, name));
    return 1;
}

void lua_require_open(lua_State *L, struct lua_state *s)
{
    lua_pushlightuserdata(L, s);
    lua_newtable(L);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "jackfield");
    lua_pushcclosure(L, require, 2);
    lua_setglobal(L, "require");
}
