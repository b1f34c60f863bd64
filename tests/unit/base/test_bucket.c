/* Token buckets: exact at the limit, the same however often they are asked, and true to a
 * model in floating point under whatever is done to them. */
#include "tests/unit/test.h"

#include <math.h>
#include <string.h>

#include "core/base/bucket.h"

static struct rate rate_of(uint64_t per_second_milli, uint32_t burst)
{
    struct rate rate;
    rate_init(&rate, per_second_milli, burst);
    return rate;
}

static void a_bucket_is_sixteen_octets_and_zeroed_it_is_full(void **state)
{
    (void)state;
    struct rate rate = rate_of(1000, 5);
    struct bucket bucket = { 0 };
    assert_int_equal(sizeof(bucket), 16);
    assert_int_equal(bucket_full_at(&bucket, rate.gain), 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(bucket_take(&bucket, &rate, 0, 1), 0);
    assert_int_equal(bucket_take(&bucket, &rate, 0, 1), 1000);
}

static void the_wait_is_exact(void **state)
{
    (void)state;
    struct rate rate = rate_of(3000, 10); /* a token in 333.3 ms */
    struct bucket bucket = { 0 };
    assert_int_equal(bucket_take(&bucket, &rate, 1000, 10), 0);
    assert_int_equal(bucket_wait(&bucket, &rate, 1000, 1), 334);
    assert_int_equal(bucket_take(&bucket, &rate, 1000, 1), 334);
    assert_int_equal(bucket_take(&bucket, &rate, 1333, 1), 1);
    assert_int_equal(bucket_take(&bucket, &rate, 1334, 1), 0);
    /* What was left of that millisecond was not lost. */
    assert_int_equal(bucket_take(&bucket, &rate, 1334, 1), 333);
    assert_int_equal(bucket_take(&bucket, &rate, 2000, 2), 0);
    assert_int_equal(bucket_full_at(&bucket, rate.gain), 2000 + 3334);
}

static void a_refusal_costs_nothing(void **state)
{
    (void)state;
    struct rate rate = rate_of(1000, 3);
    struct bucket bucket = { 0 };
    assert_int_equal(bucket_take(&bucket, &rate, 0, 2), 0);
    for (int i = 0; i < 100; i++)
        assert_int_equal(bucket_take(&bucket, &rate, 0, 2), 1000);
    assert_int_equal(bucket_take(&bucket, &rate, 0, 1), 0);
}

static void asking_every_millisecond_is_as_good_as_asking_once(void **state)
{
    (void)state;
    static const uint64_t rates[] = { 1, 7, 333, 999, 1000, 1001, 123456, 7777777 };
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct rate rate = rate_of(rates[i], 100);
        struct bucket often = { 0 }, seldom = { 0 };
        bucket_take(&often, &rate, 0, 100);
        bucket_take(&seldom, &rate, 0, 100);
        for (uint64_t now = 0; now < 1000003; now++)
            bucket_take(&often, &rate, now, 101);
        bucket_take(&seldom, &rate, 1000002, 101);
        assert_memory_equal(&often, &seldom, sizeof(often));
    }
}

/* Over a day of taking whatever there is, no token is made up and none is lost. */
static void nothing_drifts(void **state)
{
    (void)state;
    static const uint64_t rates[] = { 1, 333, 999, 1001, 14285, 60001 };
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct rate rate = rate_of(rates[i], 50);
        struct bucket bucket = { 0 };
        uint64_t taken = 0, now;
        for (now = 0; now < 86400000; now += 17 + now % 71) {
            while (bucket_take(&bucket, &rate, now, 1) == 0)
                taken++;
        }
        uint64_t last = bucket.at_ms;
        assert_int_equal(taken, 50 + last * rates[i] / 1000000);
    }
}

static void who_waits_as_told_is_served_and_not_before(void **state)
{
    (void)state;
    uint32_t random = 3;
    struct rate rate = rate_of(777, 9);
    struct bucket bucket = { 0 };
    uint64_t now = 5;
    for (int i = 0; i < 100000; i++) {
        random = random * 1103515245u + 12345u;
        uint32_t cost = random >> 16 & 7;
        uint64_t wait = bucket_take(&bucket, &rate, now, cost);
        if (!wait)
            continue;
        assert_int_equal(bucket_take(&bucket, &rate, now + wait - 1, cost), 1);
        now += wait;
        assert_int_equal(bucket_take(&bucket, &rate, now, cost), 0);
        now += random >> 24;
    }
}

static void what_a_full_bucket_has_not_is_never_there(void **state)
{
    (void)state;
    struct rate rate = rate_of(1000, 3), still = rate_of(0, 3), none = rate_of(1000, 0);
    struct rate closed = rate_of(0, 0);
    struct bucket bucket = { 0 };
    assert_true(bucket_take(&bucket, &rate, 7, 4) == BUCKET_NEVER);
    assert_true(bucket_take(&bucket, &none, 7, 1) == BUCKET_NEVER);
    assert_true(bucket_take(&bucket, &closed, 7, 1) == BUCKET_NEVER);
    assert_int_equal(bucket_take(&bucket, &none, 7, 0), 0);
    assert_int_equal(bucket_take(&bucket, &closed, 7, 0), 0);
    assert_int_equal(bucket_take(&bucket, &still, 7, 3), 0);
    assert_true(bucket_take(&bucket, &still, UINT64_MAX, 1) == BUCKET_NEVER);
    assert_true(bucket_full_at(&bucket, still.gain) == BUCKET_NEVER);
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
    (void)state;
    struct rate rate = rate_of(1000, 2);
    struct bucket bucket = { 0 };
    assert_int_equal(bucket_take(&bucket, &rate, 10000, 2), 0);
    assert_int_equal(bucket_take(&bucket, &rate, 3000, 1), 1000);
    assert_int_equal(bucket_take(&bucket, &rate, 10999, 1), 1);
    assert_int_equal(bucket_take(&bucket, &rate, 11000, 1), 0);
}

static void the_largest_numbers_do_not_overflow(void **state)
{
    (void)state;
    struct rate rates[] = { rate_of(UINT64_MAX, UINT32_MAX), rate_of(1, UINT32_MAX),
                            rate_of(UINT64_MAX, 1) };
    assert_true(rates[0].gain == RATE_MILLI_MAX);
    for (int i = 0; i < 3; i++) {
        struct bucket bucket = { 0 };
        uint32_t all = i == 2 ? 1 : UINT32_MAX;
        assert_int_equal(bucket_take(&bucket, &rates[i], 0, all), 0);
        uint64_t wait = bucket_take(&bucket, &rates[i], 0, all);
        assert_true(wait == rates[i].fill_ms);
        assert_int_equal(bucket_take(&bucket, &rates[i], wait, all), 0);
        assert_int_equal(bucket_take(&bucket, &rates[i], UINT64_MAX, all), 0);
        assert_true(bucket_wait(&bucket, &rates[i], UINT64_MAX, all) > 0);
    }
}

static void what_others_took_too_is_owed_and_paid_back(void **state)
{
    (void)state;
    struct rate rate = rate_of(1000, 2), debt = rate;
    struct bucket bucket = { 5000000, 100 }; /* three more than it holds */
    rate_allow_debt(&debt);
    assert_int_equal(bucket_wait(&bucket, &rate, 100, 1), 1000);
    assert_int_equal(bucket_wait(&bucket, &debt, 100, 1), 4000);
    assert_int_equal(bucket_take(&bucket, &debt, 4099, 1), 1);
    assert_int_equal(bucket_take(&bucket, &debt, 4100, 1), 0);
    assert_int_equal(bucket_take(&bucket, &debt, 4100, 1), 1000);
    bucket = (struct bucket){ UINT64_MAX, 0 };
    assert_int_equal(bucket_wait(&bucket, &debt, 0, 2), RATE_DEBT_BURSTS * 2000);
    assert_int_equal(bucket_take(&bucket, &debt, debt.fill_ms, 2), 0);
}

static void another_rate_takes_over_a_bucket(void **state)
{
    (void)state;
    struct rate wide = rate_of(1000, 1000), narrow = rate_of(2000, 10);
    struct bucket bucket = { 0 };
    assert_int_equal(bucket_take(&bucket, &wide, 0, 900), 0);
    assert_int_equal(bucket_take(&bucket, &narrow, 0, 1), 500); /* empty, and not more */
    assert_int_equal(bucket_take(&bucket, &narrow, 500, 1), 0);
    assert_int_equal(bucket_take(&bucket, &wide, 500, 990), 0); /* 10 are missing */
    assert_int_equal(bucket_take(&bucket, &wide, 500, 1), 1000);
}

/* ---- Against a model ------------------------------------------------------------ */

struct model {
    long double tokens;
    uint64_t at_ms;
};

/* Refills; returns how many tokens are there. */
static long double refilled(struct model *model, uint64_t milli, uint32_t burst,
                            uint64_t now)
{
    long double gained = (long double)(now - model->at_ms) * (long double)milli / 1e6L;
    model->tokens += gained;
    if (model->tokens > burst)
        model->tokens = burst;
    model->at_ms = now;
    return model->tokens;
}

static uint32_t next(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    return *random ^= *random << 5;
}

/* Where the model is within a millionth of the limit, its rounding decides, not ours. */
static void walk(uint32_t *random)
{
    uint32_t burst = 1 + next(random) % (next(random) % 2 ? 20 : 100000);
    uint64_t milli = 1 + next(random) % (next(random) % 2 ? 5000 : 100000000);
    struct rate rate = rate_of(milli, burst);
    struct bucket bucket = { 0 };
    struct model model = { burst, 0 };
    uint64_t now = 0;
    for (int i = 0; i < 400; i++) {
        now += next(random) % (next(random) % 4 ? 50 : 20000);
        uint32_t cost = next(random) % (next(random) % 4 ? 4 : burst + burst / 8 + 1);
        long double tokens = refilled(&model, milli, burst, now);
        uint64_t wait = bucket_wait(&bucket, &rate, now, cost);
        assert_true(bucket_take(&bucket, &rate, now, cost) == wait);
        if (fabsl(tokens - cost) > 1e-6L)
            assert_int_equal(wait == 0, tokens >= cost);
        if (wait == 0)
            model.tokens -= cost;
        else if (cost <= burst)
            assert_true(fabsl((cost - tokens) * 1e6L / (long double)milli -
                              (long double)wait) <= 1.001L);
        else
            assert_true(wait == BUCKET_NEVER);
        long double missing = (long double)bucket.missing / 1e6L;
        assert_true(fabsl(burst - missing - model.tokens) < 1e-5L);
    }
}

static void any_pattern_of_calls_is_as_the_model_says(void **state)
{
    (void)state;
    uint32_t random = 2463534242u;
    for (int i = 0; i < 2000; i++)
        walk(&random);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_is_sixteen_octets_and_zeroed_it_is_full),
        cmocka_unit_test(the_wait_is_exact),
        cmocka_unit_test(a_refusal_costs_nothing),
        cmocka_unit_test(asking_every_millisecond_is_as_good_as_asking_once),
        cmocka_unit_test(nothing_drifts),
        cmocka_unit_test(who_waits_as_told_is_served_and_not_before),
        cmocka_unit_test(what_a_full_bucket_has_not_is_never_there),
        cmocka_unit_test(a_clock_that_goes_back_gives_nothing),
        cmocka_unit_test(the_largest_numbers_do_not_overflow),
        cmocka_unit_test(what_others_took_too_is_owed_and_paid_back),
        cmocka_unit_test(another_rate_takes_over_a_bucket),
        cmocka_unit_test(any_pattern_of_calls_is_as_the_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
