/* require: modules of the script's own, below its folder. */
#ifndef LUA_REQUIRE_H
#define LUA_REQUIRE_H

#include <lua.h>

struct lua_state;

/* Make the global function; the module "jackfield" is on top and stays there. */
void lua_require_open(lua_State *L, struct lua_state *s);

#endif
