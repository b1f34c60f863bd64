/* No sum and product here overflows: a full bucket has fewer than 2^53 millionths, the
 * deepest debt fewer than 2^59, and time is multiplied only when it is shorter than it
 * takes to fill one. */
#include "core/base/bucket.h"

#define MILLIONTHS 1000000u

static uint64_t divide_up(uint64_t amount, uint64_t by)
{
    return amount / by + (amount % by != 0);
}

static void set_most(struct rate *rate, uint64_t most)
{
    rate->most = most;
    rate->fill_ms = rate->gain ? divide_up(most, rate->gain) : BUCKET_NEVER;
}

void rate_init(struct rate *rate, uint64_t per_second_milli, uint32_t burst)
{
    rate->gain = per_second_milli < RATE_MILLI_MAX ? per_second_milli : RATE_MILLI_MAX;
    rate->burst = (uint64_t)burst * MILLIONTHS;
    set_most(rate, rate->burst);
}

void rate_allow_debt(struct rate *rate)
{
    set_most(rate, rate->burst * RATE_DEBT_BURSTS);
}

static uint64_t missing_at(const struct bucket *bucket, const struct rate *rate,
                           uint64_t now_ms)
{
    uint64_t passed = now_ms > bucket->at_ms ? now_ms - bucket->at_ms : 0;
    uint64_t missing = bucket->missing < rate->most ? bucket->missing : rate->most;
    if (passed >= rate->fill_ms)
        return 0;
    uint64_t gained = passed * rate->gain;
    return gained < missing ? missing - gained : 0;
}

/* `needed` is how many would be missing then. */
static uint64_t wait_for(const struct rate *rate, uint64_t needed, uint32_t cost)
{
    if (needed <= rate->burst)
        return 0;
    if ((uint64_t)cost * MILLIONTHS > rate->burst || !rate->gain)
        return BUCKET_NEVER;
    return divide_up(needed - rate->burst, rate->gain);
}

uint64_t bucket_take(struct bucket *bucket, const struct rate *rate, uint64_t now_ms,
                     uint32_t cost)
{
    uint64_t missing = missing_at(bucket, rate, now_ms);
    uint64_t needed = missing + (uint64_t)cost * MILLIONTHS;
    uint64_t wait_ms = wait_for(rate, needed, cost);
    if (now_ms > bucket->at_ms)
        bucket->at_ms = now_ms;
    bucket->missing = wait_ms ? missing : needed;
    return wait_ms;
}

uint64_t bucket_wait(const struct bucket *bucket, const struct rate *rate, uint64_t now_ms,
                     uint32_t cost)
{
    uint64_t missing = missing_at(bucket, rate, now_ms);
    return wait_for(rate, missing + (uint64_t)cost * MILLIONTHS, cost);
}

uint64_t bucket_full_at(const struct bucket *bucket, uint64_t gain)
{
    if (!bucket->missing)
        return bucket->at_ms;
    return gain ? bucket->at_ms + divide_up(bucket->missing, gain) : BUCKET_NEVER;
}
