/* The matcher of Lua's patterns, for one subject and one pattern. */
#ifndef LUA_MATCH_H
#define LUA_MATCH_H

#include <lua.h>
#include <stddef.h>

#define LUA_MATCH_CAPTURES_MAX 32
#define LUA_MATCH_OPEN (-1)     /* a capture whose end was never reached */
#define LUA_MATCH_POSITION (-2) /* a capture of a place, not of text */

struct lua_capture {
    const char *start;
    ptrdiff_t len; /* or OPEN, POSITION */
};

struct lua_match {
    lua_State *L;
    const char *subject, *subject_end;
    const char *pattern_end;
    size_t fuel; /* left until the next look at the budget */
    int depth;
    int count; /* of captures, after a match */
    struct lua_capture captures[LUA_MATCH_CAPTURES_MAX];
};

/* The two strings are borrowed from these places in the stack of `L`, where they stay. */
void lua_match_init(struct lua_match *m, lua_State *L, int subject, int pattern);

/* Match the pattern from `p` on, exactly at `s`: the place behind it, or NULL. Raises what
 * is wrong with the pattern, or that the call is over its budget. */
const char *lua_match_at(struct lua_match *m, const char *s, const char *p);

#endif
