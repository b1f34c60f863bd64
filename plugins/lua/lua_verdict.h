/* What a handler's return values mean. */
#ifndef LUA_VERDICT_H
#define LUA_VERDICT_H

#include <lua.h>

struct lua_call;

/* The status of an event whose handler has returned the values from `first` to the top. May
 * send, refuse or choose a subprotocol as they say. May raise. */
int lua_verdict(lua_State *co, struct lua_call *call, int first);

/* Parts of it, for lua_authorize.c: a table with a statusCode, and the name of a status. */
int lua_verdict_connect(lua_State *co, struct lua_call *call, int table);
int lua_verdict_named(lua_State *co, struct lua_call *call, int index);

#endif
