/*
 * store_redis - what only the Redis kind can tell about itself.
 */
#ifndef JF_STORE_STORE_REDIS_H
#define JF_STORE_STORE_REDIS_H

#include <stdbool.h>

#include "core/store/store.h"

/* Is all that this store's node knows of its connections known to be in Redis? */
bool store_redis_is_true(const struct store *store);

/* Has the node's number become another one's? [any thread] */
bool store_redis_is_fenced(const struct store_shared *shared);

#endif
