/*
 * latency - a histogram of nanoseconds with 64 steps per power of two, so that a percentile
 * is right to 1.6 %.
 */
#ifndef JF_BENCH_LATENCY_H
#define JF_BENCH_LATENCY_H

#include <stdint.h>

#define LATENCY_STEPS 64

struct latency {
    uint64_t counts[64 * LATENCY_STEPS];
    uint64_t total;
};

static inline void latency_add(struct latency *latency, uint64_t ns)
{
    if (ns < LATENCY_STEPS)
        ns = LATENCY_STEPS;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns);
    uint64_t step = (ns >> (power - 6)) & (LATENCY_STEPS - 1);
    latency->counts[power * LATENCY_STEPS + step]++;
    latency->total++;
}

/* In microseconds; `share` is 0.5 for the median. 0 if nothing was measured. */
double latency_percentile(const struct latency *latency, double share);

#endif
