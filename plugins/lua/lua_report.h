/* What a script did wrong, as one line of the log. */
#ifndef LUA_REPORT_H
#define LUA_REPORT_H

#include <lua.h>
#include <stdbool.h>

#include "jackfield.h"

struct lua_call;
struct lua_worker;

/* May one more line be logged? A script that fails with every message of a stranger's would
 * flood the log: so many per second and worker, then only how many were held back. */
bool lua_report_allowed(struct lua_worker *worker);

/* The last lines were logged: say how many were not. */
void lua_report_rest(struct lua_worker *worker);

/* A call has failed; the error is on top of its coroutine, with the stack under it, unless
 * `message` says what it is. */
void lua_report_error(struct lua_call *call, const char *message);

/* A call was well in itself, but what it gave back is not; printf style. */
JF_FORMAT(2, 3) void lua_report_result(struct lua_call *call, const char *fmt, ...);

/* `text` in one line: breaks become " | ". Returns the length, cut to fit. */
size_t lua_report_flatten(const char *text, char *out, size_t size);

#endif
