/*
 * api_keys - the API keys of a configuration, and what their usage plans allow.
 *
 * Only digests of keys are kept, and a key is found by its digest, so how long that takes
 * tells nothing of the keys there are. Made with a router, held by the settings of its
 * stages; immutable. [any thread]
 */
#ifndef JF_HOST_API_KEYS_H
#define JF_HOST_API_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/bucket.h"
#include "core/host/rate_book.h"
#include "sdk/jackfield.h"

struct api_keys;
struct config;

/* Where the configuration says nothing, there is no limit: a rate without a burst, 0. */
struct usage_plan {
    struct rate rates[RATE_WHATS]; /* of all connections with the key together */
    uint32_t connections;          /* at a time */
    uint64_t quota;                /* connects and messages in a day, UTC */
};

struct api_key {
    jf_bytes id;
    size_t plan; /* its place in the configuration */
    bool enabled;
};

/* One reference; NULL: there are none in the configuration. */
struct api_keys *api_keys_new(const struct config *config);
struct api_keys *api_keys_ref(struct api_keys *keys); /* NULL is accepted */
void api_keys_unref(struct api_keys *keys);           /* NULL is accepted */

/* By its value, as a client shows it; by its id. NULL: there is none. */
const struct api_key *api_keys_find(const struct api_keys *keys, jf_bytes value);
const struct api_key *api_keys_named(const struct api_keys *keys, jf_bytes id);

const struct usage_plan *api_keys_plan(const struct api_keys *keys,
                                       const struct api_key *key);

#endif
