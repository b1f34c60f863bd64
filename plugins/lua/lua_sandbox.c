/* Each library is opened, and only what the list names is taken over: what a later Lua adds
 * is not let in by itself. Then come the functions that are ours. */
#include "lua_sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lua_budget.h"
#include "lua_coroutine.h"
#include "lua_pattern.h"
#include "lua_table.h"

#define LOAD_MAX (256 * 1024)
#define PIECE 512
#define PROTECTED_DEPTH_MAX 1000
#define DATE_FORMAT_MAX 256

/* ---- load ------------------------------------------------------------------------------
 */

struct source {
    const char *next;
    size_t left;
};

/* In small pieces. The compiler has loops within loops, over labels for one. */
static const char *next_piece(lua_State *L, void *data, size_t *size)
{
    struct source *source = data;
    const char *piece = source->next;
    lua_budget_check(L);
    *size = source->left < PIECE ? source->left : PIECE;
    source->next += *size;
    source->left -= *size;
    return piece;
}

int lua_sandbox_load(lua_State *L, const char *text, size_t len, const char *name)
{
    struct source source = { text, len };
    return lua_load(L, next_piece, &source, name, "t");
}

/* load(text [, name [, mode [, env]]]); the mode is always "t". */
static int load(lua_State *L)
{
    size_t len;
    const char *text = luaL_checklstring(L, 1, &len);
    const char *name = luaL_optstring(L, 2, text);
    bool has_env = !lua_isnone(L, 4);
    luaL_argcheck(L, len <= LOAD_MAX, 1, "more than 256 KiB");
    if (lua_sandbox_load(L, text, len, name) != LUA_OK) {
        luaL_pushfail(L);
        lua_insert(L, -2);
        return 2;
    }
    if (has_env) {
        lua_pushvalue(L, 4);
        if (!lua_setupvalue(L, -2, 1))
            lua_pop(L, 1);
    }
    return 1;
}

/* ---- The rest of base ------------------------------------------------------------------
 */

static int set_metatable(lua_State *L)
{
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    if (type == LUA_TTABLE) {
        lua_pushliteral(L, "__gc");
        luaL_argcheck(L, lua_rawget(L, 2) == LUA_TNIL, 2, "__gc is not allowed");
    }
    lua_settop(L, 2);
    lua_setmetatable(L, 1);
    return 1;
}

static int collect_garbage(lua_State *L)
{
    const char *what = luaL_optstring(L, 1, "collect");
    luaL_argcheck(L, strcmp(what, "count") == 0, 1, "only \"count\" is allowed");
    lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT) + lua_gc(L, LUA_GCCOUNTB) / 1024.0);
    return 1;
}

/* Where the budget's hook has raised, hooks are off until the error is caught: no code of
 * the script may see it before. */
static int handle_message(lua_State *L)
{
    lua_settop(L, 1);
    if (lua_budget_overdue(L))
        return 1;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, 1);
    return 1;
}

/* In a coroutine pcall takes no C stack, so nothing would bound how deep it nests; and what
 * it costs to catch an error grows with the depth, so ending a call would take seconds. */
static void check_depth(lua_State *L)
{
    lua_Debug ar;
    if (lua_getstack(L, PROTECTED_DEPTH_MAX, &ar))
        luaL_error(L, "stack overflow: a protected call more than %d calls deep",
                   PROTECTED_DEPTH_MAX);
}

/* What was called has left its results, or a message, above the first `kept` values. An end
 * by the budget is passed on. */
static int finish_protected(lua_State *L, int status, lua_KContext kept)
{
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - (int)kept;
    lua_budget_check(L);
    lua_pushboolean(L, false);
    lua_insert(L, -2);
    return 2;
}

static int call_protected(lua_State *L)
{
    luaL_checkany(L, 1);
    check_depth(L);
    lua_pushboolean(L, true);
    lua_insert(L, 1);
    int args = lua_gettop(L) - 2;
    return finish_protected(L, lua_pcallk(L, args, LUA_MULTRET, 0, 0, finish_protected), 0);
}

static int call_handled(lua_State *L)
{
    int args = lua_gettop(L) - 2;
    luaL_checktype(L, 2, LUA_TFUNCTION);
    check_depth(L);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, handle_message, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, true);
    lua_pushvalue(L, 1);
    lua_rotate(L, 3, 2);
    return finish_protected(L, lua_pcallk(L, args, LUA_MULTRET, 2, 2, finish_protected), 2);
}

/* ---- string, os ------------------------------------------------------------------------
 */

/* Written once, then doubled. */
static void fill(char *out, size_t total, const char *s, size_t len, const char *between,
                 size_t between_len)
{
    size_t filled = len;
    memcpy(out, s, len);
    if (filled < total) {
        memcpy(out + filled, between, between_len);
        filled += between_len;
    }
    while (filled < total) {
        size_t more = total - filled < filled ? total - filled : filled;
        memcpy(out + filled, out, more);
        filled += more;
    }
}

static int repeat(lua_State *L)
{
    luaL_Buffer out;
    size_t len, between_len;
    const char *s = luaL_checklstring(L, 1, &len);
    lua_Integer count = luaL_checkinteger(L, 2);
    const char *between = luaL_optlstring(L, 3, "", &between_len);
    size_t unit = len + between_len;
    if (count <= 0 || unit == 0) {
        lua_pushliteral(L, "");
        return 1;
    }
    if (unit < len || unit > (size_t)LUA_MAXINTEGER / (lua_Unsigned)count)
        return luaL_error(L, "resulting string too large");
    size_t total = unit * (size_t)count - between_len;
    fill(luaL_buffinitsize(L, &out, total), total, s, len, between, between_len);
    luaL_pushresultsize(&out, total);
    return 1;
}

static int date(lua_State *L)
{
    size_t len;
    (void)luaL_optlstring(L, 1, "", &len);
    luaL_argcheck(L, len <= DATE_FORMAT_MAX, 1, "format too long");
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static void guard_base(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "collectgarbage", collect_garbage },
        { "load", load },
        { "pcall", call_protected },
        { "setmetatable", set_metatable },
        { "xpcall", call_handled },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "_G");
    lua_pushvalue(L, -1);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

/* All strings have this metatable; nobody is to get it. */
static void guard_string(lua_State *L)
{
    lua_pushcfunction(L, repeat);
    lua_setfield(L, -2, "rep");
    lua_pattern_guard(L);
    lua_pushliteral(L, "");
    (void)lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, false);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}

static void guard_os(lua_State *L)
{
    lua_getfield(L, -1, "date");
    lua_pushcclosure(L, date, 1);
    lua_setfield(L, -2, "date");
}

/* ---- The libraries ---------------------------------------------------------------------
 */

#define NAMES_MAX 28

struct library {
    const char *name; /* of the global that holds it; base first, it holds them all */
    lua_CFunction open;
    void (*guard)(lua_State *L); /* adds our functions to the library on top, or NULL */
    const char *names[NAMES_MAX];
};

static const struct library libraries[] = {
    { "",
      luaopen_base,
      guard_base,
      { "_VERSION", "assert", "error", "getmetatable", "ipairs", "next", "pairs",
        "rawequal", "rawget", "rawlen", "rawset", "select", "tonumber", "tostring",
        "type" } },
    { "coroutine",
      luaopen_coroutine,
      lua_coroutine_guard,
      { "isyieldable", "running", "status", "yield" } },
    { "string",
      luaopen_string,
      guard_string,
      { "byte", "char", "format", "len", "lower", "pack", "packsize", "reverse", "sub",
        "unpack", "upper" } },
    { "table", luaopen_table, lua_table_guard, { "pack" } },
    { "math", luaopen_math, NULL, { "abs",        "acos", "asin", "atan",       "ceil",
                                    "cos",        "deg",  "exp",  "floor",      "fmod",
                                    "huge",       "log",  "max",  "maxinteger", "min",
                                    "mininteger", "modf", "pi",   "rad",        "random",
                                    "randomseed", "sin",  "sqrt", "tan",        "tointeger",
                                    "type",       "ult" } },
    { "utf8",
      luaopen_utf8,
      NULL,
      { "char", "charpattern", "codepoint", "codes", "len", "offset" } },
    { "os", luaopen_os, guard_os, { "clock", "date", "difftime", "time" } },
};

/* A table with the listed ones of the library on top takes its place. */
static void take_listed(lua_State *L, const char *const *names)
{
    lua_newtable(L);
    for (int i = 0; i < NAMES_MAX && names[i]; i++) {
        lua_getfield(L, -2, names[i]);
        lua_setfield(L, -2, names[i]);
    }
    lua_remove(L, -2);
}

void lua_sandbox_open(lua_State *L)
{
    for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
        const struct library *library = &libraries[i];
        lua_pushcfunction(L, library->open);
        lua_call(L, 0, 1);
        take_listed(L, library->names);
        if (library->guard)
            library->guard(L);
        if (*library->name)
            lua_setglobal(L, library->name);
        else
            lua_pop(L, 1);
    }
}
