/*
 * Encoding: our own writer, since cJSON would need a second tree, cut strings at zeros and
 * print integers as doubles.
 *
 * The text grows in a userdata at a fixed place in the stack, so it counts as the state's
 * memory and goes by itself when something raises. What is wrong with a value is an error
 * that says so: half a text would help nobody.
 */
#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "lua_budget.h"
#include "lua_json.h"
#include "lua_utf8.h"

struct writer {
    lua_State *L;
    char *text;
    size_t len, size;
    int box; /* where the userdata of `text` stands, if it is not `first` */
    int depth;
    char first[1024];
};

static void write_value(struct writer *w);

/* Room for `more` characters. */
static void grow(struct writer *w, size_t more)
{
    size_t size = w->size;
    if (more > LUA_JSON_OUT_MAX - w->len)
        luaL_error(w->L, "JSON: longer than %d MiB", (int)(LUA_JSON_OUT_MAX >> 20));
    while (size - w->len < more)
        size *= 2;
    char *text = lua_newuserdatauv(w->L, size, 0);
    memcpy(text, w->text, w->len);
    lua_replace(w->L, w->box);
    w->text = text;
    w->size = size;
}

static inline void reserve(struct writer *w, size_t more)
{
    if (w->size - w->len < more)
        grow(w, more);
}

static void write_bytes(struct writer *w, const char *bytes, size_t len)
{
    reserve(w, len);
    memcpy(w->text + w->len, bytes, len);
    w->len += len;
}

static void write_char(struct writer *w, char c)
{
    reserve(w, 1);
    w->text[w->len++] = c;
}

static void write_escape(struct writer *w, unsigned char c)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[] = "btn\0fr"; /* of 8 to 13 */
    char unicode[] = { '\\', 'u', '0', '0', digits[c >> 4 & 15], digits[c & 15] };
    char brief[] = { '\\', (char)c };
    if (c >= 8 && c <= 13)
        brief[1] = letters[c - 8];
    if (c == '"' || c == '\\' || (c >= 8 && c <= 13 && c != 11))
        write_bytes(w, brief, sizeof(brief));
    else
        write_bytes(w, unicode, sizeof(unicode));
}

static void write_string(struct writer *w, int index)
{
    jf_bytes s = { NULL, 0 };
    s.ptr = lua_tolstring(w->L, index, &s.len);
    size_t from = 0;
    if (!lua_utf8_valid(s))
        luaL_error(w->L, "JSON: a string that is not UTF-8");
    write_char(w, '"');
    for (size_t at = 0; at < s.len; at++) {
        unsigned char c = (unsigned char)s.ptr[at];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        write_bytes(w, s.ptr + from, at - from);
        write_escape(w, c);
        from = at + 1;
    }
    write_bytes(w, s.ptr + from, s.len - from);
    write_char(w, '"');
}

/* The shortest of these that is the same number when read again. */
static void write_float(struct writer *w, double number)
{
    char text[32];
    int n = 0;
    if (!isfinite(number))
        luaL_error(w->L, "JSON: %f is no number", number);
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof(text), "%.*g", digits, number);
        if (strtod(text, NULL) == number)
            break;
    }
    write_bytes(w, text, (size_t)n);
}

static void write_number(struct writer *w)
{
    char text[24];
    if (!lua_isinteger(w->L, -1)) {
        write_float(w, lua_tonumber(w->L, -1));
        return;
    }
    int n = snprintf(text, sizeof(text), "%lld", (long long)lua_tointeger(w->L, -1));
    write_bytes(w, text, (size_t)n);
}

static void write_array(struct writer *w, lua_Integer count)
{
    write_char(w, '[');
    for (lua_Integer at = 1; at <= count; at++) {
        lua_budget_check(w->L);
        if (at > 1)
            write_char(w, ',');
        lua_rawgeti(w->L, -1, at);
        write_value(w);
        lua_pop(w->L, 1);
    }
    write_char(w, ']');
}

static void write_object(struct writer *w)
{
    bool first = true;
    write_char(w, '{');
    lua_pushnil(w->L);
    while (lua_next(w->L, -2)) {
        lua_budget_check(w->L);
        if (lua_type(w->L, -2) != LUA_TSTRING)
            luaL_error(w->L, "JSON: a table with strings and with a %s as keys",
                       luaL_typename(w->L, -2));
        if (!first)
            write_char(w, ',');
        first = false;
        write_string(w, -2);
        write_char(w, ':');
        write_value(w);
        lua_pop(w->L, 1);
    }
    write_char(w, '}');
}

/* How many elements the table on top has, whose keys must be 1 to that. */
static lua_Integer count_elements(struct writer *w)
{
    lua_Integer count = 0, last = 0;
    lua_pushnil(w->L);
    while (lua_next(w->L, -2)) {
        lua_pop(w->L, 1);
        if (!lua_isinteger(w->L, -1))
            luaL_error(w->L, "JSON: an array with a %s as key", luaL_typename(w->L, -1));
        lua_Integer key = lua_tointeger(w->L, -1);
        if (key < 1)
            luaL_error(w->L, "JSON: an array with the key %I", (LUAI_UACINT)key);
        last = key > last ? key : last;
        count++;
    }
    if (last != count)
        luaL_error(w->L, "JSON: an array with holes: jf.json.null keeps a place");
    return count;
}

static bool begins_as_array(lua_State *L)
{
    lua_pushnil(L);
    if (!lua_next(L, -2))
        return false;
    bool begins = lua_type(L, -2) == LUA_TNUMBER;
    lua_pop(L, 2);
    return begins;
}

static void write_table(struct writer *w)
{
    if (++w->depth > LUA_JSON_DEPTH_MAX)
        luaL_error(w->L, "JSON: more than %d tables in each other, or a table in itself",
                   LUA_JSON_DEPTH_MAX);
    luaL_checkstack(w->L, 6, "JSON");
    if (lua_json_is_array(w->L, -1) || begins_as_array(w->L))
        write_array(w, count_elements(w));
    else
        write_object(w);
    w->depth--;
}

/* The value on top; it stays there. */
static void write_value(struct writer *w)
{
    switch (lua_type(w->L, -1)) {
    case LUA_TSTRING:
        write_string(w, -1);
        break;
    case LUA_TNUMBER:
        write_number(w);
        break;
    case LUA_TBOOLEAN:
        if (lua_toboolean(w->L, -1))
            write_bytes(w, "true", 4);
        else
            write_bytes(w, "false", 5);
        break;
    case LUA_TTABLE:
        write_table(w);
        break;
    case LUA_TNIL:
        write_bytes(w, "null", 4);
        break;
    default:
        if (lua_touserdata(w->L, -1) || lua_type(w->L, -1) != LUA_TLIGHTUSERDATA)
            luaL_error(w->L, "JSON: a %s is no value of it", luaL_typename(w->L, -1));
        write_bytes(w, "null", 4);
    }
}

void lua_json_encode(lua_State *L, int index)
{
    struct writer w;
    w.L = L;
    w.text = w.first;
    w.len = 0;
    w.depth = 0;
    w.size = sizeof(w.first);
    index = lua_absindex(L, index);
    luaL_checkstack(L, 6, "JSON");
    lua_pushnil(L);
    w.box = lua_gettop(L);
    lua_pushvalue(L, index);
    write_value(&w);
    lua_pushlstring(L, w.text, w.len);
    lua_replace(L, w.box);
    lua_settop(L, w.box);
}
