/*
 * buckets - a bucket per key: per source address, per API key.
 *
 * A bucket that is full is the same as none, so those are forgotten: a few of the oldest
 * are looked at whenever a new one is made. Strangers choose the keys, so there is a bound.
 * At the bound the fullest of the few that were used longest ago is evicted, which is to
 * its key's advantage, and counted: if that happens at all, the bound is too low or
 * somebody comes from many addresses. Taking is O(1), amortised; a full table of keys costs
 * what one key does.
 *
 * One thread at a time; a worker has its own.
 */
#ifndef JF_BASE_BUCKETS_H
#define JF_BASE_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/bucket.h"
#include "core/base/list.h"
#include "core/base/table.h"

#define BUCKETS_KEY_MAX 128 /* keys alike in as many octets share a bucket */

/* Embedded by its owner, hence the body. */
struct buckets {
    struct table table;
    struct list_node by_use; /* the one used longest ago first */
    size_t max;
    uint64_t evicted; /* before they were full */
};

/* `max`: buckets at once, at least 1. Nothing is allocated before there are any. */
void buckets_init(struct buckets *buckets, size_t max);
void buckets_fini(struct buckets *buckets);

/* bucket_take() with the key's bucket, which is full if nobody has taken from it yet. The
 * rate may differ from key to key. */
uint64_t buckets_take(struct buckets *buckets, jf_bytes key, const struct rate *rate,
                      uint64_t now_ms, uint32_t cost);

/* bucket_wait(), likewise. Makes no bucket. */
uint64_t buckets_wait(const struct buckets *buckets, jf_bytes key, const struct rate *rate,
                      uint64_t now_ms, uint32_t cost);

/* The same in two steps, for who asks several before it takes from any. The key's bucket,
 * or NULL: it is full. Good until another key's is taken from. */
struct bucket *buckets_find(const struct buckets *buckets, jf_bytes key);
uint64_t buckets_take_found(struct buckets *buckets, struct bucket *found, jf_bytes key,
                            const struct rate *rate, uint64_t now_ms, uint32_t cost);

/* So many millionths are missing now, as somebody else has found who knows more. The rate
 * is that of the last take; without one that is kept here, nothing happens. */
void buckets_learn(struct buckets *buckets, jf_bytes key, uint64_t missing,
                   uint64_t now_ms);

/* How many there are, some of them perhaps full. */
size_t buckets_count(const struct buckets *buckets);

#endif
