/* One-shot timers, a thin coat over libuv's. For a few per worker; what every connection
 * needs is an alarm on the wheel. */
#include "core/loop/loop.h"

#include <uv.h>

#include "core/base/memory.h"

struct timer {
    uv_timer_t uv;
    void (*fire)(void *data);
    void *data;
};

static void on_due(uv_timer_t *uv)
{
    struct timer *timer = uv->data;
    timer->fire(timer->data); /* may free the timer */
}

/* The handle is libuv's until the close callback, hence the own piece of memory. */
static void on_closed(uv_handle_t *uv)
{
    free(uv->data);
}

void timer_new(struct loop *loop, void (*fire)(void *data), void *data, struct timer **out)
{
    struct timer *timer = xnew(struct timer);
    uv_timer_init(loop_uv(loop), &timer->uv);
    timer->uv.data = timer;
    timer->fire = fire;
    timer->data = data;
    *out = timer;
}

/* At least a millisecond: libuv before 1.45 walks its timers until none is due, and one
 * that starts itself again for now would keep it there. */
void timer_start(struct timer *timer, uint64_t ms)
{
    uv_timer_start(&timer->uv, on_due, ms ? ms : 1, 0);
}

void timer_stop(struct timer *timer)
{
    uv_timer_stop(&timer->uv);
}

void timer_free(struct timer *timer)
{
    if (timer)
        uv_close((uv_handle_t *)&timer->uv, on_closed);
}
