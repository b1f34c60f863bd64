/* The libraries that a script gets. */
#ifndef LUA_SANDBOX_H
#define LUA_SANDBOX_H

#include <lua.h>
#include <stddef.h>

/* Open them into a fresh state; in a protected call. */
void lua_sandbox_open(lua_State *L);

/* Compile text: the function on the stack and LUA_OK, or a message and what lua_load()
 * returns. */
int lua_sandbox_load(lua_State *L, const char *text, size_t len, const char *name);

#endif
