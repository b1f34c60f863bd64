/* JSON in scripts: a text, a stranger's.
 *
 * What is decoded and encoded again is the same when it is decoded once more; and the text
 * itself, as a string of Lua's, comes back from JSON as it was, or cannot become JSON. */
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "plugins/lua/lua_budget.h"
#include "plugins/lua/lua_json.h"
#include "plugins/lua/lua_utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static lua_State *state;
static struct lua_json json;

static int open_state(lua_State *L)
{
    lua_json_open(L);
    return 0;
}

static void setup(void)
{
    struct lua_budget *budget;
    if (state)
        return;
    CHECK(lua_budget_new(256u * 1024 * 1024, 60000, &budget) == JF_OK);
    state = lua_budget_newstate(budget);
    CHECK(state);
    lua_pushcfunction(state, open_state);
    CHECK(lua_pcall(state, 0, 0, 0) == LUA_OK);
}

static int encode(lua_State *L)
{
    lua_json_encode(L, 1);
    return 1;
}

/* The value on top becomes its text, or what is wrong with it. */
static bool encode_top(lua_State *L)
{
    lua_pushcfunction(L, encode);
    lua_insert(L, -2);
    return lua_pcall(L, 1, 1, 0) == LUA_OK;
}

static jf_bytes text_of(lua_State *L, int index)
{
    jf_bytes text = { NULL, 0 };
    text.ptr = lua_tolstring(L, index, &text.len);
    return text;
}

static void check_same(lua_State *L, int a, int b);

static size_t check_members(lua_State *L, int a, int b)
{
    size_t count = 0;
    lua_pushnil(L);
    while (lua_next(L, a)) {
        lua_pushvalue(L, -2);
        lua_rawget(L, b);
        check_same(L, lua_gettop(L) - 1, lua_gettop(L));
        lua_pop(L, 2);
        count++;
    }
    return count;
}

static void check_same(lua_State *L, int a, int b)
{
    CHECK(lua_checkstack(L, 8));
    CHECK(lua_type(L, a) == lua_type(L, b));
    if (!lua_istable(L, a)) {
        CHECK(lua_rawequal(L, a, b) && lua_isinteger(L, a) == lua_isinteger(L, b));
        return;
    }
    CHECK(lua_json_is_array(L, a) == lua_json_is_array(L, b));
    CHECK(check_members(L, a, b) == check_members(L, b, a));
}

/* Only what is infinite, or deeper than we write, is decoded and not encoded. */
static bool may_fail(lua_State *L)
{
    const char *why = lua_tostring(L, -1);
    return strstr(why, "inf is no number") || strstr(why, "tables in each other");
}

static int there_and_back(lua_State *L)
{
    const jf_bytes *text = lua_touserdata(L, 1);
    int status = lua_json_decode(L, &json, *text);
    CHECK(lua_gettop(L) == (status == JF_OK ? 2 : 1));
    CHECK(!json.tree);
    if (status < 0) {
        CHECK(status == JF_E_INVALID || status == JF_E_TOO_BIG);
        return 0;
    }
    lua_pushvalue(L, 2);
    if (!encode_top(L)) {
        CHECK(may_fail(L));
        return 0;
    }
    jf_bytes again = text_of(L, 3);
    CHECK(lua_utf8_valid(again));
    if (again.len > LUA_JSON_TEXT_MAX)
        return 0;
    CHECK(lua_json_decode(L, &json, again) == JF_OK);
    check_same(L, 2, 4);
    return 0;
}

static int as_a_string(lua_State *L)
{
    const jf_bytes *text = lua_touserdata(L, 1);
    lua_pushlstring(L, text->ptr, text->len);
    bool encoded = encode_top(L);
    CHECK(encoded == lua_utf8_valid(*text));
    if (!encoded || text_of(L, -1).len > LUA_JSON_TEXT_MAX)
        return 0;
    int status = lua_json_decode(L, &json, text_of(L, -1));
    if (text->len && memchr(text->ptr, '\0', text->len))
        CHECK(status == JF_E_INVALID);
    else
        CHECK(status == JF_OK && jf_same(text_of(L, -1), *text));
    return 0;
}

static void run(lua_CFunction function, jf_bytes *text)
{
    lua_pushcfunction(state, function);
    lua_pushlightuserdata(state, text);
    CHECK(lua_pcall(state, 1, 0, 0) == LUA_OK);
    CHECK(lua_gettop(state) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setup();
    /* In memory of its own size, so that a read past its end is seen. */
    char *copy = malloc(size ? size : 1);
    if (size)
        memcpy(copy, data, size);
    jf_bytes text = jf_view(copy, size);
    run(there_and_back, &text);
    run(as_a_string, &text);
    free(copy);
    return 0;
}
