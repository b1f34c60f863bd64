/*
 * Timers, and sleeping, which is a timer that resumes its call.
 *
 * A timer is a userdata with its function as user value. While it waits, the registry keeps
 * it, its state lists it, and the host holds a pointer to it; when it fires or is stopped,
 * all three let go.
 */
#include "lua_timer.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "lua_api.h"
#include "lua_args.h"
#include "lua_bindings.h"
#include "lua_call.h"
#include "lua_state.h"

struct lua_timer {
    struct lua_state *state;
    struct lua_timer *next, **slot; /* who points at it; NULL: it does not wait */
    jf_timer id;
    int ref;
};

static void forget(struct lua_timer *timer)
{
    *timer->slot = timer->next;
    if (timer->next)
        timer->next->slot = timer->slot;
    timer->slot = NULL;
    luaL_unref(timer->state->L, LUA_REGISTRYINDEX, timer->ref);
}

static void remember(struct lua_timer *timer, int ref)
{
    struct lua_state *s = timer->state;
    timer->ref = ref;
    timer->next = s->timers;
    timer->slot = &s->timers;
    if (timer->next)
        timer->next->slot = &timer->next;
    s->timers = timer;
}

static void on_time(jf_worker *w, void *data)
{
    struct lua_timer *timer = data;
    struct lua_state *s = timer->state;
    (void)w;
    lua_rawgeti(s->L, LUA_REGISTRYINDEX, timer->ref);
    lua_getiuservalue(s->L, -1, 1);
    lua_remove(s->L, -2);
    forget(timer);
    lua_call_timer(s);
}

/* A trial has no worker: its timers never fire. */
int lua_timer_after(lua_State *L)
{
    struct lua_state *s = lua_api_state(L);
    uint64_t ms = lua_args_ms(L, 1);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    if (s->retired)
        return lua_args_result(L, JF_E_STOPPING);
    struct lua_timer *timer = lua_newuserdatauv(L, sizeof(*timer), 1);
    memset(timer, 0, sizeof(*timer));
    timer->state = s;
    luaL_setmetatable(L, LUA_API_TIMER);
    lua_pushvalue(L, 2);
    lua_setiuservalue(L, -2, 1);
    if (!s->worker)
        return 1;
    lua_pushvalue(L, -1);
    int ref = luaL_ref(L, LUA_REGISTRYINDEX);
    int status = jf_timer_start(s->worker->w, ms, on_time, timer, &timer->id);
    if (status < 0) {
        luaL_unref(L, LUA_REGISTRYINDEX, ref);
        return lua_args_result(L, status);
    }
    remember(timer, ref);
    return 1;
}

int lua_timer_stop(lua_State *L)
{
    struct lua_timer *timer = luaL_checkudata(L, 1, LUA_API_TIMER);
    if (timer->slot) {
        jf_timer_stop(timer->state->worker->w, timer->id);
        forget(timer);
    }
    return lua_args_result(L, JF_OK);
}

unsigned lua_timer_stop_all(struct lua_state *s)
{
    unsigned count = 0;
    while (s->timers) {
        struct lua_timer *timer = s->timers;
        jf_timer_stop(s->worker->w, timer->id);
        forget(timer);
        count++;
    }
    return count;
}

void lua_timer_open(lua_State *L, struct lua_state *s)
{
    luaL_newmetatable(L, LUA_API_TIMER);
    lua_newtable(L);
    lua_api_methods(L, s, "timer");
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

static void on_awake(jf_worker *w, void *data)
{
    struct lua_call *call = data;
    (void)w;
    call->answer.status = JF_OK;
    lua_call_resume(call);
}

int lua_timer_sleep(lua_State *L)
{
    uint64_t ms = lua_args_ms(L, 1);
    struct lua_call *call = lua_call_to_wait(L);
    int status = jf_timer_start(call->state->worker->w, ms, on_awake, call, &call->sleep);
    if (status < 0)
        return lua_args_result(L, status);
    return lua_call_wait(L, call, lua_args_push_status);
}
