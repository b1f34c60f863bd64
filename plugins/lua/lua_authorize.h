/* What a handler of "$authorize" returns: whether somebody may ask to connect, and who it
 * is. */
#ifndef LUA_AUTHORIZE_H
#define LUA_AUTHORIZE_H

#include <lua.h>
#include <stdbool.h>

struct lua_call;

bool lua_authorize_is(const struct lua_call *call);

/* As lua_verdict(). */
int lua_authorize_verdict(lua_State *co, struct lua_call *call, int first);

/* The call has raised what is on top of its coroutine. True: it is "Unauthorized", which is
 * how Lambda authorizers say 401, and *status is the event's. */
bool lua_authorize_raised(struct lua_call *call, int *status);

#endif
