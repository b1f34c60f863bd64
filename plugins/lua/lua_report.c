/*
 * Lines about failures: what, on which route, of which connection, then the traceback; that
 * order, as logs cut long lines at their end.
 */
#include "lua_report.h"

#include <lauxlib.h>
#include <time.h>

#include "lua_call.h"
#include "lua_plugin.h"
#include "lua_state.h"

#define LINES_PER_SECOND 10
#define MESSAGE_MAX 400

void lua_report_rest(struct lua_worker *worker)
{
    if (worker->held_back)
        jf_log(worker->w->self, JF_ERROR, "%u more failures were not logged",
               worker->held_back);
    worker->said = worker->held_back = 0;
}

bool lua_report_allowed(struct lua_worker *worker)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if ((uint64_t)now.tv_sec != worker->window) {
        lua_report_rest(worker);
        worker->window = (uint64_t)now.tv_sec;
    }
    if (worker->said < LINES_PER_SECOND) {
        worker->said++;
        return true;
    }
    worker->held_back++;
    return false;
}

size_t lua_report_flatten(const char *text, char *out, size_t size)
{
    size_t len = 0;
    for (; *text && len + 4 < size; text++) {
        if (*text == '\n') {
            memcpy(out + len, " | ", 3);
            len += 3;
        } else if (*text != '\t' && *text != '\r') {
            out[len++] = *text;
        }
    }
    out[len] = '\0';
    return len;
}

/* "route=onMessage conn=JC1dgf9yoAMCK-g=", or a timer. */
static void origin(const struct lua_call *call, char *out, size_t size)
{
    char id[JF_CONN_ID_TEXT + 1];
    if (!call->ev) {
        snprintf(out, size, "in a timer");
        return;
    }
    jf_id_to_text(call->ev->self, call->ev->conn, id);
    snprintf(out, size, "route=%.*s conn=%s",
             (int)(call->ev->route.len < 128 ? call->ev->route.len : 128),
             call->ev->route.ptr, id);
}

static void say(struct lua_call *call, const char *message, const char *trace)
{
    char where[192];
    origin(call, where, sizeof(where));
    jf_log(call->state->plugin->self, JF_ERROR, "%s | %s%s%s", message, where,
           *trace ? " | " : "", trace);
}

struct failure {
    struct lua_call *call;
    const char *said;
    char message[MESSAGE_MAX];
    char trace[600];
};

/* Runs protected, on the main thread: traces need memory. No metamethod of the error's is
 * called: that would be code of the script outside of its budget. */
static int describe(lua_State *L)
{
    struct failure *failure = lua_touserdata(L, 1);
    lua_State *co = failure->call->co;
    if (failure->said)
        lua_report_flatten(failure->said, failure->message, sizeof(failure->message));
    else if (lua_type(co, -1) == LUA_TSTRING)
        lua_report_flatten(lua_tostring(co, -1), failure->message,
                           sizeof(failure->message));
    else
        snprintf(failure->message, sizeof(failure->message), "the error is a %s value",
                 luaL_typename(co, -1));
    luaL_traceback(L, co, NULL, 0);
    lua_report_flatten(lua_tostring(L, -1), failure->trace, sizeof(failure->trace));
    return 0;
}

void lua_report_error(struct lua_call *call, const char *message)
{
    struct failure failure = { .call = call, .said = message };
    lua_State *L = call->state->L;
    if (!lua_report_allowed(call->state->worker))
        return;
    lua_pushcfunction(L, describe);
    lua_pushlightuserdata(L, &failure);
    if (lua_pcall(L, 1, 0, 0) != LUA_OK)
        lua_pop(L, 1);
    say(call, failure.message, failure.trace);
}

void lua_report_result(struct lua_call *call, const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (lua_report_allowed(call->state->worker))
        say(call, message, "");
}
