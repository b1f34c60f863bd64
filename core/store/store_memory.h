/*
 * store_memory - what only the memory kind can tell about itself.
 */
#ifndef JF_STORE_STORE_MEMORY_H
#define JF_STORE_STORE_MEMORY_H

#include "core/store/store.h"

/* How many records of connections and groups there are; 0 when all is forgotten.
 * [any thread] */
size_t store_memory_size(struct store_shared *shared);

#endif
