/* What a build without Redis has instead of the tally: there are no other nodes to tell. */
#include "core/relay/tally.h"

void tally_take(struct tally *tally, jf_bytes key, const struct rate *rate, uint32_t cost)
{
    (void)tally;
    (void)key;
    (void)rate;
    (void)cost;
}

void tally_spend(struct tally *tally, jf_bytes key, uint64_t keep_ms, uint32_t cost)
{
    (void)tally;
    (void)key;
    (void)keep_ms;
    (void)cost;
}

void tally_seats(struct tally *tally, jf_bytes key, uint32_t count)
{
    (void)tally;
    (void)key;
    (void)count;
}
