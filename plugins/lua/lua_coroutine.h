/* The library coroutine, with the script's own coroutines under its budget.
 *
 * As Lua's own, except: the coroutine that a handler runs in can be looked at, as
 * coroutine.running() gives it, but is neither resumed nor closed by a script; one that was
 * ended by the budget is not either; and closing is not nested deeper than a few. */
#ifndef LUA_COROUTINE_H
#define LUA_COROUTINE_H

#include <lua.h>

/* Replace create, wrap, resume and close in the library on top of the stack. */
void lua_coroutine_guard(lua_State *L);

#endif
