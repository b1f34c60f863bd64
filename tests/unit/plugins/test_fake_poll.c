/* Descriptors in the fake host: real ones, whose other end a test holds. */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sdk/testing/fake_host.h"

/* What the plugin under test waits for, and what it was told. */
static struct seen {
    int fd, peer;
    jf_poll poll;
    int calls, status;
    uint32_t ready;
    char text[64];
    ssize_t got;
    bool greedy; /* it never reads */
    jf_worker *worker;
} seen;

static void on_ready(jf_worker *w, void *data, uint32_t ready)
{
    struct seen *see = data;
    see->calls++;
    see->ready = ready;
    see->worker = w;
    if (see->greedy)
        return;
    if (ready & JF_READABLE) {
        see->got = read(see->fd, see->text, sizeof(see->text) - 1);
        if (see->got <= 0)
            jf_poll_change(w, see->poll, 0);
    }
    if (ready & JF_WRITABLE)
        jf_poll_change(w, see->poll, JF_READABLE);
}

static int start_with(struct jf_event *ev, uint32_t interest)
{
    seen.status = jf_poll_start(ev->worker, seen.fd, interest, on_ready, &seen, &seen.poll);
    return seen.status;
}

static int hear(struct jf_event *ev)
{
    return start_with(ev, JF_READABLE);
}

static int write_first(struct jf_event *ev)
{
    return start_with(ev, JF_READABLE | JF_WRITABLE);
}

static int ignore(struct jf_event *ev)
{
    return start_with(ev, 0);
}

static int again(struct jf_event *ev)
{
    jf_poll_change(ev->worker, seen.poll, JF_READABLE);
    return JF_OK;
}

static int wrong(struct jf_event *ev)
{
    jf_poll poll;
    assert_int_equal(jf_poll_start(ev->worker, seen.fd, 8, on_ready, &seen, &poll),
                     JF_E_INVALID);
    assert_int_equal(jf_poll_start(ev->worker, seen.fd, 1, NULL, &seen, &poll),
                     JF_E_INVALID);
    assert_int_equal(jf_poll_start(ev->worker, -1, 1, on_ready, &seen, &poll),
                     JF_E_INVALID);
    assert_int_equal(jf_poll_start(ev->worker, seen.fd, 1, on_ready, &seen, NULL),
                     JF_E_INVALID);
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(jf_poll_start(ev->worker, file, 1, on_ready, &seen, &poll),
                     JF_E_INVALID);
    close(file);
    jf_poll_change(ev->worker, 12345, JF_READABLE);
    jf_poll_stop(ev->worker, 12345);
    return JF_OK;
}

static int stop(struct jf_event *ev)
{
    jf_poll_stop(ev->worker, seen.poll);
    jf_poll_stop(ev->worker, seen.poll);
    return JF_OK;
}

static const struct jf_route routes[] = {
    { "hear", hear },   { "write", write_first }, { "ignore", ignore }, { "again", again },
    { "wrong", wrong }, { "stop", stop },         { NULL, NULL },
};

static const struct jf_plugin plugin = { .size = sizeof(plugin),
                                         .abi_major = JF_ABI_MAJOR,
                                         .abi_minor = JF_ABI_MINOR,
                                         .name = "test",
                                         .version = "1",
                                         .routes = routes };

static struct fake_host *host;
static jf_conn_id ann;

static int set_up(void **state)
{
    (void)state;
    int pair[2];
    seen = (struct seen){ 0 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
        return -1;
    seen.fd = pair[0];
    seen.peer = pair[1];
    host = fake_host_new(&plugin, 2);
    if (fake_host_start(host, "{}") < 0)
        return -1;
    struct fake_client on_two = { .worker = 1 };
    ann = fake_host_connect_as(host, &on_two);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    fake_host_free(host);
    close(seen.fd);
    close(seen.peer);
    return 0;
}

static void say(const char *text)
{
    assert_int_equal(write(seen.peer, text, strlen(text)), (ssize_t)strlen(text));
}

static void what_is_readable_is_told_in_a_turn_and_once(void **state)
{
    (void)state;
    fake_host_say(host, ann, "hear", "");
    assert_int_equal(fake_host_polls(host), 1);
    assert_int_equal(fake_host_turn(host), 0);
    say("hello");
    assert_int_equal(seen.calls, 0);
    assert_int_equal(fake_host_turn(host), 1);
    assert_string_equal(seen.text, "hello");
    assert_int_equal(seen.ready, JF_READABLE);
    assert_int_equal(seen.worker->index, 1);
    assert_int_equal(fake_host_turn(host), 0);
}

static void who_waits_is_woken_by_a_descriptor(void **state)
{
    (void)state;
    fake_host_say(host, ann, "hear", "");
    assert_false(fake_host_wait(host, 1));
    say("x");
    assert_true(fake_host_wait(host, 5000));
    assert_int_equal(seen.calls, 1);
}

static void an_interest_can_change_to_another_and_to_none(void **state)
{
    (void)state;
    fake_host_say(host, ann, "write", "");
    fake_host_turn(host);
    assert_int_equal(seen.ready, JF_WRITABLE);
    say("x");
    fake_host_turn(host);
    assert_int_equal(seen.ready, JF_READABLE);
    fake_host_say(host, ann, "stop", "");
    fake_host_say(host, ann, "ignore", "");
    say("y");
    assert_int_equal(fake_host_turn(host), 0);
    fake_host_say(host, ann, "again", "");
    assert_int_equal(fake_host_turn(host), 1);
}

static void a_hang_up_is_told_as_what_is_waited_for(void **state)
{
    (void)state;
    fake_host_say(host, ann, "hear", "");
    shutdown(seen.peer, SHUT_RDWR);
    assert_int_equal(fake_host_turn(host), 1);
    assert_int_equal(seen.got, 0);
    assert_int_equal(fake_host_turn(host), 0);
}

static void a_stopped_one_is_never_told_and_may_be_stopped_again(void **state)
{
    (void)state;
    fake_host_say(host, ann, "hear", "");
    say("x");
    fake_host_say(host, ann, "stop", "");
    assert_int_equal(fake_host_polls(host), 0);
    assert_int_equal(fake_host_turn(host), 0);
    assert_int_equal(seen.calls, 0);
}

static void who_never_reads_runs_in_a_circle(void **state)
{
    (void)state;
    seen.greedy = true;
    fake_host_say(host, ann, "hear", "");
    say("x");
    fake_host_turn(host);
    assert_non_null(strstr(fake_host_fault(host), "does not come to an end"));
    fake_host_say(host, ann, "stop", "");
}

static void arguments_are_checked_as_by_the_real_host(void **state)
{
    (void)state;
    fake_host_say(host, ann, "wrong", "");
    assert_int_equal(fake_host_polls(host), 0);
    jf_worker elsewhere = { .self = fake_host_self(host) };
    jf_poll poll;
    assert_int_equal(jf_poll_start(&elsewhere, seen.fd, 1, on_ready, &seen, &poll),
                     JF_E_INVALID);
    assert_non_null(strstr(fake_host_fault(host), "jf_poll_start"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_readable_is_told_in_a_turn_and_once),
        TEST(who_waits_is_woken_by_a_descriptor),
        TEST(an_interest_can_change_to_another_and_to_none),
        TEST(a_hang_up_is_told_as_what_is_waited_for),
        TEST(a_stopped_one_is_never_told_and_may_be_stopped_again),
        TEST(who_never_reads_runs_in_a_circle),
        TEST(arguments_are_checked_as_by_the_real_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
