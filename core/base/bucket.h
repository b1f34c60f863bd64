/*
 * bucket - so much per second, and so much at once: a token bucket without a timer.
 *
 * A bucket is 16 octets inside whatever it limits. It holds how many tokens are missing, in
 * millionths, and as of when; so a zeroed bucket is a full one, and an owner without limits
 * has nothing to do. Refilling is arithmetic on whole numbers when somebody asks: a rate is
 * in thousandths of a token per second, which is as many millionths per millisecond, so
 * nothing is rounded and nothing drifts, however often it is asked.
 *
 * The clock is in milliseconds and does not go back; if it does, no time has passed. One
 * thread at a time. Pure.
 */
#ifndef JF_BASE_BUCKET_H
#define JF_BASE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define BUCKET_NEVER UINT64_MAX /* to wait does not help */

/* Embedded by its owner, hence the body. Zeroed: full, since ever. */
struct bucket {
    uint64_t missing; /* millionths of a token */
    uint64_t at_ms;   /* as of when */
};

/* Written by rate_init() only. */
struct rate {
    uint64_t gain;    /* millionths of a token in a millisecond */
    uint64_t burst;   /* millionths of a token in a full bucket */
    uint64_t most;    /* millionths that can be missing: the burst, or more, with a debt */
    uint64_t fill_ms; /* until none is missing, however many were */
};

/* Thousandths of a token per second (1500: three tokens in two seconds), and how many
 * tokens a full bucket has. Without a rate it is never refilled, without a burst it is
 * always empty. */
void rate_init(struct rate *rate, uint64_t per_second_milli, uint32_t burst);

#define RATE_MILLI_MAX 4294967295000u /* a higher rate is this one */

/* From now on a bucket with this rate may owe: more can be missing than it holds, up to
 * RATE_DEBT_BURSTS full buckets in all. For one that several nodes draw from, each of which
 * finds out later what the others took (buckets_learn()). */
#define RATE_DEBT_BURSTS 64
void rate_allow_debt(struct rate *rate);

/* 0: `cost` tokens were taken. Else none were, and it is so many milliseconds until they
 * are there, if nobody else takes any; BUCKET_NEVER if a full bucket has fewer. Another
 * rate than last time is all right. */
uint64_t bucket_take(struct bucket *bucket, const struct rate *rate, uint64_t now_ms,
                     uint32_t cost);

/* What bucket_take() would answer. For who needs tokens of several: ask all, then take. */
uint64_t bucket_wait(const struct bucket *bucket, const struct rate *rate, uint64_t now_ms,
                     uint32_t cost);

/* When it is full again, if nobody takes; BUCKET_NEVER: without a rate, unless it is.
 * `gain` is that of its rate. */
uint64_t bucket_full_at(const struct bucket *bucket, uint64_t gain);

#endif
