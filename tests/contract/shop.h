/* Two stores of one kind, as of two workers, and how to ask them and wait for the answer. A
 * kind with a server has a real one, and each test a prefix of its own. */
#ifndef JF_TEST_SHOP_H
#define JF_TEST_SHOP_H

#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/store/store_memory.h"
#ifdef JF_REDIS
#include "core/store/store_redis.h"
#include "tests/redis/redis_server.h"

static struct redis_server *server;
#endif

#define NODE 1 /* of the connections here */

static const struct store_kind *kind;
static char url[64];

static bool is_memory(void)
{
    return kind == &store_memory;
}

struct shop {
    struct loop *loop;
    struct store_shared *shared;
    struct store *store;
    struct store *other; /* another worker's; on the same loop, which is nobody's matter */
    char prefix[16];
};

/* Memory is there at once. What must be asked in Redis cannot be, until it is. */
static void wait_until_open(struct shop *shop)
{
#ifdef JF_REDIS
    for (int i = 0; i < 2000 && !is_memory(); i++) {
        if (store_redis_is_true(shop->store) && store_redis_is_true(shop->other))
            return;
        loop_stop(shop->loop);
        loop_run(shop->loop);
        usleep(1000);
    }
#endif
    assert_true(is_memory());
    (void)shop;
}

static int set_up(void **state)
{
    struct shop *shop = xnew(struct shop);
    assert_int_equal(loop_new(&shop->loop), JF_OK);
    static int tests;
    snprintf(shop->prefix, sizeof(shop->prefix), "t%d:", ++tests);
    struct store_options options = {
        .url = url, .prefix = shop->prefix, .node = NODE, .workers = 2
    };
    assert_int_equal(kind->share(&options, &shop->shared), JF_OK);
    assert_int_equal(kind->open(shop->loop, shop->shared, 0, &shop->store), JF_OK);
    assert_int_equal(kind->open(shop->loop, shop->shared, 1, &shop->other), JF_OK);
    wait_until_open(shop);
    *state = shop;
    return 0;
}

static int tear_down(void **state)
{
    struct shop *shop = *state;
    kind->close(shop->store);
    kind->close(shop->other);
    kind->close(NULL);
    loop_free(shop->loop);
    kind->unshare(shop->shared);
    free(shop);
    return 0;
}

typedef int op_fn(struct store *store, struct store_op *op);

/* An operation, and what came of it, copied so that it can be looked at after `done`. */
struct question {
    struct store_op op;
    struct loop *loop;
    int calls, status;
    char answer[STORE_VALUE_MAX];
    size_t answer_len;
    jf_conn_id members[4096];
    size_t member_count;
    uint64_t number;
};

static void on_done(struct store_op *op, int status)
{
    struct question *question = CONTAINER_OF(op, struct question, op);
    question->calls++;
    question->status = status;
    assert_true(op->answer.len <= sizeof(question->answer));
    if (op->answer.len)
        memcpy(question->answer, op->answer.ptr, op->answer.len);
    question->answer_len = op->answer.len;
    assert_true(op->member_count <= 4096);
    if (op->member_count)
        memcpy(question->members, op->members, op->member_count * sizeof(jf_conn_id));
    question->member_count = op->member_count;
    question->number = op->number;
    if (question->loop)
        loop_stop(question->loop);
}

static jf_conn_id conn(unsigned number)
{
    jf_conn_id id = { { 0, NODE, 0 } };
    memcpy(id.octet + 3, &number, sizeof(number));
    return id;
}

static struct store_op op_about(unsigned number, jf_bytes key, jf_bytes value)
{
    return (struct store_op){
        .done = on_done, .conn = conn(number), .key = key, .value = value
    };
}

static void turn_once(struct loop *loop)
{
    loop_stop(loop);
    loop_run(loop);
}

/* Ask and wait for the answer, which must come once and later; a refusal by the call is
 * returned as it is. */
static int ask(struct shop *shop, op_fn *fn, struct store_op op, struct question *question)
{
    question->op = op;
    question->loop = shop->loop;
    question->calls = 0;
    int status = fn(shop->store, &question->op);
    assert_int_equal(question->calls, 0); /* never from inside */
    if (status < 0)
        return status;
    loop_run(shop->loop);
    assert_int_equal(question->calls, 1);
    return question->status;
}

static struct question last; /* the last one asked by the helpers below */

static int set(struct shop *shop, unsigned number, const char *key, const char *value)
{
    return ask(shop, kind->attr_set, op_about(number, jf_str(key), jf_str(value)), &last);
}

static int get(struct shop *shop, unsigned number, const char *key)
{
    return ask(shop, kind->attr_get, op_about(number, jf_str(key), jf_str("")), &last);
}

static int join(struct shop *shop, const char *group, unsigned number)
{
    return ask(shop, kind->group_join, op_about(number, jf_str(group), jf_str("")), &last);
}

static int leave(struct shop *shop, const char *group, unsigned number)
{
    return ask(shop, kind->group_leave, op_about(number, jf_str(group), jf_str("")), &last);
}

static int forget(struct shop *shop, unsigned number)
{
    return ask(shop, kind->forget, op_about(number, jf_str(""), jf_str("")), &last);
}

/* Counted and listed they are as many. */
static size_t count_members(struct shop *shop, const char *group)
{
    struct store_op op = op_about(0, jf_str(group), jf_str(""));
    assert_int_equal(ask(shop, kind->group_count, op, &last), JF_OK);
    assert_int_equal(last.member_count, 0);
    uint64_t number = last.number;
    assert_int_equal(ask(shop, kind->group_members, op, &last), JF_OK);
    assert_int_equal(last.member_count, number);
    return last.member_count;
}

static bool is_member(struct shop *shop, const char *group, unsigned number)
{
    jf_conn_id id = conn(number);
    size_t found = 0, count = count_members(shop, group);
    for (size_t i = 0; i < count; i++)
        found += memcmp(&last.members[i], &id, sizeof(id)) == 0;
    assert_true(found <= 1);
    return found == 1;
}

static void assert_answer(const char *text)
{
    assert_int_equal(last.answer_len, strlen(text));
    assert_memory_equal(last.answer, text, strlen(text));
}

/* ---- The server, for all tests ---- */

#ifdef JF_REDIS
static int start_server(void **state)
{
    (void)state;
    if (!is_memory()) {
        server = redis_server_new(NULL);
        snprintf(url, sizeof(url), "redis://127.0.0.1:%d", redis_server_port(server));
    }
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    redis_server_free(server);
    return 0;
}
#else
#define start_server NULL
#define stop_server NULL
#endif

#endif
