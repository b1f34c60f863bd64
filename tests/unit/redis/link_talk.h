/* A link to a real redis-server, the questions it is asked, and what it tells. */
#ifndef JF_TEST_LINK_TALK_H
#define JF_TEST_LINK_TALK_H

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

static inline void news(struct scene *scene)
{
    if (scene->ups + scene->downs + scene->pushes >= scene->waits_for)
        loop_stop(scene->loop);
}

static inline void close_link(struct scene *scene)
{
    redis_link_close(scene->link, 0);
    scene->link = NULL;
}

static inline void on_up(void *data)
{
    struct scene *scene = data;
    scene->ups++;
    if (scene->close_on_up)
        close_link(scene);
    news(scene);
}

static inline void on_down(void *data)
{
    struct scene *scene = data;
    scene->downs++;
    if (scene->close_on_down)
        close_link(scene);
    news(scene);
}

static inline void on_push(void *data, const struct redis_reply *message)
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

static inline void out_of_time(void *data)
{
    struct scene *scene = data;
    scene->out_of_time = true;
    loop_stop(scene->loop);
}

/* Run until that much has been heard; false if that takes too long. */
static inline bool hear(struct scene *scene, int how_much, unsigned ms)
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

static inline void open_with(struct scene *scene, const char *format, const char *tail,
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

static inline void open_link(struct scene *scene)
{
    open_with(scene, "redis://127.0.0.1:%d%s", "", &events);
    assert_false(redis_link_is_up(scene->link));
    assert_true(hear(scene, 1, 5000));
    assert_true(redis_link_is_up(scene->link));
}

static inline int set_up(void **state)
{
    struct scene *scene = xnew(struct scene);
    assert_int_equal(loop_new(&scene->loop), JF_OK);
    timer_new(scene->loop, out_of_time, scene, &scene->guard);
    scene->waits_for = 1000000;
    redis_server_start(server);
    *state = scene;
    return 0;
}

static inline int tear_down(void **state)
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

static inline void on_done(struct redis_call *call, int status,
                           const struct redis_reply *reply)
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
static inline int send_words(struct scene *scene, struct question *question, ...)
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

static inline void wait_for(struct scene *scene, struct question *question)
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

static inline unsigned now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static inline void pass(struct scene *scene, unsigned ms)
{
    hear(scene, 1000000, ms);
}

#define LINK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline int run_with_server(const struct CMUnitTest *tests, size_t count)
{
    if (!redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    server = redis_server_new(NULL);
    redis_server_kill(server);
    int failed = _cmocka_run_group_tests("redis", tests, count, NULL, NULL);
    redis_server_free(server);
    return failed;
}

#endif
