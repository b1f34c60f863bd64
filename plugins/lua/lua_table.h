/* The library table, with loops that look at the budget: metamethods make any table as long
 * as a script likes. As in Lua 5.4, except that sort puts what compares equal into another
 * order, and never complains of an order function that contradicts itself. */
#ifndef LUA_TABLE_H
#define LUA_TABLE_H

#include <lua.h>

/* Replace all but pack in the library on top of the stack. */
void lua_table_guard(lua_State *L);

#endif
