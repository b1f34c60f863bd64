/* In an epoll set of their own, and by descriptors of our own for what the plugin has: if
 * it closes the one it has too early, that does no harm here. */
#include "core/host/polls.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/host/plugin.h"
#include "core/loop/loop.h"
#include "core/loop/poller.h"

struct plugin_poll {
    struct pollee pollee;
    uint32_t slot, generation;
    bool running, deaf; /* deaf: its seat is parked */
    uint32_t interest;  /* what is asked for, also while it is parked */
    jf_worker *w;
    jf_ready_fn *fn;
    void *data;
};

struct plugin_polls {
    struct poller *poller;
    struct plugin_poll **slots;
    uint32_t count;
    uint32_t *free_slots;
    uint32_t free_count;
};

int polls_new(struct loop *loop, struct plugin_polls **out)
{
    struct plugin_polls *polls = xnew(struct plugin_polls);
    int status = poller_new(loop, &polls->poller);
    if (status < 0)
        free(polls);
    else
        *out = polls;
    return status;
}

void polls_free(struct plugin_polls *polls)
{
    if (!polls)
        return;
    poller_free(polls->poller);
    for (uint32_t i = 0; i < polls->count; i++) {
        if (polls->slots[i]->running)
            close(polls->slots[i]->pollee.fd);
        free(polls->slots[i]);
    }
    free(polls->slots);
    free(polls->free_slots);
    free(polls);
}

static struct plugin_poll *add_slot(struct plugin_polls *all)
{
    uint32_t count = all->count + 1;
    all->slots = xrealloc(all->slots, count * sizeof(struct plugin_poll *));
    all->free_slots = xrealloc(all->free_slots, count * sizeof(*all->free_slots));
    struct plugin_poll *poll = xnew(struct plugin_poll);
    poll->slot = all->count;
    poll->generation = 1;
    all->slots[all->count++] = poll;
    return poll;
}

static void give_back(struct plugin_polls *all, struct plugin_poll *poll)
{
    close(poll->pollee.fd);
    poll->running = false;
    poll->generation++;
    all->free_slots[all->free_count++] = poll->slot;
}

/* Errors and hang-ups are reported whatever the interest is; to who has none, by the edge,
 * or they would be reported again and again. So one stays in the set, and can be told again
 * without asking the kernel for room. */
static uint32_t epoll_interest(const struct plugin_poll *poll)
{
    if (poll->deaf || !poll->interest)
        return EPOLLET;
    return (poll->interest & JF_READABLE ? EPOLLIN : 0u) |
           (poll->interest & JF_WRITABLE ? EPOLLOUT : 0u);
}

/* An error is told as whatever is waited for, so that the next call on it fails. */
static void on_ready(struct pollee *pollee, uint32_t events)
{
    struct plugin_poll *poll = CONTAINER_OF(pollee, struct plugin_poll, pollee);
    uint32_t ready =
        (events & EPOLLIN ? JF_READABLE : 0u) | (events & EPOLLOUT ? JF_WRITABLE : 0u);
    if (events & (EPOLLERR | EPOLLHUP))
        ready = poll->interest;
    ready &= poll->interest; /* what it was when this was fetched does not count */
    if (ready && !poll->deaf)
        poll->fn(poll->w, poll->data, ready);
}

static void set_interest(struct plugin_polls *all, struct plugin_poll *poll)
{
    poller_set_interest(all->poller, &poll->pollee, epoll_interest(poll));
}

static struct plugin_poll *take_slot(struct plugin_polls *all)
{
    if (all->free_count)
        return all->slots[all->free_slots[--all->free_count]];
    return all->count < POLLS_MAX ? add_slot(all) : NULL;
}

/* JF_E_INVALID: it is none that can be waited for. */
static int own(int fd, int *out)
{
    *out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (*out >= 0)
        return JF_OK;
    return errno == EBADF ? JF_E_INVALID : JF_E_FULL;
}

static int enter(struct plugin_polls *all, struct plugin_poll *poll)
{
    poll->pollee.interest = epoll_interest(poll);
    poll->pollee.ready = on_ready;
    int status = poller_add(all->poller, &poll->pollee);
    return status == JF_E_INTERNAL ? JF_E_INVALID : status;
}

int polls_start(struct plugin_polls *all, jf_worker *w, int fd, uint32_t interest,
                jf_ready_fn *fn, void *data, jf_poll *out)
{
    int mine;
    if (atomic_load_explicit(&plugin_of(w->self)->closed, memory_order_relaxed))
        return JF_E_STOPPING;
    int status = own(fd, &mine);
    if (status < 0)
        return status;
    struct plugin_poll *poll = take_slot(all);
    if (!poll) {
        close(mine);
        return JF_E_FULL;
    }
    *poll = (struct plugin_poll){ .slot = poll->slot,
                                  .generation = poll->generation,
                                  .pollee.fd = mine,
                                  .interest = interest,
                                  .w = w,
                                  .fn = fn,
                                  .data = data };
    status = enter(all, poll);
    if (status < 0) {
        give_back(all, poll);
        return status;
    }
    poll->running = true;
    *out = (uint64_t)poll->generation << 32 | poll->slot;
    return JF_OK;
}

static struct plugin_poll *find(struct plugin_polls *all, jf_poll name)
{
    uint32_t slot = (uint32_t)name;
    if (slot >= all->count || all->slots[slot]->generation != name >> 32 ||
        !all->slots[slot]->running)
        return NULL;
    return all->slots[slot];
}

void polls_change(struct plugin_polls *all, jf_poll name, uint32_t interest)
{
    struct plugin_poll *poll = find(all, name);
    if (!poll)
        return;
    poll->interest = interest;
    set_interest(all, poll);
}

static void stop(struct plugin_polls *all, struct plugin_poll *poll)
{
    poller_remove(all->poller, &poll->pollee);
    give_back(all, poll);
}

void polls_stop(struct plugin_polls *all, jf_poll name)
{
    struct plugin_poll *poll = find(all, name);
    if (poll)
        stop(all, poll);
}

static void set_deaf(struct plugin_polls *all, struct plugin_seat *seat, bool deaf)
{
    for (uint32_t i = 0; i < all->count; i++) {
        struct plugin_poll *poll = all->slots[i];
        if (!poll->running || poll->w != &seat->pub)
            continue;
        poll->deaf = deaf;
        set_interest(all, poll);
    }
}

void polls_park(struct plugin_polls *all, struct plugin_seat *seat)
{
    set_deaf(all, seat, true);
}

void polls_unpark(struct plugin_polls *all, struct plugin_seat *seat)
{
    set_deaf(all, seat, false);
}

void polls_drop(struct plugin_polls *all, struct plugin_seat *seat)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (all->slots[i]->running && all->slots[i]->w == &seat->pub)
            stop(all, all->slots[i]);
    }
}
