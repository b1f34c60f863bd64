/* What a script may use up: memory of its state, CPU time of one call.
 *
 * A budget belongs to the thread that made it: all functions here are called there, and so
 * is everything that runs in its state. The time is the thread's own CPU time, so a script
 * is not blamed for a machine that is busy with others, nor for waiting.
 *
 * A call over budget is ended by an error that comes again at every instruction, in every
 * coroutine the call runs in, until the outermost call has returned: pcall cannot keep it.
 * It ends between one and nine eighths of the budget (5 ms more at least), and what the
 * instruction or C function that runs at this moment needs to return.
 *
 * What an ended call leaves behind:
 *  - its variables to be closed are closed only where that needs no code of the script;
 *  - a coroutine in which the error came is never to run again, not even to be closed
 *    (lua_closethread, lua_resetthread): Lua leaves its hooks off, so that code in it would
 *    be without a budget. Drop it, the collector takes it. A script cannot do otherwise:
 *    its coroutine.resume, wrap and close ask here first (lua_coroutine.c). */
#ifndef LUA_BUDGET_H
#define LUA_BUDGET_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct lua_budget;

/* JF_E_NOMEM; JF_E_UNAVAILABLE: the system has no timer left for this thread. */
int lua_budget_new(size_t memory_bytes, unsigned budget_ms, struct lua_budget **out);

/* After the state is closed. */
void lua_budget_free(struct lua_budget *budget);

/* The one state of this budget, without any library; NULL if the memory does not suffice.
 * Close it with lua_close(). Filling it is for a protected call: what raises outside of one
 * aborts. lua_getextraspace() is taken, in coroutines as well. */
lua_State *lua_budget_newstate(struct lua_budget *budget);

/* Whose state this is. */
struct lua_budget *lua_budget_of(lua_State *L);

/* Bytes that the state holds now. */
size_t lua_budget_memory(const struct lua_budget *budget);

/* Around each call from C into the script, a resume of `co` or a protected call in it; also
 * around whatever else may run code of the script, as lua_resetthread() and
 * luaL_tolstring() may. A few stores, no system call. Calls of different budgets may be
 * nested. End says whether the call was over its budget: then `co`, unless it is the main
 * thread of the state, is to be dropped, whatever its status. Its traceback may still be
 * taken. */
void lua_budget_begin(struct lua_budget *budget, lua_State *co);
bool lua_budget_end(struct lua_budget *budget, lua_State *co);

/* For loops in C that a script can make long: raise, or tell, when the call is over its
 * budget. Cheap enough for every round. */
void lua_budget_check(lua_State *L);
bool lua_budget_overdue(lua_State *L);

/* A coroutine of the script's own, just made. All others are the engine's, and nothing a
 * script may resume or close, even where it has got hold of one that waits. */
void lua_budget_adopt(lua_State *co);

/* Why a script may not resume or close this one; NULL if it may try. */
const char *lua_budget_refusal(lua_State *co);

/* lua_resume() and lua_resetthread() for the script's code in `L`, with a coroutine that is
 * not refused. They raise in `L` when the call is over its budget. Closing more than a few
 * from within each other raises as well: Lua 5.4.4 would not count the C stack. */
int lua_budget_resume(lua_State *L, lua_State *co, int args, int *results);
int lua_budget_close(lua_State *L, lua_State *co);

#endif
