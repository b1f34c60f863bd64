/* Whoever resumes a coroutine tells the budget, since its hook must find the one that runs.
 * The rest of the library, status and yield for instance, is Lua's. */
#include "lua_coroutine.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "lua_budget.h"

static lua_State *check_coroutine(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argexpected(L, co, 1, "coroutine");
    return co;
}

static int new_coroutine(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_budget_adopt(co);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    return 1;
}

/* Run it with the `args` on top of our stack. Returns how many results are there instead,
 * or -1 with a message. */
static int run(lua_State *L, lua_State *co, int args)
{
    int results;
    const char *refusal = lua_budget_refusal(co);
    if (refusal || !lua_checkstack(co, args)) {
        lua_pushstring(L, refusal ? refusal : "too many arguments to resume");
        return -1;
    }
    lua_xmove(L, co, args);
    int status = lua_budget_resume(L, co, args, &results);
    if (status != LUA_OK && status != LUA_YIELD) {
        lua_xmove(co, L, 1);
        return -1;
    }
    if (!lua_checkstack(L, results + 1)) {
        lua_pop(co, results);
        lua_pushliteral(L, "too many results to resume");
        return -1;
    }
    lua_xmove(co, L, results);
    return results;
}

static int resume(lua_State *L)
{
    lua_State *co = check_coroutine(L);
    int results = run(L, co, lua_gettop(L) - 1);
    int pushed = results < 0 ? 1 : results;
    lua_pushboolean(L, results >= 0);
    lua_insert(L, -(pushed + 1));
    return pushed + 1;
}

static bool has_failed(lua_State *co)
{
    return lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD;
}

/* The error of a coroutine that is called like a function is the caller's. What it had to
 * close is closed first, and may raise in its place. */
static int call_wrapped(lua_State *L)
{
    lua_State *co = lua_tothread(L, lua_upvalueindex(1));
    int results = run(L, co, lua_gettop(L));
    if (results >= 0)
        return results;
    int status = lua_status(co);
    if (has_failed(co) && !lua_budget_refusal(co)) {
        lua_pop(L, 1);
        status = lua_budget_close(L, co);
        lua_xmove(co, L, 1);
    }
    if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

static int wrap(lua_State *L)
{
    (void)new_coroutine(L);
    lua_pushcclosure(L, call_wrapped, 1);
    return 1;
}

static int give_up(lua_State *L, const char *why)
{
    lua_pushboolean(L, false);
    lua_pushstring(L, why);
    return 2;
}

static bool has_frames(lua_State *co)
{
    lua_Debug ar;
    return lua_getstack(co, 0, &ar);
}

/* Suspended or dead: neither the one that runs nor one that waits for another. */
static int close_coroutine(lua_State *L)
{
    lua_State *co = check_coroutine(L);
    const char *refusal = lua_budget_refusal(co);
    if (refusal)
        return give_up(L, refusal);
    if (co == L)
        return luaL_error(L, "cannot close a running coroutine");
    if (lua_status(co) == LUA_OK && has_frames(co))
        return luaL_error(L, "cannot close a normal coroutine");
    lua_pushboolean(L, lua_budget_close(L, co) == LUA_OK);
    if (lua_toboolean(L, -1))
        return 1;
    lua_xmove(co, L, 1);
    return 2;
}

void lua_coroutine_guard(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "create", new_coroutine },  { "wrap", wrap }, { "resume", resume },
        { "close", close_coroutine }, { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
