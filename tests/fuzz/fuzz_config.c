/* Configuration: any text is read, or refused with a reason and a place in it. What is read
 * keeps the promises of its option table, and reading is a function of the text alone. */
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/parse/config.h"
#include "core/parse/selector.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void same_error(const struct config_error *one, const struct config_error *two)
{
    CHECK(one->line == two->line && one->column == two->column);
    CHECK(strcmp(one->text, two->text) == 0);
}

static void refused(jf_bytes text, const struct config_error *error)
{
    size_t len = strnlen(error->text, sizeof(error->text));
    CHECK(len > 0 && len < sizeof(error->text));
    CHECK(!error->line == !error->column);
    CHECK(error->line <= text.len + 1 && error->column <= text.len + 1);
    /* An error goes to a terminal or a log: nothing in it may be a control character. */
    for (size_t i = 0; i < len; i++)
        CHECK((unsigned char)error->text[i] >= ' ' && error->text[i] != 127);
}

static void sound_plugin(const struct config_plugin *plugin)
{
    CHECK(plugin->file && *plugin->file);
    CHECK(plugin->options[0] == '{');
    for (size_t i = 0; i < plugin->rename_count; i++)
        CHECK(*plugin->renames[i].key && *plugin->renames[i].name);
}

static void sound_keys(const struct config *config)
{
    CHECK(config->usage_plan_count <= 100 && config->api_key_count <= 10000);
    for (size_t i = 0; i < config->usage_plan_count; i++) {
        const struct config_usage_plan *plan = &config->usage_plans[i];
        CHECK(*plan->name && strlen(plan->name) <= 64);
        CHECK(plan->connections <= 1000000 && plan->quota <= 1000000000);
        CHECK(!plan->messages.burst == !plan->messages.per_second_milli);
    }
    for (size_t i = 0; i < config->api_key_count; i++) {
        const struct config_api_key *key = &config->api_keys[i];
        CHECK(*key->id && strlen(key->id) <= 64 && key->plan < config->usage_plan_count);
    }
}

static void sound_access(const struct config *config, const struct config_stage *stage)
{
    const struct config_rates *rates = &stage->rates;
    CHECK(stage->plan_count <= config->usage_plan_count);
    CHECK(stage->plan_count || stage->api_key_source == API_KEY_HEADER);
    for (size_t i = 0; i < stage->plan_count; i++)
        CHECK(stage->plans[i] < config->usage_plan_count);
    CHECK(rates->ceiling_count <= 16);
    for (size_t i = 0; i < rates->ceiling_count; i++)
        CHECK(*rates->ceilings[i].name && rates->ceilings[i].connections);
}

static void sound_stage(const struct config_stage *stage)
{
    struct selector *selector;
    struct selector_error error;
    CHECK(*stage->name && strlen(stage->name) <= 128);
    CHECK(selector_compile(jf_str(stage->route), &selector, &error) == JF_OK);
    selector_free(selector);
    for (size_t i = 0; i < stage->plugin_count; i++)
        sound_plugin(&stage->plugins[i]);
}

static void sound(const struct config *config)
{
    const struct config_limits *limits = &config->limits;
    CHECK(config->profile <= PROFILE_AWS && config->slow_reader <= SLOW_DROP_OLDEST);
    CHECK(config->log_level <= JF_DEBUG && config->workers <= 64);
    CHECK(*config->listen_host && config->listen_port <= 65535);
    CHECK(strcmp(config->store.kind, "memory") == 0 ||
          strcmp(config->store.kind, "redis") == 0);
    CHECK(config->store.url && config->store.prefix && config->store.cluster);
    CHECK(limits->message_bytes >= 1 && limits->message_bytes <= 64u << 20);
    CHECK(limits->frame_bytes >= 1 && limits->frame_bytes <= 64u << 20);
    CHECK(limits->connections >= 1 && limits->connections <= 1u << 24);
    CHECK(limits->event_ms >= 50 && limits->event_ms <= 3600000);
    for (size_t i = 0; i < config->stage_count; i++) {
        sound_stage(&config->stages[i]);
        sound_access(config, &config->stages[i]);
    }
    sound_keys(config);
    for (size_t i = 0; i < config->static_count; i++)
        CHECK(config->statics[i].path[0] == '/' && *config->statics[i].folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL, *twin = NULL;
    struct config_error error = { 0, 0, "" }, again = { 0, 0, "" };
    jf_bytes text = jf_view(data, size);
    int status = config_parse(text, "/folder", &config, &error);
    CHECK(config_parse(text, NULL, &twin, &again) == status);
    if (status != JF_OK) {
        CHECK(status == JF_E_INVALID && !config && !twin);
        refused(text, &error);
        same_error(&error, &again);
        return 0;
    }
    sound(config);
    CHECK(config->stage_count == twin->stage_count);
    if (config_check(config, &error) == JF_OK)
        CHECK(config->stage_count > 0 && config->stages[0].plugin_count > 0);
    else
        refused(text, &error);
    (void)config_set_listen(config, text);
    sound(config);
    config_free(config);
    config_free(twin);
    return 0;
}
