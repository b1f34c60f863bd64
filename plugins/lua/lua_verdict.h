/* What a handler's return values mean. */
#ifndef LUA_VERDICT_H
#define LUA_VERDICT_H

#include <lua.h>

struct lua_call;

/* The status of an event whose handler has returned the values from `first` to the top. May
 * send, refuse or choose a subprotocol as they say. May raise. */
int lua_verdict(lua_State *co, struct lua_call *call, int first);

#endif
