/* The object `ev` that a handler gets: fields filled when they are asked for.
 *
 * Who it was and which route stays readable for ever; the rest ends with the event, but for
 * what has been read before. */
#ifndef LUA_EVENT_H
#define LUA_EVENT_H

#include <lua.h>

struct lua_call;
struct lua_state;

/* Push the object of the event that `call` handles. May raise. */
void lua_event_push(lua_State *L, struct lua_call *call);

/* Make the metatable, and keep it in the state. The functions below are in the API's table
 * (lua_api.c), which says what each is. */
void lua_event_open(lua_State *L, struct lua_state *s);

/* Fields: called with the object at 1, in the closure of __index. */
int lua_event_conn(lua_State *L);
int lua_event_stage(lua_State *L);
int lua_event_route(lua_State *L);
int lua_event_kind(lua_State *L);
int lua_event_body(lua_State *L);
int lua_event_binary(lua_State *L);
int lua_event_json(lua_State *L);
int lua_event_headers(lua_State *L);
int lua_event_query(lua_State *L);
int lua_event_path(lua_State *L);
int lua_event_peer(lua_State *L);
int lua_event_subprotocols(lua_State *L);
int lua_event_code(lua_State *L);
int lua_event_reason(lua_State *L);
int lua_event_event(lua_State *L);
int lua_event_context(lua_State *L);
int lua_event_variables(lua_State *L);
int lua_event_authorizer(lua_State *L);

/* Methods. */
int lua_event_subprotocol(lua_State *L);
int lua_event_refuse(lua_State *L);

#endif
