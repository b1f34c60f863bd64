/* The libraries a script sees, and what they lack.
 *
 *   base       without dofile, loadfile, print, warn; require is not here either.
 *              load takes text in a string of at most 256 KiB; collectgarbage only "count";
 *              setmetatable no __gc: a finalizer would run without a budget. pcall and
 *              xpcall refuse to be called deeper than 1000 calls
 *   string     without dump; its metatable is protected; find, match, gmatch, gsub and rep
 *              are guarded
 *   table      guarded (lua_table.h)
 *   coroutine  guarded (lua_coroutine.h)
 *   math, utf8
 *   os         time, clock, date, difftime
 *
 * There is no io, debug or package. Whatever is added must keep this up: a metatable that C
 * sets is protected ("__metatable"), or else a script puts a __gc into it. */
#ifndef LUA_SANDBOX_H
#define LUA_SANDBOX_H

#include <lua.h>
#include <stddef.h>

/* Fill a state of lua_budget_newstate(). May raise, for want of memory. */
void lua_sandbox_open(lua_State *L);

/* Compile text: the function on the stack and LUA_OK, or a message and what lua_load()
 * returns. Looks at the budget on the way: there is text that takes very long. */
int lua_sandbox_load(lua_State *L, const char *text, size_t len, const char *name);

#endif
