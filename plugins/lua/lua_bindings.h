/* The functions in the API's table, but for those of events (lua_event.h). Each is called
 * by scripts only, with its arguments from 1 on. */
#ifndef LUA_BINDINGS_H
#define LUA_BINDINGS_H

#include <lua.h>

/* lua_send.c */
int lua_send_one(lua_State *L);
int lua_send_wait(lua_State *L);
int lua_send_many(lua_State *L);
int lua_send_group(lua_State *L);
int lua_send_all(lua_State *L);
int lua_send_close(lua_State *L);
int lua_send_close_group(lua_State *L);
int lua_send_close_where(lua_State *L);

/* lua_store.c */
int lua_store_attr_set(lua_State *L);
int lua_store_attr_get(lua_State *L);
int lua_store_join(lua_State *L);
int lua_store_leave(lua_State *L);
int lua_store_members(lua_State *L);
int lua_store_count(lua_State *L);

/* lua_timer.c */
int lua_timer_after(lua_State *L);
int lua_timer_sleep(lua_State *L);
int lua_timer_stop(lua_State *L);

/* lua_values.c */
int lua_values_log(lua_State *L); /* the level is the last part of its name */
int lua_values_print(lua_State *L);
int lua_values_encode(lua_State *L);
int lua_values_decode(lua_State *L);
int lua_values_null(lua_State *L);
int lua_values_array(lua_State *L);
int lua_values_options(lua_State *L);
int lua_values_worker(lua_State *L);
int lua_values_workers(lua_State *L);
int lua_values_now(lua_State *L);

#endif
