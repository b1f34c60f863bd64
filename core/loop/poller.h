/*
 * poller - an epoll set nested in the loop: thousands of sockets, one libuv handle.
 *
 * libuv's own uv_poll_t costs three epoll_ctl calls per change of interest; a set of our
 * own costs one, and its one descriptor is all that libuv sees (docs/architecture.md).
 * [home thread]
 */
#ifndef JF_LOOP_POLLER_H
#define JF_LOOP_POLLER_H

#include <stdint.h>
#include <sys/epoll.h>

struct loop;
struct poller;

/* One descriptor in the set; embedded by its owner, hence the body. */
struct pollee {
    int fd;
    uint32_t interest; /* EPOLLIN, EPOLLOUT, EPOLLRDHUP; level-triggered */
    void (*ready)(struct pollee *pollee, uint32_t events);
};

int poller_new(struct loop *loop, struct poller **out);
void poller_free(struct poller *poller); /* NULL is accepted; pollees are the caller's */

/* Watch `pollee->fd` with `pollee->interest`. EPOLLERR and EPOLLHUP are always reported.
 * JF_E_FULL: the kernel has no room (max_user_watches). */
int poller_add(struct poller *poller, struct pollee *pollee);

/* A new interest; no system call when it is the old one. */
void poller_set_interest(struct poller *poller, struct pollee *pollee, uint32_t interest);

/* Stop watching; `ready` is not called again, not even for what this turn has already
 * fetched. Does not close the descriptor; call it before close(2). */
void poller_remove(struct poller *poller, struct pollee *pollee);

#endif
