/*
 * monotonic - milliseconds of a clock that never jumps, and what is left until one of them.
 *
 * For who holds still, or is on no loop; on a loop, loop_now() costs less. [any thread]
 */
#ifndef JF_BASE_MONOTONIC_H
#define JF_BASE_MONOTONIC_H

#include <stdint.h>
#include <time.h>

static inline uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* 0: it has passed. */
static inline unsigned monotonic_left(uint64_t deadline)
{
    uint64_t now = monotonic_ms();
    return now < deadline ? (unsigned)(deadline - now) : 0;
}

#endif
