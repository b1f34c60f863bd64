/* The nested epoll set: who is told what, and above all who is not told any more. */
#include "tests/unit/loop/loop_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/loop/poller.h"

/* The linker sends the poller's calls through these. */
int __real_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
int __real_epoll_wait(int epfd, struct epoll_event *events, int max, int ms);
int __wrap_epoll_wait(int epfd, struct epoll_event *events, int max, int ms);

static int ctl_calls, ctl_errno, wait_errno;

int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    ctl_calls++;
    if (ctl_errno) {
        errno = ctl_errno;
        ctl_errno = 0;
        return -1;
    }
    return __real_epoll_ctl(epfd, op, fd, event);
}

int __wrap_epoll_wait(int epfd, struct epoll_event *events, int max, int ms)
{
    if (wait_errno) {
        errno = wait_errno;
        wait_errno = 0;
        return -1;
    }
    return __real_epoll_wait(epfd, events, max, ms);
}

struct party {
    struct loop *loop;
    struct poller *poller;
};

/* An eventfd in the set; when ready it counts, and may do something to another. */
struct guest {
    struct pollee pollee;
    struct party *party;
    struct guest *victim;
    uint32_t events;
    int calls;
    bool leaves, ends_it;
};

static void throw_out(struct guest *guest)
{
    poller_remove(guest->party->poller, &guest->pollee);
    close(guest->pollee.fd);
    guest->pollee.fd = -1;
}

static void on_ready(struct pollee *pollee, uint32_t events)
{
    struct guest *guest = CONTAINER_OF(pollee, struct guest, pollee);
    guest->calls++;
    guest->events = events;
    if (guest->victim && guest->victim->pollee.fd >= 0)
        throw_out(guest->victim);
    if (guest->leaves)
        throw_out(guest);
    if (guest->ends_it) {
        poller_free(guest->party->poller);
        guest->party->poller = NULL;
    }
}

static void set_up(struct party *party)
{
    party->loop = new_loop();
    assert_int_equal(poller_new(party->loop, &party->poller), JF_OK);
}

static void tear_down(struct party *party)
{
    poller_free(party->poller);
    loop_free(party->loop);
}

static void invite(struct party *party, struct guest *guest, int fd, uint32_t interest)
{
    *guest = (struct guest){ .pollee = { fd, interest, on_ready }, .party = party };
    assert_true(fd >= 0);
    assert_int_equal(poller_add(party->poller, &guest->pollee), JF_OK);
}

/* An eventfd of 1 is readable until it is read, and always writable. */
static void invite_ready(struct party *party, struct guest *guest)
{
    invite(party, guest, eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), EPOLLIN);
}

static void readiness_is_reported_each_turn_while_it_lasts(void **state)
{
    (void)state;
    struct party party;
    struct guest guest;
    uint64_t value;
    set_up(&party);
    invite_ready(&party, &guest);
    turn_once(party.loop);
    turn_once(party.loop);
    assert_int_equal(guest.calls, 2);
    assert_int_equal(guest.events, EPOLLIN);
    assert_int_equal(read(guest.pollee.fd, &value, sizeof(value)), sizeof(value));
    turn_once(party.loop);
    assert_int_equal(guest.calls, 2);
    throw_out(&guest);
    tear_down(&party);
}

static void interest_can_change_and_the_same_costs_no_call(void **state)
{
    (void)state;
    struct party party;
    struct guest guest;
    set_up(&party);
    invite_ready(&party, &guest);
    ctl_calls = 0;
    poller_set_interest(party.poller, &guest.pollee, EPOLLIN);
    assert_int_equal(ctl_calls, 0);
    poller_set_interest(party.poller, &guest.pollee, EPOLLIN | EPOLLOUT);
    assert_int_equal(ctl_calls, 1);
    turn_once(party.loop);
    assert_int_equal(guest.events, EPOLLIN | EPOLLOUT);
    poller_set_interest(party.poller, &guest.pollee, 0);
    turn_once(party.loop);
    assert_int_equal(guest.calls, 1);
    throw_out(&guest);
    tear_down(&party);
}

static void a_hang_up_is_reported_without_interest(void **state)
{
    (void)state;
    struct party party;
    struct guest guest;
    int pair[2];
    set_up(&party);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    invite(&party, &guest, pair[0], 0);
    close(pair[1]);
    turn_once(party.loop);
    assert_true(guest.events & EPOLLHUP);
    throw_out(&guest);
    tear_down(&party);
}

/* Both are ready in one batch; whoever comes first removes the other, and would be called
 * with the ghost of a freed connection if the batch still knew it. */
static void one_removed_by_another_in_the_same_batch_is_not_called(void **state)
{
    (void)state;
    struct party party;
    struct guest *a = xnew(struct guest), *b = xnew(struct guest);
    set_up(&party);
    invite_ready(&party, a);
    invite_ready(&party, b);
    a->victim = b;
    b->victim = a;
    turn_once(party.loop);
    assert_int_equal(a->calls + b->calls, 1);
    throw_out(a->pollee.fd >= 0 ? a : b);
    free(a);
    free(b);
    tear_down(&party);
}

static void one_may_remove_itself(void **state)
{
    (void)state;
    struct party party;
    struct guest guest;
    set_up(&party);
    invite_ready(&party, &guest);
    guest.leaves = true;
    turn_once(party.loop);
    turn_once(party.loop);
    assert_int_equal(guest.calls, 1);
    tear_down(&party);
}

/* A descriptor number comes back at once; its new owner is not called for the old one. */
static void a_reused_descriptor_is_a_new_guest(void **state)
{
    (void)state;
    struct party party;
    struct guest old, new;
    set_up(&party);
    invite_ready(&party, &old);
    int fd = old.pollee.fd;
    throw_out(&old);
    invite(&party, &new, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), EPOLLIN);
    assert_int_equal(new.pollee.fd, fd);
    turn_once(party.loop);
    assert_int_equal(old.calls + new.calls, 0);
    throw_out(&new);
    tear_down(&party);
}

static void the_set_may_be_freed_by_one_of_its_guests(void **state)
{
    (void)state;
    struct party party;
    struct guest a, b;
    set_up(&party);
    invite_ready(&party, &a);
    invite_ready(&party, &b);
    a.ends_it = b.ends_it = true;
    turn_once(party.loop);
    turn_once(party.loop);
    assert_int_equal(a.calls + b.calls, 1);
    close(a.pollee.fd);
    close(b.pollee.fd);
    tear_down(&party);
}

/* More than a batch, so each is met once per turn and nobody waits for the next. */
static void a_crowd_is_served_in_one_turn(void **state)
{
    (void)state;
    enum { CROWD = 2500 };
    struct rlimit limit;
    struct party party;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < CROWD + 100)
        skip();
    set_up(&party);
    struct guest *guests = xcalloc(CROWD, sizeof(*guests));
    for (int i = 0; i < CROWD; i++)
        invite_ready(&party, &guests[i]);
    turn_once(party.loop);
    for (int i = 0; i < CROWD; i++) {
        assert_true(guests[i].calls >= 1);
        throw_out(&guests[i]);
    }
    free(guests);
    tear_down(&party);
}

static void an_interrupted_wait_is_made_up_for(void **state)
{
    (void)state;
    struct party party;
    struct guest guest;
    set_up(&party);
    invite_ready(&party, &guest);
    wait_errno = EINTR;
    turn_once(party.loop);
    assert_int_equal(guest.calls, 0);
    turn_once(party.loop);
    assert_int_equal(guest.calls, 1);
    throw_out(&guest);
    tear_down(&party);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    (void)state;
    struct party party;
    struct pollee pollee = { -1, EPOLLIN, on_ready };
    set_up(&party);
    assert_int_equal(poller_add(party.poller, &pollee), JF_E_INTERNAL);
    pollee.fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC); /* a file has no readiness */
    assert_int_equal(poller_add(party.poller, &pollee), JF_E_INTERNAL);
    ctl_errno = ENOSPC;
    assert_int_equal(poller_add(party.poller, &pollee), JF_E_FULL);
    close(pollee.fd);
    tear_down(&party);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_is_reported_each_turn_while_it_lasts),
        cmocka_unit_test(interest_can_change_and_the_same_costs_no_call),
        cmocka_unit_test(a_hang_up_is_reported_without_interest),
        cmocka_unit_test(one_removed_by_another_in_the_same_batch_is_not_called),
        cmocka_unit_test(one_may_remove_itself),
        cmocka_unit_test(a_reused_descriptor_is_a_new_guest),
        cmocka_unit_test(the_set_may_be_freed_by_one_of_its_guests),
        cmocka_unit_test(a_crowd_is_served_in_one_turn),
        cmocka_unit_test(an_interrupted_wait_is_made_up_for),
        cmocka_unit_test(what_cannot_be_watched_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
