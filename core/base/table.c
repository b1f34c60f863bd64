/* Open addressing, linear probing, no tombstones: a removal shifts the followers back, so a
 * table that has lived for months is as fast as a new one. */
#include "core/base/table.h"

#include <stdlib.h>

#include "core/base/memory.h"
#include "core/base/random.h"

struct table_entry {
    jf_bytes key;
    void *value; /* NULL: empty */
    uint64_t hash;
};

static inline uint64_t rotl(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

/* SipHash-1-3 (Aumasson and Bernstein), the variant hash tables use. */
static uint64_t hash_of(const struct table *table, jf_bytes key)
{
    uint64_t v[4] = { table->seed[0] ^ 0x736f6d6570736575ULL,
                      table->seed[1] ^ 0x646f72616e646f6dULL,
                      table->seed[0] ^ 0x6c7967656e657261ULL,
                      table->seed[1] ^ 0x7465646279746573ULL };
    uint64_t word;
    size_t at = 0;
    for (; at + 8 <= key.len; at += 8) {
        memcpy(&word, key.ptr + at, 8);
        sip_word(v, word);
    }
    word = (uint64_t)key.len << 56;
    for (size_t i = 0; at + i < key.len; i++)
        word |= (uint64_t)(uint8_t)key.ptr[at + i] << (8 * i);
    sip_word(v, word);
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void table_init(struct table *table)
{
    *table = (struct table){ 0 };
    random_fill(table->seed, sizeof(table->seed));
}

void table_fini(struct table *table)
{
    free(table->entries);
    *table = (struct table){ 0 };
}

/* The entry of the key, or the empty one where it would go. */
static struct table_entry *locate(const struct table *table, jf_bytes key, uint64_t hash)
{
    size_t mask = table->capacity - 1;
    for (size_t at = hash & mask;; at = (at + 1) & mask) {
        struct table_entry *entry = &table->entries[at];
        if (!entry->value || (entry->hash == hash && jf_same(entry->key, key)))
            return entry;
    }
}

void *table_find(const struct table *table, jf_bytes key)
{
    if (!table->count)
        return NULL;
    return locate(table, key, hash_of(table, key))->value;
}

static void grow(struct table *table)
{
    struct table old = *table;
    table->capacity = old.capacity ? old.capacity * 2 : 8;
    table->entries = xcalloc(table->capacity, sizeof(*table->entries));
    for (size_t i = 0; i < old.capacity; i++) {
        struct table_entry *entry = &old.entries[i];
        if (entry->value)
            *locate(table, entry->key, entry->hash) = *entry;
    }
    free(old.entries);
}

void table_put(struct table *table, jf_bytes key, void *value)
{
    CHECK(value);
    if (!table->capacity && !table->seed[0] && !table->seed[1])
        table_init(table);
    if (table->count * 4 >= table->capacity * 3)
        grow(table);
    uint64_t hash = hash_of(table, key);
    struct table_entry *entry = locate(table, key, hash);
    if (!entry->value)
        table->count++;
    *entry = (struct table_entry){ key, value, hash };
}

/* Close the gap at `hole`: whoever probed past it moves back. */
static void shift_back(struct table *table, size_t hole)
{
    size_t mask = table->capacity - 1;
    for (size_t at = (hole + 1) & mask; table->entries[at].value; at = (at + 1) & mask) {
        size_t home = table->entries[at].hash & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            table->entries[hole] = table->entries[at];
            hole = at;
        }
    }
    table->entries[hole].value = NULL;
}

void *table_remove(struct table *table, jf_bytes key)
{
    if (!table->count)
        return NULL;
    struct table_entry *entry = locate(table, key, hash_of(table, key));
    void *value = entry->value;
    if (value) {
        shift_back(table, (size_t)(entry - table->entries));
        table->count--;
    }
    return value;
}

bool table_next(const struct table *table, size_t *at, void **value)
{
    while (*at < table->capacity) {
        struct table_entry *entry = &table->entries[(*at)++];
        if (entry->value) {
            *value = entry->value;
            return true;
        }
    }
    return false;
}
