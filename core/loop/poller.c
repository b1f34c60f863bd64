/* An epoll set of our own, seen by libuv as one readable descriptor. This is the hottest
 * path of the house below the sockets themselves: per batch one epoll_wait(2), per event a
 * look-ahead fetch and an indirect call. It knows nothing about what the descriptors are.
 */
#include "core/loop/poller.h"

#include <errno.h>
#include <unistd.h>

#include <uv.h>

#include "core/base/check.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/uv_status.h"

#define BATCH 1024 /* events fetched at once */
#define ROUNDS 4   /* batches per turn while they come full; then timers and mail again */
#define AHEAD 2    /* how far ahead pollees are fetched into the cache */

struct poller {
    uv_poll_t uv;
    int epfd; /* -1: freed from inside `ready` */

    /* The batch being run is [at, count); beyond are leftovers. */
    int at, count;
    struct epoll_event events[BATCH + AHEAD];
};

/* What embeds a pollee is read right after it; with thousands of them none is in the cache.
 * A stale pointer does no harm here. */
static void fetch_ahead(const char *pollee)
{
    for (int line = 0; line < 4; line++)
        __builtin_prefetch(pollee + line * 64);
}

static void run_batch(struct poller *poller, int count)
{
    poller->count = count;
    for (poller->at = 0; poller->at < poller->count;) {
        struct epoll_event *event = &poller->events[poller->at++];
        fetch_ahead(event[AHEAD].data.ptr);
        struct pollee *pollee = event->data.ptr;
        if (pollee) /* else removed by one before it */
            pollee->ready(pollee, event->events);
    }
    poller->at = poller->count = 0;
}

static void on_readable(uv_poll_t *uv, int status, int events)
{
    (void)events;
    struct poller *poller = uv->data;
    CHECK(status == 0);
    for (int round = 0; round < ROUNDS; round++) {
        int count = epoll_wait(poller->epfd, poller->events, BATCH, 0);
        CHECK(count >= 0 || errno == EINTR);
        if (count <= 0)
            return; /* interrupted: what is ready stays ready */
        run_batch(poller, count);
        if (count < BATCH || poller->epfd < 0)
            return;
    }
}

static void on_closed(uv_handle_t *uv)
{
    free(uv->data);
}

int poller_new(struct loop *loop, struct poller **out)
{
    int epfd = epoll_create1(EPOLL_CLOEXEC);
    if (epfd < 0)
        return JF_E_UNAVAILABLE;
    struct poller *poller = xnew(struct poller);
    int code = uv_poll_init(loop_uv(loop), &poller->uv, epfd);
    if (code < 0) {
        close(epfd);
        free(poller);
        return uv_status(code);
    }
    poller->uv.data = poller;
    poller->epfd = epfd;
    uv_poll_start(&poller->uv, UV_READABLE, on_readable);
    *out = poller;
    return JF_OK;
}

void poller_free(struct poller *poller)
{
    if (!poller)
        return;
    int epfd = poller->epfd;
    poller->count = 0; /* ends the batch, if one is running */
    poller->epfd = -1;
    uv_close((uv_handle_t *)&poller->uv, on_closed);
    close(epfd); /* after uv_close(), which takes it out of libuv's own set */
}

int poller_add(struct poller *poller, struct pollee *pollee)
{
    struct epoll_event event = { .events = pollee->interest, .data.ptr = pollee };
    if (epoll_ctl(poller->epfd, EPOLL_CTL_ADD, pollee->fd, &event) == 0)
        return JF_OK;
    return errno == ENOSPC ? JF_E_FULL : JF_E_INTERNAL;
}

void poller_set_interest(struct poller *poller, struct pollee *pollee, uint32_t interest)
{
    if (pollee->interest == interest)
        return;
    struct epoll_event event = { .events = interest, .data.ptr = pollee };
    CHECK(epoll_ctl(poller->epfd, EPOLL_CTL_MOD, pollee->fd, &event) == 0);
    pollee->interest = interest;
}

void poller_remove(struct poller *poller, struct pollee *pollee)
{
    CHECK(epoll_ctl(poller->epfd, EPOLL_CTL_DEL, pollee->fd, NULL) == 0);
    for (int i = poller->at; i < poller->count; i++) {
        if (poller->events[i].data.ptr == pollee)
            poller->events[i].data.ptr = NULL;
    }
}
