/* The mailbox as one thread sees it: order, room, and the closed door. What many threads
 * make of it is in tests/storm. */
#include "tests/unit/loop/loop_test.h"

#include "core/loop/mailbox.h"

struct post_office {
    struct loop *loop;
    struct mailbox *box;
    struct diary diary;
    struct noted a, b, c;
};

static void set_up(struct post_office *office, size_t max_bytes)
{
    *office = (struct post_office){ .loop = new_loop() };
    assert_int_equal(mailbox_new(office->loop, max_bytes, &office->box), JF_OK);
    office->a = noted(&office->diary, 'a');
    office->b = noted(&office->diary, 'b');
    office->c = noted(&office->diary, 'c');
}

static void tear_down(struct post_office *office)
{
    mailbox_free(office->box);
    loop_free(office->loop);
}

static void tasks_run_in_the_order_posted(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    office.c.stops = office.loop;
    assert_int_equal(mailbox_post(office.box, &office.a.task, 10), JF_OK);
    mailbox_post_reserved(office.box, &office.b.task);
    assert_int_equal(mailbox_post(office.box, &office.c.task, 10), JF_OK);
    assert_string_equal(office.diary.text, "");
    loop_run(office.loop);
    assert_string_equal(office.diary.text, "abc");
    tear_down(&office);
}

static void a_full_box_refuses_and_the_task_stays_yours(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    assert_int_equal(mailbox_post(office.box, &office.a.task, 60), JF_OK);
    assert_int_equal(mailbox_post(office.box, &office.b.task, 41), JF_E_FULL);
    assert_int_equal(mailbox_post(office.box, &office.b.task, SIZE_MAX), JF_E_FULL);
    assert_int_equal(mailbox_post(office.box, &office.b.task, 40), JF_OK);
    assert_int_equal(mailbox_post(office.box, &office.c.task, 1), JF_E_FULL);
    mailbox_post_reserved(office.box, &office.c.task); /* has its room already */
    turn_once(office.loop);
    assert_string_equal(office.diary.text, "abc");
    tear_down(&office);
}

static void room_is_free_again_when_the_loop_has_taken_the_task(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(mailbox_post(office.box, &office.a.task, 100), JF_OK);
        assert_int_equal(mailbox_post(office.box, &office.b.task, 1), JF_E_FULL);
        turn_once(office.loop);
    }
    assert_string_equal(office.diary.text, "aaaaa");
    tear_down(&office);
}

static void one_that_is_larger_than_the_box_goes_in_alone(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    assert_int_equal(mailbox_post(office.box, &office.a.task, 5000), JF_OK);
    assert_int_equal(mailbox_post(office.box, &office.b.task, 1), JF_E_FULL);
    turn_once(office.loop);
    assert_int_equal(mailbox_post(office.box, &office.b.task, 1), JF_OK);
    assert_int_equal(mailbox_post(office.box, &office.a.task, 5000), JF_E_FULL);
    turn_once(office.loop);
    assert_string_equal(office.diary.text, "ab");
    tear_down(&office);
}

struct poster {
    struct task task;
    struct post_office *office;
};

static void run_poster(struct task *task)
{
    struct poster *poster = CONTAINER_OF(task, struct poster, task);
    assert_int_equal(mailbox_post(poster->office->box, &poster->office->a.task, 100),
                     JF_OK);
}

static void a_task_may_post_into_its_own_box(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    struct poster poster = { { NULL, run_poster }, &office };
    office.a.stops = office.loop;
    assert_int_equal(mailbox_post(office.box, &poster.task, 100), JF_OK);
    loop_run(office.loop);
    assert_string_equal(office.diary.text, "a");
    tear_down(&office);
}

static void a_closed_box_takes_no_more_and_runs_what_it_has(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    assert_int_equal(mailbox_post(office.box, &office.a.task, 10), JF_OK);
    mailbox_close(office.box);
    mailbox_close(office.box);
    assert_int_equal(mailbox_post(office.box, &office.b.task, 0), JF_E_STOPPING);
    turn_once(office.loop);
    assert_string_equal(office.diary.text, "a");
    mailbox_post_reserved(office.box, &office.c.task); /* a late finish */
    turn_once(office.loop);
    assert_string_equal(office.diary.text, "ac");
    tear_down(&office);
}

static void a_detached_box_answers_after_the_loop_is_gone(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    mailbox_close(office.box);
    mailbox_detach(office.box);
    mailbox_detach(office.box);
    loop_free(office.loop);
    assert_int_equal(mailbox_post(office.box, &office.a.task, 1), JF_E_STOPPING);
    mailbox_post_reserved(office.box, &office.b.task);
    assert_string_equal(office.diary.text, "");
    mailbox_drain(office.box);
    assert_string_equal(office.diary.text, "b");
    mailbox_free(office.box);
}

static void run_reserved_poster(struct task *task)
{
    struct poster *poster = CONTAINER_OF(task, struct poster, task);
    mailbox_post_reserved(poster->office->box, &poster->office->a.task);
}

static void draining_leaves_nothing_behind(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    struct poster poster = { { NULL, run_reserved_poster }, &office };
    mailbox_post_reserved(office.box, &poster.task);
    mailbox_drain(office.box);
    assert_string_equal(office.diary.text, "a");
    turn_once(office.loop); /* the ring that was under way finds nothing */
    assert_string_equal(office.diary.text, "a");
    tear_down(&office);
}

static void run_freeing(struct task *task)
{
    struct poster *poster = CONTAINER_OF(task, struct poster, task);
    mailbox_free(poster->office->box);
    poster->office->box = NULL;
}

static void a_task_may_free_the_box_it_came_from(void **state)
{
    (void)state;
    struct post_office office;
    set_up(&office, 100);
    struct poster poster = { { NULL, run_freeing }, &office };
    assert_int_equal(mailbox_post(office.box, &poster.task, 1), JF_OK);
    assert_int_equal(mailbox_post(office.box, &office.a.task, 1), JF_OK);
    turn_once(office.loop);
    assert_null(office.box);
    assert_string_equal(office.diary.text, "a");
    tear_down(&office);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_in_the_order_posted),
        cmocka_unit_test(a_full_box_refuses_and_the_task_stays_yours),
        cmocka_unit_test(room_is_free_again_when_the_loop_has_taken_the_task),
        cmocka_unit_test(one_that_is_larger_than_the_box_goes_in_alone),
        cmocka_unit_test(a_task_may_post_into_its_own_box),
        cmocka_unit_test(a_closed_box_takes_no_more_and_runs_what_it_has),
        cmocka_unit_test(a_detached_box_answers_after_the_loop_is_gone),
        cmocka_unit_test(draining_leaves_nothing_behind),
        cmocka_unit_test(a_task_may_free_the_box_it_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
