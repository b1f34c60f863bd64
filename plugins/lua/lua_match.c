/* The pattern is matched as it is read, item by item: a single character class with what
 * may follow it, or one of ( ) %b %f %1 $. What has alternatives tries them by recursion,
 * so the depth is bounded; what has none goes on in the same loop.
 *
 * Each step burns fuel. An empty tank is the moment to look at the budget, and whatever
 * takes time in proportion to a length burns it in that proportion. */
#include "lua_match.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdbool.h>
#include <string.h>

#include "lua_budget.h"

#define DEPTH_MAX 200
#define TANK 4096

static const char *match_here(struct lua_match *m, const char *s, const char *p);

static inline void burn(struct lua_match *m, size_t steps)
{
    if (m->fuel > steps) {
        m->fuel -= steps;
    } else {
        m->fuel = TANK;
        lua_budget_check(m->L);
    }
}

/* Lua's strings end with a zero; some of the syntax is what comes of reading it. */
static char at(const char *p, const char *end)
{
    return p < end ? *p : '\0';
}

/* ---- Single characters -----------------------------------------------------------------
 */

/* %a and the like. An upper case letter is the opposite; what is no class is itself. */
static bool is_in_class(int c, int class)
{
    bool is;
    switch (tolower(class)) {
    case 'a':
        is = isalpha(c);
        break;
    case 'c':
        is = iscntrl(c);
        break;
    case 'd':
        is = isdigit(c);
        break;
    case 'g':
        is = isgraph(c);
        break;
    case 'l':
        is = islower(c);
        break;
    case 'p':
        is = ispunct(c);
        break;
    case 's':
        is = isspace(c);
        break;
    case 'u':
        is = isupper(c);
        break;
    case 'w':
        is = isalnum(c);
        break;
    case 'x':
        is = isxdigit(c);
        break;
    case 'z':
        is = c == 0;
        break;
    default:
        return class == c;
    }
    return isupper(class) ? !is : is;
}

/* The item's end: `p` is at its first character. In a set, a ] in the first place is one of
 * its members. */
static const char *item_end(struct lua_match *m, const char *p)
{
    const char *end = m->pattern_end, *start = p;
    char first = *p++;
    if (first == '%') {
        if (p == end)
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        return p + 1;
    }
    if (first != '[')
        return p;
    if (at(p, end) == '^')
        p++;
    do {
        if (p == end)
            luaL_error(m->L, "malformed pattern (missing ']')");
        if (*p++ == '%' && p < end)
            p++;
    } while (at(p, end) != ']');
    burn(m, (size_t)(p - start));
    return p + 1;
}

/* A set from its [ up to `close`, which is at its ]. */
static bool is_in_set(struct lua_match *m, int c, const char *p, const char *close)
{
    bool found = false, negated = p[1] == '^';
    const char *start = p;
    for (p += negated ? 2 : 1; p < close && !found; p++) {
        if (*p == '%') {
            p++;
            found = is_in_class(c, (unsigned char)*p);
        } else if (p[1] == '-' && p + 2 < close) {
            found = (unsigned char)p[0] <= c && c <= (unsigned char)p[2];
            p += 2;
        } else {
            found = (unsigned char)*p == c;
        }
    }
    burn(m, (size_t)(p - start));
    return found != negated;
}

static bool is_match(struct lua_match *m, const char *s, const char *p, const char *end)
{
    burn(m, 1);
    if (s >= m->subject_end)
        return false;
    int c = (unsigned char)*s;
    switch (*p) {
    case '.':
        return true;
    case '%':
        return is_in_class(c, (unsigned char)p[1]);
    case '[':
        return is_in_set(m, c, p, end - 1);
    default:
        return (unsigned char)*p == c;
    }
}

/* ---- Repetition: the item from `p` to `end`, which is at its * + or - ------------------
 */

/* As many as there are, then fewer. */
static const char *match_most(struct lua_match *m, const char *s, const char *p,
                              const char *end)
{
    ptrdiff_t count = 0;
    while (is_match(m, s + count, p, end))
        count++;
    for (; count >= 0; count--) {
        const char *found = match_here(m, s + count, end + 1);
        if (found)
            return found;
    }
    return NULL;
}

/* As few as will do. */
static const char *match_least(struct lua_match *m, const char *s, const char *p,
                               const char *end)
{
    for (;; s++) {
        const char *found = match_here(m, s, end + 1);
        if (found)
            return found;
        if (!is_match(m, s, p, end))
            return NULL;
    }
}

/* ---- Captures --------------------------------------------------------------------------
 */

/* Both leave the captures as they were where the rest does not match. */
static const char *open_capture(struct lua_match *m, const char *s, const char *p,
                                ptrdiff_t len)
{
    if (m->count >= LUA_MATCH_CAPTURES_MAX)
        luaL_error(m->L, "too many captures");
    m->captures[m->count].start = s;
    m->captures[m->count].len = len;
    m->count++;
    const char *found = match_here(m, s, p);
    if (!found)
        m->count--;
    return found;
}

static const char *close_capture(struct lua_match *m, const char *s, const char *p)
{
    int last = m->count - 1;
    while (last >= 0 && m->captures[last].len != LUA_MATCH_OPEN)
        last--;
    if (last < 0)
        luaL_error(m->L, "invalid pattern capture");
    m->captures[last].len = s - m->captures[last].start;
    const char *found = match_here(m, s, p);
    if (!found)
        m->captures[last].len = LUA_MATCH_OPEN;
    return found;
}

/* The place behind a repetition of what was captured. A position repeats nowhere. */
static const char *match_again(struct lua_match *m, const char *s, char digit)
{
    int index = digit - '1';
    if (index < 0 || index >= m->count || m->captures[index].len == LUA_MATCH_OPEN)
        luaL_error(m->L, "invalid capture index %%%d", index + 1);
    const struct lua_capture *capture = &m->captures[index];
    if (capture->len < 0 || capture->len > m->subject_end - s)
        return NULL;
    burn(m, (size_t)capture->len / 16);
    return memcmp(capture->start, s, (size_t)capture->len) == 0 ? s + capture->len : NULL;
}

/* ---- The other items: the place in the subject behind them, or NULL --------------------
 */

/* %bxy: from an x to the y that balances it. */
static const char *match_balance(struct lua_match *m, const char *s, const char *p)
{
    if (m->pattern_end - p < 2)
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    if (s == m->subject_end || *s != p[0])
        return NULL;
    size_t open = 1;
    while (++s < m->subject_end) {
        burn(m, 1);
        if (*s == p[1]) {
            if (--open == 0)
                return s + 1;
        } else if (*s == p[0]) {
            open++;
        }
    }
    return NULL;
}

/* %f[set]: from outside the set into it; around the subject there are zeros. */
static bool is_frontier(struct lua_match *m, const char *s, const char *p, const char **end)
{
    if (at(p, m->pattern_end) != '[')
        luaL_error(m->L, "missing '[' after '%%f' in pattern");
    *end = item_end(m, p);
    int before = s == m->subject ? '\0' : (unsigned char)s[-1];
    int after = (unsigned char)at(s, m->subject_end);
    return !is_in_set(m, before, p, *end - 1) && is_in_set(m, after, p, *end - 1);
}

/* What begins with %, but is no class: true, and `p` and `s` behind it, `s` NULL if it does
 * not match. */
static bool match_special(struct lua_match *m, const char **s, const char **p)
{
    const char *end;
    char kind = at(*p + 1, m->pattern_end);
    if (kind == 'b') {
        *s = match_balance(m, *s, *p + 2);
        *p += 4;
    } else if (kind == 'f') {
        *s = is_frontier(m, *s, *p + 2, &end) ? *s : NULL;
        *p = end;
    } else if (isdigit((unsigned char)kind)) {
        *s = match_again(m, *s, kind);
        *p += 2;
    } else {
        return false;
    }
    return true;
}

/* ---- The matcher -----------------------------------------------------------------------
 */

/* A single character class and its repetition. True to go on at `s` and `p`, false if `s`
 * is the result already. */
static bool match_item(struct lua_match *m, const char **s, const char **p)
{
    const char *end = item_end(m, *p), *found;
    char repeat = at(end, m->pattern_end);
    if (!is_match(m, *s, *p, end)) {
        if (repeat != '*' && repeat != '?' && repeat != '-')
            *s = NULL;
        *p = end + 1;
        return *s;
    }
    switch (repeat) {
    case '?':
        found = match_here(m, *s + 1, end + 1);
        *p = end + 1;
        *s = found ? found : *s;
        return !found;
    case '*':
    case '+':
        *s = match_most(m, *s + (repeat == '+'), *p, end);
        return false;
    case '-':
        *s = match_least(m, *s, *p, end);
        return false;
    default:
        ++*s;
        *p = end;
        return true;
    }
}

/* The place behind the match of `p` at `s`, or NULL. */
static const char *match_items(struct lua_match *m, const char *s, const char *p)
{
    while (s && p != m->pattern_end) {
        if (*p == '(' && at(p + 1, m->pattern_end) == ')')
            return open_capture(m, s, p + 2, LUA_MATCH_POSITION);
        if (*p == '(')
            return open_capture(m, s, p + 1, LUA_MATCH_OPEN);
        if (*p == ')')
            return close_capture(m, s, p + 1);
        if (*p == '$' && p + 1 == m->pattern_end)
            return s == m->subject_end ? s : NULL;
        if (*p == '%' && match_special(m, &s, &p))
            continue;
        if (!match_item(m, &s, &p))
            return s;
    }
    return s;
}

static const char *match_here(struct lua_match *m, const char *s, const char *p)
{
    if (m->depth == DEPTH_MAX)
        luaL_error(m->L, "pattern too complex");
    burn(m, 1);
    m->depth++;
    s = match_items(m, s, p);
    m->depth--;
    return s;
}

const char *lua_match_at(struct lua_match *m, const char *s, const char *p)
{
    m->depth = 0;
    m->count = 0;
    return match_here(m, s, p);
}

void lua_match_init(struct lua_match *m, lua_State *L, int subject, int pattern)
{
    size_t len, pattern_len;
    m->L = L;
    m->fuel = TANK;
    m->subject = lua_tolstring(L, subject, &len);
    m->subject_end = m->subject + len;
    m->pattern_end = lua_tolstring(L, pattern, &pattern_len) + pattern_len;
}
