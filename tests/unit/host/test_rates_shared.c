/* How much an API key may do, and what nodes tell each other of what is used. */
#include "tests/unit/host/rates.h"

#include <pthread.h>

#include "core/host/api_keys.h"

/* ---- API keys ----------------------------------------------------------- */

static struct config keys_config;
static struct api_keys *keys;

static void take_keys(struct config_usage_plan usage)
{
    static char free_plan[] = "free", first[] = "first", second[] = "second";
    static struct config_usage_plan plans[1];
    static struct config_api_key both[] = { { first, { 1 }, 0, true },
                                            { second, { 2 }, 0, true } };
    plans[0] = usage;
    plans[0].name = free_plan;
    keys_config = (struct config){
        .usage_plans = plans, .usage_plan_count = 1, .api_keys = both, .api_key_count = 2
    };
    api_keys_unref(keys);
    keys = api_keys_new(&keys_config);
    take_plan();
}

static int tear_down_keys(void **state)
{
    tear_down(state);
    api_keys_unref(keys);
    keys = NULL;
    return 0;
}

static struct rate_ask ask_with_key(uint64_t now, uint64_t wall)
{
    struct rate_ask it = ask(stage, ann, now);
    it.keys = keys;
    it.wall_ms = wall;
    return it;
}

static struct rate_answer come_with(int place, const char *id, uint64_t now, uint64_t wall)
{
    const struct rate_ask it = ask_with_key(now, wall);
    return rates_connect_key(&it, &stayed[place], api_keys_named(keys, jf_str(id)));
}

static struct rate_answer say_with(int place, size_t len, uint64_t now, uint64_t wall)
{
    const struct rate_ask it = ask_with_key(now, wall);
    return rates_message(&it, &stayed[place], jf_str("x"), len);
}

static void a_key_has_one_of_each_for_all_its_connections(void **state)
{
    (void)state;
    take_keys((struct config_usage_plan){
        .connects = rate(1, 3), .messages = rate(1, 2), .bytes = rate(10, 100) });
    assert_false(rate_use_has_key(stayed[0]));
    assert_int_equal(come_with(0, "first", 0, 0).verdict, RATE_PASS);
    assert_true(rate_use_has_key(stayed[0]));
    assert_int_equal(come_with(1, "first", 0, 0).verdict, RATE_PASS);
    assert_int_equal(come_with(2, "first", 0, 0).verdict, RATE_PASS);
    struct rate_answer answer = come_with(3, "first", 0, 0);
    assert_int_equal(answer.verdict, RATE_REFUSE);
    assert_int_equal(answer.wait_ms, 1000);
    assert_int_equal(come_with(4, "second", 0, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 60, 0, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(1, 60, 0, 0).verdict, RATE_REFUSE); /* octets */
    assert_int_equal(say_with(1, 40, 0, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(2, 0, 0, 0).verdict, RATE_REFUSE); /* messages */
    assert_int_equal(say_with(4, 100, 0, 0).verdict, RATE_PASS);
}

static void a_key_has_so_many_connections_at_a_time(void **state)
{
    (void)state;
    take_keys((struct config_usage_plan){ .connections = 1 });
    assert_int_equal(come_with(0, "first", 0, 0).verdict, RATE_PASS);
    assert_int_equal(come_with(1, "first", 0, 0).verdict, RATE_REFUSE);
    depart(0);
    assert_int_equal(come_with(2, "first", 0, 0).verdict, RATE_PASS);
}

static void a_quota_is_for_a_day(void **state)
{
    (void)state;
    const uint64_t day = 86400000, noon = 20000 * day + day / 2;
    take_keys((struct config_usage_plan){ .quota = 3 });
    assert_int_equal(come_with(0, "first", 0, noon).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 1, 0, noon).verdict, RATE_PASS);
    assert_int_equal(come_with(1, "first", 0, noon).verdict, RATE_PASS);
    struct rate_answer answer = say_with(0, 1, 0, noon);
    assert_int_equal(answer.verdict, RATE_REFUSE);
    assert_int_equal(answer.reason, RATE_OVER_QUOTA);
    assert_int_equal(answer.wait_ms, day / 2);
    assert_int_equal(come_with(2, "second", 0, noon).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 1, 0, 20001 * day - 1).verdict, RATE_REFUSE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(say_with(0, 1, 0, 20001 * day).verdict, RATE_PASS);
    assert_int_equal(say_with(1, 1, 0, 20001 * day).verdict, RATE_REFUSE);
}

static void who_is_over_a_rate_uses_no_quota(void **state)
{
    (void)state;
    take_keys((struct config_usage_plan){ .messages = rate(1, 1), .quota = 3 });
    assert_int_equal(come_with(0, "first", 0, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 1, 0, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 1, 0, 0).reason, RATE_TOO_MUCH);
    assert_int_equal(say_with(0, 1, 1000, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 1, 2000, 0).reason, RATE_OVER_QUOTA);
}

static void a_key_that_is_gone_lets_nothing_pass(void **state)
{
    (void)state;
    take_keys((struct config_usage_plan){ 0 });
    assert_int_equal(come_with(0, "first", 0, 0).verdict, RATE_PASS);
    assert_int_equal(say_with(0, 1, 0, 0).verdict, RATE_PASS);
    keys_config.api_keys[0].enabled = false;
    struct api_keys *before = keys;
    keys = api_keys_new(&keys_config);
    keys_config.api_keys[0].enabled = true;
    api_keys_unref(before);
    assert_int_equal(say_with(0, 1, 0, 0).reason, RATE_NO_KEY);
    api_keys_unref(keys);
    keys = NULL; /* the stage asks for none any more */
    assert_int_equal(say_with(0, 1, 0, 0).verdict, RATE_PASS);
}

/* ---- With other nodes ---------------------------------------------------- */

/* What the tally was told last. */
static struct {
    unsigned takes, spends, seats;
    uint32_t cost, count;
    char key[64];
} told;

static void keep_told(jf_bytes key)
{
    assert_true(key.len < sizeof(told.key));
    memcpy(told.key, key.ptr, key.len);
    told.key[key.len] = '\0';
}

void tally_take(struct tally *tally, jf_bytes key, const struct rate *taken, uint32_t cost)
{
    assert_ptr_equal(tally, &told);
    assert_true(taken->most > taken->burst);
    told.takes++;
    told.cost = cost;
    keep_told(key);
}

void tally_spend(struct tally *tally, jf_bytes key, uint64_t keep_ms, uint32_t cost)
{
    assert_ptr_equal(tally, &told);
    assert_true(keep_ms > 86400000);
    told.spends++;
    told.cost = cost;
    keep_told(key);
}

void tally_seats(struct tally *tally, jf_bytes key, uint32_t count)
{
    assert_ptr_equal(tally, &told);
    told.seats++;
    told.count = count;
    keep_told(key);
}

static void share(void)
{
    memset(&told, 0, sizeof(told));
    rate_book_share(book, (struct tally *)(void *)&told);
}

static void what_is_not_global_is_not_told(void **state)
{
    (void)state;
    share();
    config.messages[RATE_STAGE] = config.messages[RATE_CONNECTION] = rate(1, 2);
    config.connections_per_address = 2;
    take_plan();
    assert_int_equal(come_to_stay(0, stage, ann, 0), 0);
    assert_int_equal(say(&stayed[0], ann, "x", 1, 0), RATE_PASS);
    assert_int_equal(told.takes + told.spends + told.seats, 0);
}

static void what_is_global_is_told_and_learned(void **state)
{
    (void)state;
    share();
    config.messages[RATE_STAGE] = rate(1, 4);
    config.bytes[RATE_CONNECTION] = rate(1000, 1000);
    config.global = true;
    take_plan();
    assert_int_equal(say(&stayed[0], ann, "x", 7, 0), RATE_PASS);
    assert_int_equal(told.takes, 1);
    assert_int_equal(told.cost, 1);
    assert_string_equal(told.key, "ms:prod:");
    rate_book_learn(book, TALLY_BUCKET, jf_str("ms:prod:"), 6000000, 0);
    assert_int_equal(say(&stayed[0], ann, "x", 7, 2999), RATE_REFUSE);
    assert_int_equal(say(&stayed[0], ann, "x", 7, 3000), RATE_PASS);
    assert_int_equal(told.takes, 2);
}

static void an_address_has_its_seats_on_all_nodes_together(void **state)
{
    (void)state;
    const uint8_t tcp6[16] = "2001:db"; /* a name that can be read */
    share();
    config.connections_per_address = 3;
    config.global = true;
    take_plan();
    assert_int_equal(come_to_stay(0, stage, tcp6, 0), 0);
    assert_int_equal(told.count, 1);
    assert_memory_equal(told.key, "a:prod:2001:db", 15);
    rate_book_learn(book, TALLY_SEATS, jf_view(told.key, 15), 1, 0);
    assert_int_equal(come_to_stay(1, stage, tcp6, 0), 0);
    assert_int_equal(told.count, 2);
    assert_true(come_to_stay(2, stage, tcp6, 0) > 0);
    depart(1);
    assert_int_equal(told.count, 1);
    rate_book_learn(book, TALLY_SEATS, jf_view(told.key, 15), 2, 0);
    assert_true(come_to_stay(3, stage, tcp6, 0) > 0);
    depart(0);
    assert_int_equal(told.count, 0);
}

static void a_key_is_counted_on_all_nodes(void **state)
{
    (void)state;
    share();
    take_keys((struct config_usage_plan){ .messages = rate(1, 2), .quota = 4 });
    assert_int_equal(come_with(0, "first", 0, 86400000).verdict, RATE_PASS);
    assert_string_equal(told.key, "first:1");
    assert_int_equal(say_with(0, 1, 0, 86400000).verdict, RATE_PASS);
    assert_int_equal(told.takes, 1);
    assert_int_equal(told.spends, 2);
    rate_book_learn(book, TALLY_BUCKET, jf_str("mk::first"), 2000000, 0);
    assert_int_equal(say_with(0, 1, 0, 86400000).reason, RATE_TOO_MUCH);
    rate_book_learn(book, TALLY_QUOTA, jf_str("first:0"), 4, 0); /* of yesterday */
    assert_int_equal(say_with(0, 1, 1000, 86400000).verdict, RATE_PASS);
    rate_book_learn(book, TALLY_QUOTA, jf_str("first:1"), 4, 0);
    assert_int_equal(say_with(0, 1, 2000, 86400000).reason, RATE_OVER_QUOTA);
}

static void what_nobody_asked_for_is_not_learned(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "",         ":",        "::",           "m",       "ms",     "ms:",
        "ms:gone:", "xx:prod:", "ma:prod:none", "a:prod:", "first:", "first:x",
        "q"
    };
    take_plan();
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        for (int kind = 0; kind < TALLY_KINDS; kind++)
            rate_book_learn(book, (enum tally_kind)kind, jf_str(junk[i]), 9, 0);
    }
    assert_int_equal(rate_book_evicted(book), 0);
}

/* ---- Several workers ------------------------------------------------------ */

#define WORKERS 4
#define ROUNDS 2000
#define BURST 3000

struct crowd {
    pthread_t thread;
    const uint8_t *address;
    unsigned passed;
};

static void *crowd(void *data)
{
    struct crowd *crowd = data;
    for (int i = 0; i < ROUNDS; i++) {
        struct rate_use *use = NULL;
        assert_int_equal(come(&use, stage, crowd->address, 0), 0);
        crowd->passed += say(&use, crowd->address, "x", 1, 0) == RATE_PASS;
        leave(use);
    }
    return NULL;
}

static void workers_share_a_book(void **state)
{
    (void)state;
    struct crowd crowds[WORKERS] = {
        { .address = ann }, { .address = bob }, { .address = ann }, { .address = bob }
    };
    unsigned passed = 0;
    config.messages[RATE_STAGE] = rate(1, BURST);
    config.messages[RATE_ADDRESS] = rate(1, BURST);
    config.connections_per_address = WORKERS;
    take_plan();
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&crowds[i].thread, NULL, crowd, &crowds[i]), 0);
    for (int i = 0; i < ROUNDS; i++)
        rate_book_learn(book, TALLY_SEATS, jf_str("a:prod:nobody"), 1, 0);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(crowds[i].thread, NULL);
        passed += crowds[i].passed;
    }
    assert_int_equal(passed, BURST);
    assert_int_equal(rate_book_evicted(book), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_has_one_of_each_for_all_its_connections,
                                        set_up, tear_down_keys),
        cmocka_unit_test_setup_teardown(a_key_has_so_many_connections_at_a_time, set_up,
                                        tear_down_keys),
        cmocka_unit_test_setup_teardown(a_quota_is_for_a_day, set_up, tear_down_keys),
        cmocka_unit_test_setup_teardown(who_is_over_a_rate_uses_no_quota, set_up,
                                        tear_down_keys),
        cmocka_unit_test_setup_teardown(a_key_that_is_gone_lets_nothing_pass, set_up,
                                        tear_down_keys),
        cmocka_unit_test_setup_teardown(what_is_not_global_is_not_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_global_is_told_and_learned, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_address_has_its_seats_on_all_nodes_together,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_key_is_counted_on_all_nodes, set_up,
                                        tear_down_keys),
        cmocka_unit_test_setup_teardown(workers_share_a_book, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_asked_for_is_not_learned, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("rates_shared", tests, NULL, NULL);
}
