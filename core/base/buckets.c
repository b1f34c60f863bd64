/* A table to find them and a list by last use. With one rate for all, who was used longest
 * ago is the first to be full; with many rates that is only likely, so a few are compared.
 */
#include "core/base/buckets.h"

#include "core/base/memory.h"

#define LOOK_AT 4 /* of the oldest, when one is made: more go than come */

struct keyed {
    struct bucket bucket;
    uint64_t gain; /* of the rate at which it was last taken from */
    struct list_node by_use;
    size_t len;
    char key[];
};

static struct keyed *keyed_of(struct list_node *node)
{
    return CONTAINER_OF(node, struct keyed, by_use);
}

static jf_bytes cut(jf_bytes key)
{
    return jf_view(key.ptr, key.len < BUCKETS_KEY_MAX ? key.len : BUCKETS_KEY_MAX);
}

void buckets_init(struct buckets *buckets, size_t max)
{
    table_init(&buckets->table);
    list_init(&buckets->by_use);
    buckets->max = max ? max : 1;
    buckets->evicted = 0;
}

static void forget(struct buckets *buckets, struct keyed *keyed)
{
    table_remove(&buckets->table, jf_view(keyed->key, keyed->len));
    list_remove(&keyed->by_use);
    free(keyed);
}

void buckets_fini(struct buckets *buckets)
{
    struct list_node *node;
    while (buckets->by_use.next && (node = list_first(&buckets->by_use)))
        forget(buckets, keyed_of(node));
    table_fini(&buckets->table);
}

/* Of the oldest, forget those that are full; if that makes no room, evict the one that is
 * full first. */
static void make_room(struct buckets *buckets, uint64_t now_ms)
{
    struct keyed *fullest = NULL;
    uint64_t fullest_at_ms = 0;
    struct list_node *node = buckets->by_use.next;
    for (int i = 0; i < LOOK_AT && node != &buckets->by_use; i++) {
        struct keyed *keyed = keyed_of(node);
        node = node->next;
        uint64_t full_at_ms = bucket_full_at(&keyed->bucket, keyed->gain);
        if (full_at_ms <= now_ms) {
            forget(buckets, keyed);
        } else if (!fullest || full_at_ms < fullest_at_ms) {
            fullest = keyed;
            fullest_at_ms = full_at_ms;
        }
    }
    if (buckets->table.count < buckets->max)
        return;
    forget(buckets, fullest);
    buckets->evicted++;
}

static void make(struct buckets *buckets, jf_bytes key, struct bucket bucket, uint64_t gain)
{
    struct keyed *keyed = xalloc(sizeof(*keyed) + key.len);
    *keyed = (struct keyed){ .bucket = bucket, .gain = gain, .len = key.len };
    if (key.len)
        memcpy(keyed->key, key.ptr, key.len);
    table_put(&buckets->table, jf_view(keyed->key, key.len), keyed);
    list_append(&buckets->by_use, &keyed->by_use);
}

static uint64_t take_again(struct buckets *buckets, struct keyed *keyed,
                           const struct rate *rate, uint64_t now_ms, uint32_t cost)
{
    uint64_t wait_ms = bucket_take(&keyed->bucket, rate, now_ms, cost);
    keyed->gain = rate->gain;
    list_remove(&keyed->by_use);
    list_append(&buckets->by_use, &keyed->by_use);
    return wait_ms;
}

struct bucket *buckets_find(const struct buckets *buckets, jf_bytes key)
{
    struct keyed *keyed = table_find(&buckets->table, cut(key));
    return keyed ? &keyed->bucket : NULL;
}

uint64_t buckets_take_found(struct buckets *buckets, struct bucket *found, jf_bytes key,
                            const struct rate *rate, uint64_t now_ms, uint32_t cost)
{
    if (found)
        return take_again(buckets, CONTAINER_OF(found, struct keyed, bucket), rate, now_ms,
                          cost);
    struct bucket bucket = { 0, now_ms };
    uint64_t wait_ms = bucket_take(&bucket, rate, now_ms, cost);
    if (!bucket.missing)
        return wait_ms;
    make_room(buckets, now_ms);
    make(buckets, cut(key), bucket, rate->gain);
    return wait_ms;
}

uint64_t buckets_take(struct buckets *buckets, jf_bytes key, const struct rate *rate,
                      uint64_t now_ms, uint32_t cost)
{
    return buckets_take_found(buckets, buckets_find(buckets, key), key, rate, now_ms, cost);
}

uint64_t buckets_wait(const struct buckets *buckets, jf_bytes key, const struct rate *rate,
                      uint64_t now_ms, uint32_t cost)
{
    const struct bucket full = { 0, now_ms };
    const struct bucket *found = buckets_find(buckets, key);
    return bucket_wait(found ? found : &full, rate, now_ms, cost);
}

void buckets_learn(struct buckets *buckets, jf_bytes key, uint64_t missing, uint64_t now_ms)
{
    struct keyed *keyed = table_find(&buckets->table, cut(key));
    if (keyed)
        keyed->bucket = (struct bucket){ missing, now_ms };
}

size_t buckets_count(const struct buckets *buckets)
{
    return buckets->table.count;
}
