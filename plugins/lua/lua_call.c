/*
 * A call's way: taken from the pool, begun, perhaps waiting, ended, put back.
 *
 * Everything that may raise happens inside the coroutine: the event's object is made there,
 * answers become values there, and what the handler returned is read there (lua_verdict.c).
 * So one lua_resume() is the only protected call there is. What a script may do with the
 * coroutine that it finds itself in, namely nothing, is decided elsewhere; here it is only
 * made sure that an answer meets the call that asked for it.
 */
#include "lua_call.h"

#include <lauxlib.h>
#include <stdlib.h>

#include "lua_api.h"
#include "lua_authorize.h"
#include "lua_budget.h"
#include "lua_event.h"
#include "lua_plugin.h"
#include "lua_report.h"
#include "lua_state.h"
#include "lua_verdict.h"

#define IDLE_MAX 256 /* coroutines that wait for an event; each holds a KiB */

/* ---- The pool --------------------------------------------------------------------------
 */

static int make_coroutine(lua_State *L)
{
    struct lua_call *call = lua_touserdata(L, 1);
    lua_State *co = lua_newthread(L);
    call->co_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    call->co = co;
    return 0;
}

static struct lua_call *new_call(struct lua_state *s)
{
    struct lua_call *call = calloc(1, sizeof(*call));
    if (!call)
        return NULL;
    call->state = s;
    call->next = s->calls;
    s->calls = call;
    return call;
}

/* From the pool without a coroutine, or new. */
static struct lua_call *take_bare(struct lua_state *s)
{
    struct lua_call *call = s->bare;
    if (!call)
        return new_call(s);
    s->bare = call->next_idle;
    return call;
}

static struct lua_call *take(struct lua_state *s)
{
    struct lua_call *call = s->idle;
    if (call) {
        s->idle = call->next_idle;
        s->idle_count--;
        return call;
    }
    call = take_bare(s);
    if (!call)
        return NULL;
    lua_pushcfunction(s->L, make_coroutine);
    lua_pushlightuserdata(s->L, call);
    if (lua_pcall(s->L, 1, 0, 0) == LUA_OK)
        return call;
    lua_pop(s->L, 1);
    call->next_idle = s->bare;
    s->bare = call;
    return NULL;
}

static void drop_coroutine(struct lua_call *call)
{
    luaL_unref(call->state->L, LUA_REGISTRYINDEX, call->co_ref);
    call->co = NULL;
}

/* Those who hold the event's object hold a finished one from now on: so a call is kept as
 * long as its state, but not all the coroutines of a busy hour. */
static void give_back(struct lua_call *call)
{
    struct lua_state *s = call->state;
    call->serial++;
    call->ev = NULL;
    call->route = NULL;
    call->waiting = call->answered = call->doomed = false;
    s->busy--;
    if (call->co && s->idle_count == IDLE_MAX)
        drop_coroutine(call);
    if (call->co) {
        call->next_idle = s->idle;
        s->idle = call;
        s->idle_count++;
    } else {
        call->next_idle = s->bare;
        s->bare = call;
    }
}

void lua_call_free_all(struct lua_state *s)
{
    while (s->calls) {
        struct lua_call *call = s->calls;
        s->calls = call->next;
        if (call->sleep)
            jf_timer_stop(s->worker->w, call->sleep);
        free(call);
    }
}

/* ---- Its end ---------------------------------------------------------------------------
 */

/* Variables to be closed are, which may run code of the script. One that was ended by its
 * budget, or cannot be closed, is not used again. */
static void recycle(struct lua_call *call, bool over)
{
    struct lua_state *s = call->state;
    if (!over) {
        lua_budget_begin(s->budget, call->co);
        int status = lua_resetthread(call->co);
        over = lua_budget_end(s->budget, call->co) || status != LUA_OK;
    }
    if (over)
        drop_coroutine(call);
    else
        lua_settop(call->co, 0);
}

/* `outcome` is what lua_resume() said. Where that was no error, we have to say what is one:
 * a string pushed here, unprotected, could abort. */
static int failed(struct lua_call *call, int outcome, bool over)
{
    struct lua_worker *worker = call->state->worker;
    const char *message = NULL;
    int status = JF_E_INTERNAL;
    if (outcome == LUA_ERRRUN && !over && lua_authorize_raised(call, &status)) {
        recycle(call, false);
        return status;
    }
    if (outcome == LUA_YIELD)
        message = "a handler yields by itself: only functions that wait may";
    else if (outcome == LUA_OK)
        message = "ran longer than its budget";
    if (over) {
        worker->over_budget++;
        status = JF_E_TIMEOUT;
    } else if (outcome == LUA_ERRMEM) {
        worker->out_of_memory++;
        status = JF_E_NOMEM;
    } else {
        worker->errors++;
    }
    lua_report_error(call, message);
    recycle(call, over);
    return status;
}

static int ended(struct lua_call *call, int outcome, bool over)
{
    struct lua_state *s = call->state;
    int status = call->status;
    if (over || outcome != LUA_OK)
        status = failed(call, outcome, over);
    else
        lua_settop(call->co, 0);
    give_back(call);
    if (outcome == LUA_ERRMEM)
        lua_state_spent(s);
    return status;
}

/* Run until it ends or waits. Its status, or JF_LATER. */
static int run(struct lua_call *call, int args)
{
    struct lua_state *s = call->state;
    int results;
    s->running = call;
    lua_budget_begin(s->budget, call->co);
    int outcome = lua_resume(call->co, s->L, args, &results);
    bool over = lua_budget_end(s->budget, call->co);
    s->running = NULL;
    if (s->starved && outcome == LUA_ERRRUN)
        outcome = LUA_ERRMEM;
    s->starved = false;
    if (s->json.tree)
        lua_json_release(&s->json);
    if (outcome == LUA_YIELD && call->waiting) {
        call->doomed = over;
        return JF_LATER;
    }
    return ended(call, outcome, over);
}

/* ---- Its beginning ---------------------------------------------------------------------
 */

static int handler_returned(lua_State *co, int outcome, lua_KContext context)
{
    struct lua_call *call = (struct lua_call *)context;
    (void)outcome;
    call->status = lua_verdict(co, call, 2);
    return 0;
}

static int run_handler(lua_State *co)
{
    struct lua_call *call = lua_touserdata(co, 1);
    lua_event_push(co, call);
    lua_replace(co, 1);
    lua_rawgeti(co, LUA_REGISTRYINDEX, call->state->handlers[call->route->index]);
    lua_pushvalue(co, 1);
    lua_callk(co, 1, LUA_MULTRET, (lua_KContext)call, handler_returned);
    return handler_returned(co, LUA_OK, (lua_KContext)call);
}

/* Not even a coroutine could be had. */
static int starved(struct lua_state *s)
{
    s->worker->out_of_memory++;
    if (lua_report_allowed(s->worker))
        jf_log(s->plugin->self, JF_ERROR, "not enough memory to call the script");
    lua_state_spent(s);
    lua_state_rest(s);
    return JF_E_NOMEM;
}

int lua_call_event(struct lua_state *s, const struct lua_route *route, struct jf_event *ev)
{
    struct lua_call *call = take(s);
    s->worker->calls++;
    if (!call)
        return starved(s);
    s->busy++;
    call->ev = ev;
    call->route = route;
    lua_pushcfunction(call->co, run_handler);
    lua_pushlightuserdata(call->co, call);
    int status = run(call, 1);
    lua_state_rest(s);
    return status;
}

void lua_call_timer(struct lua_state *s)
{
    struct lua_call *call = take(s);
    s->worker->calls++;
    if (!call) {
        lua_pop(s->L, 1);
        starved(s);
        return;
    }
    s->busy++;
    call->status = JF_OK;
    lua_xmove(s->L, call->co, 1);
    run(call, 0);
    lua_state_rest(s);
}

/* ---- Its waits -------------------------------------------------------------------------
 */

struct lua_call *lua_call_to_wait(lua_State *L)
{
    struct lua_state *s = lua_api_state(L);
    if (!s->running || s->running->co != L)
        luaL_error(L, "%s waits: call it from the handler, not from %s", lua_api_name(L),
                   s->running ? "a coroutine of your own" : "a script that is loading");
    if (!lua_isyieldable(L))
        luaL_error(L, "%s waits: not where Lua cannot, as in require, table.sort or gsub",
                   lua_api_name(L));
    return s->running;
}

static int resumed(lua_State *L, int outcome, lua_KContext context)
{
    struct lua_call *call = (struct lua_call *)context;
    (void)outcome;
    if (!call->answered)
        return luaL_error(L, "resumed before the answer came");
    call->answered = false;
    return call->push(L, &call->answer);
}

int lua_call_wait(lua_State *L, struct lua_call *call,
                  int (*push)(lua_State *L, const struct lua_answer *answer))
{
    call->push = push;
    call->waiting = true;
    return lua_yieldk(L, 0, (lua_KContext)call, resumed);
}

/* An answer that nobody takes: the coroutine was ended while it waited, or must not go on.
 */
static int lost(struct lua_call *call)
{
    int status = JF_E_TIMEOUT;
    if (call->doomed) {
        failed(call, LUA_OK, true);
    } else {
        call->state->worker->errors++;
        lua_report_error(call, "its coroutine was ended while it waited");
        drop_coroutine(call);
        status = JF_E_INTERNAL;
    }
    give_back(call);
    return status;
}

void lua_call_resume(struct lua_call *call)
{
    struct lua_state *s = call->state;
    struct jf_event *ev = call->ev;
    int status;
    call->sleep = 0;
    call->waiting = false;
    call->answered = true;
    if (lua_status(call->co) != LUA_YIELD || call->doomed)
        status = lost(call);
    else
        status = run(call, 0);
    if (ev && status != JF_LATER)
        jf_finish(ev, status);
    lua_state_rest(s);
}
