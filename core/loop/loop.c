/* The turn of a loop. libuv waits and calls back; what this file adds is an end to each
 * turn: a prepare handle, which libuv runs after all callbacks and before it waits, runs
 * the deferred tasks and then the hook. If that left new tasks behind, an idle handle keeps
 * libuv from waiting. Timers, signals and sockets are next door. */
#include "core/loop/loop.h"

#include <stdbool.h>

#include <uv.h>

#include "core/base/check.h"
#include "core/base/memory.h"

/* How often loop_free() turns the loop for what is still closing. Close callbacks need one
 * turn, those that close something else need another. */
#define LAST_TURNS 64

struct loop {
    uv_loop_t uv;
    uv_prepare_t turn_end;
    uv_idle_t hurry; /* active: libuv does not wait */
    bool hurried;

    struct task *deferred, **deferred_tail;
    void (*hook)(void *data);
    void *hook_data;

    bool running;
    bool stop_asked;
    int home; /* the worker that runs it, while it runs */
};

static void nothing(uv_idle_t *hurry)
{
    (void)hurry;
}

static void run_deferred(struct loop *loop)
{
    struct task *task = loop->deferred;
    loop->deferred = NULL;
    loop->deferred_tail = &loop->deferred;
    while (task) {
        struct task *next = task->next; /* run() may free its subject */
        task->run(task);
        task = next;
    }
}

static void end_turn(struct loop *loop)
{
    run_deferred(loop);
    if (loop->hook)
        loop->hook(loop->hook_data);

    bool hurry = loop->deferred != NULL;
    if (hurry == loop->hurried)
        return;
    loop->hurried = hurry;
    if (hurry)
        uv_idle_start(&loop->hurry, nothing);
    else
        uv_idle_stop(&loop->hurry);
}

static void on_turn_end(uv_prepare_t *turn_end)
{
    end_turn(turn_end->data);
}

int loop_new(struct loop **out)
{
    struct loop *loop = xnew(struct loop);
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        return JF_E_UNAVAILABLE;
    }
    /* From here on nothing can fail: both handles are memory only. */
    uv_prepare_init(&loop->uv, &loop->turn_end);
    loop->turn_end.data = loop;
    uv_prepare_start(&loop->turn_end, on_turn_end);
    uv_idle_init(&loop->uv, &loop->hurry);
    loop->deferred_tail = &loop->deferred;
    *out = loop;
    return JF_OK;
}

void loop_free(struct loop *loop)
{
    if (!loop)
        return;
    CHECK(!loop->running);
    loop->hook = NULL; /* what it was about is gone */
    uv_close((uv_handle_t *)&loop->turn_end, NULL);
    uv_close((uv_handle_t *)&loop->hurry, NULL);
    for (int turn = 0; turn < LAST_TURNS; turn++) {
        run_deferred(loop);
        if (!uv_run(&loop->uv, UV_RUN_NOWAIT) && !loop->deferred)
            break;
    }
    CHECK(!loop->deferred);
    CHECK(uv_loop_close(&loop->uv) == 0);
    free(loop);
}

struct uv_loop_s *loop_uv(struct loop *loop)
{
    return &loop->uv;
}

void loop_run(struct loop *loop)
{
    CHECK(!loop->running);
    loop->home = check_current_worker();
    loop->running = true;
    uv_run(&loop->uv, loop->stop_asked ? UV_RUN_NOWAIT : UV_RUN_DEFAULT);

    /* libuv left after its callbacks; the end of that turn is still owed. */
    end_turn(loop);
    loop->running = false;
    loop->stop_asked = false;
}

/* libuv would forget a stop that comes before the run, so we remember it ourselves. */
void loop_stop(struct loop *loop)
{
    loop->stop_asked = true;
    if (!loop->running)
        return;
    CHECK_HOME(loop->home);
    uv_stop(&loop->uv);
}

uint64_t loop_now(const struct loop *loop)
{
    return uv_now(&loop->uv);
}

void loop_defer(struct loop *loop, struct task *task)
{
    if (loop->running)
        CHECK_HOME(loop->home);
    task->next = NULL;
    *loop->deferred_tail = task;
    loop->deferred_tail = &task->next;
}

void loop_set_turn_end(struct loop *loop, void (*hook)(void *data), void *data)
{
    loop->hook = hook;
    loop->hook_data = data;
}
