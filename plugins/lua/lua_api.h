/* The API of scripts: one table, from which the module `jf`, the events' fields and the
 * timers' methods are made, and against which documents and annotations are checked. */
#ifndef LUA_API_H
#define LUA_API_H

#include <lua.h>

#include "jackfield.h"

struct lua_state;

/* Names of metatables. */
#define LUA_API_EVENT "event"
#define LUA_API_TIMER "timer"

enum lua_binding_kind {
    LUA_CALLS,  /* a function */
    LUA_ACTS,   /* a function that others notice: does nothing in a trial */
    LUA_WAITS,  /* a function that yields until the host has answered */
    LUA_VALUE,  /* pushed once, when the module is made */
    LUA_FIELD,  /* of an event, called by its __index */
    LUA_METHOD, /* of an event or a timer */
};

struct lua_binding {
    const char *name; /* "jf.attr.get", "ev.body", "ev:refuse" */
    lua_CFunction function;
    enum lua_binding_kind kind;
};

/* Ends with a NULL name. */
extern const struct lua_binding lua_api_bindings[];

/* Push the module, made for this state; its metatables are made first. */
void lua_api_open(lua_State *L, struct lua_state *s);

/* Fill the table on top with the rows of "ev" or "timer": methods as functions, fields as
 * their row's index. */
void lua_api_methods(lua_State *L, struct lua_state *s, const char *object);

/* Inside a function of the API: whose state this is, and the function's name in the table.
 * The closure's first two upvalues are the state and the row's index. */
struct lua_state *lua_api_state(lua_State *L);
jf_self *lua_api_self(lua_State *L);
const char *lua_api_name(lua_State *L);

#endif
