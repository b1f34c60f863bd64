/* One instance of the engine: a script, its options and routes. */
#ifndef LUA_PLUGIN_H
#define LUA_PLUGIN_H

#include "jackfield.h"
#include "lua_source.h"

struct lua_plugin;

/* What jf_route_add() carries: which of the script's handlers it is. */
struct lua_route {
    struct lua_plugin *plugin;
    char *key;
    size_t index; /* in struct lua_state's handlers */
};

/* Never changes after init. */
struct lua_plugin {
    jf_self *self;
    struct lua_source *source;
    char *options; /* JSON text of an object */
    size_t memory_bytes;
    unsigned budget_ms;
    struct lua_route *routes;
    size_t route_count;
};

#endif
