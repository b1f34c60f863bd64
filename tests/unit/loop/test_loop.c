/* The turn of a loop: what runs at its end, in which order, and when it waits. */
#include "tests/unit/loop/loop_test.h"

#include "core/base/memory.h"

static void deferred_tasks_run_in_order_and_not_at_once(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    struct diary diary = { "" };
    struct noted a = noted(&diary, 'a'), b = noted(&diary, 'b'), c = noted(&diary, 'c');
    loop_defer(loop, &a.task);
    loop_defer(loop, &b.task);
    loop_defer(loop, &c.task);
    assert_string_equal(diary.text, "");
    turn_once(loop);
    assert_string_equal(diary.text, "abc");
    loop_free(loop);
}

/* Defers itself again until it has run `left` times, then stops the loop. */
struct repeater {
    struct task task;
    struct loop *loop;
    struct diary *diary;
    int left;
};

static void run_repeater(struct task *task)
{
    struct repeater *repeater = CONTAINER_OF(task, struct repeater, task);
    note(repeater->diary, 'r');
    if (--repeater->left)
        loop_defer(repeater->loop, task);
    else
        loop_stop(repeater->loop);
}

static void note_turn_end(void *data)
{
    note(data, '.');
}

/* With nothing else on the loop, a turn that did not come at once would never come. */
static void what_is_deferred_meanwhile_makes_another_turn_come_at_once(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    struct diary diary = { "" };
    struct repeater repeater = { { NULL, run_repeater }, loop, &diary, 3 };
    loop_set_turn_end(loop, note_turn_end, &diary);
    loop_defer(loop, &repeater.task);
    loop_run(loop);
    assert_string_equal(diary.text, "r.r.r.."); /* the last one is the stopped turn's */
    loop_free(loop);
}

struct hooked {
    struct loop *loop;
    struct noted again;
};

static void defer_from_hook(void *data)
{
    struct hooked *hooked = data;
    note(hooked->again.diary, 'h');
    loop_set_turn_end(hooked->loop, NULL, NULL);
    loop_defer(hooked->loop, &hooked->again.task);
}

static void the_hook_comes_after_the_tasks_and_may_defer(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    struct diary diary = { "" };
    struct hooked hooked = { loop, noted(&diary, 'b') };
    struct noted a = noted(&diary, 'a');
    hooked.again.stops = loop;
    loop_set_turn_end(loop, defer_from_hook, &hooked);
    loop_defer(loop, &a.task);
    loop_run(loop); /* would wait for ever if the hook's task did not hurry it */
    assert_string_equal(diary.text, "ahb");
    loop_free(loop);
}

static void a_removed_hook_is_not_called(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    struct diary diary = { "" };
    loop_set_turn_end(loop, note_turn_end, &diary);
    loop_set_turn_end(loop, NULL, NULL);
    turn_once(loop);
    assert_string_equal(diary.text, "");
    loop_free(loop);
}

static void a_stop_that_came_first_leaves_one_turn(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    struct diary diary = { "" };
    struct noted a = noted(&diary, 'a');
    loop_stop(loop);
    loop_stop(loop);
    loop_defer(loop, &a.task);
    loop_run(loop);
    assert_string_equal(diary.text, "a");

    struct noted b = noted(&diary, 'b'); /* and it counts once: this run would not end */
    b.stops = loop;
    loop_defer(loop, &b.task);
    loop_run(loop);
    assert_string_equal(diary.text, "ab");
    loop_free(loop);
}

static void run_and_free(struct task *task)
{
    free(task);
}

static void a_task_may_free_its_subject(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    for (int i = 0; i < 3; i++) {
        struct task *task = xnew(struct task);
        task->run = run_and_free;
        loop_defer(loop, task);
    }
    turn_once(loop);
    loop_free(loop);
}

static void freeing_a_loop_runs_what_is_still_deferred(void **state)
{
    (void)state;
    struct loop *loop = new_loop();
    struct diary diary = { "" };
    struct repeater repeater = { { NULL, run_repeater }, loop, &diary, 3 };
    loop_set_turn_end(loop, note_turn_end, &diary);
    loop_defer(loop, &repeater.task);
    loop_free(loop);
    assert_string_equal(diary.text, "rrr"); /* and leaves the hook alone */
}

static void freeing_nothing_is_nothing(void **state)
{
    (void)state;
    loop_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deferred_tasks_run_in_order_and_not_at_once),
        cmocka_unit_test(what_is_deferred_meanwhile_makes_another_turn_come_at_once),
        cmocka_unit_test(the_hook_comes_after_the_tasks_and_may_defer),
        cmocka_unit_test(a_removed_hook_is_not_called),
        cmocka_unit_test(a_stop_that_came_first_leaves_one_turn),
        cmocka_unit_test(a_task_may_free_its_subject),
        cmocka_unit_test(freeing_a_loop_runs_what_is_still_deferred),
        cmocka_unit_test(freeing_nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
