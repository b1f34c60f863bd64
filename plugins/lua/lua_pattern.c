/* The four functions around the matcher: where they look for a match, and what they make of
 * one. Messages and order of checks are those of Lua 5.4. */
#include "lua_pattern.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "lua_budget.h"
#include "lua_match.h"

/* A starting place as scripts give it, counted from 1 or, if negative, from the end: as
 * counted from 0; behind `len` if it is. */
static size_t start_of(lua_Integer init, size_t len)
{
    if (init > 0)
        return (size_t)init - 1;
    if (init == 0 || 0 - (lua_Unsigned)init >= len)
        return 0;
    return len + (size_t)init;
}

/* ---- Captures as values ----------------------------------------------------------------
 */

/* Capture `index` of the match from `s` to `end`; the first is the whole, if there is none.
 * Of a position only the start is of use. */
static struct lua_capture capture_of(const struct lua_match *m, int index, const char *s,
                                     const char *end)
{
    struct lua_capture whole = { s, end - s };
    if (index < m->count && m->captures[index].len == LUA_MATCH_OPEN)
        luaL_error(m->L, "unfinished capture");
    if (index < m->count)
        return m->captures[index];
    if (index > 0)
        luaL_error(m->L, "invalid capture index %%%d", index + 1);
    return whole;
}

static void push_capture(const struct lua_match *m, int index, const char *s,
                         const char *end)
{
    struct lua_capture capture = capture_of(m, index, s, end);
    if (capture.len == LUA_MATCH_POSITION)
        lua_pushinteger(m->L, capture.start - m->subject + 1);
    else
        lua_pushlstring(m->L, capture.start, (size_t)capture.len);
}

static int push_captures(const struct lua_match *m, const char *s, const char *end)
{
    int count = m->count == 0 && s ? 1 : m->count;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++)
        push_capture(m, i, s, end);
    return count;
}

/* ---- find, match -----------------------------------------------------------------------
 */

static bool is_plain(const char *pattern, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (pattern[i] && strchr("^$*+?.([%-", pattern[i]))
            return false;
    }
    return true;
}

static int find_plain(lua_State *L, const char *from, const char *pattern, size_t len)
{
    size_t subject_len;
    const char *subject = lua_tolstring(L, 1, &subject_len);
    const char *found = memmem(from, subject_len - (size_t)(from - subject), pattern, len);
    if (!found) {
        luaL_pushfail(L);
        return 1;
    }
    lua_pushinteger(L, found - subject + 1);
    lua_pushinteger(L, found - subject + (lua_Integer)len);
    return 2;
}

static int find_match(lua_State *L, const char *s, const char *pattern, bool is_find)
{
    struct lua_match m;
    bool anchored = *pattern == '^';
    lua_match_init(&m, L, 1, 2);
    for (; s <= m.subject_end; s++) {
        const char *end = lua_match_at(&m, s, pattern + anchored);
        if (end && !is_find)
            return push_captures(&m, s, end);
        if (end) {
            lua_pushinteger(L, s - m.subject + 1);
            lua_pushinteger(L, end - m.subject);
            return push_captures(&m, NULL, NULL) + 2;
        }
        if (anchored)
            break;
    }
    luaL_pushfail(L);
    return 1;
}

static int search(lua_State *L, bool is_find)
{
    size_t len, pattern_len;
    const char *subject = luaL_checklstring(L, 1, &len);
    const char *pattern = luaL_checklstring(L, 2, &pattern_len);
    size_t start = start_of(luaL_optinteger(L, 3, 1), len);
    if (start > len) {
        luaL_pushfail(L);
        return 1;
    }
    if (is_find && (lua_toboolean(L, 4) || is_plain(pattern, pattern_len)))
        return find_plain(L, subject + start, pattern, pattern_len);
    return find_match(L, subject + start, pattern, is_find);
}

static int find(lua_State *L)
{
    return search(L, true);
}

static int match(lua_State *L)
{
    return search(L, false);
}

/* ---- gmatch ----------------------------------------------------------------------------
 * The iterator's upvalues: subject, pattern, where to look next, and where the last match
 * ended, or -1. There no match may end again. */

static int next_match(lua_State *L)
{
    struct lua_match m;
    lua_match_init(&m, L, lua_upvalueindex(1), lua_upvalueindex(2));
    const char *pattern = lua_tostring(L, lua_upvalueindex(2));
    const char *s = m.subject + lua_tointeger(L, lua_upvalueindex(3));
    lua_Integer last = lua_tointeger(L, lua_upvalueindex(4));
    for (; s <= m.subject_end; s++) {
        const char *end = lua_match_at(&m, s, pattern);
        if (!end || end - m.subject == last)
            continue;
        lua_pushinteger(L, end - m.subject);
        lua_copy(L, -1, lua_upvalueindex(3));
        lua_replace(L, lua_upvalueindex(4));
        return push_captures(&m, s, end);
    }
    return 0;
}

static int gmatch(lua_State *L)
{
    size_t len;
    (void)luaL_checklstring(L, 1, &len);
    (void)luaL_checkstring(L, 2);
    size_t start = start_of(luaL_optinteger(L, 3, 1), len);
    lua_settop(L, 2);
    lua_pushinteger(L, (lua_Integer)(start > len ? len + 1 : start));
    lua_pushinteger(L, -1);
    lua_pushcclosure(L, next_match, 4);
    return 1;
}

/* ---- gsub ------------------------------------------------------------------------------
 */

static void add_capture(const struct lua_match *m, luaL_Buffer *out, int index,
                        const char *s, const char *end)
{
    struct lua_capture capture = capture_of(m, index, s, end);
    if (capture.len == LUA_MATCH_POSITION) {
        lua_pushinteger(m->L, capture.start - m->subject + 1);
        luaL_addvalue(out);
    } else {
        luaL_addlstring(out, capture.start, (size_t)capture.len);
    }
}

/* The replacement string, argument 3, with its captures. */
static void add_template(const struct lua_match *m, luaL_Buffer *out, const char *s,
                         const char *end)
{
    size_t len;
    const char *p = lua_tolstring(m->L, 3, &len), *last = p + len, *escape;
    while ((escape = memchr(p, '%', (size_t)(last - p)))) {
        char what = escape + 1 < last ? escape[1] : '\0';
        luaL_addlstring(out, p, (size_t)(escape - p));
        if (what == '%')
            luaL_addchar(out, '%');
        else if (what == '0')
            luaL_addlstring(out, s, (size_t)(end - s));
        else if (isdigit((unsigned char)what))
            add_capture(m, out, what - '1', s, end);
        else
            luaL_error(m->L, "invalid use of '%%' in replacement string");
        p = escape + 2;
        lua_budget_check(m->L);
    }
    luaL_addlstring(out, p, (size_t)(last - p));
}

/* What the function or the table, argument 3, says. Nothing or false leaves the match as it
 * is. */
static void add_answer(const struct lua_match *m, luaL_Buffer *out, const char *s,
                       const char *end)
{
    lua_State *L = m->L;
    if (lua_type(L, 3) == LUA_TFUNCTION) {
        lua_pushvalue(L, 3);
        lua_call(L, push_captures(m, s, end), 1);
    } else {
        push_capture(m, 0, s, end);
        (void)lua_gettable(L, 3);
    }
    lua_budget_check(L);
    if (!lua_toboolean(L, -1)) {
        lua_pop(L, 1);
        luaL_addlstring(out, s, (size_t)(end - s));
    } else if (lua_isstring(L, -1)) {
        luaL_addvalue(out);
    } else {
        luaL_error(L, "invalid replacement value (a %s)", luaL_typename(L, -1));
    }
}

/* Returns how many were replaced, and in `rest` where the end of the text begins. */
static lua_Integer replace(struct lua_match *m, luaL_Buffer *out, const char *pattern,
                           lua_Integer max, const char **rest)
{
    int type = lua_type(m->L, 3);
    bool is_template = type == LUA_TSTRING || type == LUA_TNUMBER;
    bool anchored = *pattern == '^';
    const char *s = m->subject, *last = NULL;
    lua_Integer count = 0;
    *rest = s;
    while (count < max && s <= m->subject_end) {
        const char *end = lua_match_at(m, s, pattern + anchored);
        if (end && end != last) {
            luaL_addlstring(out, *rest, (size_t)(s - *rest));
            (is_template ? add_template : add_answer)(m, out, s, end);
            *rest = s = last = end;
            count++;
        } else {
            s++;
        }
        if (anchored)
            break;
    }
    return count;
}

static int gsub(lua_State *L)
{
    size_t len;
    struct lua_match m;
    luaL_Buffer out;
    const char *rest;
    (void)luaL_checklstring(L, 1, &len);
    const char *pattern = luaL_checkstring(L, 2);
    int type = lua_type(L, 3);
    lua_Integer max = luaL_optinteger(L, 4, (lua_Integer)len + 1);
    luaL_argexpected(L,
                     type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION ||
                         type == LUA_TTABLE,
                     3, "string/function/table");
    luaL_buffinit(L, &out);
    lua_match_init(&m, L, 1, 2);
    lua_Integer count = replace(&m, &out, pattern, max, &rest);
    if (count) {
        luaL_addlstring(&out, rest, (size_t)(m.subject_end - rest));
        luaL_pushresult(&out);
    } else {
        lua_pushvalue(L, 1);
    }
    lua_pushinteger(L, count);
    return 2;
}

void lua_pattern_guard(lua_State *L)
{
    static const luaL_Reg functions[] = {
        { "find", find }, { "match", match }, { "gmatch", gmatch },
        { "gsub", gsub }, { NULL, NULL },
    };
    luaL_setfuncs(L, functions, 0);
}
