/*
 * jf.attr and jf.group: all of it waits.
 */
#include <lauxlib.h>

#include "lua_api.h"
#include "lua_args.h"
#include "lua_bindings.h"
#include "lua_budget.h"
#include "lua_call.h"
#include "lua_json.h"
#include "lua_plugin.h"
#include "lua_state.h"

static jf_worker *worker_of(lua_State *L)
{
    return lua_api_state(L)->worker->w;
}

/* Wait for what was started, or say why it was not. */
static int wait_for(lua_State *L, struct lua_call *call, int status,
                    int (*push)(lua_State *L, const struct lua_answer *answer))
{
    if (status < 0)
        return lua_args_result(L, status);
    return lua_call_wait(L, call, push);
}

static void on_done(jf_worker *w, void *data, int status)
{
    struct lua_call *call = data;
    (void)w;
    call->answer.status = status;
    lua_call_resume(call);
}

/* ---- Attributes ------------------------------------------------------------------------
 */

int lua_store_attr_set(lua_State *L)
{
    jf_conn_id conn;
    int status = lua_args_conn(L, 1, &conn);
    jf_bytes key = lua_args_bytes(L, 2);
    jf_bytes value = { "", 0 };
    if (!lua_isnoneornil(L, 3))
        value = lua_args_bytes(L, 3);
    struct lua_call *call = lua_call_to_wait(L);
    if (status == JF_OK)
        status = jf_attr_set(worker_of(L), conn, key, value, on_done, call);
    return wait_for(L, call, status, lua_args_push_status);
}

static void on_value(jf_worker *w, void *data, int status, jf_bytes value)
{
    struct lua_call *call = data;
    (void)w;
    call->answer.status = status;
    call->answer.value = value;
    lua_call_resume(call);
}

static int push_value(lua_State *L, const struct lua_answer *answer)
{
    if (answer->status < 0)
        return lua_args_result(L, answer->status);
    lua_pushlstring(L, answer->value.ptr ? answer->value.ptr : "", answer->value.len);
    return 1;
}

int lua_store_attr_get(lua_State *L)
{
    jf_conn_id conn;
    int status = lua_args_conn(L, 1, &conn);
    jf_bytes key = lua_args_bytes(L, 2);
    struct lua_call *call = lua_call_to_wait(L);
    if (status == JF_OK)
        status = jf_attr_get(worker_of(L), conn, key, on_value, call);
    return wait_for(L, call, status, push_value);
}

/* ---- Groups ----------------------------------------------------------------------------
 */

static int join_or_leave(lua_State *L,
                         int (*start)(jf_worker *w, jf_bytes group, jf_conn_id conn,
                                      jf_done_fn *done, void *data))
{
    jf_conn_id conn;
    jf_bytes name = lua_args_bytes(L, 1);
    int status = lua_args_conn(L, 2, &conn);
    struct lua_call *call = lua_call_to_wait(L);
    if (status == JF_OK)
        status = start(worker_of(L), name, conn, on_done, call);
    return wait_for(L, call, status, lua_args_push_status);
}

int lua_store_join(lua_State *L)
{
    return join_or_leave(L, jf_group_join);
}

int lua_store_leave(lua_State *L)
{
    return join_or_leave(L, jf_group_leave);
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    struct lua_call *call = data;
    (void)w;
    call->answer.status = status;
    call->answer.ids = ids;
    call->answer.count = count;
    lua_call_resume(call);
}

static int push_members(lua_State *L, const struct lua_answer *answer)
{
    char text[JF_CONN_ID_TEXT + 1];
    if (answer->status < 0)
        return lua_args_result(L, answer->status);
    size_t count = (size_t)answer->count;
    jf_self *self = lua_api_self(L);
    lua_createtable(L, count < INT32_MAX ? (int)count : INT32_MAX, 0);
    for (size_t i = 0; i < count; i++) {
        lua_budget_check(L);
        jf_id_to_text(self, answer->ids[i], text);
        lua_pushlstring(L, text, JF_CONN_ID_TEXT);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_json_mark_array(L);
    return 1;
}

int lua_store_members(lua_State *L)
{
    jf_bytes name = lua_args_bytes(L, 1);
    struct lua_call *call = lua_call_to_wait(L);
    int status = jf_group_members(worker_of(L), name, on_members, call);
    return wait_for(L, call, status, push_members);
}

static void on_count(jf_worker *w, void *data, int status, uint64_t count)
{
    struct lua_call *call = data;
    (void)w;
    call->answer.status = status;
    call->answer.count = count;
    lua_call_resume(call);
}

static int push_count(lua_State *L, const struct lua_answer *answer)
{
    if (answer->status < 0)
        return lua_args_result(L, answer->status);
    lua_pushinteger(L, (lua_Integer)answer->count);
    return 1;
}

int lua_store_count(lua_State *L)
{
    jf_bytes name = lua_args_bytes(L, 1);
    struct lua_call *call = lua_call_to_wait(L);
    int status = jf_group_count(worker_of(L), name, on_count, call);
    return wait_for(L, call, status, push_count);
}
