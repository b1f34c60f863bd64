/* One walker that reads a tree by the rows of config_table.c. On an error the half-built
 * configuration is freed as a whole; no step cleans up for itself. */
#include "core/base/memory.h"
#include "core/parse/config_access.h"
#include "core/parse/config_build.h"
#include "core/parse/config_domains.h"
#include "core/parse/config_json.h"
#include "core/parse/config_keys.h"
#include "core/parse/config_proxies.h"
#include "core/parse/config_stage.h"
#include "core/parse/config_table.h"
#include "core/parse/config_trees.h"

static bool fail_unknown(struct config_reader *r, const char *section, const char *name)
{
    char close[64], known[256] = "";
    if (*config_option_suggest(section, name, close))
        return reader_fail(r, "unknown key, did you mean \"%s\"?", close);
    size_t len = 0;
    for (size_t i = 0; i < config_option_count && len < sizeof(known); i++) {
        const struct config_option *option = &config_options[i];
        if (strcmp(option->section, section) == 0)
            len += (size_t)snprintf(known + len, sizeof(known) - len, "%s%s",
                                    len ? ", " : "", option->name);
    }
    return reader_fail(r, "unknown key; known here are %s", known);
}

static bool read_number(struct config_reader *r, const struct config_option *option,
                        const cJSON *node, uint64_t *out)
{
    if (!cJSON_IsNumber(node))
        return reader_fail(r, "must be a whole number, not %s", reader_type_name(node));
    double value = node->valuedouble;
    if (value < (double)option->low || value > (double)option->high) {
        char values[128];
        return reader_fail(r, "must be within %s, not %.15g",
                           config_option_values(option, values), value);
    }
    if (value != (double)(uint64_t)value)
        return reader_fail(r, "must be a whole number, not %.15g", value);
    *out = (uint64_t)value;
    return true;
}

static bool read_count(struct config_reader *r, const struct config_option *option,
                       const cJSON *node, void *slot)
{
    uint64_t number = 0;
    if (!read_number(r, option, node, &number))
        return false;
    uint32_t narrow = (uint32_t)number;
    CHECK(option->size == sizeof(number) || option->size == sizeof(narrow));
    if (option->size == sizeof(number))
        memcpy(slot, &number, sizeof(number));
    else
        memcpy(slot, &narrow, sizeof(narrow));
    return true;
}

static bool read_word(struct config_reader *r, const struct config_option *option,
                      const cJSON *node, unsigned *out)
{
    const char *text = NULL;
    char quoted[LOG_QUOTED_MAX], values[128];
    if (!reader_text(r, node, &text))
        return false;
    for (unsigned i = 0; option->choices[i]; i++) {
        if (strcmp(option->choices[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    config_option_values(option, values);
    if (option->type == CONFIG_WORD)
        return reader_fail(r, "%s is not in this build, which has: %s",
                           reader_shown(text, quoted), values);
    return reader_fail(r, "must be one of %s, not %s", values, reader_shown(text, quoted));
}

/* At the top level, "route" and "plugins" are those of the stage "$default". */
static struct config_stage *stage_of(struct config_reader *r,
                                     const struct config_option *option, void *base)
{
    return *option->section ? base : config_stage_default(r->config);
}

/* What is more than one value, or more than its row says. */
static bool read_tree(struct config_reader *r, const struct config_option *option,
                      const cJSON *node, void *base)
{
    switch (option->type) {
    case CONFIG_SECTION:
        return config_read_object(r, node, option->name, base);
    case CONFIG_STAGES:
        return tree_read_stages(r, node);
    case CONFIG_STATICS:
        return tree_read_statics(r, node);
    case CONFIG_ROUTE:
        return tree_read_route(r, node, stage_of(r, option, base));
    case CONFIG_PLUGINS:
        return tree_read_plugins(r, node, stage_of(r, option, base));
    case CONFIG_OPTIONS:
        return tree_read_options(r, node, base);
    case CONFIG_RENAMES:
        return tree_read_renames(r, node, base);
    case CONFIG_ACCESS_KEYS:
        return tree_read_access_keys(r, node);
    case CONFIG_TOKENS:
        return tree_read_tokens(r, node);
    case CONFIG_DOMAINS:
        return domains_read(r, node);
    case CONFIG_ORIGINS:
        return access_read_origins(r, node, base);
    case CONFIG_IDENTITY:
        return access_read_identity(r, node, base);
    case CONFIG_MODELS:
        return access_read_models(r, node, base);
    case CONFIG_RATES:
        return access_read_rates(r, node, base);
    case CONFIG_USAGE_PLANS:
        return true; /* read_root() has read them */
    case CONFIG_API_KEYS:
        return keys_read(r, node);
    case CONFIG_STAGE_PLANS:
        return keys_read_stage_plans(r, node, base);
    case CONFIG_KEY_VALUE:
        return keys_read_value(r, node, base);
    case CONFIG_KEY_SHA256:
        return keys_read_sha256(r, node, base);
    case CONFIG_KEY_PLAN:
        return keys_read_plan(r, node, base);
    case CONFIG_TWO_WAY:
        return stage_read_two_way(r, node, base);
    case CONFIG_STAGE_LIMITS:
        return config_read_object(r, node, CONFIG_IN_STAGE_LIMITS, base);
    case CONFIG_PROXIES:
        return proxies_read(r, node);
    case CONFIG_API_ID:
        return stage_read_api_id(r, node, base);
    case CONFIG_VARIABLES:
        return stage_read_variables(r, node, base);
    default:
        return false;
    }
}

/* `base` is the struct that the option's section describes. */
static bool read_value(struct config_reader *r, const struct config_option *option,
                       const cJSON *node, void *base)
{
    void *slot = (char *)base + option->offset;
    const char *text = NULL;
    unsigned index = 0;
    switch (option->type) {
    case CONFIG_NUMBER:
        return read_number(r, option, node, slot);
    case CONFIG_CHOICE:
    case CONFIG_STAGE_CHOICE:
        if (!read_word(r, option, node, &index))
            return false;
        config_set_choice(base, option, index);
        return true;
    case CONFIG_WORD:
        if (!read_word(r, option, node, &index))
            return false;
        config_set_text(slot, option->choices[index]);
        return true;
    case CONFIG_TEXT:
        if (!reader_text(r, node, &text))
            return false;
        config_set_text(slot, text);
        return true;
    case CONFIG_FILE:
        return reader_file(r, node, slot);
    case CONFIG_RATE:
        return access_read_rate(r, node, slot);
    case CONFIG_COUNT:
        return read_count(r, option, node, slot);
    case CONFIG_FLAG:
        return reader_flag(r, node, slot);
    case CONFIG_OVERRIDE:
        return read_number(r, config_option_find("limits", option->name), node, slot);
    default:
        return read_tree(r, option, node, base);
    }
}

bool config_read_object(struct config_reader *r, const cJSON *node, const char *section,
                        void *base)
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        const struct config_option *option = config_option_find(section, child->string);
        if (!option)
            return fail_unknown(r, section, child->string);
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!read_value(r, option, child, base))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

/* Before anything is read, since all else is read over its defaults. A profile nobody knows
 * is left for config_read_object() to complain about. */
static enum config_profile profile_of(const cJSON *root)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(root, "profile");
    bool aws = cJSON_IsString(node) && strcmp(node->valuestring, "aws") == 0;
    return aws ? PROFILE_AWS : PROFILE_JACKFIELD;
}

/* Before the rest too, since keys and stages name plans, wherever they stand. */
static bool read_plans(struct config_reader *r, const cJSON *root)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(root, "usage_plans");
    if (!node)
        return true;
    size_t mark = reader_descend(r, node->string);
    if (!keys_read_plans(r, node))
        return false;
    reader_climb(r, mark);
    return true;
}

static bool read_root(struct config_reader *r, const cJSON *root)
{
    if (!cJSON_IsObject(root))
        return reader_fail(r, "a configuration is an object, not %s",
                           reader_type_name(root));
    if (cJSON_GetObjectItemCaseSensitive(root, "stages")) {
        static const char *const single[] = { "plugins", "route" };
        for (size_t i = 0; i < 2; i++) {
            if (cJSON_GetObjectItemCaseSensitive(root, single[i])) {
                reader_descend(r, single[i]);
                return reader_fail(
                    r, "choose one: \"plugins\" and \"route\" here make the one stage "
                       "\"$default\", which \"stages\" can name itself");
            }
        }
    }
    config_preset(r->config, profile_of(root));
    if (!read_plans(r, root) || !config_read_object(r, root, "", r->config))
        return false;
    config_settle(r->config);
    return true;
}

int config_parse(jf_bytes text, const char *folder, struct config **out,
                 struct config_error *error)
{
    cJSON *root = NULL;
    int status = config_json_read(text, &root, error);
    if (status < 0)
        return status;
    struct config_reader r = { .config = xnew(struct config),
                               .folder = folder,
                               .error = error };
    if (read_root(&r, root)) {
        *out = r.config;
    } else {
        config_free(r.config);
        status = JF_E_INVALID;
    }
    cJSON_Delete(root);
    return status;
}
