/*
 * table - a hash table keyed by bytes.
 *
 * The hash is SipHash-like keyed mixing with a random seed per table, so that strangers
 * cannot choose colliding keys. Keys and values belong to the caller and must outlive their
 * entry: usually the key lies inside the value. No locks. A zeroed table is an empty one.
 */
#ifndef JF_BASE_TABLE_H
#define JF_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

struct table_entry;

/* Embedded by its owner, hence the body. */
struct table {
    struct table_entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    uint64_t seed[2];
};

void table_init(struct table *table);

/* Releases the table, not what is in it. */
void table_fini(struct table *table);

/* The value, or NULL. */
void *table_find(const struct table *table, jf_bytes key);

/* Add, or replace the value of an equal key (the key view is replaced too). */
void table_put(struct table *table, jf_bytes key, void *value);

/* Remove and return the value; NULL if there was none. */
void *table_remove(struct table *table, jf_bytes key);

/* Walk: start with *at = 0; false when there is no more. Do not change the table
 * meanwhile. */
bool table_next(const struct table *table, size_t *at, void **value);

#endif
