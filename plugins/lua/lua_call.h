/* Calls into the script: each event, and each timer that fires, is a coroutine of a pool.
 *
 * A function of the API that waits starts something with the host, with its call as data,
 * and yields; the host's answer resumes the call. Answers live as long as the callback that
 * brings them, so they are turned into Lua values inside the resumed coroutine, where
 * running out of memory is an error like any other. */
#ifndef LUA_CALL_H
#define LUA_CALL_H

#include <lua.h>
#include <stdbool.h>

#include "jackfield.h"

struct lua_route;
struct lua_state;
struct lua_timer;

/* What the host answered; borrowed during the callback. */
struct lua_answer {
    int status;
    jf_bytes value;
    const jf_conn_id *ids;
    uint64_t count;
};

struct lua_call {
    /* never changes */
    struct lua_call *next; /* of its state */
    struct lua_state *state;

    /* its worker's */
    struct lua_call *next_idle;
    lua_State *co;       /* NULL: lost with an error; another is made when it is needed */
    int co_ref;          /* keeps it from the collector */
    uint64_t serial;     /* grows when an event is finished: who holds an older one holds a
                            finished one */
    struct jf_event *ev; /* NULL: a timer's */
    const struct lua_route *route;
    int status;   /* what the handler's return value meant */
    bool waiting; /* for an answer */
    bool answered;
    bool doomed;    /* went over its budget just before it waited: does not go on */
    jf_timer sleep; /* that it waits for; 0: none */
    int (*push)(lua_State *L, const struct lua_answer *answer);
    struct lua_answer answer;
};

/* Handle an event; its status, or JF_LATER if jf_finish() follows. */
int lua_call_event(struct lua_state *s, const struct lua_route *route, struct jf_event *ev);

/* Run a timer's function, the value on top of the main thread's stack; it is popped. */
void lua_call_timer(struct lua_state *s);

/* The call of a function that waits; raises where it cannot. Its closure is one of the
 * API's (lua_api.h). */
struct lua_call *lua_call_to_wait(lua_State *L);

/* Yield until the host has answered; `push` then makes the results. For use as
 * return lua_call_wait(...). */
int lua_call_wait(lua_State *L, struct lua_call *call,
                  int (*push)(lua_State *L, const struct lua_answer *answer));

/* The answer has come, in `call->answer`. */
void lua_call_resume(struct lua_call *call);

void lua_call_free_all(struct lua_state *s);

#endif
