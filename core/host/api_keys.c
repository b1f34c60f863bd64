/* Two tables over one array. */
#include "core/host/api_keys.h"

#include <stdatomic.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"
#include "core/host/rates.h"
#include "core/parse/config.h"

struct entry {
    struct api_key key;
    uint8_t digest[CONFIG_DIGEST];
};

struct api_keys {
    _Atomic uint32_t refs;
    struct table by_digest, by_id;
    struct entry *entries;
    struct usage_plan *plans;
    char *ids; /* what the keys view */
};

static void take_plans(struct api_keys *keys, const struct config *config)
{
    keys->plans = xcalloc(config->usage_plan_count, sizeof(*keys->plans));
    for (size_t i = 0; i < config->usage_plan_count; i++) {
        const struct config_usage_plan *from = &config->usage_plans[i];
        struct usage_plan *plan = &keys->plans[i];
        rate_take(&plan->rates[RATE_MESSAGES], &from->messages, true);
        rate_take(&plan->rates[RATE_BYTES], &from->bytes, true);
        rate_take(&plan->rates[RATE_CONNECTS], &from->connects, true);
        plan->connections = from->connections;
        plan->quota = from->quota;
    }
}

static void take_keys(struct api_keys *keys, const struct config *config)
{
    size_t size = 0;
    for (size_t i = 0; i < config->api_key_count; i++)
        size += strlen(config->api_keys[i].id);
    char *at = keys->ids = xalloc(size);
    keys->entries = xcalloc(config->api_key_count, sizeof(*keys->entries));
    for (size_t i = 0; i < config->api_key_count; i++) {
        const struct config_api_key *from = &config->api_keys[i];
        struct entry *entry = &keys->entries[i];
        entry->key = (struct api_key){ bytes_keep(jf_str(from->id), &at), from->plan,
                                       from->enabled };
        memcpy(entry->digest, from->digest, sizeof(entry->digest));
        table_put(&keys->by_digest, jf_view(entry->digest, sizeof(entry->digest)), entry);
        table_put(&keys->by_id, entry->key.id, entry);
    }
}

struct api_keys *api_keys_new(const struct config *config)
{
    if (!config->api_key_count)
        return NULL;
    struct api_keys *keys = xnew(struct api_keys);
    atomic_init(&keys->refs, 1);
    table_init(&keys->by_digest);
    table_init(&keys->by_id);
    take_plans(keys, config);
    take_keys(keys, config);
    return keys;
}

struct api_keys *api_keys_ref(struct api_keys *keys)
{
    if (keys)
        atomic_fetch_add_explicit(&keys->refs, 1, memory_order_relaxed);
    return keys;
}

void api_keys_unref(struct api_keys *keys)
{
    if (!keys || atomic_fetch_sub_explicit(&keys->refs, 1, memory_order_acq_rel) != 1)
        return;
    table_fini(&keys->by_digest);
    table_fini(&keys->by_id);
    free(keys->entries);
    free(keys->plans);
    free(keys->ids);
    free(keys);
}

static const struct api_key *key_of(const struct entry *entry)
{
    return entry ? &entry->key : NULL;
}

const struct api_key *api_keys_find(const struct api_keys *keys, jf_bytes value)
{
    uint8_t digest[CONFIG_DIGEST];
    if (!keys)
        return NULL;
    config_key_digest(value, digest);
    return key_of(table_find(&keys->by_digest, jf_view(digest, sizeof(digest))));
}

const struct api_key *api_keys_named(const struct api_keys *keys, jf_bytes id)
{
    return keys ? key_of(table_find(&keys->by_id, id)) : NULL;
}

const struct usage_plan *api_keys_plan(const struct api_keys *keys,
                                       const struct api_key *key)
{
    return &keys->plans[key->plan];
}
