/* Headers, query parameters: names and values as a client sent them, as a Lua object. */
#ifndef LUA_PAIRS_H
#define LUA_PAIRS_H

#include <lua.h>
#include <stdbool.h>

#include "jackfield.h"

struct lua_state;

void lua_pairs_open(lua_State *L, struct lua_state *s);

/* Push a copy of them. Indexing it gives the first value of that name, in any case if
 * `any_case`; pairs() gives all, as they were written. */
void lua_pairs_push(lua_State *L, struct lua_state *s, const struct jf_pair *pairs,
                    size_t count, bool any_case);

#endif
