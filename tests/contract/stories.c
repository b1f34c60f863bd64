/* Stories of the end: what becomes of mail, timers, deferred tasks and answers when a loop
 * is stopping. Each is told as a host would live it. */
#include "tests/unit/loop/loop_test.h"

#include <pthread.h>
#include <time.h>

#include "core/base/memory.h"
#include "core/loop/mailbox.h"
#include "core/loop/wheel.h"
#include "core/store/store.h"

struct host {
    struct loop *loop;
    struct mailbox *box;
    struct diary diary;
};

static void set_up(struct host *host)
{
    *host = (struct host){ .loop = new_loop() };
    assert_int_equal(mailbox_new(host->loop, 1000, &host->box), JF_OK);
}

static void tear_down(struct host *host)
{
    mailbox_free(host->box);
    loop_free(host->loop);
}

/* A task that defers another one and stops the loop in the same breath. */
struct farewell {
    struct task task;
    struct host *host;
    struct noted last_words;
};

static void run_farewell(struct task *task)
{
    struct farewell *farewell = CONTAINER_OF(task, struct farewell, task);
    note(&farewell->host->diary, 's');
    loop_stop(farewell->host->loop);
    loop_defer(farewell->host->loop, &farewell->last_words.task);
}

static void what_was_deferred_in_the_turn_of_the_stop_still_runs(void **state)
{
    (void)state;
    struct host host;
    set_up(&host);
    struct farewell farewell = { { NULL, run_farewell }, &host, noted(&host.diary, 'd') };
    struct noted next = noted(&host.diary, 'n');
    assert_int_equal(mailbox_post(host.box, &farewell.task, 1), JF_OK);
    assert_int_equal(mailbox_post(host.box, &next.task, 1), JF_OK);
    loop_run(host.loop);
    assert_string_equal(host.diary.text, "snd"); /* the mail taken with it, too */
    tear_down(&host);
}

static void what_was_mailed_before_the_close_still_runs(void **state)
{
    (void)state;
    struct host host;
    set_up(&host);
    struct noted before = noted(&host.diary, 'b'), after = noted(&host.diary, 'a');
    assert_int_equal(mailbox_post(host.box, &before.task, 1), JF_OK);
    mailbox_close(host.box);
    assert_int_equal(mailbox_post(host.box, &after.task, 1), JF_E_STOPPING);
    turn_once(host.loop);
    assert_string_equal(host.diary.text, "b");
    tear_down(&host);
}

static void mail_to_a_stopped_loop_waits_for_whoever_drains(void **state)
{
    (void)state;
    struct host host;
    set_up(&host);
    struct noted a = noted(&host.diary, 'a'), b = noted(&host.diary, 'b');
    turn_once(host.loop);
    assert_int_equal(mailbox_post(host.box, &a.task, 1), JF_OK);
    mailbox_close(host.box);
    mailbox_post_reserved(host.box, &b.task);
    assert_string_equal(host.diary.text, "");
    mailbox_drain(host.box);
    assert_string_equal(host.diary.text, "ab");
    tear_down(&host);
}

/* A thread of a plugin that has not heard of the end yet. */
struct straggler {
    pthread_barrier_t *end;
    struct mailbox *box;
    struct noted finish;
    int status;
};

static void *straggle(void *data)
{
    struct straggler *straggler = data;
    struct noted refused = noted(NULL, 'x');
    pthread_barrier_wait(straggler->end);
    straggler->status = mailbox_post(straggler->box, &refused.task, 1);
    mailbox_post_reserved(straggler->box, &straggler->finish.task);
    return NULL;
}

static void a_straggler_finds_a_closed_door_after_the_loop_is_gone(void **state)
{
    (void)state;
    struct host host;
    pthread_t thread;
    set_up(&host);
    pthread_barrier_t end;
    pthread_barrier_init(&end, NULL, 2);
    struct straggler straggler = { &end, host.box, noted(&host.diary, 'f'), JF_OK };
    assert_int_equal(pthread_create(&thread, NULL, straggle, &straggler), 0);
    turn_once(host.loop);
    mailbox_close(host.box);
    mailbox_drain(host.box);
    mailbox_detach(host.box);
    loop_free(host.loop);
    pthread_barrier_wait(&end);
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&end);
    assert_int_equal(straggler.status, JF_E_STOPPING);
    mailbox_drain(host.box); /* its finish had its place reserved */
    assert_string_equal(host.diary.text, "f");
    mailbox_free(host.box);
}

static void must_not_happen(void *data)
{
    (void)data;
    fail();
}

static void must_not_ring(struct alarm *alarm)
{
    (void)alarm;
    fail();
}

static void a_timer_or_alarm_that_outlives_the_stop_never_fires(void **state)
{
    (void)state;
    struct host host;
    struct timer *timer;
    struct wheel *wheel;
    struct alarm alarm = { .ring = must_not_ring };
    struct timespec time = { 0, 40 * 1000000 };
    set_up(&host);
    timer_new(host.loop, must_not_happen, NULL, &timer);
    assert_int_equal(wheel_new(host.loop, &wheel), JF_OK);
    timer_start(timer, 20);
    alarm_set(wheel, &alarm, loop_now(host.loop) + 20);
    turn_once(host.loop);
    nanosleep(&time, NULL); /* due, but nobody turns the loop */
    timer_free(timer);
    wheel_free(wheel);
    tear_down(&host); /* turns it for the last time */
    assert_false(alarm_is_set(&alarm));
}

/* On a real clock: an alarm rings in time, and ends the loop. */
struct clock {
    struct alarm alarm;
    struct loop *loop;
    uint64_t rang_at;
};

static void on_ring(struct alarm *alarm)
{
    struct clock *clock = CONTAINER_OF(alarm, struct clock, alarm);
    clock->rang_at = loop_now(clock->loop);
    loop_stop(clock->loop);
}

static void an_alarm_can_end_the_loop(void **state)
{
    (void)state;
    struct host host;
    struct wheel *wheel;
    set_up(&host);
    struct clock clock = { { .ring = on_ring }, host.loop, 0 };
    assert_int_equal(wheel_new(host.loop, &wheel), JF_OK);
    uint64_t due = loop_now(host.loop) + 50;
    alarm_set(wheel, &clock.alarm, due);
    loop_run(host.loop);
    assert_true(clock.rang_at >= due);
    wheel_free(wheel);
    tear_down(&host);
}

struct request {
    struct store_op op;
    int calls, status;
};

static void on_done(struct store_op *op, int status)
{
    struct request *request = CONTAINER_OF(op, struct request, op);
    request->calls++;
    request->status = status;
}

/* The loop has stopped, an answer is on its way, the store closes: it is told now, and the
 * turns that loop_free() makes do not tell it again. */
static void an_answer_that_was_on_its_way_comes_once_as_stopping(void **state)
{
    (void)state;
    struct host host;
    struct store_shared *shared;
    struct store *store;
    struct request request = { .op = { .done = on_done, .key = jf_str("k") } };
    set_up(&host);
    assert_int_equal(store_memory.share(&(struct store_options){ 0 }, &shared), JF_OK);
    assert_int_equal(store_memory.open(host.loop, shared, 0, &store), JF_OK);
    turn_once(host.loop);
    assert_int_equal(store_memory.group_join(store, &request.op), JF_OK);
    store_memory.close(store);
    assert_int_equal(request.calls, 1);
    assert_int_equal(request.status, JF_E_STOPPING);
    tear_down(&host);
    assert_int_equal(request.calls, 1);
    store_memory.unshare(shared);
}

/* The same, but the stop came from the very turn that asked: it is answered in full. */
struct asker {
    struct task task;
    struct host *host;
    struct store *store;
    struct request request;
};

static void run_asker(struct task *task)
{
    struct asker *asker = CONTAINER_OF(task, struct asker, task);
    loop_stop(asker->host->loop);
    assert_int_equal(store_memory.group_join(asker->store, &asker->request.op), JF_OK);
}

static void an_answer_due_in_the_turn_of_the_stop_comes_in_full(void **state)
{
    (void)state;
    struct host host;
    struct store_shared *shared;
    set_up(&host);
    struct asker asker = { { NULL, run_asker }, &host, NULL, { { 0 }, 0, 0 } };
    asker.request.op = (struct store_op){ .done = on_done, .key = jf_str("k") };
    assert_int_equal(store_memory.share(&(struct store_options){ 0 }, &shared), JF_OK);
    assert_int_equal(store_memory.open(host.loop, shared, 0, &asker.store), JF_OK);
    assert_int_equal(mailbox_post(host.box, &asker.task, 1), JF_OK);
    loop_run(host.loop);
    assert_int_equal(asker.request.calls, 1);
    assert_int_equal(asker.request.status, JF_OK);
    store_memory.close(asker.store);
    tear_down(&host);
    store_memory.unshare(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_deferred_in_the_turn_of_the_stop_still_runs),
        cmocka_unit_test(what_was_mailed_before_the_close_still_runs),
        cmocka_unit_test(mail_to_a_stopped_loop_waits_for_whoever_drains),
        cmocka_unit_test(a_straggler_finds_a_closed_door_after_the_loop_is_gone),
        cmocka_unit_test(a_timer_or_alarm_that_outlives_the_stop_never_fires),
        cmocka_unit_test(an_alarm_can_end_the_loop),
        cmocka_unit_test(an_answer_that_was_on_its_way_comes_once_as_stopping),
        cmocka_unit_test(an_answer_due_in_the_turn_of_the_stop_comes_in_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
