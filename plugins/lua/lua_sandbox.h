/* The libraries that a script gets. */
#ifndef LUA_SANDBOX_H
#define LUA_SANDBOX_H

#include <lua.h>

/* Open them into a fresh state; in a protected call. */
void lua_sandbox_open(lua_State *L);

#endif
