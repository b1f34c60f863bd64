/* What a script may use up: memory of its state, CPU time of one call. [worker thread] */
#ifndef LUA_BUDGET_H
#define LUA_BUDGET_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct lua_budget;

/* JF_E_NOMEM, JF_E_UNAVAILABLE. */
int lua_budget_new(size_t memory_bytes, unsigned budget_ms, struct lua_budget **out);

/* After the state is closed. */
void lua_budget_free(struct lua_budget *budget);

/* The one state of this budget; its lua_getextraspace() is taken. NULL: no memory. */
lua_State *lua_budget_newstate(struct lua_budget *budget);

/* Bytes that the state holds now. */
size_t lua_budget_memory(const struct lua_budget *budget);

/* Around each outermost call into the script. End says whether it was over its budget. */
void lua_budget_begin(struct lua_budget *budget, lua_State *co);
bool lua_budget_end(struct lua_budget *budget, lua_State *co);

/* In long loops in C: raise, or tell, when the call is over its budget. */
void lua_budget_check(lua_State *L);
bool lua_budget_overdue(lua_State *L);

#endif
