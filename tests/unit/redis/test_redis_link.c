/* A link that talks: words and replies, errors, and how it enters. */
#include "tests/unit/redis/link_talk.h"

/* ---- Talking ---- */

static void it_comes_up_and_answers(void **state)
{
    struct question question;
    open_link(*state);
    assert_int_equal(ASK(*state, &question, "SET", "k", "v"), JF_OK);
    assert_string_equal(question.text, "OK");
    assert_int_equal(ASK(*state, &question, "GET", "k"), JF_OK);
    assert_string_equal(question.text, "v");
    assert_int_equal(ASK(*state, &question, "INCR", "n"), JF_OK);
    assert_int_equal(question.number, 1);
    assert_int_equal(ASK(*state, &question, "GET", "none"), JF_OK);
    assert_int_equal(question.len, 0);
}

static void a_thousand_commands_leave_together_and_are_answered_in_order(void **state)
{
    enum { COUNT = 1000 };
    static struct question questions[COUNT];
    int order = 0;
    memset(questions, 0, sizeof(questions));
    open_link(*state);
    for (int i = 0; i < COUNT; i++) {
        questions[i].order = &order;
        assert_int_equal(send_words(*state, &questions[i], "INCR", "n", NULL), JF_OK);
    }
    wait_for(*state, &questions[COUNT - 1]);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(questions[i].calls, 1);
        assert_int_equal(questions[i].status, JF_OK);
        assert_int_equal(questions[i].number, i + 1);
        assert_int_equal(questions[i].place, i + 1);
    }
}

/* Not on the loop: whoever holds still and waits for them is told from inside. */
static void answers_can_be_awaited(void **state)
{
    struct scene *scene = *state;
    struct question first = { 0 }, second = { 0 };
    open_link(scene);
    assert_false(redis_link_await(scene->link, 1000)); /* for nothing */
    assert_int_equal(send_words(scene, &first, "RPUSH", "list", "a", NULL), JF_OK);
    assert_int_equal(send_words(scene, &second, "RPUSH", "list", "b", NULL), JF_OK);
    while (redis_link_await(scene->link, 1000))
        ;
    assert_int_equal(first.number, 1);
    assert_int_equal(second.number, 2);
    assert_int_equal(redis_link_in_flight(scene->link), 0);

    redis_server_pause(server);
    assert_int_equal(send_words(scene, &first, "PING", NULL), JF_OK);
    assert_false(redis_link_await(scene->link, 50));
    assert_int_equal(first.calls, 0);
    redis_server_resume(server);
    first.closes = true;
    first.scene = scene;
    assert_true(redis_link_await(scene->link, 1000));
    assert_int_equal(first.status, JF_OK);
    assert_null(scene->link);
}

static void words_are_octets_of_any_size(void **state)
{
    struct scene *scene = *state;
    enum { SIZE = 3 << 20 };
    char *large = xcalloc(1, SIZE);
    memset(large, '\r', SIZE);
    memcpy(large, "a\0b\r\n", 5);
    struct question question = { .call.done = on_done };
    open_link(scene);
    const jf_bytes set[] = { jf_str("SET"), jf_view("k\0", 2), jf_view(large, SIZE) };
    assert_int_equal(redis_send(scene->link, &question.call, set, 3), JF_OK);
    free(large); /* it has its own copy */
    wait_for(scene, &question);
    assert_int_equal(question.status, JF_OK);
    const jf_bytes get[] = { jf_str("STRLEN"), jf_view("k\0", 2) };
    question.calls = 0;
    assert_int_equal(redis_send(scene->link, &question.call, get, 2), JF_OK);
    wait_for(scene, &question);
    assert_int_equal(question.number, SIZE);
    assert_int_equal(ASK(scene, &question, "EXISTS", "k"), JF_OK);
    assert_int_equal(question.number, 0);
}

static void many_words_are_one_command(void **state)
{
    struct scene *scene = *state;
    enum { COUNT = 1000 };
    jf_bytes words[COUNT + 2] = { jf_str("SADD"), jf_str("set") };
    char texts[COUNT][8];
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof(texts[i]), "m%d", i);
        words[i + 2] = jf_str(texts[i]);
    }
    struct question question = { .call.done = on_done };
    open_link(scene);
    assert_int_equal(redis_send(scene->link, &question.call, words, COUNT + 2), JF_OK);
    wait_for(scene, &question);
    assert_int_equal(question.number, COUNT);
}

static void errors_have_a_status_and_disturb_nobody(void **state)
{
    struct question question;
    open_link(*state);
    assert_int_equal(ASK(*state, &question, "SET", "k", "v"), JF_OK);
    assert_int_equal(ASK(*state, &question, "SADD", "k", "v"), JF_E_INVALID);
    assert_memory_equal(question.text, "WRONGTYPE", 9);
    assert_int_equal(ASK(*state, &question, "NONSENSE"), JF_E_INVALID);
    assert_int_equal(ASK(*state, &question, "EVALSHA", "0123", "0"), JF_E_NOT_FOUND);
    assert_int_equal(ASK(*state, &question, "GET", "k"), JF_OK);
    assert_string_equal(question.text, "v");
}

static void a_full_redis_is_unavailable_and_stays_up(void **state)
{
    struct scene *scene = *state;
    struct question question;
    open_link(scene);
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    assert_int_equal(ASK(scene, &question, "SET", "k", "v"), JF_E_UNAVAILABLE);
    assert_int_equal(
        ASK(scene, &question, "EVAL", "return redis.call('SET', 'a', 'b')", "0"),
        JF_E_UNAVAILABLE);
    redis_server_ask(server, "CONFIG SET maxmemory 0");
    assert_int_equal(ASK(scene, &question, "SET", "k", "v"), JF_OK);
    assert_int_equal(scene->downs, 0);
}

static void a_follower_is_left(void **state)
{
    struct scene *scene = *state;
    struct question question;
    open_link(scene);
    redis_server_ask(server, "REPLICAOF 127.0.0.1 1");
    assert_int_equal(ASK(scene, &question, "SET", "k", "v"), JF_E_UNAVAILABLE);
    assert_int_equal(scene->downs, 1);
    redis_server_ask(server, "REPLICAOF NO ONE");
    assert_true(hear(scene, 3, 5000));
    assert_int_equal(ASK(scene, &question, "SET", "k", "v"), JF_OK);
}

/* ---- Entering ---- */

static void a_database_is_chosen(void **state)
{
    struct question question;
    open_with(*state, "redis://127.0.0.1:%d%s", "/7", &events);
    assert_true(hear(*state, 1, 5000));
    assert_int_equal(ASK(*state, &question, "SET", "k", "v"), JF_OK);
    redis_server_ask(server, "SELECT 7");
    assert_string_equal(redis_server_ask(server, "GET k"), "v");
}

static void a_database_that_is_not_there_keeps_it_away(void **state)
{
    open_with(*state, "redis://127.0.0.1:%d%s", "/60000", &events);
    assert_false(hear(*state, 1, 300));
}

static void a_socket_file_will_do(void **state)
{
    struct scene *scene = *state;
    struct question question;
    char text[200];
    const char *why;
    snprintf(text, sizeof(text), "unix://%s?db=3", redis_server_socket(server));
    assert_int_equal(redis_url_parse(jf_str(text), &scene->url, &why), JF_OK);
    assert_int_equal(
        redis_link_open(scene->loop, &scene->url, TIMEOUT_MS, &events, scene, &scene->link),
        JF_OK);
    assert_true(hear(scene, 1, 5000));
    assert_int_equal(ASK(scene, &question, "SET", "k", "v"), JF_OK);
    redis_server_kill(server);
    assert_true(hear(scene, 2, 5000));
    pass(scene, 200); /* the file is there, nobody behind it */
    redis_server_start(server);
    assert_true(hear(scene, 3, 8000));
    assert_int_equal(ASK(scene, &question, "DBSIZE"), JF_OK);
    assert_int_equal(question.number, 0);
}

static void the_right_password_opens_and_a_wrong_one_does_not(void **state)
{
    struct scene *scene = *state;
    struct question question;
    redis_server_ask(server, "CONFIG SET requirepass s3cret");
    open_with(scene, "redis://:wrong@127.0.0.1:%d%s", "", &events);
    assert_false(hear(scene, 1, 300));
    assert_int_equal(send_words(scene, &question, "PING", NULL), JF_E_UNAVAILABLE);
    close_link(scene);
    redis_url_fini(&scene->url);

    open_with(scene, "redis://127.0.0.1:%d%s", "", &events); /* none at all */
    assert_false(hear(scene, 1, 300));
    close_link(scene);
    redis_url_fini(&scene->url);

    open_with(scene, "redis://:s3cret@127.0.0.1:%d%s", "", &events);
    assert_true(hear(scene, 1, 5000));
    assert_int_equal(ASK(scene, &question, "SET", "k", "v"), JF_OK);
}

static void a_user_has_their_own_password_and_rights(void **state)
{
    struct scene *scene = *state;
    struct question question;
    redis_server_ask(server, "ACL SETUSER ann on >p@ss/w ~jf:* +@all");
    open_with(scene, "redis://ann:p%%40ss%%2Fw@127.0.0.1:%d%s", "", &events);
    assert_true(hear(scene, 1, 5000));
    assert_int_equal(ASK(scene, &question, "SET", "jf:k", "v"), JF_OK);
    assert_int_equal(ASK(scene, &question, "SET", "other", "v"), JF_E_DENIED);
}

static void a_password_that_is_set_right_later_is_tried_again(void **state)
{
    struct scene *scene = *state;
    redis_server_ask(server, "CONFIG SET requirepass first");
    open_with(scene, "redis://:second@127.0.0.1:%d%s", "", &events);
    assert_false(hear(scene, 1, 300));
    redis_server_ask(server, "AUTH first");
    redis_server_ask(server, "CONFIG SET requirepass second");
    assert_true(hear(scene, 1, 5000));
}

static void names_are_looked_up(void **state)
{
    struct question question;
    open_with(*state, "redis://localhost:%d%s", "", &events);
    assert_true(hear(*state, 1, 5000)); /* also if ::1 comes first, where nobody is */
    assert_int_equal(ASK(*state, &question, "PING"), JF_OK);
}

static void a_name_that_is_none_keeps_it_away_and_may_be_left_at_once(void **state)
{
    struct scene *scene = *state;
    open_with(scene, "redis://no-such-host.invalid:%d%s", "", &events);
    close_link(scene); /* while it is being looked up */
    redis_url_fini(&scene->url);
    pass(scene, 50);
    open_with(scene, "redis://no-such-host.invalid:%d%s", "", &events);
    assert_false(hear(scene, 1, 300));
}

static void tls_is_refused_where_it_is_not_there(void **state)
{
    (void)state;
    struct redis_url url;
    const char *why = NULL;
    assert_int_equal(redis_url_parse(jf_str("rediss://h"), &url, &why), JF_OK);
    if (redis_link_check(&url, &why) < 0)
        assert_non_null(strstr(why, "hiredis 1.0"));
    redis_url_fini(&url);
    assert_int_equal(redis_url_parse(jf_str("redis://h"), &url, &why), JF_OK);
    assert_int_equal(redis_link_check(&url, &why), JF_OK);
    redis_url_fini(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(it_comes_up_and_answers),
        LINK_TEST(a_thousand_commands_leave_together_and_are_answered_in_order),
        LINK_TEST(answers_can_be_awaited),
        LINK_TEST(words_are_octets_of_any_size),
        LINK_TEST(many_words_are_one_command),
        LINK_TEST(errors_have_a_status_and_disturb_nobody),
        LINK_TEST(a_full_redis_is_unavailable_and_stays_up),
        LINK_TEST(a_follower_is_left),
        LINK_TEST(a_database_is_chosen),
        LINK_TEST(a_database_that_is_not_there_keeps_it_away),
        LINK_TEST(a_socket_file_will_do),
        LINK_TEST(the_right_password_opens_and_a_wrong_one_does_not),
        LINK_TEST(a_user_has_their_own_password_and_rights),
        LINK_TEST(a_password_that_is_set_right_later_is_tried_again),
        LINK_TEST(names_are_looked_up),
        LINK_TEST(a_name_that_is_none_keeps_it_away_and_may_be_left_at_once),
        LINK_TEST(tls_is_refused_where_it_is_not_there),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
