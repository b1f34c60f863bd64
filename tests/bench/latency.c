/* Reading the histogram; filling it is in the header, since every message does it. */
#include "tests/bench/latency.h"

double latency_percentile(const struct latency *latency, double share)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < 64 * LATENCY_STEPS; i++) {
        seen += latency->counts[i];
        if (!seen || (double)seen < (double)latency->total * share)
            continue;
        unsigned power = i / LATENCY_STEPS;
        uint64_t step = i % LATENCY_STEPS;
        return (double)((1ull << power) + (step << (power - 6))) / 1000.0;
    }
    return 0;
}
