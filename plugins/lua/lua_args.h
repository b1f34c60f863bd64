/* Arguments of the API's functions, and their results.
 *
 * A wrong type raises, as in Lua's own libraries; a value that is no good is nil and the
 * name of a status. */
#ifndef LUA_ARGS_H
#define LUA_ARGS_H

#include <lua.h>
#include <stdbool.h>

#include "jackfield.h"

/* JF_OK if there is no status of that name. */
int lua_args_status_of(const char *name);

/* Push the results of a function: true, or nil and the status's name. */
int lua_args_result(lua_State *L, int status);

/* The same as an answer that is only a status; see lua_call_wait(). */
struct lua_answer;
int lua_args_push_status(lua_State *L, const struct lua_answer *answer);

jf_bytes lua_args_bytes(lua_State *L, int index);
uint32_t lua_args_opcode(lua_State *L, int index);

/* JF_E_INVALID: it is a string, but no connection's id. */
int lua_args_conn(lua_State *L, int index, jf_conn_id *out);

/* Milliseconds, not negative. */
uint64_t lua_args_ms(lua_State *L, int index);

#endif
