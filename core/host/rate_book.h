/*
 * rate_book - what has been used, and by whom.
 *
 * A page for each stage and one for API keys, which count whatever stage they are used on.
 * The workers share the pages behind a lock each. A full bucket is none at all, so nothing
 * is kept of who is quiet, and there are no timers. Between nodes that share a store it is
 * told what is used here, and learned what is used elsewhere (core/relay/tally.h).
 */
#ifndef JF_HOST_RATE_BOOK_H
#define JF_HOST_RATE_BOOK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/base/buckets.h"
#include "core/base/table.h"
#include "core/relay/tally.h"

struct rate_book;
struct stage;

enum rate_what { RATE_MESSAGES, RATE_BYTES, RATE_CONNECTS, RATE_WHATS };

/* Who is counted; the letters are part of the keys that nodes share. */
enum rate_who { WHO_STAGE = 's', WHO_ADDRESS = 'a', WHO_KEY = 'k', WHO_ATTRIBUTE = 'x' };

/* How many connections somebody has. */
struct rate_seat {
    uint32_t count;
    uint64_t others; /* on other nodes, as far as is known */
    enum rate_who who;
    bool shared; /* with other nodes */
    size_t len;
    char name[];
};

/* How many requests an API key has made. */
struct rate_quota {
    uint64_t day; /* since 1970, UTC */
    uint64_t used;
    size_t len;
    char id[];
};

/* rates.c works on it, hence the body. All but `stage` under its lock. */
struct rate_page {
    pthread_mutex_t lock;
    jf_bytes stage; /* its name; of the page of API keys: empty */
    struct bucket whole[RATE_WHATS];
    struct buckets by[RATE_WHATS]; /* by address; by the key's id */
    struct table seats, quotas;
};

/* [main thread] */
struct rate_book *rate_book_new(void);
void rate_book_free(struct rate_book *book); /* NULL is accepted */

/* From now on what is used is told there; NULL: no more. While no worker runs.
 * [main thread] */
void rate_book_share(struct rate_book *book, struct tally *tally);

/* Of a stage, or with NULL of API keys; it stays. [any thread] */
struct rate_page *rate_book_page(struct rate_book *book, const struct stage *stage);

/* Buckets that had to be forgotten before they were full. [any thread] */
uint64_t rate_book_evicted(struct rate_book *book);

/* The rest with the page's lock held. [any thread] */

/* One more connection, or NULL: there are `max` already. A name counts by its first
 * RATE_NAME_MAX octets. `shared`: those of other nodes count too. */
#define RATE_NAME_MAX 256
struct rate_seat *rate_page_sit(struct rate_book *book, struct rate_page *page,
                                enum rate_who who, jf_bytes name, uint32_t max,
                                bool shared);
void rate_page_rise(struct rate_book *book, struct rate_page *page, struct rate_seat *seat);

/* What a key has used on that day; made if there is none. */
struct rate_quota *rate_page_quota(struct rate_page *page, jf_bytes id, uint64_t day);

/* Tell the other nodes that so much was taken. */
void rate_book_tell_taken(struct rate_book *book, const struct rate_page *page,
                          enum rate_what what, enum rate_who who, jf_bytes name,
                          const struct rate *rate, uint32_t cost);
void rate_book_tell_spent(struct rate_book *book, const struct rate_quota *quota);

/* What they have told: a tally_known of this node's, but for the time. Holds no lock.
 * [any thread] */
void rate_book_learn(struct rate_book *book, enum tally_kind kind, jf_bytes key,
                     uint64_t number, uint64_t now_ms);

#endif
