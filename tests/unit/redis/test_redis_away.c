/* A Redis that is killed, stopped and filled, a link that is closed meanwhile; and messages
 * of channels, which come unasked. */
#include "tests/unit/redis/link_talk.h"

/* ---- Away and back ---- */

static void it_waits_for_a_redis_that_is_not_there_yet(void **state)
{
    struct scene *scene = *state;
    struct question question;
    redis_server_kill(server);
    open_with(scene, "redis://127.0.0.1:%d%s", "", &events);
    assert_false(hear(scene, 1, 300));
    assert_int_equal(send_words(scene, &question, "PING", NULL), JF_E_UNAVAILABLE);
    redis_server_start(server);
    assert_true(hear(scene, 1, 5000));
    assert_int_equal(scene->downs, 0); /* it never was up */
    assert_int_equal(ASK(scene, &question, "PING"), JF_OK);
}

static void what_is_in_flight_when_it_dies_is_answered(void **state)
{
    struct scene *scene = *state;
    static struct question questions[100];
    memset(questions, 0, sizeof(questions));
    open_link(scene);
    redis_server_pause(server);
    for (int i = 0; i < 100; i++)
        assert_int_equal(send_words(scene, &questions[i], "INCR", "n", NULL), JF_OK);
    pass(scene, 20);
    redis_server_kill(server);
    assert_true(hear(scene, 2, 5000));
    assert_int_equal(scene->downs, 1);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(questions[i].calls, 1);
        assert_int_equal(questions[i].status, JF_E_UNAVAILABLE);
    }
    redis_server_start(server);
    assert_true(hear(scene, 3, 5000));
    assert_int_equal(ASK(scene, &questions[0], "INCR", "n"), JF_OK);
    assert_int_equal(questions[0].number, 1);
}

static void an_answer_in_time_or_a_timeout_and_late_ones_confuse_nobody(void **state)
{
    struct scene *scene = *state;
    struct question late, next;
    open_link(scene);
    redis_server_pause(server);
    unsigned start = now_ms();
    assert_int_equal(ASK(scene, &late, "INCR", "n"), JF_E_TIMEOUT);
    assert_true(now_ms() - start >= TIMEOUT_MS && now_ms() - start < TIMEOUT_MS + 150);
    assert_true(redis_link_is_up(scene->link));
    redis_server_resume(server);
    assert_int_equal(ASK(scene, &next, "INCR", "n"), JF_OK);
    assert_int_equal(next.number, 2); /* the late one was done, its reply was not for us */
    assert_int_equal(late.calls, 1);
    assert_int_equal(scene->downs, 0);
    assert_int_equal(redis_link_in_flight(scene->link), 0);
}

static void a_redis_that_is_silent_for_long_is_given_up_and_found_again(void **state)
{
    struct scene *scene = *state;
    struct question question;
    open_link(scene);
    redis_server_pause(server);
    assert_int_equal(ASK(scene, &question, "PING"), JF_E_TIMEOUT);
    assert_true(hear(scene, 2, 4 * TIMEOUT_MS));
    assert_int_equal(scene->downs, 1);
    assert_int_equal(send_words(scene, &question, "PING", NULL), JF_E_UNAVAILABLE);
    redis_server_resume(server);
    assert_true(hear(scene, 3, 5000));
    assert_int_equal(ASK(scene, &question, "PING"), JF_OK);
}

static void silence_is_noticed_without_a_command(void **state)
{
    struct scene *scene = *state;
    open_link(scene);
    pass(scene, 3500); /* it asks, it is answered */
    assert_int_equal(scene->downs, 0);
    redis_server_pause(server);
    assert_true(hear(scene, 2, 6000));
    assert_int_equal(scene->downs, 1);
    redis_server_resume(server);
}

static void a_loop_that_was_busy_is_not_a_redis_that_was_late(void **state)
{
    struct scene *scene = *state;
    struct question early, late;
    memset(&early, 0, sizeof(early));
    open_link(scene);
    assert_int_equal(send_words(scene, &early, "PING", NULL), JF_OK);
    loop_stop(scene->loop);
    loop_run(scene->loop); /* it has left */
    struct timespec nap = { .tv_nsec = 2 * TIMEOUT_MS * 1000000L };
    nanosleep(&nap, NULL);
    assert_int_equal(ASK(scene, &late, "PING"), JF_OK);
    assert_int_equal(early.status, JF_OK);
    assert_int_equal(early.calls, 1);
}

static void so_much_may_be_in_flight(void **state)
{
    struct scene *scene = *state;
    static struct question questions[REDIS_IN_FLIGHT_MAX + 1];
    memset(questions, 0, sizeof(questions));
    open_link(scene);
    for (int i = 0; i < REDIS_IN_FLIGHT_MAX; i++)
        assert_int_equal(send_words(scene, &questions[i], "PING", NULL), JF_OK);
    assert_int_equal(send_words(scene, &questions[REDIS_IN_FLIGHT_MAX], "PING", NULL),
                     JF_E_FULL);
    wait_for(scene, &questions[REDIS_IN_FLIGHT_MAX - 1]);
    assert_int_equal(questions[REDIS_IN_FLIGHT_MAX].calls, 0);
    assert_int_equal(ASK(scene, &questions[0], "PING"), JF_OK);
}

static void so_many_octets_may_be_in_flight(void **state)
{
    struct scene *scene = *state;
    static char large[REDIS_IN_FLIGHT_BYTES + 1];
    struct question first = { .call.done = on_done }, second = first;
    const jf_bytes words[] = { jf_str("ECHO"), jf_view(large, sizeof(large)) };
    open_link(scene);
    assert_int_equal(redis_send(scene->link, &first.call, words, 2), JF_OK); /* one alone */
    assert_int_equal(redis_send(scene->link, &second.call, words, 1), JF_E_FULL);
    close_link(scene);
    assert_int_equal(first.status, JF_E_STOPPING);
    assert_int_equal(second.calls, 0);
}

/* ---- The end ---- */

static void closing_answers_what_is_in_flight(void **state)
{
    struct scene *scene = *state;
    struct question questions[10];
    memset(questions, 0, sizeof(questions));
    open_link(scene);
    for (int i = 0; i < 10; i++)
        assert_int_equal(send_words(scene, &questions[i], "INCR", "n", NULL), JF_OK);
    close_link(scene);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(questions[i].calls, 1);
        assert_int_equal(questions[i].status, JF_E_STOPPING);
    }
    pass(scene, 50);
    for (int i = 0; i < 10; i++)
        assert_int_equal(questions[i].calls, 1);
}

static void with_patience_what_is_in_flight_is_done(void **state)
{
    struct scene *scene = *state;
    enum { COUNT = 5000 };
    static struct question questions[COUNT];
    memset(questions, 0, sizeof(questions));
    open_link(scene);
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(send_words(scene, &questions[i], "INCR", "n", NULL), JF_OK);
    redis_link_close(scene->link, 2000);
    scene->link = NULL;
    assert_int_equal(questions[COUNT - 1].status, JF_E_STOPPING);
    assert_int_equal(redis_server_number(server, "GET n"), COUNT);
}

static void patience_ends(void **state)
{
    struct scene *scene = *state;
    struct question question = { .calls = 0 };
    open_link(scene);
    redis_server_pause(server);
    assert_int_equal(send_words(scene, &question, "PING", NULL), JF_OK);
    unsigned start = now_ms();
    redis_link_close(scene->link, 100);
    scene->link = NULL;
    assert_true(now_ms() - start < 300);
    assert_int_equal(question.status, JF_E_STOPPING);
}

static void an_answer_may_close_the_link(void **state)
{
    struct scene *scene = *state;
    struct question questions[3];
    memset(questions, 0, sizeof(questions));
    open_link(scene);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_words(scene, &questions[i], "PING", NULL), JF_OK);
    questions[1].closes = true;
    questions[1].scene = scene;
    loop_run(scene->loop);
    assert_int_equal(questions[0].status, JF_OK);
    assert_int_equal(questions[1].status, JF_OK);
    assert_int_equal(questions[2].status, JF_E_STOPPING);
    assert_int_equal(questions[2].calls, 1);
    assert_null(scene->link);
}

static void an_answer_that_tells_of_the_loss_may_close_the_link(void **state)
{
    struct scene *scene = *state;
    struct question questions[3];
    memset(questions, 0, sizeof(questions));
    open_link(scene);
    redis_server_pause(server);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send_words(scene, &questions[i], "PING", NULL), JF_OK);
    questions[1].closes = true;
    questions[1].scene = scene;
    pass(scene, 20);
    redis_server_kill(server);
    timer_start(scene->guard, 5000);
    loop_run(scene->loop);
    assert_int_equal(questions[0].status, JF_E_UNAVAILABLE);
    assert_int_equal(questions[1].status, JF_E_UNAVAILABLE);
    assert_int_equal(questions[2].status, JF_E_STOPPING);
    assert_int_equal(scene->downs, 0); /* it is closed, and tells nothing more */
}

static void news_may_close_the_link(void **state)
{
    struct scene *scene = *state;
    scene->close_on_up = true;
    open_with(scene, "redis://127.0.0.1:%d%s", "", &events);
    assert_true(hear(scene, 1, 5000));
    assert_null(scene->link);
    redis_url_fini(&scene->url);

    scene->close_on_up = false;
    scene->close_on_down = true;
    open_with(scene, "redis://127.0.0.1:%d%s", "", &events);
    assert_true(hear(scene, 2, 5000));
    redis_server_kill(server);
    assert_true(hear(scene, 3, 5000));
    assert_null(scene->link);
    redis_link_close(NULL, 100);
}

/* ---- Subscriptions ---- */

static void say(struct scene *scene, const char *command, const char *channel)
{
    const jf_bytes words[] = { jf_str(command), jf_str(channel) };
    assert_int_equal(redis_say(scene->link, words, 2), JF_OK);
}

static void messages_of_channels_are_told(void **state)
{
    struct scene *scene = *state;
    struct question question;
    open_with(scene, "redis://127.0.0.1:%d%s", "", &push_events);
    assert_true(hear(scene, 1, 5000));
    assert_int_equal(ASK(scene, &question, "PING"), JF_OK);
    say(scene, "SUBSCRIBE", "a");
    say(scene, "SSUBSCRIBE", "b");
    assert_true(hear(scene, 3, 5000));
    assert_string_equal(scene->pushed, "subscribe a  ssubscribe b  ");
    scene->pushed[0] = '\0';
    assert_int_equal(redis_server_number(server, "PUBLISH a one"), 1);
    assert_int_equal(redis_server_number(server, "SPUBLISH b two"), 1);
    assert_true(hear(scene, 5, 5000));
    assert_string_equal(scene->pushed, "message a one smessage b two ");
    pass(scene, 3500); /* it asks whether Redis is there, and understands the answer */
    assert_true(redis_link_is_up(scene->link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(it_waits_for_a_redis_that_is_not_there_yet),
        LINK_TEST(what_is_in_flight_when_it_dies_is_answered),
        LINK_TEST(an_answer_in_time_or_a_timeout_and_late_ones_confuse_nobody),
        LINK_TEST(a_redis_that_is_silent_for_long_is_given_up_and_found_again),
        LINK_TEST(silence_is_noticed_without_a_command),
        LINK_TEST(a_loop_that_was_busy_is_not_a_redis_that_was_late),
        LINK_TEST(so_much_may_be_in_flight),
        LINK_TEST(so_many_octets_may_be_in_flight),
        LINK_TEST(closing_answers_what_is_in_flight),
        LINK_TEST(with_patience_what_is_in_flight_is_done),
        LINK_TEST(patience_ends),
        LINK_TEST(an_answer_may_close_the_link),
        LINK_TEST(an_answer_that_tells_of_the_loss_may_close_the_link),
        LINK_TEST(news_may_close_the_link),
        LINK_TEST(messages_of_channels_are_told),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
