/* JSON to Lua values and back.
 *
 * null is a light userdata of NULL. A table is an array if its metatable says so, which
 * those that were decoded have, or if it has exactly the keys 1 to n, n > 0; other tables
 * are objects, and their keys must be strings. What was decoded can be encoded again,
 * unless a number was too large for a double and is infinite, or it is nested too deep. */
#ifndef LUA_JSON_H
#define LUA_JSON_H

#include <lua.h>

#include "jackfield.h"

#define LUA_JSON_TEXT_MAX (1024u * 1024)     /* to decode */
#define LUA_JSON_OUT_MAX (16u * 1024 * 1024) /* encoded */
#define LUA_JSON_DEPTH_MAX 128               /* to encode */

struct cJSON;

/* What decoding holds outside of Lua while it makes tables: one per state. Should Lua raise
 * in between, it is still there, and lua_json_release() frees it. Zeroed is empty. */
struct lua_json {
    struct cJSON *tree;
};

/* Make the metatables, once per state. */
void lua_json_open(lua_State *L);

/* Push the value of a text; nothing unless JF_OK. JF_E_INVALID: it is no JSON, or one that
 * Lua or cJSON would not keep whole: a \u0000, a number of more than 63 characters, arrays
 * in arrays 1,000 deep. JF_E_TOO_BIG. Raises when the state is out of memory or the call
 * over its budget. */
int lua_json_decode(lua_State *L, struct lua_json *json, jf_bytes text);

void lua_json_release(struct lua_json *json);

/* Push the text of the value at `index`. Raises what is wrong with it. */
void lua_json_encode(lua_State *L, int index);

void lua_json_push_null(lua_State *L);

/* Make the table on top an array, even if it is empty. */
void lua_json_mark_array(lua_State *L);

/* Is the table at `index` marked as one? */
int lua_json_is_array(lua_State *L, int index);

#endif
