/*
 * The event as Lua sees it.
 *
 * One block of memory per event: a userdata that holds the id, and the text of route and
 * stage, so that they outlive the event; what is read of the rest is kept in its user
 * values. It does not hold the event itself but the call that handles it, and that call's
 * serial number, which moves on when the event is finished.
 */
#include "lua_event.h"

#include <lauxlib.h>
#include <stdbool.h>

#include "lua_api.h"
#include "lua_args.h"
#include "lua_call.h"
#include "lua_json.h"
#include "lua_pairs.h"
#include "lua_state.h"

/* What is kept where; by kind of event, places are shared. */
enum { KEPT_CONN = 1, KEPT_BODY, KEPT_JSON, KEPT_EVENT, KEPT_SUBPROTOCOLS };
enum { KEPT_HEADERS = KEPT_BODY, KEPT_QUERY = KEPT_JSON, KEPT_REASON = KEPT_BODY };

struct lua_event {
    struct lua_call *call;
    uint64_t serial;
    jf_conn_id conn;
    uint8_t kind;
    bool decoded; /* the body, which may be no JSON */
    uint32_t route_len, stage_len;
    char text[]; /* of the route, then of the stage */
};

void lua_event_push(lua_State *L, struct lua_call *call)
{
    const struct jf_event *ev = call->ev;
    size_t size = sizeof(struct lua_event) + ev->route.len + ev->stage.len;
    int kept = ev->kind == JF_CONNECT ? KEPT_SUBPROTOCOLS : KEPT_EVENT;
    struct lua_event *e = lua_newuserdatauv(L, size, kept);
    e->call = call;
    e->serial = call->serial;
    e->conn = ev->conn;
    e->kind = (uint8_t)ev->kind;
    e->decoded = false;
    e->route_len = (uint32_t)ev->route.len;
    e->stage_len = (uint32_t)ev->stage.len;
    if (ev->route.len)
        memcpy(e->text, ev->route.ptr, ev->route.len);
    if (ev->stage.len)
        memcpy(e->text + ev->route.len, ev->stage.ptr, ev->stage.len);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->state->event_meta);
    lua_setmetatable(L, -2);
}

/* The event; raises if it is finished. */
static struct jf_event *live(lua_State *L, const struct lua_event *e)
{
    if (e->call->serial != e->serial)
        luaL_error(L, "this event is finished: copy what you need before");
    return e->call->ev;
}

static int push_nil(lua_State *L)
{
    lua_pushnil(L);
    return 1;
}

/* Push what was kept; false and nothing if it was not. */
static bool kept(lua_State *L, int place)
{
    if (lua_getiuservalue(L, 1, place) != LUA_TNIL)
        return true;
    lua_pop(L, 1);
    return false;
}

/* Keep the value on top, and leave it there as the result. */
static int keep(lua_State *L, int place)
{
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, place);
    return 1;
}

static int push_bytes(lua_State *L, jf_bytes bytes)
{
    lua_pushlstring(L, bytes.ptr ? bytes.ptr : "", bytes.len);
    return 1;
}

/* ---- Fields of all events --------------------------------------------------------------
 */

int lua_event_conn(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    char text[JF_CONN_ID_TEXT + 1];
    if (kept(L, KEPT_CONN))
        return 1;
    jf_id_to_text(lua_api_self(L), e->conn, text);
    lua_pushlstring(L, text, JF_CONN_ID_TEXT);
    return keep(L, KEPT_CONN);
}

int lua_event_route(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    return push_bytes(L, jf_view(e->text, e->route_len));
}

int lua_event_stage(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    return push_bytes(L, jf_view(e->text + e->route_len, e->stage_len));
}

int lua_event_kind(lua_State *L)
{
    static const char *const names[] = { "connect", "message", "disconnect" };
    const struct lua_event *e = lua_touserdata(L, 1);
    lua_pushstring(L, names[e->kind]);
    return 1;
}

/* Push the whole event of the object at 1; or nothing, and the failure is returned. */
static int push_whole(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (kept(L, KEPT_EVENT))
        return JF_OK;
    jf_bytes text = jf_event_json(live(L, e));
    int status = JF_E_NOMEM;
    if (text.ptr)
        status = lua_json_decode(L, &lua_api_state(L)->json, text);
    if (status >= 0)
        keep(L, KEPT_EVENT);
    return status;
}

/* ev.event() and ev:event(): a function that knows which event it is of. */
static int whole_event(lua_State *L)
{
    lua_settop(L, 0);
    lua_pushvalue(L, lua_upvalueindex(2));
    int status = push_whole(L);
    return status < 0 ? lua_args_result(L, status) : 1;
}

int lua_event_event(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_pushcclosure(L, whole_event, 2);
    return 1;
}

int lua_event_context(lua_State *L)
{
    if (push_whole(L) < 0)
        return push_nil(L);
    lua_pushliteral(L, "requestContext");
    lua_rawget(L, -2);
    return 1;
}

/* A table of the script's own each time; nil: there are none. */
static int push_pairs(lua_State *L, const struct jf_pair *pairs, size_t count)
{
    if (!count)
        return push_nil(L);
    lua_createtable(L, 0, (int)count);
    for (size_t i = 0; i < count; i++) {
        push_bytes(L, pairs[i].name);
        push_bytes(L, pairs[i].value);
        lua_rawset(L, -3);
    }
    return 1;
}

int lua_event_variables(lua_State *L)
{
    size_t count = 0;
    const struct jf_pair *pairs = jf_stage_variables(live(L, lua_touserdata(L, 1)), &count);
    return push_pairs(L, pairs, count);
}

int lua_event_authorizer(lua_State *L)
{
    size_t count = 0;
    const struct jf_pair *pairs = jf_authorizer(live(L, lua_touserdata(L, 1)), &count);
    return push_pairs(L, pairs, count);
}

/* ---- Of messages -----------------------------------------------------------------------
 */

int lua_event_body(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_MESSAGE)
        return push_nil(L);
    if (kept(L, KEPT_BODY))
        return 1;
    push_bytes(L, live(L, e)->message->body);
    return keep(L, KEPT_BODY);
}

int lua_event_binary(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_MESSAGE)
        return push_nil(L);
    lua_pushboolean(L, live(L, e)->message->opcode == JF_BINARY);
    return 1;
}

int lua_event_json(lua_State *L)
{
    struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_MESSAGE)
        return push_nil(L);
    if (!e->decoded) {
        jf_bytes body = live(L, e)->message->body;
        int status = lua_json_decode(L, &lua_api_state(L)->json, body);
        if (status == JF_OK)
            lua_setiuservalue(L, 1, KEPT_JSON);
        e->decoded = true;
    }
    lua_getiuservalue(L, 1, KEPT_JSON);
    return 1;
}

/* ---- Of $connect -----------------------------------------------------------------------
 */

int lua_event_headers(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_CONNECT)
        return push_nil(L);
    if (kept(L, KEPT_HEADERS))
        return 1;
    const struct jf_connect *connect = live(L, e)->connect;
    lua_pairs_push(L, lua_api_state(L), connect->headers, connect->header_count, true);
    return keep(L, KEPT_HEADERS);
}

int lua_event_query(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_CONNECT)
        return push_nil(L);
    if (kept(L, KEPT_QUERY))
        return 1;
    const struct jf_connect *connect = live(L, e)->connect;
    lua_pairs_push(L, lua_api_state(L), connect->query, connect->query_count, false);
    return keep(L, KEPT_QUERY);
}

int lua_event_path(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_CONNECT)
        return push_nil(L);
    return push_bytes(L, live(L, e)->connect->path);
}

int lua_event_peer(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_CONNECT)
        return push_nil(L);
    return push_bytes(L, live(L, e)->connect->peer);
}

static bool is_between(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/* Names have neither commas nor blanks in them. */
static void push_names(lua_State *L, jf_bytes list)
{
    lua_Integer count = 0;
    size_t at = 0;
    lua_newtable(L);
    while (at < list.len) {
        size_t from = at;
        while (at < list.len && !is_between(list.ptr[at]))
            at++;
        if (at > from) {
            push_bytes(L, jf_view(list.ptr + from, at - from));
            lua_rawseti(L, -2, ++count);
        }
        at++;
    }
    lua_json_mark_array(L);
}

int lua_event_subprotocols(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_CONNECT)
        return push_nil(L);
    if (kept(L, KEPT_SUBPROTOCOLS))
        return 1;
    push_names(L, live(L, e)->connect->subprotocols);
    return keep(L, KEPT_SUBPROTOCOLS);
}

/* ---- Of $disconnect --------------------------------------------------------------------
 */

int lua_event_code(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_DISCONNECT)
        return push_nil(L);
    lua_pushinteger(L, live(L, e)->disconnect->code);
    return 1;
}

int lua_event_reason(lua_State *L)
{
    const struct lua_event *e = lua_touserdata(L, 1);
    if (e->kind != JF_DISCONNECT)
        return push_nil(L);
    if (kept(L, KEPT_REASON))
        return 1;
    push_bytes(L, live(L, e)->disconnect->reason);
    return keep(L, KEPT_REASON);
}

/* ---- Methods ---------------------------------------------------------------------------
 */

static struct jf_event *checked(lua_State *L)
{
    return live(L, luaL_checkudata(L, 1, LUA_API_EVENT));
}

int lua_event_subprotocol(lua_State *L)
{
    jf_bytes name = lua_args_bytes(L, 2);
    return lua_args_result(L, jf_subprotocol(checked(L), name));
}

int lua_event_refuse(lua_State *L)
{
    lua_Integer code = luaL_checkinteger(L, 2);
    jf_bytes body = { "", 0 };
    if (!lua_isnoneornil(L, 3))
        body = lua_args_bytes(L, 3);
    struct jf_event *ev = checked(L);
    int status = JF_E_INVALID;
    if (code >= 0 && code <= 999)
        status = jf_refuse(ev, (uint32_t)code, body);
    return lua_args_result(L, status);
}

/* ---- The metatable ---------------------------------------------------------------------
 */

/* Its upvalues: the state, and a table from names to rows of the API's table (fields) or to
 * functions (methods). */
static int get(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TNUMBER) {
        const struct lua_binding *row = &lua_api_bindings[lua_tointeger(L, 3)];
        return row->function(L);
    }
    if (lua_isnil(L, 3))
        return luaL_error(L, "an event has no field '%s'", luaL_tolstring(L, 2, NULL));
    return 1;
}

static int set(lua_State *L)
{
    return luaL_error(L, "an event cannot be written to");
}

void lua_event_open(lua_State *L, struct lua_state *s)
{
    luaL_newmetatable(L, LUA_API_EVENT);
    lua_pushlightuserdata(L, s);
    lua_newtable(L);
    lua_api_methods(L, s, "ev");
    lua_pushcclosure(L, get, 2);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, set);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    s->event_meta = luaL_ref(L, LUA_REGISTRYINDEX);
}
