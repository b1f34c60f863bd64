/* Reads what a file says about stages, their plugins and static folders. */
#include "core/parse/config_trees.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/config_build.h"
#include "core/parse/config_keys.h"
#include "core/parse/config_table.h"
#include "core/parse/selector.h"

#define STAGE_NAME_MAX 128

bool tree_read_route(struct config_reader *r, const cJSON *node, struct config_stage *stage)
{
    const char *text = NULL;
    char quoted[LOG_QUOTED_MAX];
    struct selector *selector;
    struct selector_error error;
    if (!reader_text(r, node, &text))
        return false;
    if (selector_compile(jf_str(text), &selector, &error) < 0)
        return reader_fail(r, "%s, at character %zu of %s", error.text, error.at + 1,
                           reader_shown(text, quoted));
    selector_free(selector);
    config_set_text(&stage->route, text);
    return true;
}

bool tree_read_options(struct config_reader *r, const cJSON *node,
                       struct config_plugin *plugin)
{
    if (!reader_want_object(r, node))
        return false;
    char *text = cJSON_PrintUnformatted(node);
    if (!text)
        return reader_fail(r, "there is no memory for it");
    config_set_text(&plugin->options, text);
    cJSON_free(text);
    return true;
}

bool tree_read_renames(struct config_reader *r, const cJSON *node,
                       struct config_plugin *plugin)
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        const char *name = NULL;
        size_t mark = reader_descend(r, child->string);
        if (!*child->string)
            return reader_fail(r, "a route key must not be empty");
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!reader_text(r, child, &name))
            return false;
        size_t size = (plugin->rename_count + 1) * sizeof(*plugin->renames);
        plugin->renames = xrealloc(plugin->renames, size);
        plugin->renames[plugin->rename_count++] = (struct config_rename){
            xdup(jf_str(child->string)),
            xdup(jf_str(name)),
        };
        reader_climb(r, mark);
    }
    return true;
}

/* A file name alone, or an object. */
static bool read_plugin(struct config_reader *r, const cJSON *node,
                        struct config_stage *stage)
{
    struct config_plugin *plugin = config_plugin_add(stage);
    if (cJSON_IsString(node))
        return reader_file(r, node, &plugin->file);
    if (!cJSON_IsObject(node))
        return reader_fail(r, "must be a file name or an object, not %s",
                           reader_type_name(node));
    if (!config_read_object(r, node, CONFIG_IN_PLUGIN, plugin))
        return false;
    return plugin->file || reader_fail(r, "needs a \"file\"");
}

bool tree_read_plugins(struct config_reader *r, const cJSON *node,
                       struct config_stage *stage)
{
    const cJSON *child;
    unsigned index = 0;
    if (!cJSON_IsArray(node))
        return reader_fail(r, "must be an array, not %s", reader_type_name(node));
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend_element(r, index++);
        if (!read_plugin(r, child, stage))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

bool tree_is_stage_name(const char *name)
{
    size_t len = strlen(name);
    if (strcmp(name, CONFIG_STAGE_DEFAULT) == 0)
        return true;
    return len > 0 && len <= STAGE_NAME_MAX &&
           strspn(name, READER_LETTERS "0123456789-_") == len;
}

bool tree_read_stages(struct config_reader *r, const cJSON *node)
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (!tree_is_stage_name(child->string))
            return reader_fail(r, "a stage's name is 1 to 128 letters, digits, - and _, or "
                                  "\"$default\"");
        struct config_stage *stage = config_stage_add(r->config, child->string);
        if (!stage)
            return reader_fail(r, "given twice");
        if (!config_read_object(r, child, CONFIG_IN_STAGE, stage) ||
            !keys_check_stage(r, child))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

/* Nothing that a URL would not have there as it is. */
static bool is_url_path(const char *path)
{
    for (const char *at = path; *at; at++) {
        if (*at <= ' ' || *at >= 127 || strchr("?#%\\", *at))
            return false;
        if (at[0] == '/' && (at[1] == '/' || at[1] == '.'))
            return false;
    }
    return *path == '/';
}

static bool read_static(struct config_reader *r, const char *path, const cJSON *node)
{
    struct config *config = r->config;
    jf_bytes url = jf_str(path);
    char *folder = NULL;
    if (!is_url_path(path))
        return reader_fail(r, "must be the path of a URL, as in \"/\" or \"/assets\"");
    if (url.len > 1 && url.ptr[url.len - 1] == '/')
        url.len--;
    for (size_t i = 0; i < config->static_count; i++) {
        if (bytes_eq(url, config->statics[i].path))
            return reader_fail(r, "given twice");
    }
    if (!reader_file(r, node, &folder))
        return false;
    size_t size = (config->static_count + 1) * sizeof(*config->statics);
    config->statics = xrealloc(config->statics, size);
    config->statics[config->static_count++] = (struct config_static){ xdup(url), folder };
    return true;
}

bool tree_read_statics(struct config_reader *r, const cJSON *node)
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (!read_static(r, child->string, child))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

bool tree_read_access_keys(struct config_reader *r, const cJSON *node)
{
    struct config_management *management = &r->config->management;
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        const char *secret = NULL;
        size_t mark = reader_descend(r, child->string);
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!reader_text(r, child, &secret))
            return false;
        management->keys = xrealloc(management->keys, (management->key_count + 1) *
                                                          sizeof(*management->keys));
        management->keys[management->key_count++] =
            (struct config_access_key){ xdup(jf_str(child->string)), xdup(jf_str(secret)) };
        reader_climb(r, mark);
    }
    return true;
}

bool tree_read_tokens(struct config_reader *r, const cJSON *node)
{
    struct config_management *management = &r->config->management;
    const cJSON *child;
    unsigned index = 0;
    if (!cJSON_IsArray(node))
        return reader_fail(r, "must be an array, not %s", reader_type_name(node));
    cJSON_ArrayForEach(child, node)
    {
        const char *token = NULL;
        size_t mark = reader_descend_element(r, index++);
        if (!reader_text(r, child, &token))
            return false;
        management->tokens = xrealloc(management->tokens, (management->token_count + 1) *
                                                              sizeof(*management->tokens));
        management->tokens[management->token_count++] = xdup(jf_str(token));
        reader_climb(r, mark);
    }
    return true;
}
