/*
 * A read-only list of pairs that can be indexed by name. Its user values are a table from
 * names to first values, and the list { name, value, name, value, ... }.
 */
#include "lua_pairs.h"

#include <lauxlib.h>

#include "lua_state.h"

enum { BY_NAME = 1, LIST };

struct lua_pairs {
    bool any_case;
};

/* Push the string at `index` as names are compared. */
static void push_folded(lua_State *L, int index)
{
    luaL_Buffer buffer;
    size_t len;
    const char *name = lua_tolstring(L, index, &len);
    char *folded = luaL_buffinitsize(L, &buffer, len);
    for (size_t i = 0; i < len; i++)
        folded[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    luaL_pushresultsize(&buffer, len);
}

static int get(lua_State *L)
{
    const struct lua_pairs *p = lua_touserdata(L, 1);
    lua_getiuservalue(L, 1, BY_NAME);
    if (p->any_case && lua_type(L, 2) == LUA_TSTRING)
        push_folded(L, 2);
    else
        lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

static int set(lua_State *L)
{
    return luaL_error(L, "what a client has sent cannot be written to");
}

/* Upvalues: the list, and the last place that was given out. */
static int step(lua_State *L)
{
    lua_Integer at = lua_tointeger(L, lua_upvalueindex(2));
    lua_pushinteger(L, at + 2);
    lua_replace(L, lua_upvalueindex(2));
    lua_rawgeti(L, lua_upvalueindex(1), at + 1);
    lua_rawgeti(L, lua_upvalueindex(1), at + 2);
    return 2;
}

static int walk(lua_State *L)
{
    lua_getiuservalue(L, 1, LIST);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, step, 2);
    return 1;
}

void lua_pairs_open(lua_State *L, struct lua_state *s)
{
    static const luaL_Reg metamethods[] = {
        { "__index", get }, { "__newindex", set }, { "__pairs", walk }, { NULL, NULL }
    };
    lua_newtable(L);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushliteral(L, "pairs");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    s->pairs_meta = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* On the stack: the table of names, the list. */
static void add(lua_State *L, const struct jf_pair *pair, lua_Integer at, bool any_case)
{
    lua_pushlstring(L, pair->name.ptr ? pair->name.ptr : "", pair->name.len);
    lua_pushlstring(L, pair->value.ptr ? pair->value.ptr : "", pair->value.len);
    if (any_case)
        push_folded(L, -2);
    else
        lua_pushvalue(L, -2);
    lua_pushvalue(L, -1);
    if (lua_rawget(L, -6) == LUA_TNIL) { /* the first counts */
        lua_pop(L, 1);
        lua_pushvalue(L, -2);
        lua_rawset(L, -6);
    } else {
        lua_pop(L, 2);
    }
    lua_rawseti(L, -3, at + 2);
    lua_rawseti(L, -2, at + 1);
}

void lua_pairs_push(lua_State *L, struct lua_state *s, const struct jf_pair *pairs,
                    size_t count, bool any_case)
{
    luaL_checkstack(L, 10, "headers");
    struct lua_pairs *p = lua_newuserdatauv(L, sizeof(*p), LIST);
    p->any_case = any_case;
    lua_createtable(L, 0, (int)count);
    lua_createtable(L, (int)(2 * count), 0);
    for (size_t i = 0; i < count; i++)
        add(L, &pairs[i], (lua_Integer)(2 * i), any_case);
    lua_setiuservalue(L, -3, LIST);
    lua_setiuservalue(L, -2, BY_NAME);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->pairs_meta);
    lua_setmetatable(L, -2);
}
