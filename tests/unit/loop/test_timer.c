/* One-shot timers: when they fire, and that nothing a callback does to them hurts. */
#include "tests/unit/loop/loop_test.h"

#include <time.h>

struct clockwork {
    struct loop *loop;
    struct timer *timer, *other;
    int fired, again;
    bool frees;
};

static void on_fire(void *data)
{
    struct clockwork *work = data;
    work->fired++;
    timer_stop(work->other);
    if (work->frees) {
        timer_free(work->timer);
        work->timer = NULL;
    }
    if (work->again-- > 0)
        timer_start(work->timer, 0);
    else
        loop_stop(work->loop);
}

static void must_not_fire(void *data)
{
    (void)data;
    fail();
}

static void set_up(struct clockwork *work)
{
    *work = (struct clockwork){ .loop = new_loop() };
    timer_new(work->loop, on_fire, work, &work->timer);
    timer_new(work->loop, must_not_fire, NULL, &work->other);
}

static void tear_down(struct clockwork *work)
{
    timer_free(work->timer);
    timer_free(work->other);
    loop_free(work->loop);
}

static void it_fires_once_and_not_early(void **state)
{
    (void)state;
    struct clockwork work;
    set_up(&work);
    uint64_t before = loop_now(work.loop);
    timer_start(work.timer, 20);
    assert_int_equal(work.fired, 0);
    loop_run(work.loop);
    assert_true(loop_now(work.loop) >= before + 20);
    turn_once(work.loop);
    assert_int_equal(work.fired, 1);
    tear_down(&work);
}

static void starting_again_moves_it(void **state)
{
    (void)state;
    struct clockwork work;
    set_up(&work);
    uint64_t before = loop_now(work.loop);
    timer_start(work.timer, 1);
    timer_start(work.timer, 25);
    loop_run(work.loop);
    assert_true(loop_now(work.loop) >= before + 25);
    assert_int_equal(work.fired, 1);
    timer_start(work.timer, 1000 * 3600);
    timer_start(work.timer, 1);
    loop_run(work.loop);
    assert_int_equal(work.fired, 2);
    tear_down(&work);
}

static void sleep_ms(long ms)
{
    struct timespec time = { 0, ms * 1000000 };
    nanosleep(&time, NULL);
}

static void a_stopped_timer_does_not_fire_even_if_due_in_the_same_turn(void **state)
{
    (void)state;
    struct clockwork work;
    set_up(&work);
    timer_start(work.timer, 1);
    timer_start(work.other, 1);
    sleep_ms(5); /* now both are due */
    loop_run(work.loop);
    assert_int_equal(work.fired, 1);
    tear_down(&work);
}

static void it_may_be_freed_by_its_own_callback(void **state)
{
    (void)state;
    struct clockwork work;
    set_up(&work);
    work.frees = true;
    timer_start(work.timer, 0);
    loop_run(work.loop);
    assert_int_equal(work.fired, 1);
    tear_down(&work);
}

static void count_turn(void *data)
{
    (*(int *)data)++;
}

/* A walk over the timers must end even if one of them is always due. */
static void one_that_starts_itself_for_now_lets_the_loop_turn(void **state)
{
    (void)state;
    struct clockwork work;
    int turns = 0;
    set_up(&work);
    work.again = 5;
    loop_set_turn_end(work.loop, count_turn, &turns);
    timer_start(work.timer, 0);
    loop_run(work.loop);
    assert_int_equal(work.fired, 6);
    assert_true(turns >= 6);
    tear_down(&work);
}

static void a_freed_timer_does_not_fire(void **state)
{
    (void)state;
    struct clockwork work;
    set_up(&work);
    timer_start(work.other, 1);
    timer_free(work.other);
    work.other = NULL;
    timer_free(NULL);
    sleep_ms(3);
    turn_once(work.loop);
    tear_down(&work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fires_once_and_not_early),
        cmocka_unit_test(starting_again_moves_it),
        cmocka_unit_test(a_stopped_timer_does_not_fire_even_if_due_in_the_same_turn),
        cmocka_unit_test(it_may_be_freed_by_its_own_callback),
        cmocka_unit_test(one_that_starts_itself_for_now_lets_the_loop_turn),
        cmocka_unit_test(a_freed_timer_does_not_fire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
