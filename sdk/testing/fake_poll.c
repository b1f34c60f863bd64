/*
 * Descriptors that the plugin waits for. They are real ones, so that a test can play the
 * other end of a pipe or a socket; whether they are ready is asked by poll(2) when a turn
 * has nothing else to do, and while the driver waits.
 */
#include "fake_inside.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define INTEREST_MASK ((uint32_t)(JF_READABLE | JF_WRITABLE))

void fake_news_init(struct fake_host *host)
{
    if (pipe(host->bell) < 0)
        abort();
}

void fake_news_fini(struct fake_host *host)
{
    close(host->bell[0]);
    close(host->bell[1]);
}

void fake_add_news(struct fake_host *host)
{
    if (host->news++ == 0 && write(host->bell[1], "!", 1) != 1)
        abort();
}

void fake_clear_news(struct fake_host *host)
{
    char octet;
    if (host->news && read(host->bell[0], &octet, 1) != 1)
        abort();
    host->news = 0;
}

/* ---- The calls -------------------------------------------------------------------------
 */

/* epoll(7) refuses what is always ready. */
static bool can_be_waited_for(int fd)
{
    struct stat about;
    return fstat(fd, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

int fake_poll_start(jf_worker *w, int fd, uint32_t interest, jf_ready_fn *fn, void *data,
                    jf_poll *name)
{
    struct fake_host *host = fake_enter(w->self);
    if (!fake_at_home(host, w, "jf_poll_start") || !fn || !name ||
        interest & ~INTEREST_MASK || !can_be_waited_for(fd))
        return fake_leave(host, JF_E_INVALID);
    struct fake_poll *poll = calloc(1, sizeof(*poll));
    if (!poll)
        abort();
    *poll = (struct fake_poll){ .next = host->polls,
                                .worker = w,
                                .name = ++host->last_poll,
                                .fd = fd,
                                .interest = interest,
                                .fn = fn,
                                .data = data };
    host->polls = poll;
    *name = poll->name;
    return fake_leave(host, JF_OK);
}

static struct fake_poll **place_of(struct fake_host *host, const jf_worker *w, jf_poll name)
{
    struct fake_poll **place = &host->polls;
    while (*place && ((*place)->name != name || (*place)->worker != w))
        place = &(*place)->next;
    return place;
}

void fake_poll_change(jf_worker *w, jf_poll name, uint32_t interest)
{
    struct fake_host *host = fake_enter(w->self);
    if (fake_at_home(host, w, "jf_poll_change") && !(interest & ~INTEREST_MASK)) {
        struct fake_poll *poll = *place_of(host, w, name);
        if (poll)
            poll->interest = interest;
    }
    fake_leave(host, JF_OK);
}

void fake_poll_stop(jf_worker *w, jf_poll name)
{
    struct fake_host *host = fake_enter(w->self);
    if (fake_at_home(host, w, "jf_poll_stop")) {
        struct fake_poll **place = place_of(host, w, name), *poll = *place;
        if (poll)
            *place = poll->next;
        free(poll);
    }
    fake_leave(host, JF_OK);
}

void fake_drop_polls(struct fake_host *host)
{
    while (host->polls) {
        struct fake_poll *poll = host->polls;
        host->polls = poll->next;
        free(poll);
    }
}

/* ---- What is ready ---------------------------------------------------------------------
 */

size_t fake_count_polls(const struct fake_host *host)
{
    size_t count = 0;
    for (const struct fake_poll *poll = host->polls; poll; poll = poll->next)
        count++;
    return count;
}

/* The bell, and behind it the descriptors in their order; those nobody wants to hear of
 * now are skipped by poll(2), as they are negative. */
static struct pollfd *list_polls(const struct fake_host *host, size_t *count)
{
    size_t at = 1;
    struct pollfd *list = calloc(fake_count_polls(host) + 1, sizeof(*list));
    if (!list)
        abort();
    list[0] = (struct pollfd){ .fd = host->bell[0], .events = POLLIN };
    for (const struct fake_poll *poll = host->polls; poll; poll = poll->next) {
        int events = (poll->interest & JF_READABLE ? POLLIN : 0) |
                     (poll->interest & JF_WRITABLE ? POLLOUT : 0);
        list[at].fd = poll->interest ? poll->fd : -1;
        list[at++].events = (short)events;
    }
    *count = at;
    return list;
}

/* An error, or a descriptor that was closed too early, is told as what is waited for. */
static uint32_t readiness(const struct pollfd *seen, uint32_t interest)
{
    if (seen->revents & (POLLERR | POLLHUP | POLLNVAL))
        return interest;
    return (seen->revents & POLLIN ? JF_READABLE : 0u) |
           (seen->revents & POLLOUT ? JF_WRITABLE : 0u);
}

static void call_poll(struct fake_host *host, struct fake_poll found, uint32_t ready)
{
    host->inside = found.worker;
    pthread_mutex_unlock(&host->lock);
    found.fn(found.worker, found.data, ready);
    pthread_mutex_lock(&host->lock);
    host->inside = NULL;
}

/* One of those that are ready, the one that has waited longest for its turn. */
bool fake_step_poll(struct fake_host *host)
{
    size_t count;
    struct fake_poll *best = NULL;
    struct pollfd *list = list_polls(host, &count);
    uint32_t best_ready = 0;
    if (count > 1 && poll(list, (nfds_t)count, 0) > 0) {
        size_t at = 1;
        for (struct fake_poll *poll = host->polls; poll; poll = poll->next, at++) {
            uint32_t ready = list[at].fd < 0 ? 0 : readiness(&list[at], poll->interest);
            if (ready && (!best || poll->called < best->called)) {
                best = poll;
                best_ready = ready;
            }
        }
    }
    free(list);
    if (!best)
        return false;
    best->called = ++host->poll_calls;
    call_poll(host, *best, best_ready);
    return true;
}

static uint64_t real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Until the bell rings or a descriptor is ready. The lock is not held meanwhile. */
static bool wait_for_any(struct fake_host *host, uint64_t ms)
{
    size_t count;
    uint64_t until = real_ms() + ms;
    int ready;
    pthread_mutex_lock(&host->lock);
    struct pollfd *list = list_polls(host, &count);
    pthread_mutex_unlock(&host->lock);
    do {
        uint64_t now = real_ms();
        ready = poll(list, (nfds_t)count, now < until ? (int)(until - now) : 0);
    } while (ready < 0 && errno == EINTR);
    free(list);
    return ready > 0;
}

bool fake_host_wait(struct fake_host *host, uint64_t ms)
{
    bool came = wait_for_any(host, ms);
    if (came)
        fake_host_turn(host);
    return came;
}
