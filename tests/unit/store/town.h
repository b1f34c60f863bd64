/* Some nodes with two workers each, all on one loop, and one Redis. What they should know
 * is kept beside them, and town_audit() compares all of Redis with that. */
#ifndef JF_TEST_TOWN_H
#define JF_TEST_TOWN_H

#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/parse/conn_id.h"
#include "core/store/store_redis.h"
#include "tests/redis/redis_server.h"

#define NODES 2
#define WORKERS 2
#define PEOPLE_MAX 20000
#define GROUPS 6
#define TIMEOUT_MS 300

static const struct store_kind *const kind = &store_redis;
static const char *const groups[GROUPS] = { "prod/a", "prod/b",         "prod/c",
                                            "test/a", "$default/lobby", "prod/d" };
static struct redis_server *server;

/* A connection, and what is true of it. */
struct person {
    jf_conn_id id;
    char text[JF_CONN_ID_TEXT + 1];
    unsigned node, worker;
    bool in[GROUPS];
    bool entered;
    char name[24]; /* its attribute "name"; empty: it has none */
};

struct town {
    struct loop *loop;
    const char *prefix;
    struct store_shared *shared[NODES];
    struct store *stores[NODES][WORKERS];
    struct person *people;
    size_t count;
    uint32_t random;
    char url[160];
};

static inline unsigned now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

static inline void turn(struct town *town)
{
    loop_stop(town->loop);
    loop_run(town->loop);
}

static inline void pass(struct town *town, unsigned ms)
{
    for (unsigned start = now_ms(); now_ms() - start < ms; usleep(1000))
        turn(town);
}

static inline bool is_true(const struct town *town)
{
    for (int node = 0; node < NODES; node++) {
        for (int worker = 0; worker < WORKERS; worker++) {
            if (town->stores[node][worker] &&
                !store_redis_is_true(town->stores[node][worker]))
                return false;
        }
    }
    return true;
}

/* How long it took; the test fails if that is longer than `ms`. */
static inline unsigned until_true(struct town *town, unsigned ms)
{
    unsigned start = now_ms();
    while (!is_true(town) && now_ms() - start < ms) {
        turn(town);
        usleep(200);
    }
    if (!is_true(town))
        fail_msg("not true after %u ms", ms);
    return now_ms() - start;
}

static inline struct town *town_new(const char *prefix, const char *url)
{
    struct town *town = xnew(struct town);
    town->prefix = prefix;
    town->random = 7;
    town->people = xcalloc(PEOPLE_MAX, sizeof(*town->people));
    snprintf(town->url, sizeof(town->url), "%s", url);
    assert_int_equal(loop_new(&town->loop), JF_OK);
    for (int node = 0; node < NODES; node++) {
        struct store_options options = { .url = town->url,
                                         .prefix = prefix,
                                         .node = (uint16_t)(node + 1),
                                         .workers = WORKERS,
                                         .timeout_ms = TIMEOUT_MS };
        assert_int_equal(kind->share(&options, &town->shared[node]), JF_OK);
        for (int worker = 0; worker < WORKERS; worker++)
            assert_int_equal(kind->open(town->loop, town->shared[node], (unsigned)worker,
                                        &town->stores[node][worker]),
                             JF_OK);
    }
    return town;
}

static inline struct town *town_here(const char *prefix)
{
    char url[64];
    snprintf(url, sizeof(url), "redis://127.0.0.1:%d", redis_server_port(server));
    struct town *town = town_new(prefix, url);
    until_true(town, 5000);
    return town;
}

static inline void close_node(struct town *town, int node)
{
    for (int worker = 0; worker < WORKERS; worker++) {
        kind->close(town->stores[node][worker]);
        town->stores[node][worker] = NULL;
    }
}

static inline void town_free(struct town *town)
{
    for (int node = 0; node < NODES; node++)
        close_node(town, node);
    loop_free(town->loop);
    for (int node = 0; node < NODES; node++)
        kind->unshare(town->shared[node]);
    free(town->people);
    free(town);
}

/* ---- Asking ---- */

struct asked {
    struct store_op op;
    struct loop *loop;
    int calls, status;
    uint64_t number;
    char answer[64];
    jf_conn_id *members;
    size_t count;
};

static inline void on_done(struct store_op *op, int status)
{
    struct asked *asked = CONTAINER_OF(op, struct asked, op);
    asked->calls++;
    asked->status = status;
    asked->number = op->number;
    snprintf(asked->answer, sizeof(asked->answer), "%.*s", (int)op->answer.len,
             op->answer.len ? op->answer.ptr : "");
    if (op->member_count) {
        asked->members = xalloc(op->member_count * sizeof(jf_conn_id));
        memcpy(asked->members, op->members, op->member_count * sizeof(jf_conn_id));
    }
    asked->count = op->member_count;
    if (asked->loop)
        loop_stop(asked->loop);
}

typedef int op_fn(struct store *store, struct store_op *op);

static inline int ask(struct town *town, struct store *store, op_fn *fn,
                      struct asked *asked)
{
    free(asked->members);
    asked->members = NULL;
    asked->op.done = on_done;
    asked->loop = town->loop;
    asked->calls = 0;
    assert_int_equal(fn(store, &asked->op), JF_OK);
    assert_int_equal(asked->calls, 0);
    while (!asked->calls)
        loop_run(town->loop);
    return asked->status;
}

static inline struct store *store_of(struct town *town, const struct person *person)
{
    return town->stores[person->node][person->worker];
}

static inline struct person *arrive(struct town *town, unsigned node, unsigned worker)
{
    struct person *person = &town->people[town->count];
    assert_true(town->count < PEOPLE_MAX);
    *person = (struct person){ .node = node, .worker = worker };
    person->id = conn_id_make((uint16_t)(node + 1), (uint8_t)worker, (uint32_t)town->count);
    conn_id_to_text(person->id, person->text);
    town->count++;
    return person;
}

/* What a person does is done at once in their node, and told later. */
static inline int act(struct town *town, struct person *person, op_fn *fn, const char *key,
                      const char *value)
{
    struct asked asked = { .op.conn = person->id,
                           .op.key = jf_str(key),
                           .op.value = jf_str(value) };
    int status = ask(town, store_of(town, person), fn, &asked);
    free(asked.members);
    return status;
}

static inline void join(struct town *town, struct person *person, int group)
{
    assert_int_equal(act(town, person, kind->group_join, groups[group], ""), JF_OK);
    person->in[group] = true;
}

/* Into the stage "prod", at a time that its number tells. */
static inline void enter(struct town *town, struct person *person)
{
    struct asked asked = { .op.conn = person->id,
                           .op.key = jf_str("prod"),
                           .op.since = 1000 + conn_id_slot(person->id) };
    assert_int_equal(ask(town, store_of(town, person), kind->enter, &asked), JF_OK);
    person->entered = true;
}

static inline void leave(struct town *town, struct person *person, int group)
{
    assert_int_equal(act(town, person, kind->group_leave, groups[group], ""), JF_OK);
    person->in[group] = false;
}

static inline void call(struct town *town, struct person *person, const char *name)
{
    assert_int_equal(act(town, person, kind->attr_set, "name", name), JF_OK);
    snprintf(person->name, sizeof(person->name), "%s", name);
}

static inline void go(struct town *town, struct person *person)
{
    assert_int_equal(act(town, person, kind->forget, "", ""), JF_OK);
    memset(person->in, 0, sizeof(person->in));
    person->entered = false;
    person->name[0] = '\0';
}

static inline uint32_t roll(struct town *town, uint32_t limit)
{
    town->random = town->random * 1103515245u + 12345u;
    return (town->random >> 12) % limit;
}

static inline void live(struct town *town, struct person *person)
{
    char name[24];
    switch (roll(town, 8)) {
    case 0:
        go(town, person);
        break;
    case 1:
    case 2:
        leave(town, person, (int)roll(town, GROUPS));
        break;
    case 3:
        snprintf(name, sizeof(name), "n%u", roll(town, 1000));
        call(town, person, roll(town, 3) ? name : "");
        break;
    default:
        join(town, person, (int)roll(town, GROUPS));
        break;
    }
}

static inline void everybody_lives(struct town *town, size_t steps)
{
    for (size_t i = 0; i < steps; i++)
        live(town, &town->people[roll(town, (uint32_t)town->count)]);
}

static inline void everybody_arrives(struct town *town, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct person *person =
            arrive(town, (unsigned)(i % NODES), (unsigned)(i / NODES % WORKERS));
        if (i % 3)
            enter(town, person);
    }
    everybody_lives(town, count * 4);
}

/* ---- All of Redis against what is true ---- */

static inline bool is_in_any(const struct person *person)
{
    for (int group = 0; group < GROUPS; group++) {
        if (person->in[group])
            return true;
    }
    return false;
}

static inline bool is_known(const struct person *person)
{
    return person->name[0] || person->entered || is_in_any(person);
}

static inline long audit_person(struct town *town, const struct person *person)
{
    long wanted = 0;
    char entry[32] = "(nil)";
    const char *name =
        redis_server_ask(server, "HGET %sc:%s name", town->prefix, person->text);
    assert_string_equal(name, person->name[0] ? person->name : "(nil)");
    if (person->entered)
        snprintf(entry, sizeof(entry), "%u prod", 1000 + conn_id_slot(person->id));
    assert_string_equal(
        redis_server_ask(server, "HGET %sc:%s \"\"", town->prefix, person->text), entry);
    for (int group = 0; group < GROUPS; group++) {
        assert_int_equal(redis_server_number(server, "SISMEMBER %scg:%s %s", town->prefix,
                                             person->text, groups[group]),
                         person->in[group]);
        assert_int_equal(redis_server_number(server, "SISMEMBER %sg:%s %s", town->prefix,
                                             groups[group], person->text),
                         person->in[group]);
    }
    wanted += person->name[0] || person->entered;
    wanted += is_in_any(person);
    assert_int_equal(redis_server_number(server, "SISMEMBER %sn:%u %s", town->prefix,
                                         person->node + 1, person->text),
                     wanted > 0);
    return wanted;
}

static inline long audit_group(struct town *town, int group)
{
    long all = 0, keys = 0;
    for (unsigned node = 0; node < NODES; node++) {
        long here = 0;
        for (size_t i = 0; i < town->count; i++)
            here += town->people[i].node == node && town->people[i].in[group];
        const char *told = redis_server_ask(server, "HGET %sgn:%s %u", town->prefix,
                                            groups[group], node + 1);
        assert_int_equal(strtol(told, NULL, 10), here);
        assert_true(here || strcmp(told, "(nil)") == 0);
        all += here;
    }
    keys = all ? 2 : 0;
    assert_int_equal(
        redis_server_number(server, "SCARD %sg:%s", town->prefix, groups[group]), all);
    return keys;
}

/* Keys of this town, all of them: whatever is more than what was compared was left over. */
static inline long count_keys(const char *prefix)
{
    const char *keys = redis_server_ask(server, "KEYS %s*", prefix);
    long count = *keys != '\0';
    for (; (keys = strchr(keys, '\n')); keys++)
        count++;
    return count;
}

static inline void town_audit(struct town *town)
{
    long keys = 0;
    for (size_t i = 0; i < town->count; i++)
        keys += audit_person(town, &town->people[i]);
    for (int group = 0; group < GROUPS; group++)
        keys += audit_group(town, group);
    for (unsigned node = 0; node < NODES; node++) {
        long here = 0;
        for (size_t i = 0; i < town->count; i++) {
            const struct person *person = &town->people[i];
            here += person->node == node && is_known(person);
        }
        assert_int_equal(
            redis_server_number(server, "SCARD %sn:%u", town->prefix, node + 1), here);
        keys += here > 0;
        keys += town->stores[node][0] != NULL; /* m:<node> */
    }
    assert_int_equal(count_keys(town->prefix), keys);
}

/* Told, and then done: what one worker asks comes behind what it has told. */
static inline void until_done(struct town *town)
{
    for (int node = 0; node < NODES; node++) {
        for (int worker = 0; worker < WORKERS; worker++) {
            struct asked asked = { .op.key = jf_str("prod/a") };
            if (town->stores[node][worker])
                assert_int_equal(
                    ask(town, town->stores[node][worker], kind->group_count, &asked),
                    JF_OK);
        }
    }
}

static inline int begin(void **state)
{
    (void)state;
    redis_server_start(server);
    return 0;
}

static inline int end(void **state)
{
    (void)state;
    redis_server_resume(server);
    redis_server_kill(server);
    return 0;
}

#define TOWN_TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static inline int run_with_server(const struct CMUnitTest *tests, size_t count)
{
    if (!redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    server = redis_server_new(NULL);
    redis_server_kill(server);
    int failed = _cmocka_run_group_tests("store", tests, count, NULL, NULL);
    redis_server_free(server);
    return failed;
}

#endif
