/* Plugins' timers, on the worker's wheel. */
#include "core/host/timers.h"

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/host/plugin.h"
#include "core/loop/loop.h"
#include "core/loop/wheel.h"

struct plugin_timer {
    struct alarm alarm;
    struct plugin_timers *all;
    uint32_t slot, generation;
    bool held; /* it would have rung, but its instance is parked */
    jf_worker *w;
    jf_run_fn *fn;
    void *data;
};

struct plugin_timers {
    struct loop *loop;
    struct wheel *wheel;
    struct plugin_timer **slots;
    uint32_t count;
    uint32_t *free_slots;
    uint32_t free_count;
};

void timers_new(struct loop *loop, struct wheel *wheel, struct plugin_timers **out)
{
    struct plugin_timers *timers = xnew(struct plugin_timers);
    timers->loop = loop;
    timers->wheel = wheel;
    *out = timers;
}

void timers_free(struct plugin_timers *timers)
{
    if (!timers)
        return;
    for (uint32_t i = 0; i < timers->count; i++) {
        alarm_stop(timers->wheel, &timers->slots[i]->alarm);
        free(timers->slots[i]);
    }
    free(timers->slots);
    free(timers->free_slots);
    free(timers);
}

static struct plugin_timer *add_slot(struct plugin_timers *all)
{
    uint32_t count = all->count + 1;
    all->slots = xrealloc(all->slots, count * sizeof(struct plugin_timer *));
    all->free_slots = xrealloc(all->free_slots, count * sizeof(*all->free_slots));
    struct plugin_timer *timer = xnew(struct plugin_timer);
    timer->all = all;
    timer->slot = all->count;
    timer->generation = 1;
    all->slots[all->count++] = timer;
    return timer;
}

static void give_back(struct plugin_timer *timer)
{
    struct plugin_timers *all = timer->all;
    timer->generation++;
    all->free_slots[all->free_count++] = timer->slot;
}

static void on_ring(struct alarm *alarm)
{
    struct plugin_timer *timer = CONTAINER_OF(alarm, struct plugin_timer, alarm);
    jf_run_fn *fn = timer->fn;
    if (plugin_seat_of(timer->w)->parked) {
        timer->held = true;
        return;
    }
    give_back(timer);
    fn(timer->w, timer->data);
}

int timers_start(struct plugin_timers *all, jf_worker *w, uint64_t ms, jf_run_fn *fn,
                 void *data, jf_timer *out)
{
    struct plugin_timer *timer;
    if (atomic_load_explicit(&plugin_of(w->self)->closed, memory_order_relaxed))
        return JF_E_STOPPING;
    if (all->free_count)
        timer = all->slots[all->free_slots[--all->free_count]];
    else if (all->count < TIMERS_MAX)
        timer = add_slot(all);
    else
        return JF_E_FULL;
    timer->w = w;
    timer->fn = fn;
    timer->data = data;
    timer->held = false;
    timer->alarm.ring = on_ring;
    *out = (uint64_t)timer->generation << 32 | timer->slot;
    alarm_set(all->wheel, &timer->alarm, loop_now(all->loop) + ms);
    return JF_OK;
}

static bool is_running(const struct plugin_timer *timer)
{
    return timer->held || alarm_is_set(&timer->alarm);
}

static void stop(struct plugin_timer *timer)
{
    alarm_stop(timer->all->wheel, &timer->alarm);
    timer->held = false;
    give_back(timer);
}

void timers_stop(struct plugin_timers *all, jf_timer name)
{
    uint32_t slot = (uint32_t)name;
    if (slot >= all->count || all->slots[slot]->generation != name >> 32)
        return;
    if (is_running(all->slots[slot]))
        stop(all->slots[slot]);
}

void timers_park(struct plugin_seat *seat)
{
    seat->parked = true;
}

void timers_unpark(struct plugin_timers *all, struct plugin_seat *seat)
{
    seat->parked = false;
    for (uint32_t i = 0; i < all->count; i++) {
        struct plugin_timer *timer = all->slots[i];
        if (!timer->held || timer->w != &seat->pub)
            continue;
        timer->held = false;
        alarm_set(all->wheel, &timer->alarm, loop_now(all->loop));
    }
}

void timers_drop(struct plugin_timers *all, struct plugin_seat *seat)
{
    for (uint32_t i = 0; i < all->count; i++) {
        struct plugin_timer *timer = all->slots[i];
        if (timer->w == &seat->pub && is_running(timer))
            stop(timer);
    }
}
