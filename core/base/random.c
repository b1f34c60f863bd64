/* Octets from getrandom(2), 1 KiB at a time and per thread. What was given out is erased
 * from the batch, so a leaked page tells nothing about ids already in use. */
#include "core/base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "core/base/check.h"

#define BATCH 1024

static _Thread_local struct {
    size_t left;
    uint8_t octet[BATCH];
} pool;

static void refill(void)
{
    size_t have = 0;
    while (have < BATCH) {
        ssize_t got = getrandom(pool.octet + have, BATCH - have, 0);
        CHECK(got > 0 || errno == EINTR);
        if (got > 0)
            have += (size_t)got;
    }
    pool.left = BATCH;
}

void random_fill(void *out, size_t len)
{
    uint8_t *to = out;
    while (len) {
        if (!pool.left)
            refill();
        size_t take = len < pool.left ? len : pool.left;
        uint8_t *from = pool.octet + pool.left - take;
        memcpy(to, from, take);
        memset(from, 0, take);
        pool.left -= take;
        to += take;
        len -= take;
    }
}

uint64_t random_below(uint64_t limit)
{
    uint64_t value;
    if (!limit)
        return 0;
    uint64_t fair = UINT64_MAX - UINT64_MAX % limit;
    do
        random_fill(&value, sizeof(value));
    while (value >= fair);
    return value % limit;
}
