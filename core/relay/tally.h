/*
 * tally - what all nodes together have used.
 *
 * Limits that nodes share: of buckets, of quotas, of connections at a time. Each node goes
 * by what it knows, at once; here it tells Redis what has been used, and learns what that
 * makes with what the others have. The first use of a key is told at once, later ones every
 * TALLY_EVERY_MS at most, many keys in one command.
 *
 * While Redis is away each node goes on by itself. What was taken from buckets meanwhile is
 * forgotten, since they have refilled; what was spent of quotas, and how many connections
 * there are, is told when it is back. A quota of which the answer was lost is told again,
 * and may count twice.
 *
 * A use that is told is one that was granted: nothing here refuses anything. [home thread,
 * but for what says otherwise]
 */
#ifndef JF_RELAY_TALLY_H
#define JF_RELAY_TALLY_H

#include <stdint.h>

#include "core/base/bucket.h"
#include "sdk/jackfield.h"

#define TALLY_EVERY_MS 100
#define TALLY_MAX 65536   /* keys in use; of more than that nothing is told */
#define TALLY_KEY_MAX 512 /* octets of one, likewise */

struct loop;
struct redis_url;
struct tally;

enum tally_kind { TALLY_BUCKET, TALLY_QUOTA, TALLY_SEATS, TALLY_KINDS };

struct tally_options {
    const struct redis_url *url;
    const char *prefix; /* of every key */
    unsigned timeout_ms;
    unsigned stale_ms; /* a node that says nothing for so long has no connections */
};

/* What Redis says of a key, with what has been used here since it was asked: the millionths
 * of a token that are missing in a bucket; what is used of a quota; how many connections
 * all others have. May use the tally, but not close it. [home thread] */
typedef void tally_known(void *data, enum tally_kind kind, jf_bytes key, uint64_t number);

/* URL and prefix outlive it. It opens whether Redis is there or not. */
int tally_open(struct loop *loop, const struct tally_options *options, tally_known *known,
               void *data, struct tally **out);

/* Nobody uses it any more. Tells what is left, and that this node has no connections, if
 * that takes no longer than `patience_ms`. NULL is accepted. */
void tally_close(struct tally *tally, unsigned patience_ms);

/* So many tokens were taken from a bucket with that rate. [any thread] */
void tally_take(struct tally *tally, jf_bytes key, const struct rate *rate, uint32_t cost);

/* So much was spent of a quota, which Redis keeps for so long from when it is begun.
 * [any thread] */
void tally_spend(struct tally *tally, jf_bytes key, uint64_t keep_ms, uint32_t cost);

/* So many connections this node has; 0: none any more. [any thread] */
void tally_seats(struct tally *tally, jf_bytes key, uint32_t count);

struct tally_counts {
    uint64_t told;   /* keys, as often as Redis has answered for one */
    uint64_t failed; /* as often as it has not */
    uint64_t untold; /* uses beyond TALLY_MAX or TALLY_KEY_MAX */
};

void tally_count(struct tally *tally, struct tally_counts *out); /* [any thread] */

#endif
