/* A configuration's life: its defaults, what the command line adds to it, whether it is fit
 * to run. Reading one from text is in config_read.c, the options are in config_table.c. */
#include "core/parse/config.h"

#include <stdarg.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/config_build.h"
#include "core/parse/config_domains.h"
#include "core/parse/config_keys.h"
#include "core/parse/config_table.h"

void config_set_text(char **slot, const char *text)
{
    free(*slot);
    *slot = xdup(jf_str(text));
}

void config_set_choice(void *base, const struct config_option *option, unsigned index)
{
    void *slot = (char *)base + option->offset;
    bool flag = index != 0;
    CHECK(option->size == sizeof(flag) || option->size == sizeof(index));
    if (option->size == sizeof(flag))
        memcpy(slot, &flag, sizeof(flag));
    else
        memcpy(slot, &index, sizeof(index));
}

static void set_default(struct config *config, const struct config_option *option,
                        enum config_profile profile)
{
    void *slot = (char *)config + option->offset;
    if (option->type == CONFIG_NUMBER) {
        memcpy(slot, &option->preset[profile], sizeof(uint64_t));
    } else if (option->type == CONFIG_CHOICE) {
        config_set_choice(config, option, (unsigned)option->preset[profile]);
    } else {
        config_set_text(slot, option->preset_text);
    }
}

void config_preset(struct config *config, enum config_profile profile)
{
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_option_has_default(&config_options[i]))
            set_default(config, &config_options[i], profile);
    }
}

void config_settle(struct config *config)
{
    config->frames_follow = !config->limits.frame_bytes;
    if (config->frames_follow)
        config->limits.frame_bytes = config->limits.message_bytes;
}

void config_new(struct config **out)
{
    struct config *config = xnew(struct config);
    config_preset(config, PROFILE_JACKFIELD);
    config_settle(config);
    *out = config;
}

static void free_plugin(struct config_plugin *plugin)
{
    for (size_t i = 0; i < plugin->rename_count; i++) {
        free(plugin->renames[i].key);
        free(plugin->renames[i].name);
    }
    free(plugin->renames);
    free(plugin->options);
    free(plugin->file);
}

static void free_texts(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void free_stage(struct config_stage *stage)
{
    for (size_t i = 0; i < stage->variable_count; i++) {
        free(stage->variables[i].name);
        free(stage->variables[i].value);
    }
    free(stage->variables);
    for (size_t i = 0; i < stage->two_way_count; i++)
        free(stage->two_way_keys[i]);
    free(stage->two_way_keys);
    free_texts(stage->origins, stage->origin_count);
    free_texts(stage->identity, stage->identity_count);
    for (size_t i = 0; i < stage->model_count; i++) {
        free(stage->models[i].route);
        free(stage->models[i].schema);
    }
    free(stage->models);
    for (size_t i = 0; i < stage->rates.route_count; i++)
        free(stage->rates.routes[i].key);
    free(stage->rates.routes);
    for (size_t i = 0; i < stage->rates.ceiling_count; i++)
        free(stage->rates.ceilings[i].name);
    free(stage->rates.ceilings);
    free(stage->plans);
    free(stage->api_id);
    for (size_t i = 0; i < stage->plugin_count; i++)
        free_plugin(&stage->plugins[i]);
    free(stage->plugins);
    free(stage->route);
    free(stage->name);
}

static void free_secret(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

static void free_management(struct config_management *management)
{
    for (size_t i = 0; i < management->key_count; i++) {
        free(management->keys[i].id);
        free_secret(management->keys[i].secret);
    }
    for (size_t i = 0; i < management->token_count; i++)
        free_secret(management->tokens[i]);
    free(management->keys);
    free(management->tokens);
    free(management->host);
    free(management->region);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->stage_count; i++)
        free_stage(&config->stages[i]);
    for (size_t i = 0; i < config->static_count; i++) {
        free(config->statics[i].path);
        free(config->statics[i].folder);
    }
    domains_fini(config);
    keys_fini(config);
    free(config->proxies);
    free(config->stages);
    free(config->statics);
    free(config->listen_host);
    free(config->tls_cert);
    free(config->tls_key);
    free(config->tls_client_ca);
    free(config->store.kind);
    free(config->store.url);
    free(config->store.prefix);
    free(config->store.cluster);
    free_management(&config->management);
    free(config);
}

static struct config_stage *find_stage(struct config *config, const char *name)
{
    for (size_t i = 0; i < config->stage_count; i++) {
        if (strcmp(config->stages[i].name, name) == 0)
            return &config->stages[i];
    }
    return NULL;
}

struct config_stage *config_stage_add(struct config *config, const char *name)
{
    if (find_stage(config, name))
        return NULL;
    size_t size = (config->stage_count + 1) * sizeof(*config->stages);
    config->stages = xrealloc(config->stages, size);
    struct config_stage *stage = &config->stages[config->stage_count++];
    *stage = (struct config_stage){
        .name = xdup(jf_str(name)),
        .route = xdup(jf_str(CONFIG_ROUTE_DEFAULT)),
        .api_id = xdup(jf_str(CONFIG_API_ID_DEFAULT)),
    };
    memset(&stage->limits, 0xff, sizeof(stage->limits)); /* CONFIG_UNSET */
    return stage;
}

struct config_stage *config_stage_default(struct config *config)
{
    struct config_stage *stage = find_stage(config, CONFIG_STAGE_DEFAULT);
    return stage ? stage : config_stage_add(config, CONFIG_STAGE_DEFAULT);
}

struct config_plugin *config_plugin_add(struct config_stage *stage)
{
    size_t size = (stage->plugin_count + 1) * sizeof(*stage->plugins);
    stage->plugins = xrealloc(stage->plugins, size);
    struct config_plugin *plugin = &stage->plugins[stage->plugin_count++];
    *plugin = (struct config_plugin){ .options = xdup(jf_str("{}")) };
    return plugin;
}

void config_add_plugin(struct config *config, const char *file)
{
    config_plugin_add(config_stage_default(config))->file = xdup(jf_str(file));
}

void config_set_redis(struct config *config, const char *url)
{
    config_set_text(&config->store.kind, "redis");
    config_set_text(&config->store.url, url);
}

static bool read_port(jf_bytes text, uint64_t *out)
{
    return text.len <= 5 && bytes_number(text, 65535, out);
}

/* Enough to tell an address or a name from a slip; whether it exists, the system says. */
static bool is_host(jf_bytes host, bool bracketed)
{
    for (size_t i = 0; i < host.len; i++) {
        unsigned char c = (unsigned char)host.ptr[i];
        if (c <= ' ' || c >= 127 || strchr("[]/\"", c) || (c == ':' && !bracketed))
            return false;
    }
    return host.len > 0;
}

int config_set_listen(struct config *config, jf_bytes text)
{
    uint64_t port;
    if (read_port(text, &port)) {
        config->listen_port = port;
        return JF_OK;
    }
    size_t colon = text.len;
    while (colon && text.ptr[colon - 1] != ':')
        colon--;
    if (!colon || !read_port(bytes_from(text, colon), &port))
        return JF_E_INVALID;

    jf_bytes host = { text.ptr, colon - 1 };
    bool bracketed = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    if (bracketed)
        host = jf_view(host.ptr + 1, host.len - 2);
    else if (!host.len)
        host = jf_str("0.0.0.0");
    if (!is_host(host, bracketed))
        return JF_E_INVALID;
    free(config->listen_host);
    config->listen_host = xdup(host);
    config->listen_port = port;
    return JF_OK;
}

int config_refuse(struct config_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    error->line = error->column = 0;
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return JF_E_INVALID;
}

static int check_store(const struct config *config, struct config_error *error)
{
    const struct config_store *store = &config->store;
    if (strcmp(store->kind, "redis") != 0) {
        if (*store->url || *store->cluster)
            return config_refuse(error, "store.%s: is for a store of kind redis",
                                 *store->url ? "url" : "cluster");
        return JF_OK;
    }
    if (!*store->url)
        return config_refuse(error, "store.url: a store of kind redis needs one, such as "
                                    "redis://localhost");
    if (*store->cluster && strchr(store->prefix, '{'))
        return config_refuse(error,
                             "store.prefix: with store.cluster no \"{\" may be in it: "
                             "all channels would be on one server");
    if (store->lease_ms < 3 * store->timeout_ms)
        return config_refuse(error, "store.lease_ms: must be at least three times "
                                    "store.timeout_ms");
    return JF_OK;
}

static int check_tls(const struct config *config, struct config_error *error)
{
    bool asked = config->tls_client != TLS_CLIENT_OFF;
    if (!config->tls_cert != !config->tls_key)
        return config_refuse(error, "tls.%s: must be given too, since tls.%s is",
                             config->tls_cert ? "key" : "cert",
                             config->tls_cert ? "cert" : "key");
    if (asked && !config->tls_client_ca)
        return config_refuse(error,
                             "tls.client_ca: must be given too, since tls.client is");
    if (!asked && config->tls_client_ca)
        return config_refuse(error, "tls.client: must be ask or require, since "
                                    "tls.client_ca is given");
    if (asked && !config->tls_cert)
        return config_refuse(error, "tls.cert: must be given too, since tls.client is");
    return JF_OK;
}

int config_check(const struct config *config, struct config_error *error)
{
    if (!config->stage_count)
        return config_refuse(error, "plugins: there are none, so there is nothing to run");
    for (size_t i = 0; i < config->stage_count; i++) {
        if (!config->stages[i].plugin_count)
            return config_refuse(error,
                                 "stages.%s.plugins: there are none, so this stage has "
                                 "nothing to run",
                                 config->stages[i].name);
    }
    int status = check_tls(config, error);
    if (status == JF_OK)
        status = config_check_limits(config, error);
    if (status == JF_OK)
        status = domains_check(config, error);
    return status < 0 ? status : check_store(config, error);
}
