/* One block per stage and router, counted; what it says never changes. */
#include "core/host/settings.h"

#include <stdatomic.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"
#include "core/host/api_keys.h"
#include "core/host/rates.h"
#include "core/parse/identity_source.h"
#include "core/parse/origin.h"
#include "core/parse/schema.h"

struct settings {
    _Atomic uint32_t refs;
    jf_bytes api_id;
    struct jf_pair *variables;
    size_t variable_count;
    enum jf_way way;      /* of routes that are not in the table */
    struct table two_way; /* the keys of those that are */
    jf_bytes *origins;
    size_t origin_count;
    struct identity_source *identity;
    size_t identity_count;
    struct table models; /* schemas by route */
    struct rate_plan rates;
    struct api_keys *keys; /* NULL: none is asked for */
    size_t *plans;         /* of the keys that let in */
    size_t plan_count;
    enum config_api_key_source key_source;
    char *texts; /* what the others view */
};

static size_t texts_size(const struct config_stage *config)
{
    size_t size = strlen(config->api_id);
    for (size_t i = 0; i < config->variable_count; i++)
        size += strlen(config->variables[i].name) + strlen(config->variables[i].value);
    for (size_t i = 0; i < config->two_way_count; i++)
        size += strlen(config->two_way_keys[i]);
    for (size_t i = 0; i < config->origin_count; i++)
        size += strlen(config->origins[i]);
    for (size_t i = 0; i < config->identity_count; i++)
        size += strlen(config->identity[i]);
    for (size_t i = 0; i < config->model_count; i++)
        size += strlen(config->models[i].route);
    return size;
}

static enum jf_way usual_way(const struct config_stage *config, enum config_profile profile)
{
    switch (config->two_way) {
    case TWO_WAY_UNSAID:
        return profile == PROFILE_AWS ? JF_ONE_WAY : JF_ANY_WAY;
    case TWO_WAY_ALL:
        return JF_TWO_WAY;
    case TWO_WAY_NONE:
    case TWO_WAY_SOME:
        break;
    }
    return JF_ONE_WAY;
}

static void take_access(struct settings *settings, const struct config_stage *config,
                        char **at)
{
    settings->origins = xcalloc(config->origin_count, sizeof(*settings->origins));
    settings->identity = xcalloc(config->identity_count, sizeof(*settings->identity));
    for (size_t i = 0; i < config->origin_count; i++)
        settings->origins[settings->origin_count++] =
            bytes_keep(jf_str(config->origins[i]), at);
    for (size_t i = 0; i < config->identity_count; i++)
        CHECK(identity_source_read(bytes_keep(jf_str(config->identity[i]), at),
                                   &settings->identity[settings->identity_count++]));
}

/* They were compiled when the configuration was read, to see whether they can be. */
static void take_models(struct settings *settings, const struct config_stage *config,
                        char **at)
{
    table_init(&settings->models);
    for (size_t i = 0; i < config->model_count; i++) {
        struct schema *schema = NULL;
        struct schema_error error;
        CHECK(schema_compile(jf_str(config->models[i].schema), &schema, &error) == JF_OK);
        table_put(&settings->models, bytes_keep(jf_str(config->models[i].route), at),
                  schema);
    }
}

static void take_keys(struct settings *settings, const struct config_stage *config,
                      struct api_keys *keys)
{
    size_t count = config->plan_count;
    settings->key_source = config->api_key_source;
    settings->plan_count = count;
    settings->plans = xcalloc(count, sizeof(*settings->plans));
    for (size_t i = 0; i < count; i++)
        settings->plans[i] = config->plans[i];
    settings->keys = api_keys_ref(count ? keys : NULL);
}

struct settings *settings_new(const struct config_stage *config,
                              enum config_profile profile, struct api_keys *keys)
{
    struct settings *settings = xnew(struct settings);
    char *at = settings->texts = xalloc(texts_size(config));
    atomic_init(&settings->refs, 1);
    settings->api_id = bytes_keep(jf_str(config->api_id), &at);
    settings->variable_count = config->variable_count;
    settings->variables = xcalloc(config->variable_count, sizeof(*settings->variables));
    for (size_t i = 0; i < config->variable_count; i++) {
        settings->variables[i].name = bytes_keep(jf_str(config->variables[i].name), &at);
        settings->variables[i].value = bytes_keep(jf_str(config->variables[i].value), &at);
    }
    settings->way = usual_way(config, profile);
    table_init(&settings->two_way);
    for (size_t i = 0; i < config->two_way_count; i++)
        table_put(&settings->two_way, bytes_keep(jf_str(config->two_way_keys[i]), &at),
                  settings);
    take_access(settings, config, &at);
    take_models(settings, config, &at);
    rate_plan_init(&settings->rates, &config->rates);
    take_keys(settings, config, keys);
    return settings;
}

struct settings *settings_ref(struct settings *settings)
{
    atomic_fetch_add_explicit(&settings->refs, 1, memory_order_relaxed);
    return settings;
}

static void free_models(struct settings *settings)
{
    size_t at = 0;
    void *schema;
    while (table_next(&settings->models, &at, &schema))
        schema_free(schema);
    table_fini(&settings->models);
}

void settings_unref(struct settings *settings)
{
    if (!settings ||
        atomic_fetch_sub_explicit(&settings->refs, 1, memory_order_acq_rel) != 1)
        return;
    table_fini(&settings->two_way);
    free_models(settings);
    rate_plan_fini(&settings->rates);
    api_keys_unref(settings->keys);
    free(settings->plans);
    free(settings->origins);
    free(settings->identity);
    free(settings->variables);
    free(settings->texts);
    free(settings);
}

jf_bytes settings_api_id(const struct settings *settings)
{
    return settings->api_id;
}

const struct jf_pair *settings_variables(const struct settings *settings, size_t *count)
{
    *count = settings->variable_count;
    return settings->variables;
}

enum jf_way settings_way(const struct settings *settings, jf_bytes route)
{
    return table_find(&settings->two_way, route) ? JF_TWO_WAY : settings->way;
}

bool settings_allows_origin(const struct settings *settings, jf_bytes origin)
{
    for (size_t i = 0; i < settings->origin_count; i++) {
        if (origin_fits(settings->origins[i], origin))
            return true;
    }
    return !settings->origin_count;
}

bool settings_has_identity(const struct settings *settings,
                           const struct jf_connect *connect)
{
    for (size_t i = 0; i < settings->identity_count; i++) {
        if (!identity_source_is_there(&settings->identity[i], connect->headers,
                                      connect->header_count, connect->query,
                                      connect->query_count))
            return false;
    }
    return true;
}

bool settings_fits_model(const struct settings *settings, jf_bytes route, jf_bytes body)
{
    if (!settings->models.count)
        return true;
    const struct schema *schema = table_find(&settings->models, route);
    return !schema || schema_fits(schema, body, NULL);
}

bool settings_wants_key(const struct settings *settings)
{
    return settings->plan_count > 0;
}

const struct api_keys *settings_api_keys(const struct settings *settings)
{
    return settings->keys;
}

enum config_api_key_source settings_api_key_source(const struct settings *settings)
{
    return settings->key_source;
}

const struct api_key *settings_find_key(const struct settings *settings, jf_bytes value)
{
    const struct api_key *key = api_keys_find(settings->keys, value);
    if (!key || !key->enabled)
        return NULL;
    for (size_t i = 0; i < settings->plan_count; i++) {
        if (settings->plans[i] == key->plan)
            return key;
    }
    return NULL;
}

const struct rate_plan *settings_rates(const struct settings *settings)
{
    return &settings->rates;
}
