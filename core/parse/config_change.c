/* Two configurations side by side: what a running host can take over, and what it cannot.
 */
#include <stdio.h>
#include <string.h>

#include "core/parse/config.h"
#include "core/parse/config_table.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static const void *member(const struct config *config, const struct config_option *option)
{
    return (const char *)config + option->offset;
}

static const char *text_of(const struct config *config, const struct config_option *option)
{
    char *text;
    memcpy(&text, member(config, option), sizeof(text));
    return text;
}

static bool same_statics(const struct config *a, const struct config *b)
{
    if (a->static_count != b->static_count)
        return false;
    for (size_t i = 0; i < a->static_count; i++) {
        if (!same_text(a->statics[i].path, b->statics[i].path) ||
            !same_text(a->statics[i].folder, b->statics[i].folder))
            return false;
    }
    return true;
}

static bool same_value(const struct config_option *option, const struct config *a,
                       const struct config *b)
{
    switch (option->type) {
    case CONFIG_NUMBER:
    case CONFIG_CHOICE:
        return memcmp(member(a, option), member(b, option), option->size) == 0;
    case CONFIG_WORD:
    case CONFIG_TEXT:
    case CONFIG_FILE:
        return same_text(text_of(a, option), text_of(b, option));
    case CONFIG_STATICS:
        return same_statics(a, b);
    default:
        return true;
    }
}

static const struct config_stage *find_stage(const struct config *config, const char *name)
{
    for (size_t i = 0; i < config->stage_count; i++) {
        if (strcmp(config->stages[i].name, name) == 0)
            return &config->stages[i];
    }
    return NULL;
}

static int refuse(struct config_error *error, const char *section, const char *name)
{
    error->line = error->column = 0;
    snprintf(
        error->text, sizeof(error->text),
        "%s%s%s cannot change while the host runs: restart it, or put back what it was "
        "started with",
        section, *section ? "." : "", name);
    return JF_E_INVALID;
}

int config_check_change(const struct config *old, const struct config *new,
                        struct config_error *error)
{
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        if (config_option_is_fixed(option) && !same_value(option, old, new))
            return refuse(error, option->section, option->name);
    }
    for (size_t i = 0; i < old->stage_count; i++) { /* connections may be on it */
        if (!find_stage(new, old->stages[i].name))
            return refuse(error, "stages", old->stages[i].name);
    }
    return JF_OK;
}

bool config_plugin_same(const struct config_plugin *a, const struct config_plugin *b)
{
    if (strcmp(a->file, b->file) != 0 || strcmp(a->options, b->options) != 0 ||
        a->rename_count != b->rename_count)
        return false;
    for (size_t i = 0; i < a->rename_count; i++) {
        if (strcmp(a->renames[i].key, b->renames[i].key) != 0 ||
            strcmp(a->renames[i].name, b->renames[i].name) != 0)
            return false;
    }
    return true;
}
