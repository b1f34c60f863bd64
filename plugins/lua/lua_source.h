/* The text of one instance: its script, and the modules it has required.
 *
 * What was read once stays as it was read, for all workers: an instance is one whole
 * version, even while its files are being saved. A new version is a new instance. */
#ifndef LUA_SOURCE_H
#define LUA_SOURCE_H

#include <stdbool.h>

#include "jackfield.h"

#define LUA_SOURCE_MAX (4u * 1024 * 1024) /* bytes of one file */

struct lua_source;

/* One file; it never changes and lives as long as its source. */
struct lua_text {
    struct lua_text *next;
    const char *chunk; /* "@sub/util.lua": what Lua calls it */
    char *code;        /* without what Lua's own loader skips at the start */
    size_t len;
    char path[]; /* below the script's folder */
};

/* `script` is a path. JF_E_INVALID, JF_E_NOMEM. Nothing is read yet. */
int lua_source_new(jf_self *self, const char *script, struct lua_source **out);
void lua_source_free(struct lua_source *source);

/* The script's name without its folder, "chat.lua". */
const char *lua_source_name(const struct lua_source *source);

/* The text of the file with this path below the script's folder, from memory or, the first
 * time, from the disk; the host is told to watch it before. `expected`: watch it even if it
 * is not there yet. JF_E_NOT_FOUND, JF_E_TOO_BIG, JF_E_INVALID: it is no file,
 * JF_E_UNAVAILABLE: reading failed, JF_E_NOMEM. [any thread] */
int lua_source_get(struct lua_source *source, const char *path, bool expected,
                   const struct lua_text **out);

#endif
