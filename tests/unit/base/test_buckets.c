/* Buckets by key: each key its own, full ones forgotten, never more than the bound, and
 * whoever is evicted is counted. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "core/base/buckets.h"

static struct rate rate_of(uint64_t per_second_milli, uint32_t burst)
{
    struct rate rate;
    rate_init(&rate, per_second_milli, burst);
    return rate;
}

/* From memory that is gone when it returns: keys are copied. */
static uint64_t take(struct buckets *buckets, unsigned key, const struct rate *rate,
                     uint64_t now)
{
    char text[16];
    snprintf(text, sizeof(text), "key %u", key);
    uint64_t wait = buckets_take(buckets, jf_str(text), rate, now, 1);
    memset(text, 0x5a, sizeof(text));
    return wait;
}

static void each_key_has_its_own(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 2);
    buckets_init(&buckets, 10);
    for (unsigned key = 0; key < 3; key++) {
        assert_int_equal(take(&buckets, key, &rate, 0), 0);
        assert_int_equal(take(&buckets, key, &rate, 0), 0);
        assert_int_equal(take(&buckets, key, &rate, 0), 1000);
    }
    assert_int_equal(take(&buckets, 1, &rate, 1000), 0);
    assert_int_equal(take(&buckets, 1, &rate, 1000), 1000);
    assert_int_equal(buckets_count(&buckets), 3);
    assert_int_equal(buckets.evicted, 0);
    buckets_fini(&buckets);
}

static void who_takes_nothing_gets_no_bucket(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 2);
    jf_bytes key = jf_str("a");
    buckets_init(&buckets, 10);
    assert_int_equal(buckets_take(&buckets, key, &rate, 0, 0), 0);
    assert_true(buckets_take(&buckets, key, &rate, 0, 3) == BUCKET_NEVER);
    assert_int_equal(buckets_wait(&buckets, key, &rate, 0, 2), 0);
    assert_true(buckets_wait(&buckets, key, &rate, 0, 3) == BUCKET_NEVER);
    assert_int_equal(buckets_count(&buckets), 0);
    assert_int_equal(buckets_take(&buckets, key, &rate, 0, 1), 0);
    assert_int_equal(buckets_wait(&buckets, key, &rate, 0, 2), 1000);
    assert_int_equal(buckets_wait(&buckets, key, &rate, 999, 2), 1);
    assert_int_equal(buckets_wait(&buckets, key, &rate, 1000, 2), 0);
    buckets_fini(&buckets);
}

static void full_ones_are_forgotten_when_others_come(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 2);
    buckets_init(&buckets, 1000000);
    for (unsigned key = 0; key < 100; key++)
        take(&buckets, key, &rate, 0);
    assert_int_equal(buckets_count(&buckets), 100);
    for (unsigned key = 100; key < 150; key++)
        take(&buckets, key, &rate, 1000);
    assert_int_equal(buckets_count(&buckets), 50);
    assert_int_equal(buckets.evicted, 0);
    buckets_fini(&buckets);
}

/* A key a millisecond for an hour, each of them full again after a second: not many more
 * than a second's are kept. */
static void strangers_that_come_once_do_not_pile_up(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 5);
    buckets_init(&buckets, 1000000);
    for (unsigned now = 0; now < 3600000; now += 10) {
        take(&buckets, now, &rate, now);
        assert_true(buckets_count(&buckets) <= 101);
    }
    assert_int_equal(buckets.evicted, 0);
    buckets_fini(&buckets);
}

static void at_the_bound_the_fullest_of_the_oldest_goes(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 10);
    buckets_init(&buckets, 3);
    for (int i = 0; i < 10; i++)
        take(&buckets, 1, &rate, 0);
    take(&buckets, 2, &rate, 0);
    take(&buckets, 2, &rate, 0);
    for (int i = 0; i < 5; i++)
        take(&buckets, 3, &rate, 0);
    take(&buckets, 4, &rate, 0);
    assert_int_equal(buckets_count(&buckets), 3);
    assert_int_equal(buckets.evicted, 1);
    assert_int_equal(take(&buckets, 1, &rate, 0), 1000);
    assert_int_equal(buckets_wait(&buckets, jf_str("key 2"), &rate, 0, 10), 0);
    assert_int_equal(buckets_wait(&buckets, jf_str("key 3"), &rate, 0, 10), 5000);
    buckets_fini(&buckets);
}

/* Somebody with a million addresses pushes out the idle, not those who keep coming. */
static void who_keeps_coming_stays_limited(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 5);
    unsigned served = 0;
    buckets_init(&buckets, 64);
    for (unsigned now = 0; now < 100000; now++) {
        take(&buckets, 1000 + now, &rate, now);
        served += take(&buckets, 1, &rate, now) == 0;
        assert_true(buckets_count(&buckets) <= 64);
    }
    assert_int_equal(served, 5 + 99);
    assert_true(buckets.evicted > 90000);
    buckets_fini(&buckets);
}

static void buckets_that_are_never_full_are_bounded_too(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(0, 5);
    buckets_init(&buckets, 0); /* one at least */
    for (unsigned key = 0; key < 10; key++)
        assert_int_equal(take(&buckets, key, &rate, key), 0);
    assert_int_equal(buckets_count(&buckets), 1);
    assert_int_equal(buckets.evicted, 9);
    buckets_fini(&buckets);
}

static void any_octets_are_a_key(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1, 1);
    char long_key[BUCKETS_KEY_MAX + 1];
    memset(long_key, 'k', sizeof(long_key));
    buckets_init(&buckets, 10);
    assert_int_equal(buckets_take(&buckets, jf_view(NULL, 0), &rate, 0, 1), 0);
    assert_true(buckets_take(&buckets, jf_view("", 0), &rate, 0, 1) > 0);
    assert_int_equal(buckets_take(&buckets, jf_view("\0", 1), &rate, 0, 1), 0);
    assert_int_equal(buckets_take(&buckets, jf_view("\0\0", 2), &rate, 0, 1), 0);
    /* Alike in 128 octets: one bucket. */
    assert_int_equal(buckets_take(&buckets, jf_view(long_key, 129), &rate, 0, 1), 0);
    long_key[BUCKETS_KEY_MAX] = 'x';
    assert_true(buckets_take(&buckets, jf_view(long_key, 129), &rate, 0, 1) > 0);
    assert_true(buckets_take(&buckets, jf_view(long_key, 128), &rate, 0, 1) > 0);
    assert_int_equal(buckets_take(&buckets, jf_view(long_key, 127), &rate, 0, 1), 0);
    buckets_fini(&buckets);
}

static void an_end_without_a_beginning_is_all_right(void **state)
{
    (void)state;
    struct buckets buckets = { 0 };
    buckets_fini(&buckets);
    buckets_init(&buckets, 5);
    buckets_fini(&buckets);
    buckets_fini(&buckets);
}

/* The same calls to a plain array of buckets give the same answers, as long as nobody is
 * evicted. */
static void forgetting_is_not_noticed(void **state)
{
    (void)state;
    enum { KEYS = 50 };
    struct buckets buckets;
    struct bucket plain[KEYS] = { 0 };
    struct rate rate = rate_of(40000, 20);
    uint32_t random = 11;
    uint64_t now = 0;
    buckets_init(&buckets, KEYS);
    for (int i = 0; i < 300000; i++) {
        random = random * 1103515245u + 12345u;
        unsigned key = (random >> 8) % KEYS;
        key = key * key / KEYS;
        now += random >> 28 == 0 ? (random >> 16 & 0x3ff) : (random >> 20 & 1);
        assert_true(take(&buckets, key, &rate, now) ==
                    bucket_take(&plain[key], &rate, now, 1));
    }
    assert_int_equal(buckets.evicted, 0);
    buckets_fini(&buckets);
}

static void what_is_learned_counts_from_then_on(void **state)
{
    (void)state;
    struct buckets buckets;
    struct rate rate = rate_of(1000, 2);
    buckets_init(&buckets, 2);
    buckets_learn(&buckets, jf_str("key 1"), 2000000, 5); /* has no bucket */
    assert_int_equal(take(&buckets, 1, &rate, 5), 0);
    buckets_learn(&buckets, jf_str("key 1"), 2000000, 5);
    assert_int_equal(take(&buckets, 1, &rate, 5), 1000);
    buckets_learn(&buckets, jf_str("key 1"), 0, 6);
    assert_int_equal(take(&buckets, 1, &rate, 6), 0);
    assert_int_equal(take(&buckets, 1, &rate, 6), 0);
    assert_int_equal(buckets_count(&buckets), 1);
    buckets_fini(&buckets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_its_own),
        cmocka_unit_test(who_takes_nothing_gets_no_bucket),
        cmocka_unit_test(full_ones_are_forgotten_when_others_come),
        cmocka_unit_test(strangers_that_come_once_do_not_pile_up),
        cmocka_unit_test(at_the_bound_the_fullest_of_the_oldest_goes),
        cmocka_unit_test(who_keeps_coming_stays_limited),
        cmocka_unit_test(buckets_that_are_never_full_are_bounded_too),
        cmocka_unit_test(any_octets_are_a_key),
        cmocka_unit_test(an_end_without_a_beginning_is_all_right),
        cmocka_unit_test(forgetting_is_not_noticed),
        cmocka_unit_test(what_is_learned_counts_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
