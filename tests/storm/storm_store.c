/* Several workers, each with a loop and a store of its own, on what the kind shares. A
 * worker's actors are connections with an operation each; whenever one is answered, the
 * actor compares the answer with what it knows about itself, and asks something else. At
 * the end all are forgotten, and nothing remains. With the argument "redis" the kind is
 * that, and its Redis dies twice meanwhile. In the workers, CHECK stands for assert. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "core/base/check.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/store/store_memory.h"
#ifdef JF_REDIS
#include "core/store/store_redis.h"
#include "tests/redis/redis_server.h"

static struct redis_server *server;
#endif

#define WORKERS 4
#define ACTORS 24
#define STEPS 1500 /* per actor */
#define GROUPS 12
#define KEYS 6

struct worker {
    int index;
    struct store_shared *shared;
    pthread_t thread;
    struct loop *loop;
    struct store *store;
    int actors_left;
    struct timer *end; /* until all has been told */
};

enum asked { SET, GET, JOIN, LEAVE, MEMBERS, FORGET, ASKED_COUNT };

struct actor {
    struct store_op op;
    struct worker *worker;
    uint32_t random;
    int steps_left;
    enum asked asked;
    unsigned which; /* group or key */

    /* What it knows about itself. */
    bool in[GROUPS];
    char values[KEYS][32]; /* empty: not set */
};

static const struct store_kind *kind = &store_memory;
static const char *const names[GROUPS] = { "a", "b", "c", "d", "e", "f",
                                           "g", "h", "i", "j", "k", "lobby" };

static uint32_t roll(struct actor *actor, uint32_t limit)
{
    actor->random = actor->random * 1103515245u + 12345u;
    return (actor->random >> 12) % limit;
}

static void check_answer(struct actor *actor, int status)
{
    const char *value = actor->values[actor->which % KEYS];
    if (actor->asked == GET && !value[0]) {
        CHECK(status == JF_E_NOT_FOUND);
        return;
    }
    if (actor->asked == MEMBERS && kind != &store_memory && status == JF_E_UNAVAILABLE)
        return;
    CHECK(status == JF_OK);
    if (actor->asked == GET)
        CHECK(jf_same(actor->op.answer, jf_str(value)));
    if (actor->asked != MEMBERS)
        return;
    size_t found = 0;
    for (size_t i = 0; i < actor->op.member_count; i++)
        found += memcmp(&actor->op.members[i], &actor->op.conn, sizeof(jf_conn_id)) == 0;
    CHECK(found == actor->in[actor->which]);
    CHECK(actor->op.member_count <= WORKERS * ACTORS);
}

static int ask_about_key(struct actor *actor)
{
    char *value = actor->values[actor->which];
    if (actor->asked == GET)
        return kind->attr_get(actor->worker->store, &actor->op);
    if (roll(actor, 4) == 0)
        value[0] = '\0'; /* removes it */
    else
        snprintf(value, sizeof(actor->values[0]), "%u", actor->random);
    actor->op.value = jf_str(value);
    return kind->attr_set(actor->worker->store, &actor->op);
}

static int ask_about_group(struct actor *actor)
{
    if (actor->asked == MEMBERS)
        return kind->group_members(actor->worker->store, &actor->op);
    actor->in[actor->which] = actor->asked == JOIN;
    if (actor->asked == JOIN)
        return kind->group_join(actor->worker->store, &actor->op);
    return kind->group_leave(actor->worker->store, &actor->op);
}

static int ask_to_be_forgotten(struct actor *actor)
{
    memset(actor->in, 0, sizeof(actor->in));
    memset(actor->values, 0, sizeof(actor->values));
    return kind->forget(actor->worker->store, &actor->op);
}

static void ask_something(struct actor *actor)
{
    int status;
    uint32_t dice = roll(actor, 50);
    actor->asked = dice ? (enum asked)(dice % FORGET) : FORGET;
    if (actor->steps_left == 1)
        actor->asked = FORGET;
    if (actor->asked == FORGET) {
        status = ask_to_be_forgotten(actor);
    } else if (actor->asked <= GET) {
        actor->which = roll(actor, KEYS);
        actor->op.key = jf_str(names[actor->which]);
        status = ask_about_key(actor);
    } else {
        actor->which = roll(actor, GROUPS);
        actor->op.key = jf_str(names[actor->which]);
        status = ask_about_group(actor);
    }
    CHECK(status == JF_OK);
}

static void on_done(struct store_op *op, int status)
{
    struct actor *actor = CONTAINER_OF(op, struct actor, op);
    check_answer(actor, status);
    if (--actor->steps_left > 0)
        ask_something(actor);
    else if (--actor->worker->actors_left == 0)
        timer_start(actor->worker->end, 1);
}

static void stop_when_told(void *data)
{
    struct worker *worker = data;
#ifdef JF_REDIS
    if (kind == &store_redis && !store_redis_is_true(worker->store)) {
        timer_start(worker->end, 5);
        return;
    }
#endif
    loop_stop(worker->loop);
}

static void start_actor(struct actor *actor, struct worker *worker, int number)
{
    actor->worker = worker;
    actor->random = (uint32_t)(worker->index * ACTORS + number) * 2654435761u;
    actor->steps_left = STEPS;
    actor->op.done = on_done;
    actor->op.conn.octet[1] = 1; /* the node */
    actor->op.conn.octet[2] = (uint8_t)worker->index;
    actor->op.conn.octet[5] = (uint8_t)number;
    memcpy(actor->op.conn.octet + 6, &actor->random, sizeof(actor->random));
    ask_something(actor);
}

static void *work(void *data)
{
    struct worker *worker = data;
    struct actor *actors = xcalloc(ACTORS, sizeof(*actors));
    check_enter_worker(worker->index);
    worker->actors_left = ACTORS;
    timer_new(worker->loop, stop_when_told, worker, &worker->end);
    for (int i = 0; i < ACTORS; i++)
        start_actor(&actors[i], worker, i);
    loop_run(worker->loop);
    kind->close(worker->store);
    timer_free(worker->end);
    loop_free(worker->loop);
    free(actors);
    return NULL;
}

static char url[64];

#ifdef JF_REDIS
static void disturb(void)
{
    for (int i = 0; i < 2 && server; i++) {
        usleep(100000);
        redis_server_kill(server);
        usleep(20000);
        redis_server_start(server);
    }
}

static void assert_nothing_remains(struct store_shared *shared)
{
    if (server)
        assert_int_equal(redis_server_number(server, "DBSIZE"), 0);
    else
        assert_int_equal(store_memory_size(shared), 0);
}

static void start_server(void)
{
    server = redis_server_new(NULL);
    kind = &store_redis;
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", redis_server_port(server));
}
#else
static void disturb(void)
{
}

static void assert_nothing_remains(struct store_shared *shared)
{
    assert_int_equal(store_memory_size(shared), 0);
}
#endif

static void workers_never_meet_and_nothing_remains(void **state)
{
    (void)state;
    struct store_shared *shared;
    struct worker workers[WORKERS];
    struct store_options options = {
        .url = url, .prefix = "storm:", .node = 1, .workers = WORKERS
    };
    assert_int_equal(kind->share(&options, &shared), JF_OK);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){ .index = i, .shared = shared };
        assert_int_equal(loop_new(&workers[i].loop), JF_OK);
        assert_int_equal(
            kind->open(workers[i].loop, shared, (unsigned)i, &workers[i].store), JF_OK);
    }
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    disturb();
    for (int i = 0; i < WORKERS; i++)
        pthread_join(workers[i].thread, NULL);
    assert_nothing_remains(shared);
    kind->unshare(shared);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_never_meet_and_nothing_remains),
    };
    (void)argv;
#ifdef JF_REDIS
    if (argc > 1 && !redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    if (argc > 1)
        start_server();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redis_server_free(server);
    return failed;
#else
    return argc > 1 ? 2 : cmocka_run_group_tests(tests, NULL, NULL);
#endif
}
