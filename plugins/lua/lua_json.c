/*
 * Decoding: cJSON reads the text, this room makes tables of its tree.
 *
 * cJSON is generous where JSON is not, and cuts strings at a zero; what it would let pass
 * so is refused here before. The tree is held by the state, not by this function's stack:
 * Lua may raise at every step.
 */
#include "lua_json.h"

#include <cjson/cJSON.h>
#include <lauxlib.h>
#include <stdbool.h>

#include "lua_budget.h"
#include "lua_utf8.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: above it, doubles skip integers */

static const char array_key; /* its address is the registry's key of the metatable */

static int null_to_text(lua_State *L)
{
    lua_pushliteral(L, "null");
    return 1;
}

static void protect(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
}

void lua_json_open(lua_State *L)
{
    lua_createtable(L, 0, 2);
    protect(L, "array");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &array_key);

    /* null is the only light userdata that scripts ever see. */
    lua_json_push_null(L);
    lua_createtable(L, 0, 3);
    protect(L, "null");
    lua_pushcfunction(L, null_to_text);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void lua_json_push_null(lua_State *L)
{
    lua_pushlightuserdata(L, NULL);
}

void lua_json_mark_array(lua_State *L)
{
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    lua_setmetatable(L, -2);
}

int lua_json_is_array(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index))
        return 0;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &array_key);
    int is_array = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return is_array;
}

void lua_json_release(struct lua_json *json)
{
    cJSON *tree = json->tree;
    json->tree = NULL;
    cJSON_Delete(tree);
}

static void push_value(lua_State *L, const cJSON *node);

static void push_number(lua_State *L, double number)
{
    bool is_small = number >= -EXACT_MAX && number <= EXACT_MAX;
    lua_Integer whole = is_small ? (lua_Integer)number : 0;
    if (is_small && (double)whole == number)
        lua_pushinteger(L, whole);
    else
        lua_pushnumber(L, number);
}

static void push_array(lua_State *L, const cJSON *node)
{
    lua_Integer at = 0;
    lua_createtable(L, cJSON_GetArraySize(node), 0);
    for (const cJSON *item = node->child; item; item = item->next) {
        lua_budget_check(L);
        push_value(L, item);
        lua_rawseti(L, -2, ++at);
    }
    lua_json_mark_array(L);
}

/* Of a repeated name, the last one counts, as for the selector of routes. */
static void push_object(lua_State *L, const cJSON *node)
{
    lua_createtable(L, 0, cJSON_GetArraySize(node));
    for (const cJSON *member = node->child; member; member = member->next) {
        lua_budget_check(L);
        lua_pushstring(L, member->string);
        push_value(L, member);
        lua_rawset(L, -3);
    }
}

static void push_value(lua_State *L, const cJSON *node)
{
    luaL_checkstack(L, 4, "JSON");
    if (cJSON_IsString(node))
        lua_pushstring(L, node->valuestring);
    else if (cJSON_IsNumber(node))
        push_number(L, node->valuedouble);
    else if (cJSON_IsObject(node))
        push_object(L, node);
    else if (cJSON_IsArray(node))
        push_array(L, node);
    else if (cJSON_IsBool(node))
        lua_pushboolean(L, cJSON_IsTrue(node));
    else
        lua_json_push_null(L);
}

/* A zero, written out or escaped, would end cJSON's strings early. */
static bool has_zero(jf_bytes text)
{
    const char *end = text.ptr + text.len;
    const char *at = text.ptr;
    if (memchr(text.ptr, '\0', text.len))
        return true;
    while ((at = memchr(at, '\\', (size_t)(end - at)))) {
        if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
            return true;
        if (end - at < 2)
            return false;
        at += 2; /* the second of two backslashes begins nothing */
    }
    return false;
}

static bool only_space(const char *from, const char *end)
{
    while (from < end && (*from == ' ' || *from == '\t' || *from == '\r' || *from == '\n'))
        from++;
    return from == end;
}

int lua_json_decode(lua_State *L, struct lua_json *json, jf_bytes text)
{
    const char *end = NULL;
    if (text.len > LUA_JSON_TEXT_MAX)
        return JF_E_TOO_BIG;
    if (!text.len || has_zero(text) || !lua_utf8_valid(text))
        return JF_E_INVALID;
    lua_json_release(json);
    json->tree = cJSON_ParseWithLengthOpts(text.ptr, text.len, &end, false);
    if (!json->tree)
        return JF_E_INVALID;
    bool whole = only_space(end, text.ptr + text.len);
    if (whole)
        push_value(L, json->tree);
    lua_json_release(json);
    return whole ? JF_OK : JF_E_INVALID;
}
