/*
 * rates - how much clients may do, and how much they have done.
 *
 * A plan is what a stage's configuration says; immutable. What has been used is kept in the
 * connection, and, by address and for the whole stage, in a book that the workers share
 * behind a lock per stage. A full bucket is none at all, so nothing is kept of who is
 * quiet, and there are no timers. An IPv6 address counts as its /64. Each node counts for
 * itself.
 */
#ifndef JF_HOST_RATES_H
#define JF_HOST_RATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/bucket.h"
#include "core/parse/config.h"

struct rates;
struct rate_use;
struct stage;

struct route_rate {
    jf_bytes key; /* a view of the configuration's */
    struct rate rate;
};

/* Embedded in a stage's settings, hence the body. */
struct rate_plan {
    struct rate messages[RATE_SCOPES], bytes[RATE_SCOPES], connects[RATE_SCOPES];
    struct route_rate *routes;
    char *keys; /* what they view */
    size_t route_count;
    uint32_t connections_per_address, close_after;
    bool limits_messages, limits_connects; /* is there anything to look at? */
    bool shares_messages;                  /* ... that is in the book? */
};

void rate_plan_init(struct rate_plan *plan, const struct config_rates *config);
void rate_plan_fini(struct rate_plan *plan);

/* The book. [main thread] */
struct rates *rates_new(void);
void rates_free(struct rates *rates); /* NULL is accepted */

/* A client at this address asks to connect to the stage. 0: it may, and counts until
 * rates_leave(). Else so many milliseconds until it may try again. [any thread] */
uint64_t rates_connect(struct rates *rates, const struct stage *stage,
                       const struct rate_plan *plan, const uint8_t address[16],
                       uint64_t now_ms);
void rates_leave(struct rates *rates, const struct stage *stage, const uint8_t address[16]);

enum rate_verdict { RATE_PASS, RATE_REFUSE, RATE_CLOSE };

/* A message of that many octets. *use is the connection's, made when it is first needed.
 * RATE_CLOSE: it has been refused too often in a row. [home worker] */
enum rate_verdict rates_message(struct rates *rates, const struct stage *stage,
                                const struct rate_plan *plan, struct rate_use **use,
                                const uint8_t address[16], jf_bytes route, size_t len,
                                uint64_t now_ms);

void rate_use_free(struct rate_use *use); /* NULL is accepted */

/* Buckets of addresses that had to be forgotten before they were full. [any thread] */
uint64_t rates_evicted(struct rates *rates);

#endif
