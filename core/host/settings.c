/* One block per stage and router, counted; what it says never changes. */
#include "core/host/settings.h"

#include <stdatomic.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"

struct settings {
    _Atomic uint32_t refs;
    jf_bytes api_id;
    struct jf_pair *variables;
    size_t variable_count;
    enum jf_way way;      /* of routes that are not in the table */
    struct table two_way; /* the keys of those that are */
    char *texts;          /* what the others view */
};

static size_t texts_size(const struct config_stage *config)
{
    size_t size = strlen(config->api_id);
    for (size_t i = 0; i < config->variable_count; i++)
        size += strlen(config->variables[i].name) + strlen(config->variables[i].value);
    for (size_t i = 0; i < config->two_way_count; i++)
        size += strlen(config->two_way_keys[i]);
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

struct settings *settings_new(const struct config_stage *config,
                              enum config_profile profile)
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
    return settings;
}

struct settings *settings_ref(struct settings *settings)
{
    atomic_fetch_add_explicit(&settings->refs, 1, memory_order_relaxed);
    return settings;
}

void settings_unref(struct settings *settings)
{
    if (!settings ||
        atomic_fetch_sub_explicit(&settings->refs, 1, memory_order_acq_rel) != 1)
        return;
    table_fini(&settings->two_way);
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
