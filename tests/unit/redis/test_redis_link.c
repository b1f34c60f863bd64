/* A link to a real redis-server, which is killed, stopped, filled and locked meanwhile. */
#include "tests/unit/test.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_url.h"
#include "tests/redis/redis_server.h"

#define TIMEOUT_MS 300
#define WORDS_MAX 8

static struct redis_server *server;

/* ---- A link and what it tells ---- */

struct scene {
    struct loop *loop;
    struct redis_url url;
    struct redis_link *link;
    struct timer *guard;
    int ups, downs, pushes;
    int waits_for; /* the loop stops at this many ups + downs + pushes */
    bool close_on_up, close_on_down;
    bool out_of_time;
    char pushed[256];
};

static void news(struct scene *scene)
{
    if (scene->ups + scene->downs + scene->pushes >= scene->waits_for)
        loop_stop(scene->loop);
}

static void close_link(struct scene *scene)
{
    redis_link_close(scene->link, 0);
    scene->link = NULL;
}

static void on_up(void *data)
{
    struct scene *scene = data;
    scene->ups++;
    if (scene->close_on_up)
        close_link(scene);
    news(scene);
}

static void on_down(void *data)
{
    struct scene *scene = data;
    scene->downs++;
    if (scene->close_on_down)
        close_link(scene);
    news(scene);
}

static void on_push(void *data, const struct redis_reply *message)
{
    struct scene *scene = data;
    scene->pushes++;
    size_t len = strlen(scene->pushed);
    for (size_t i = 0; i < redis_reply_count(message); i++) {
        jf_bytes word = redis_reply_bytes(redis_reply_at(message, i));
        len += (size_t)snprintf(scene->pushed + len, sizeof(scene->pushed) - len, "%.*s ",
                                (int)word.len, word.len ? word.ptr : "");
    }
    news(scene);
}

static const struct redis_events events = { .on_up = on_up, .on_down = on_down };
static const struct redis_events push_events = { .on_up = on_up, .on_push = on_push };

static void out_of_time(void *data)
{
    struct scene *scene = data;
    scene->out_of_time = true;
    loop_stop(scene->loop);
}

/* Run until that much has been heard; false if that takes too long. */
static bool hear(struct scene *scene, int how_much, unsigned ms)
{
    scene->waits_for = how_much;
    scene->out_of_time = false;
    if (scene->ups + scene->downs + scene->pushes >= how_much)
        return true;
    timer_start(scene->guard, ms);
    loop_run(scene->loop);
    timer_stop(scene->guard);
    scene->waits_for = 1000000;
    return !scene->out_of_time;
}

static void open_with(struct scene *scene, const char *format, const char *tail,
                      const struct redis_events *tells)
{
    char text[512];
    const char *why = NULL;
    snprintf(text, sizeof(text), format, redis_server_port(server), tail);
    assert_int_equal(redis_url_parse(jf_str(text), &scene->url, &why), JF_OK);
    assert_int_equal(
        redis_link_open(scene->loop, &scene->url, TIMEOUT_MS, tells, scene, &scene->link),
        JF_OK);
}

static void open_link(struct scene *scene)
{
    open_with(scene, "redis://127.0.0.1:%d%s", "", &events);
    assert_false(redis_link_is_up(scene->link));
    assert_true(hear(scene, 1, 5000));
    assert_true(redis_link_is_up(scene->link));
}

static int set_up(void **state)
{
    struct scene *scene = xnew(struct scene);
    assert_int_equal(loop_new(&scene->loop), JF_OK);
    timer_new(scene->loop, out_of_time, scene, &scene->guard);
    scene->waits_for = 1000000;
    redis_server_start(server);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    redis_link_close(scene->link, 0);
    timer_free(scene->guard);
    loop_free(scene->loop);
    redis_url_fini(&scene->url);
    free(scene);
    redis_server_kill(server);
    return 0;
}

/* ---- Questions ---- */

struct question {
    struct redis_call call;
    struct scene *scene; /* set: the answer stops the loop */
    int calls, status, *order, place;
    bool closes;
    int64_t number;
    char text[64];
    size_t len;
};

static void on_done(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct question *question = CONTAINER_OF(call, struct question, call);
    jf_bytes bytes = redis_reply_bytes(reply);
    question->calls++;
    question->status = status;
    question->number = redis_reply_number(reply);
    question->len = bytes.len;
    snprintf(question->text, sizeof(question->text), "%.*s", (int)bytes.len,
             bytes.len ? bytes.ptr : "");
    if (question->order)
        question->place = ++*question->order;
    if (question->closes)
        close_link(question->scene);
    if (question->scene)
        loop_stop(question->scene->loop);
}

/* Words end with NULL. */
static int send_words(struct scene *scene, struct question *question, ...)
{
    jf_bytes words[WORDS_MAX];
    size_t count = 0;
    va_list list;
    va_start(list, question);
    for (const char *word; (word = va_arg(list, const char *)); count++)
        words[count] = jf_str(word);
    va_end(list);
    question->call.done = on_done;
    question->calls = 0;
    int status = redis_send(scene->link, &question->call, words, count);
    assert_int_equal(question->calls, 0); /* never from inside */
    return status;
}

static void wait_for(struct scene *scene, struct question *question)
{
    if (!question->calls) {
        question->scene = scene;
        timer_start(scene->guard, 5000);
        loop_run(scene->loop);
        timer_stop(scene->guard);
    }
    assert_int_equal(question->calls, 1);
}

#define ASK(scene, question, ...)                                                          \
    (memset(question, 0, sizeof(*(question))),                                             \
     assert_int_equal(send_words(scene, question, __VA_ARGS__, NULL), JF_OK),              \
     wait_for(scene, question), (question)->status)

static unsigned now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static void pass(struct scene *scene, unsigned ms)
{
    hear(scene, 1000000, ms);
}

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

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(it_comes_up_and_answers),
        LINK_TEST(a_thousand_commands_leave_together_and_are_answered_in_order),
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
    if (!redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    server = redis_server_new(NULL);
    redis_server_kill(server);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_free(server);
    return failed;
}
