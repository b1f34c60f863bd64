/* The timing wheel against a clock of the test's own. The loop and its timer are played
 * here: `advance` moves the clock and fires the timer like a loop that was on time, `jump`
 * like one that was suspended. */
#include "tests/unit/test.h"

#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/wheel.h"

#define ROTATION (4096u * WHEEL_TICK_MS)

/* The one timer the wheel asks for. */
struct timer {
    void (*fire)(void *data);
    void *data;
    uint64_t due;
    bool set;
};

static uint64_t now;
static struct timer *only_timer;
static int starts, wakes;

uint64_t loop_now(const struct loop *loop)
{
    (void)loop;
    return now;
}

void timer_new(struct loop *loop, void (*fire)(void *data), void *data, struct timer **out)
{
    (void)loop;
    only_timer = xnew(struct timer);
    only_timer->fire = fire;
    only_timer->data = data;
    *out = only_timer;
}

void timer_start(struct timer *timer, uint64_t ms)
{
    starts++;
    timer->set = true;
    timer->due = now + (ms ? ms : 1);
}

void timer_stop(struct timer *timer)
{
    timer->set = false;
}

void timer_free(struct timer *timer)
{
    free(timer);
}

static void fire(void)
{
    wakes++;
    only_timer->set = false;
    only_timer->fire(only_timer->data);
}

static void jump(uint64_t ms)
{
    now += ms;
    if (only_timer->set && only_timer->due <= now)
        fire();
}

static void advance(uint64_t ms)
{
    uint64_t end = now + ms;
    while (only_timer->set && only_timer->due <= end) {
        now = only_timer->due > now ? only_timer->due : now;
        fire();
    }
    now = end;
}

struct bell {
    struct alarm alarm;
    struct wheel *wheel;
    uint64_t rang_at;
    int rings;

    /* What it does when it rings. */
    struct bell *stops, *sets;
    uint64_t sets_due, sets_in;
};

static void on_ring(struct alarm *alarm)
{
    struct bell *bell = CONTAINER_OF(alarm, struct bell, alarm);
    assert_false(alarm_is_set(alarm));
    assert_true(alarm->due <= now); /* never early */
    bell->rings++;
    bell->rang_at = now;
    if (bell->stops)
        alarm_stop(bell->wheel, &bell->stops->alarm);
    if (bell->sets)
        alarm_set(bell->wheel, &bell->sets->alarm,
                  bell->sets_in ? now + bell->sets_in : bell->sets_due);
}

static struct wheel *set_up(void)
{
    struct wheel *wheel;
    now = 1000003; /* in the middle of a tick */
    starts = wakes = 0;
    assert_int_equal(wheel_new(NULL, &wheel), JF_OK);
    return wheel;
}

static struct bell new_bell(struct wheel *wheel)
{
    return (struct bell){ .alarm.ring = on_ring, .wheel = wheel };
}

static void assert_on_time(const struct bell *bell, uint64_t due)
{
    assert_int_equal(bell->rings, 1);
    assert_true(bell->rang_at >= due);
    assert_true(bell->rang_at < due + WHEEL_TICK_MS);
}

static void an_alarm_rings_up_to_a_tick_late_and_never_early(void **state)
{
    (void)state;
    static const uint64_t delays[] = {
        1,
        2,
        13,
        15,
        16,
        17,
        31,
        32,
        33,
        1000,
        29000,
        ROTATION - 1,
        ROTATION,
        ROTATION + 1,
        ROTATION + WHEEL_TICK_MS,
        10 * 60 * 1000,
        2 * 3600 * 1000,
    };
    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        struct wheel *wheel = set_up();
        struct bell bell = new_bell(wheel);
        uint64_t due = now + delays[i];
        alarm_set(wheel, &bell.alarm, due);
        assert_true(alarm_is_set(&bell.alarm));
        assert_int_equal(bell.rings, 0);
        advance(delays[i] + WHEEL_TICK_MS);
        assert_on_time(&bell, due);
        wheel_free(wheel);
    }
}

static void the_past_means_soon(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bells[3];
    uint64_t dues[3] = { 0, now - 500, now };
    for (int i = 0; i < 3; i++) {
        bells[i] = new_bell(wheel);
        alarm_set(wheel, &bells[i].alarm, dues[i]);
        assert_int_equal(bells[i].rings, 0); /* not from inside */
    }
    advance(2 * WHEEL_TICK_MS);
    for (int i = 0; i < 3; i++)
        assert_int_equal(bells[i].rings, 1);
    wheel_free(wheel);
}

static void the_end_of_time_is_a_due_time_too(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel), near = new_bell(wheel);
    alarm_set(wheel, &bell.alarm, UINT64_MAX);
    alarm_set(wheel, &near.alarm, now + 100);
    advance(3 * ROTATION);
    assert_int_equal(near.rings, 1);
    assert_int_equal(bell.rings, 0);
    assert_true(alarm_is_set(&bell.alarm));
    wheel_free(wheel);
}

static void setting_again_moves_it_either_way(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell later = new_bell(wheel), sooner = new_bell(wheel);
    uint64_t start = now;
    alarm_set(wheel, &later.alarm, start + 100);
    alarm_set(wheel, &sooner.alarm, start + 5000);
    alarm_set(wheel, &later.alarm, start + 5000);
    alarm_set(wheel, &sooner.alarm, start + 100);
    advance(200);
    assert_int_equal(later.rings, 0);
    assert_on_time(&sooner, start + 100);
    advance(5000);
    assert_on_time(&later, start + 5000);
    wheel_free(wheel);
}

static void moving_it_within_its_tick_keeps_the_later_time(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel);
    uint64_t tick_end = (now / WHEEL_TICK_MS + 10) * WHEEL_TICK_MS;
    alarm_set(wheel, &bell.alarm, tick_end - 10);
    alarm_set(wheel, &bell.alarm, tick_end);
    advance(1000);
    assert_on_time(&bell, tick_end);
    wheel_free(wheel);
}

static void a_stopped_alarm_does_not_ring(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell a = new_bell(wheel), b = new_bell(wheel);
    alarm_stop(wheel, &a.alarm); /* was never set */
    alarm_set(wheel, &a.alarm, now + 100);
    alarm_set(wheel, &b.alarm, now + 100);
    alarm_stop(wheel, &a.alarm);
    assert_false(alarm_is_set(&a.alarm));
    advance(200);
    assert_int_equal(a.rings, 0);
    assert_int_equal(b.rings, 1);
    wheel_free(wheel);
}

static void an_idle_wheel_wakes_nobody(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel);
    assert_false(only_timer->set);
    alarm_set(wheel, &bell.alarm, now + 100);
    alarm_stop(wheel, &bell.alarm);
    advance(1000); /* what was under way still comes, once */
    assert_true(wakes <= 1);
    assert_false(only_timer->set);
    wheel_free(wheel);
}

static void far_alarms_do_not_wake_every_tick(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell hour = new_bell(wheel), day = new_bell(wheel);
    alarm_set(wheel, &hour.alarm, now + 3600 * 1000);
    alarm_set(wheel, &day.alarm, now + 24 * 3600 * 1000);
    advance(24 * 3600 * 1000 + WHEEL_TICK_MS);
    assert_int_equal(hour.rings + day.rings, 2);
    assert_true(wakes <= 1500); /* a rotation is 65 s, a day has 1319 of them */
    wheel_free(wheel);
}

/* What every message does to its connection's idle deadline. */
static void pushing_an_alarm_ahead_leaves_the_timer_alone(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel);
    for (int i = 0; i < 1000; i++)
        alarm_set(wheel, &bell.alarm, now + 1000 + (uint64_t)i * 7);
    assert_int_equal(starts, 1);
    wheel_free(wheel);
}

static void ringing_may_set_itself_again(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel);
    bell.sets = &bell;
    bell.sets_in = 100;
    alarm_set(wheel, &bell.alarm, now + 100);
    advance(1000 + 10 * WHEEL_TICK_MS);
    assert_in_range(bell.rings, 10, 11);
    wheel_free(wheel);
}

/* One that is always late gets its ring every tick, and the loop the rest of the time. */
static void ringing_may_set_itself_into_the_past(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel);
    bell.sets = &bell;
    bell.sets_due = 0;
    alarm_set(wheel, &bell.alarm, 0);
    advance(10 * WHEEL_TICK_MS);
    assert_in_range(bell.rings, 9, 11);
    jump(ROTATION * 5);
    assert_in_range(bell.rings, 10, 12);
    wheel_free(wheel);
}

static void ringing_may_stop_and_move_those_of_its_own_slot(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell a = new_bell(wheel), b = new_bell(wheel), c = new_bell(wheel);
    uint64_t due = now + 100;
    alarm_set(wheel, &a.alarm, due);
    alarm_set(wheel, &b.alarm, due);
    alarm_set(wheel, &c.alarm, due);
    a.stops = &b;
    a.sets = &c;
    a.sets_due = due + ROTATION; /* the same slot, one round later */
    advance(200);
    assert_int_equal(a.rings, 1);
    assert_int_equal(b.rings, 0);
    assert_int_equal(c.rings, 0);
    advance(ROTATION);
    assert_on_time(&c, due + ROTATION);
    assert_int_equal(b.rings, 0);
    wheel_free(wheel);
}

/* The late one is taken out together with one that is not due for a round; whatever the
 * first does to the second, it must neither be lost nor ring early. */
static void ringing_may_touch_those_that_wait_for_a_later_round(void **state)
{
    (void)state;
    for (int stops = 0; stops < 2; stops++) {
        struct wheel *wheel = set_up();
        struct bell a = new_bell(wheel), far = new_bell(wheel);
        uint64_t due = now + 100;
        alarm_set(wheel, &a.alarm, due);
        alarm_set(wheel, &far.alarm, due + ROTATION);
        a.stops = stops ? &far : NULL;
        a.sets = stops ? NULL : &far;
        a.sets_due = due + ROTATION + 1;
        advance(ROTATION / 2);
        assert_int_equal(far.rings, 0);
        advance(ROTATION);
        if (stops)
            assert_int_equal(far.rings, 0);
        else
            assert_on_time(&far, due + ROTATION + 1);
        wheel_free(wheel);
    }
}

static void waking_from_a_long_sleep_rings_the_late_ones_only(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    enum { BELLS = 300 };
    struct bell bells[BELLS];
    uint64_t start = now, slept = 5 * ROTATION + 7;
    for (int i = 0; i < BELLS; i++) {
        bells[i] = new_bell(wheel);
        alarm_set(wheel, &bells[i].alarm, start + (uint64_t)i * 2000);
    }
    jump(slept);
    for (int i = 0; i < BELLS; i++) {
        bool late = (uint64_t)i * 2000 + WHEEL_TICK_MS <= slept;
        if (late)
            assert_int_equal(bells[i].rings, 1);
        else if ((uint64_t)i * 2000 > slept)
            assert_int_equal(bells[i].rings, 0);
    }
    advance(BELLS * 2000);
    for (int i = 0; i < BELLS; i++)
        assert_int_equal(bells[i].rings, 1);
    wheel_free(wheel);
}

/* The wheel slept, being empty, for longer than a rotation; the new alarm is in time. */
static void an_alarm_set_after_a_long_silence_is_on_time(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell first = new_bell(wheel), bell = new_bell(wheel);
    alarm_set(wheel, &first.alarm, now + 10);
    advance(7 * ROTATION + 1234);
    uint64_t due = now + 50;
    alarm_set(wheel, &bell.alarm, due);
    advance(100);
    assert_on_time(&bell, due);
    wheel_free(wheel);
}

/* Random sets, moves and stops against a plain array of due times. */
static void it_agrees_with_a_model_through_churn(void **state)
{
    (void)state;
    enum { BELLS = 200, STEPS = 20000 };
    struct wheel *wheel = set_up();
    static struct bell bells[BELLS];
    static uint64_t dues[BELLS]; /* 0: not set */
    uint32_t random = 7;
    for (int i = 0; i < BELLS; i++) {
        bells[i] = new_bell(wheel);
        dues[i] = 0;
    }
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        unsigned which = (random >> 8) % BELLS, what = (random >> 4) % 8;
        if (what == 0) {
            alarm_stop(wheel, &bells[which].alarm);
            dues[which] = 0;
        } else if (what < 6) {
            dues[which] = now + 1 + random % (what < 4 ? 3000 : 3 * ROTATION);
            alarm_set(wheel, &bells[which].alarm, dues[which]);
        } else if (what == 6) {
            advance(random % 100);
        } else {
            jump(random % (step % 64 ? 500 : 2 * ROTATION));
        }
        for (int i = 0; i < BELLS; i++) {
            if (!alarm_is_set(&bells[i].alarm) && dues[i])
                dues[i] = dues[i] <= now ? 0 : UINT64_MAX; /* rang: must have been due */
            assert_true(dues[i] != UINT64_MAX);
            assert_true(!dues[i] || dues[i] + WHEEL_TICK_MS > now); /* not overdue */
        }
    }
    wheel_free(wheel);
}

static void a_freed_wheel_leaves_its_alarms_unset(void **state)
{
    (void)state;
    struct wheel *wheel = set_up();
    struct bell bell = new_bell(wheel);
    alarm_set(wheel, &bell.alarm, now + 100);
    wheel_free(wheel);
    wheel_free(NULL);
    assert_false(alarm_is_set(&bell.alarm));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alarm_rings_up_to_a_tick_late_and_never_early),
        cmocka_unit_test(the_past_means_soon),
        cmocka_unit_test(the_end_of_time_is_a_due_time_too),
        cmocka_unit_test(setting_again_moves_it_either_way),
        cmocka_unit_test(moving_it_within_its_tick_keeps_the_later_time),
        cmocka_unit_test(a_stopped_alarm_does_not_ring),
        cmocka_unit_test(an_idle_wheel_wakes_nobody),
        cmocka_unit_test(far_alarms_do_not_wake_every_tick),
        cmocka_unit_test(pushing_an_alarm_ahead_leaves_the_timer_alone),
        cmocka_unit_test(ringing_may_set_itself_again),
        cmocka_unit_test(ringing_may_set_itself_into_the_past),
        cmocka_unit_test(ringing_may_stop_and_move_those_of_its_own_slot),
        cmocka_unit_test(ringing_may_touch_those_that_wait_for_a_later_round),
        cmocka_unit_test(waking_from_a_long_sleep_rings_the_late_ones_only),
        cmocka_unit_test(an_alarm_set_after_a_long_silence_is_on_time),
        cmocka_unit_test(it_agrees_with_a_model_through_churn),
        cmocka_unit_test(a_freed_wheel_leaves_its_alarms_unset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
