/* Who stays and who is new. */
#include "core/host/lineup.h"

#include "core/base/memory.h"

static size_t count_plugins(const struct config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->stage_count; i++)
        count += config->stages[i].plugin_count;
    return count;
}

static bool is_taken(const struct lineup *lineup, const struct plugin *plugin)
{
    for (size_t i = 0; i < lineup->count; i++) {
        if (lineup->entries[i].plugin == plugin || lineup->entries[i].old == plugin)
            return true;
    }
    return false;
}

/* The instance that had this place: the same words about it, or at least the same file. */
static const struct lineup_entry *find_before(const struct lineup *lineup,
                                              const struct lineup *before,
                                              const struct stage *stage,
                                              const struct config_plugin *config)
{
    const struct lineup_entry *similar = NULL;
    for (size_t i = 0; before && i < before->count; i++) {
        const struct lineup_entry *entry = &before->entries[i];
        if (entry->stage != stage || is_taken(lineup, entry->plugin))
            continue;
        if (config_plugin_same(entry->config, config))
            return entry;
        if (!similar && strcmp(entry->config->file, config->file) == 0)
            similar = entry;
    }
    return similar;
}

static int add(struct lineup *lineup, const struct lineup_order *order,
               const struct stage *stage, const struct config_plugin *config,
               char error[PLUGIN_ERROR_MAX])
{
    const struct lineup_entry *before = find_before(lineup, order->before, stage, config);
    struct lineup_entry *entry = &lineup->entries[lineup->count];
    *entry = (struct lineup_entry){ .stage = stage, .config = config };
    if (before && !order->all && config_plugin_same(before->config, config) &&
        !plugin_files_changed(before->plugin)) {
        entry->plugin = before->plugin;
        lineup->count++;
        return JF_OK;
    }
    struct plugin_source source = { order->config,       config,    stage, order->table,
                                    order->worker_count, order->box };
    entry->old = before ? before->plugin : NULL;
    int status = plugin_load(&source, entry->old, &entry->plugin, error);
    if (status < 0)
        return status;
    entry->fresh = true;
    lineup->count++;
    return JF_OK;
}

static int add_stage(struct lineup *lineup, const struct lineup_order *order,
                     const struct config_stage *config, char error[PLUGIN_ERROR_MAX])
{
    const struct stage *stage = stages_add(order->stages, jf_str(config->name));
    int status = JF_OK;
    for (size_t i = 0; status == JF_OK && i < config->plugin_count; i++)
        status = add(lineup, order, stage, &config->plugins[i], error);
    return status;
}

static struct lineup *lineup_of(size_t room)
{
    struct lineup *lineup = xnew(struct lineup);
    lineup->entries = xcalloc(room ? room : 1, sizeof(*lineup->entries));
    return lineup;
}

int lineup_new(const struct lineup_order *order, struct lineup **out,
               char error[PLUGIN_ERROR_MAX])
{
    struct lineup *lineup = lineup_of(count_plugins(order->config));
    int status = JF_OK;
    for (size_t i = 0; status == JF_OK && i < order->config->stage_count; i++)
        status = add_stage(lineup, order, &order->config->stages[i], error);
    if (status < 0) {
        lineup_discard(lineup);
        return status;
    }
    *out = lineup;
    return JF_OK;
}

struct lineup *lineup_exchange(const struct lineup *lineup, const struct plugin *was,
                               struct plugin *now)
{
    struct lineup *copy = lineup_of(lineup->count);
    copy->count = lineup->count;
    for (size_t i = 0; i < lineup->count; i++) {
        struct lineup_entry *entry = &copy->entries[i];
        *entry = lineup->entries[i];
        entry->fresh = false;
        entry->old = NULL;
        if (entry->plugin == was)
            entry->plugin = now;
    }
    return copy;
}

bool lineup_has(const struct lineup *lineup, const struct plugin *plugin)
{
    for (size_t i = 0; i < lineup->count; i++) {
        if (lineup->entries[i].plugin == plugin)
            return true;
    }
    return false;
}

size_t lineup_fresh_count(const struct lineup *lineup)
{
    size_t count = 0;
    for (size_t i = 0; i < lineup->count; i++)
        count += lineup->entries[i].fresh;
    return count;
}

void lineup_discard(struct lineup *lineup)
{
    for (size_t i = lineup->count; i-- > 0;) {
        struct lineup_entry *entry = &lineup->entries[i];
        if (!entry->fresh)
            continue;
        if (entry->old)
            plugin_learn_files(entry->old, entry->plugin);
        list_remove(&entry->plugin->node);
        plugin_free(entry->plugin, true);
    }
    lineup_free(lineup);
}

void lineup_free(struct lineup *lineup)
{
    if (!lineup)
        return;
    free(lineup->entries);
    free(lineup);
}
