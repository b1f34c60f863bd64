/* A node whose number has become another one's, and that does not know it yet: it changes
 * nothing in Redis any more, whatever it does. */
#include "tests/unit/store/town.h"

#define FENCE 1800000000000007 /* as large as fences that begin with the time */

/* One node's two workers, as they share what they share. */
struct fort {
    struct loop *loop;
    struct store_shared *shared;
    struct store *stores[WORKERS];
    char url[64];
    unsigned news; /* how often on_fenced came */
};

static void on_fenced(void *data)
{
    struct fort *fort = data;
    fort->news++;
}

static void wait_for(struct fort *fort, bool (*there)(const struct fort *fort), unsigned ms)
{
    for (unsigned start = now_ms(); !there(fort) && now_ms() - start < ms; usleep(200)) {
        loop_stop(fort->loop);
        loop_run(fort->loop);
    }
    assert_true(there(fort));
}

static void pass_time(struct fort *fort, unsigned ms)
{
    for (unsigned start = now_ms(); now_ms() - start < ms; usleep(500)) {
        loop_stop(fort->loop);
        loop_run(fort->loop);
    }
}

static bool is_up(const struct fort *fort)
{
    return store_redis_is_true(fort->stores[0]) && store_redis_is_true(fort->stores[1]);
}

static bool is_off(const struct fort *fort)
{
    return store_redis_is_fenced(fort->shared);
}

static struct fort *fort_new(uint64_t fence)
{
    struct fort *fort = xnew(struct fort);
    snprintf(fort->url, sizeof(fort->url), "redis://127.0.0.1:%d",
             redis_server_port(server));
    struct store_options options = { .url = fort->url,
                                     .node = 1,
                                     .workers = WORKERS,
                                     .timeout_ms = TIMEOUT_MS,
                                     .fence = fence,
                                     .on_fenced = on_fenced,
                                     .data = fort };
    assert_int_equal(loop_new(&fort->loop), JF_OK);
    assert_int_equal(kind->share(&options, &fort->shared), JF_OK);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(
            kind->open(fort->loop, fort->shared, (unsigned)i, &fort->stores[i]), JF_OK);
    return fort;
}

static void fort_free(struct fort *fort)
{
    for (int i = 0; i < WORKERS; i++)
        kind->close(fort->stores[i]);
    loop_free(fort->loop);
    kind->unshare(fort->shared);
    free(fort);
}

static int act_as(struct fort *fort, unsigned number, op_fn *fn, const char *key,
                  const char *value)
{
    struct asked asked = { .op = { .done = on_done,
                                   .conn = { { 0, 1, (uint8_t)(number % WORKERS) } },
                                   .key = jf_str(key),
                                   .value = jf_str(value),
                                   .since = 5 },
                           .loop = fort->loop };
    asked.op.conn.octet[5] = (uint8_t)number;
    assert_int_equal(fn(fort->stores[number % WORKERS], &asked.op), JF_OK);
    while (!asked.calls)
        loop_run(fort->loop);
    free(asked.members);
    return asked.status;
}

static void move_in(struct fort *fort, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(act_as(fort, i, kind->enter, "prod", ""), JF_OK);
        assert_int_equal(act_as(fort, i, kind->attr_set, "name", "ann"), JF_OK);
        assert_int_equal(act_as(fort, i, kind->group_join, "prod/a", ""), JF_OK);
    }
    for (unsigned i = 0; i < WORKERS; i++) /* and that is done, being asked behind it */
        assert_int_equal(act_as(fort, i, kind->group_count, "prod/a", ""), JF_OK);
}

/* Whoever has the number now has emptied it. */
static void give_the_number_to_another(void)
{
    redis_server_ask(server, "FLUSHALL");
    redis_server_ask(server, "SET jf:fence:1 %llu", FENCE + 1ull);
    redis_server_ask(server, "SADD jf:m:1 0 1");
    redis_server_ask(server, "SADD jf:n:1 theirs");
}

static void assert_untouched(void)
{
    assert_int_equal(redis_server_number(server, "DBSIZE"), 3);
    assert_int_equal(redis_server_number(server, "SCARD jf:m:1"), WORKERS);
    assert_string_equal(redis_server_ask(server, "SMEMBERS jf:n:1"), "theirs");
}

static void the_fence_is_told_before_anything_else(void **state)
{
    (void)state;
    struct fort *fort = fort_new(FENCE);
    wait_for(fort, is_up, 5000);
    char wanted[32];
    snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)FENCE);
    assert_string_equal(redis_server_ask(server, "GET jf:fence:1"), wanted);
    move_in(fort, 4);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), 4);
    assert_false(is_off(fort));
    assert_int_equal(fort->news, 0);
    fort_free(fort);
}

/* Each thing a node may say is the first it says too late. */
static void nothing_gets_through_behind_a_later_fence(void **state)
{
    (void)state;
    const struct {
        op_fn *fn;
        const char *key, *value;
    } acts[] = {
        { kind->enter, "prod", "" },         { kind->attr_set, "name", "bob" },
        { kind->attr_set, "name", "" },      { kind->group_join, "prod/b", "" },
        { kind->group_leave, "prod/a", "" }, { kind->forget, "", "" },
    };
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        struct fort *fort = fort_new(FENCE);
        wait_for(fort, is_up, 5000);
        move_in(fort, 4);
        give_the_number_to_another();
        assert_int_equal(act_as(fort, 1, acts[i].fn, acts[i].key, acts[i].value), JF_OK);
        wait_for(fort, is_off, 5000);
        for (unsigned number = 0; number < 6; number++)
            assert_int_equal(act_as(fort, number, kind->attr_set, "k", "v"), JF_OK);
        pass_time(fort, 50);
        assert_untouched();
        fort_free(fort);
        assert_untouched(); /* nor by its farewell */
        redis_server_ask(server, "FLUSHALL");
    }
}

static void the_owner_hears_of_it_once(void **state)
{
    (void)state;
    struct fort *fort = fort_new(FENCE);
    wait_for(fort, is_up, 5000);
    give_the_number_to_another();
    for (unsigned number = 0; number < 8; number++)
        act_as(fort, number, kind->group_join, "prod/a", "");
    wait_for(fort, is_off, 5000);
    pass_time(fort, 100);
    assert_int_equal(fort->news, 1);
    assert_false(store_redis_is_true(fort->stores[0]));
    fort_free(fort);
}

/* What it knows of its own it still knows; whom else there is it must not say. */
static void it_answers_for_its_own_but_for_nobody_else(void **state)
{
    (void)state;
    struct fort *fort = fort_new(FENCE);
    wait_for(fort, is_up, 5000);
    move_in(fort, 2);
    give_the_number_to_another();
    act_as(fort, 0, kind->attr_set, "k", "v");
    wait_for(fort, is_off, 5000);
    assert_int_equal(act_as(fort, 0, kind->attr_get, "name", ""), JF_OK);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(act_as(fort, i, kind->group_members, "prod/a", ""),
                         JF_E_UNAVAILABLE);
        assert_int_equal(act_as(fort, i, kind->group_count, "prod/a", ""),
                         JF_E_UNAVAILABLE);
    }
    fort_free(fort);
}

/* Paused for long, or cut off: it comes back with all it has to tell. */
static void one_that_was_away_tells_nothing_when_it_is_back(void **state)
{
    (void)state;
    struct fort *fort = fort_new(FENCE);
    wait_for(fort, is_up, 5000);
    move_in(fort, 50);
    redis_server_kill(server);
    pass_time(fort, 50);
    for (unsigned number = 0; number < 50; number += 2)
        act_as(fort, number, kind->forget, "", "");
    redis_server_start(server);
    give_the_number_to_another();
    wait_for(fort, is_off, 8000);
    pass_time(fort, 2500);
    assert_untouched();
    fort_free(fort);
    assert_untouched();
}

static bool has_entered(const struct fort *fort, unsigned number)
{
    jf_conn_id conn = { { 0, 1, (uint8_t)(number % WORKERS) } };
    conn.octet[5] = (uint8_t)number;
    return kind->has_entered(fort->stores[number % WORKERS], conn);
}

/* Others take over whom Redis knows, and nobody else. */
static void who_has_entered_is_who_redis_has_confirmed(void **state)
{
    (void)state;
    struct fort *fort = fort_new(FENCE);
    wait_for(fort, is_up, 5000);
    assert_false(has_entered(fort, 1));
    move_in(fort, 2);
    assert_true(has_entered(fort, 0) && has_entered(fort, 1));
    redis_server_kill(server);
    pass_time(fort, 50);
    assert_int_equal(act_as(fort, 2, kind->enter, "prod", ""), JF_OK);
    assert_true(has_entered(fort, 1));
    assert_false(has_entered(fort, 2));
    redis_server_start(server);
    wait_for(fort, is_up, 8000);
    assert_true(has_entered(fort, 2));
    assert_int_equal(act_as(fort, 2, kind->forget, "", ""), JF_OK);
    assert_false(has_entered(fort, 2));
    fort_free(fort);
}

static void a_later_fence_opens_and_raises(void **state)
{
    (void)state;
    redis_server_ask(server, "SET jf:fence:1 %llu", FENCE - 1ull);
    struct fort *fort = fort_new(FENCE), *late = fort_new(FENCE - 2);
    wait_for(fort, is_up, 5000);
    wait_for(late, is_off, 5000);
    move_in(fort, 4);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), 4);
    fort_free(late);
    assert_int_equal(redis_server_number(server, "SCARD jf:m:1"), WORKERS);
    fort_free(fort);
}

static void without_a_fence_none_is_looked_after(void **state)
{
    (void)state;
    redis_server_ask(server, "SET jf:fence:1 %llu", (unsigned long long)FENCE);
    struct fort *fort = fort_new(0);
    wait_for(fort, is_up, 5000);
    move_in(fort, 4);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), 4);
    assert_int_equal(redis_server_number(server, "GET jf:fence:1") > 0, 1);
    fort_free(fort);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(the_fence_is_told_before_anything_else),
        TOWN_TEST(nothing_gets_through_behind_a_later_fence),
        TOWN_TEST(the_owner_hears_of_it_once),
        TOWN_TEST(it_answers_for_its_own_but_for_nobody_else),
        TOWN_TEST(one_that_was_away_tells_nothing_when_it_is_back),
        TOWN_TEST(who_has_entered_is_who_redis_has_confirmed),
        TOWN_TEST(a_later_fence_opens_and_raises),
        TOWN_TEST(without_a_fence_none_is_looked_after),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
