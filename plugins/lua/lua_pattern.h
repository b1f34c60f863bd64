/* string.find, match, gmatch and gsub, as in Lua 5.4 in every answer and every message, but
 * looking at the budget while they match: a pattern of a few bytes can take longer than
 * anybody waits, and no hook ends a C function. */
#ifndef LUA_PATTERN_H
#define LUA_PATTERN_H

#include <lua.h>

/* Replace the four in the library on top of the stack. */
void lua_pattern_guard(lua_State *L);

#endif
