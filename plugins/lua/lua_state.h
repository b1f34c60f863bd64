/* A script's state on one worker, and its replacement when its memory is spent. */
#ifndef LUA_STATE_H
#define LUA_STATE_H

#include <lua.h>
#include <stdbool.h>

#include "jackfield.h"
#include "lua_json.h"

struct lua_budget;
struct lua_call;
struct lua_plugin;
struct lua_timer;

/* One Lua state with all that the engine knows about it. */
struct lua_state {
    /* never changes once it is built */
    struct lua_plugin *plugin;
    struct lua_worker *worker; /* NULL: a trial on the main thread, without effects */
    struct lua_budget *budget;
    lua_State *L;
    int *handlers;  /* references to the functions, by the route's index */
    int event_meta; /* references to metatables */
    int pairs_meta;
    int format; /* and to string.format */

    /* its worker's */
    struct lua_call *running; /* whose coroutine runs now */
    struct lua_call *idle;    /* a pool, linked by next_idle: with a coroutine */
    struct lua_call *bare;    /* and without */
    size_t idle_count;
    struct lua_call *calls;   /* all there are, linked by next */
    size_t busy;              /* of them have begun and not ended */
    struct lua_timer *timers; /* that have not fired */
    struct lua_json json;
    bool starved;           /* a module has run out of memory; not yet reported */
    bool retired;           /* another one has taken its place */
    struct lua_state *next; /* among the retired */
};

/* All of an instance on one worker; jf_worker.local. */
struct lua_worker {
    jf_worker *w;
    struct lua_state *state;   /* takes new events */
    struct lua_state *retired; /* live on until their waiting calls have ended */
    size_t retired_count;

    /* for the line that worker_fini logs */
    uint64_t calls, errors, over_budget, out_of_memory, replaced;

    /* of the log */
    uint64_t window; /* the second in which `said` lines were logged */
    unsigned said, held_back;
};

/* Read, compile and run the script in a new state. With a `worker`: its routes are what the
 * instance's are. Without one, a trial: they become the instance's. What is wrong is
 * logged. JF_E_INVALID: the script; JF_E_NOMEM, JF_E_TIMEOUT: it needs too much,
 * JF_E_UNAVAILABLE. */
int lua_state_new(struct lua_plugin *plugin, struct lua_worker *worker,
                  struct lua_state **out);

/* With all its coroutines, whatever they wait for, and its timers. */
void lua_state_free(struct lua_state *s);

/* A call has run out of memory: if little is free even after a collection, new events get a
 * new state. */
void lua_state_spent(struct lua_state *s);

/* A call has ended: a retired state without another is freed. */
void lua_state_rest(struct lua_state *s);

#endif
