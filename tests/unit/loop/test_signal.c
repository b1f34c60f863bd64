/* Signals arrive as events of the loop. */
#include "tests/unit/loop/loop_test.h"

#include <signal.h>

struct watcher {
    struct loop *loop;
    struct signal_watch *watch;
    int last, count;
    bool frees;
};

static void on_signal(void *data, int signum)
{
    struct watcher *watcher = data;
    watcher->last = signum;
    watcher->count++;
    if (watcher->frees) {
        signal_watch_free(watcher->watch);
        watcher->watch = NULL;
    }
    loop_stop(watcher->loop);
}

static void a_signal_comes_through_the_loop(void **state)
{
    (void)state;
    struct watcher watcher = { .loop = new_loop() };
    assert_int_equal(
        signal_watch_new(watcher.loop, SIGUSR1, on_signal, &watcher, &watcher.watch),
        JF_OK);
    raise(SIGUSR1);
    assert_int_equal(watcher.count, 0); /* not from the handler */
    loop_run(watcher.loop);
    assert_int_equal(watcher.last, SIGUSR1);
    raise(SIGUSR1);
    loop_run(watcher.loop);
    assert_int_equal(watcher.count, 2);
    signal_watch_free(watcher.watch);
    signal_watch_free(NULL);
    loop_free(watcher.loop);
}

static void a_watch_may_be_freed_by_its_own_callback(void **state)
{
    (void)state;
    struct watcher watcher = { .loop = new_loop(), .frees = true };
    assert_int_equal(
        signal_watch_new(watcher.loop, SIGTERM, on_signal, &watcher, &watcher.watch),
        JF_OK);
    raise(SIGTERM);
    loop_run(watcher.loop);
    assert_int_equal(watcher.count, 1);
    loop_free(watcher.loop);
}

static void what_cannot_be_watched_is_refused(void **state)
{
    (void)state;
    struct watcher watcher = { .loop = new_loop() };
    static const int hopeless[] = { SIGKILL, SIGSTOP, 0, -1, 4711 };
    for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
        int status = signal_watch_new(watcher.loop, hopeless[i], on_signal, &watcher,
                                      &watcher.watch);
        assert_int_equal(status, JF_E_INVALID);
        assert_null(watcher.watch);
    }
    loop_free(watcher.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signal_comes_through_the_loop),
        cmocka_unit_test(a_watch_may_be_freed_by_its_own_callback),
        cmocka_unit_test(what_cannot_be_watched_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
