/* Elements are read and written through metamethods, as in Lua's own library, and the
 * budget is looked at after each. Sorting is by a heap: its time has a bound that no order
 * of the elements and no order function breaks. */
#include "lua_table.h"

#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>

#include "lua_budget.h"

static bool has_method(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    bool has = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 1);
    return has;
}

/* A table, or what behaves like one in these respects: each NULL or a metamethod. */
static void check_table(lua_State *L, int arg, const char *read, const char *write,
                        const char *length)
{
    if (lua_type(L, arg) == LUA_TTABLE)
        return;
    if (lua_getmetatable(L, arg)) {
        if ((!read || has_method(L, read)) && (!write || has_method(L, write)) &&
            (!length || has_method(L, length))) {
            lua_pop(L, 1);
            return;
        }
    }
    luaL_checktype(L, arg, LUA_TTABLE);
}

/* t[to] = t[from] */
static void copy(lua_State *L, int from_table, lua_Integer from, int to_table,
                 lua_Integer to)
{
    (void)lua_geti(L, from_table, from);
    lua_seti(L, to_table, to);
    lua_budget_check(L);
}

/* ---- insert, remove, move --------------------------------------------------------------
 */

static int insert(lua_State *L)
{
    check_table(L, 1, "__index", "__newindex", "__len");
    lua_Unsigned end = (lua_Unsigned)luaL_len(L, 1) + 1;
    lua_Integer at = (lua_Integer)end;
    int args = lua_gettop(L);
    if (args != 2 && args != 3)
        return luaL_error(L, "wrong number of arguments to 'insert'");
    if (args == 3) {
        at = luaL_checkinteger(L, 2);
        luaL_argcheck(L, (lua_Unsigned)at - 1 < end, 2, "position out of bounds");
        for (lua_Integer i = (lua_Integer)end; i > at; i--)
            copy(L, 1, i - 1, 1, i);
    }
    lua_seti(L, 1, at);
    return 0;
}

static int remove_at(lua_State *L)
{
    check_table(L, 1, "__index", "__newindex", "__len");
    lua_Integer size = luaL_len(L, 1);
    lua_Integer at = luaL_optinteger(L, 2, size);
    if (at != size)
        luaL_argcheck(L, (lua_Unsigned)at - 1 <= (lua_Unsigned)size, 2,
                      "position out of bounds");
    (void)lua_geti(L, 1, at);
    for (; at < size; at++)
        copy(L, 1, at + 1, 1, at);
    lua_pushnil(L);
    lua_seti(L, 1, at);
    return 1;
}

/* Backwards where the target overlaps the end of the source. */
static int move(lua_State *L)
{
    lua_Integer first = luaL_checkinteger(L, 2), last = luaL_checkinteger(L, 3);
    lua_Integer to = luaL_checkinteger(L, 4);
    int target = lua_isnoneornil(L, 5) ? 1 : 5;
    check_table(L, 1, "__index", NULL, NULL);
    check_table(L, target, NULL, "__newindex", NULL);
    if (last >= first) {
        luaL_argcheck(L, first > 0 || last < LUA_MAXINTEGER + first, 3,
                      "too many elements to move");
        lua_Integer count = last - first + 1;
        luaL_argcheck(L, to <= LUA_MAXINTEGER - count + 1, 4, "destination wrap around");
        bool forward = to > last || to <= first ||
                       (target != 1 && !lua_compare(L, 1, target, LUA_OPEQ));
        for (lua_Integer i = 0; i < count; i++) {
            lua_Integer step = forward ? i : count - 1 - i;
            copy(L, 1, first + step, target, to + step);
        }
    }
    lua_pushvalue(L, target);
    return 1;
}

/* ---- concat, unpack --------------------------------------------------------------------
 */

static void add_element(lua_State *L, luaL_Buffer *out, lua_Integer at)
{
    (void)lua_geti(L, 1, at);
    lua_budget_check(L);
    if (!lua_isstring(L, -1))
        luaL_error(L, "invalid value (%s) at index %I in table for 'concat'",
                   luaL_typename(L, -1), at);
    luaL_addvalue(out);
}

static int concat(lua_State *L)
{
    size_t len;
    luaL_Buffer out;
    check_table(L, 1, "__index", NULL, "__len");
    lua_Integer last = luaL_len(L, 1);
    const char *between = luaL_optlstring(L, 2, "", &len);
    lua_Integer i = luaL_optinteger(L, 3, 1);
    last = luaL_optinteger(L, 4, last);
    luaL_buffinit(L, &out);
    for (; i < last; i++) {
        add_element(L, &out, i);
        luaL_addlstring(&out, between, len);
    }
    if (i == last)
        add_element(L, &out, i);
    luaL_pushresult(&out);
    return 1;
}

static int unpack(lua_State *L)
{
    lua_Integer first = luaL_optinteger(L, 2, 1);
    lua_Integer last = lua_isnoneornil(L, 3) ? luaL_len(L, 1) : luaL_checkinteger(L, 3);
    if (first > last)
        return 0;
    lua_Unsigned more = (lua_Unsigned)last - (lua_Unsigned)first;
    if (more >= INT_MAX || !lua_checkstack(L, (int)more + 1))
        return luaL_error(L, "too many results to unpack");
    for (lua_Unsigned i = 0; i <= more; i++) {
        (void)lua_geti(L, 1, first + (lua_Integer)i);
        lua_budget_check(L);
    }
    return (int)more + 1;
}

/* ---- sort ------------------------------------------------------------------------------
 * The table is argument 1, the order function or nil argument 2. The heap's first element
 * is 1, the two below element i are 2i and 2i+1. Elements change places without a
 * comparison in between, so that none is lost where one raises. */

static bool is_less(lua_State *L, lua_Integer a, lua_Integer b)
{
    bool less;
    if (lua_isnil(L, 2)) {
        (void)lua_geti(L, 1, a);
        (void)lua_geti(L, 1, b);
        less = lua_compare(L, -2, -1, LUA_OPLT);
        lua_pop(L, 2);
    } else {
        lua_pushvalue(L, 2);
        (void)lua_geti(L, 1, a);
        (void)lua_geti(L, 1, b);
        lua_call(L, 2, 1);
        less = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    lua_budget_check(L);
    return less;
}

/* The element at `root` sinks to where it belongs: down along the larger ones to the end,
 * and from there back up past those that are less than it, which are few. */
static void sink(lua_State *L, lua_Integer root, lua_Integer size)
{
    lua_Integer at = root;
    while (at * 2 < size)
        at = at * 2 + is_less(L, at * 2, at * 2 + 1);
    if (at * 2 == size)
        at = size;
    while (at > root && is_less(L, at, root))
        at /= 2;
    (void)lua_geti(L, 1, root);
    for (; at >= root; at /= 2) {
        (void)lua_geti(L, 1, at);
        lua_insert(L, -2);
        lua_seti(L, 1, at);
    }
    lua_pop(L, 1);
}

static int sort(lua_State *L)
{
    check_table(L, 1, "__index", "__newindex", "__len");
    lua_Integer size = luaL_len(L, 1);
    if (size < 2)
        return 0;
    luaL_argcheck(L, size < INT_MAX, 1, "array too big");
    if (!lua_isnoneornil(L, 2))
        luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_settop(L, 2);
    for (lua_Integer root = size / 2; root > 0; root--)
        sink(L, root, size);
    for (lua_Integer last = size; last > 1; last--) {
        (void)lua_geti(L, 1, 1);
        (void)lua_geti(L, 1, last);
        lua_seti(L, 1, 1);
        lua_seti(L, 1, last);
        sink(L, 1, last - 1);
    }
    return 0;
}

void lua_table_guard(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "insert", insert }, { "remove", remove_at }, { "move", move },
        { "concat", concat }, { "unpack", unpack },    { "sort", sort },
        { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
