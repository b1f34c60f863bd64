/*
 * rates - how much clients may do.
 *
 * A plan is what a stage's configuration says; immutable. What has been used is kept in the
 * connection and in the book (rate_book.h). An IPv6 address counts as its /64.
 */
#ifndef JF_HOST_RATES_H
#define JF_HOST_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bucket.h"
#include "core/host/rate_book.h"
#include "core/parse/config.h"

struct api_key;
struct api_keys;
struct identity;
struct rate_use;
struct stage;

struct route_rate {
    jf_bytes key; /* a view of the configuration's */
    struct rate rate;
};

/* How many connections may have the same value of what the authorizer said. */
struct rate_ceiling {
    jf_bytes name;
    uint32_t connections;
};

/* Embedded in a stage's settings, hence the body. */
struct rate_plan {
    struct rate of[RATE_SCOPES][RATE_WHATS]; /* without a burst: no limit */
    struct route_rate *routes;
    size_t route_count;
    struct rate_ceiling *ceilings;
    size_t ceiling_count;
    char *texts; /* what they view */
    uint32_t connections_per_address, close_after;
    bool global;                           /* counted over all nodes that share a store */
    bool limits_messages, limits_connects; /* is there anything to look at? */
    bool shares_messages;                  /* ... that is in the book? */
};

/* A rate as the configuration has it; of one that nodes share a debt is allowed. */
void rate_take(struct rate *rate, const struct config_rate *config, bool global);

void rate_plan_init(struct rate_plan *plan, const struct config_rates *config);
void rate_plan_fini(struct rate_plan *plan);

/* Of whom it is about, where, and when. */
struct rate_ask {
    struct rate_book *book;
    const struct stage *stage;
    const struct rate_plan *plan;
    const struct api_keys *keys; /* NULL: there are none */
    uint8_t address[16];
    uint64_t now_ms;  /* by a clock that does not go back */
    uint64_t wall_ms; /* since 1970; read only where there are keys */
};

enum rate_verdict { RATE_PASS, RATE_REFUSE, RATE_CLOSE };
enum rate_reason { RATE_TOO_MUCH, RATE_OVER_QUOTA, RATE_NO_KEY };

/* The reason goes with a refusal. RATE_CLOSE: it has been refused too often in a row. */
struct rate_answer {
    enum rate_verdict verdict;
    enum rate_reason reason;
    uint64_t wait_ms; /* until it may try again */
};

/* A client asks to connect: at all; with that API key; as whom its authorizer said it is.
 * What it passes it holds until rates_leave(). *use is the connection's, made when it is
 * first needed. [home worker] */
struct rate_answer rates_connect(const struct rate_ask *ask, struct rate_use **use);
struct rate_answer rates_connect_key(const struct rate_ask *ask, struct rate_use **use,
                                     const struct api_key *key);
struct rate_answer rates_connect_as(const struct rate_ask *ask, struct rate_use **use,
                                    const struct identity *identity);

/* A message of that many octets. RATE_NO_KEY: it came with a key that there is no more.
 * [home worker] */
struct rate_answer rates_message(const struct rate_ask *ask, struct rate_use **use,
                                 jf_bytes route, size_t len);

/* Has it come with an API key? NULL is accepted. [home worker] */
bool rate_use_has_key(const struct rate_use *use);

/* The connection goes, and gives back what it holds. NULL is accepted. [home worker] */
void rates_leave(struct rate_book *book, struct rate_use *use);

#endif
