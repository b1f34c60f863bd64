/* Signals as events of a loop. libuv's handler writes to a pipe and the loop reads it, so
 * `fire` runs as ordinary code on the loop's thread. */
#include <uv.h>

#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/uv_status.h"

struct signal_watch {
    uv_signal_t uv;
    void (*fire)(void *data, int signum);
    void *data;
};

static void on_signal(uv_signal_t *uv, int signum)
{
    struct signal_watch *watch = uv->data;
    watch->fire(watch->data, signum); /* may free the watch */
}

static void on_closed(uv_handle_t *uv)
{
    free(uv->data);
}

int signal_watch_new(struct loop *loop, int signum, void (*fire)(void *data, int signum),
                     void *data, struct signal_watch **out)
{
    struct signal_watch *watch = xnew(struct signal_watch);
    watch->uv.data = watch;
    watch->fire = fire;
    watch->data = data;
    int code = uv_signal_init(loop_uv(loop), &watch->uv);
    if (code < 0) {
        free(watch);
        return uv_status(code);
    }
    code = uv_signal_start(&watch->uv, on_signal, signum);
    if (code < 0) {
        signal_watch_free(watch);
        return uv_status(code);
    }
    *out = watch;
    return JF_OK;
}

void signal_watch_free(struct signal_watch *watch)
{
    if (watch)
        uv_close((uv_handle_t *)&watch->uv, on_closed);
}
