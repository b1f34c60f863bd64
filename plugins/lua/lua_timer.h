/* jf.after: functions that run later, each as a call of its own. */
#ifndef LUA_TIMER_H
#define LUA_TIMER_H

#include <lua.h>

struct lua_state;

void lua_timer_open(lua_State *L, struct lua_state *s);

/* None of those that wait will fire; how many there were. */
unsigned lua_timer_stop_all(struct lua_state *s);

#endif
