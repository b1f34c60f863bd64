/* The steps of a reload, and of the way back. */
#include "core/host/reload.h"

#include <stdatomic.h>
#include <stdio.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/api.h"
#include "core/host/gateway.h"
#include "core/host/lineup.h"
#include "core/host/retire.h"
#include "core/host/round.h"
#include "core/host/router.h"
#include "core/host/trial.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"

#define RETIRED_MAX 64 /* old instances that wait for their last event */

struct request {
    struct list_node node;
    enum reload_scope scope;
    reload_told_fn *told;
    void *data;
};

struct reload {
    struct gateway *gateway;
    const struct config *first; /* the caller's; names of files live there for ever */
    const struct config_source *source;
    struct list_node plugins; /* every instance, in the order loaded */

    /* what serves */
    struct config *config; /* NULL: the first */
    struct file_stamp config_stamp;
    struct lineup *lineup;
    struct router *router;

    /* what is about to */
    bool busy, stopping;
    struct config *next_config; /* NULL: the same */
    struct lineup *next_lineup;
    struct router *next_router;
    _Atomic bool failed;
    char error[PLUGIN_ERROR_MAX];

    struct list_node waiting, answering; /* requests */
    struct timer *trials;
};

static void next(struct reload *reload);

const struct config *reload_config(const struct reload *reload)
{
    return reload->config ? reload->config : reload->first;
}

const struct router *reload_router(const struct reload *reload)
{
    return reload->router;
}

const struct lineup *reload_lineup(const struct reload *reload)
{
    return reload->lineup;
}

static const struct config *coming_config(const struct reload *reload)
{
    return reload->next_config ? reload->next_config : reload_config(reload);
}

/* ---- Answers ------------------------------------------------------------ */

static void answer(struct list_node *requests, int status, const char *text)
{
    struct list_node *node;
    while ((node = list_first(requests))) {
        struct request *request = CONTAINER_OF(node, struct request, node);
        list_remove(node);
        if (request->told)
            request->told(request->data, status, text);
        free(request);
    }
}

static void finish(struct reload *reload, int status, const char *text)
{
    char quoted[PLUGIN_ERROR_MAX];
    if (status < 0)
        LOG_ERROR(PLUGIN, "event=reload_failed reason=%s",
                  log_quote_long(jf_str(text), quoted, sizeof(quoted)));
    answer(&reload->answering, status, text);
    reload->busy = false;
    gateway_reloaded(reload->gateway);
    next(reload);
}

/* ---- Trials ------------------------------------------------------------- */

static void pass(struct plugin *plugin)
{
    struct plugin *previous = plugin->previous;
    plugin->previous = NULL;
    if (previous)
        retire_release(previous);
}

static void change(struct reload *reload);

/* The version before serves again; the files of the failed one count as known, so that only
 * another change makes another attempt. */
static bool roll_back(struct reload *reload, struct plugin *bad)
{
    struct plugin *good = bad->previous;
    char error[PLUGIN_ERROR_MAX];
    struct lineup *lineup = lineup_exchange(reload->lineup, bad, good);
    struct router *router;
    bad->previous = NULL;
    if (router_new(reload_config(reload), lineup, gateway_stages(reload->gateway), &router,
                   error) < 0 ||
        !retire_recall(good)) {
        LOG_ERROR(PLUGIN, "event=rollback_failed plugin=%s file=%s", bad->name, bad->file);
        lineup_free(lineup);
        return false;
    }
    LOG_ERROR(PLUGIN,
              "event=rolled_back plugin=%s file=%s failed=%u of=%u hint=\"the version "
              "before serves again; correct the file and save it\"",
              bad->name, bad->file, (unsigned)atomic_load(&bad->trial.failed),
              (unsigned)atomic_load(&bad->trial.handled));
    plugin_learn_files(good, bad);
    reload->next_lineup = lineup;
    reload->next_router = router;
    reload->busy = true;
    change(reload);
    return true;
}

/* The first instance whose trial has failed and waits for being dealt with. */
static struct plugin *find_failed(const struct reload *reload)
{
    for (size_t i = 0; i < reload->lineup->count; i++) {
        struct plugin *plugin = reload->lineup->entries[i].plugin;
        if (plugin->previous && !atomic_load(&plugin->trial.on) && trial_has_failed(plugin))
            return plugin;
    }
    return NULL;
}

static void on_verdict(struct task *task)
{
    struct plugin *plugin = CONTAINER_OF(task, struct plugin, trial.news);
    struct reload *reload = gateway_reload(plugin->gateway);
    if (trial_has_failed(plugin))
        next(reload);
    else
        pass(plugin);
}

static void on_trials_over(void *data)
{
    struct reload *reload = data;
    uint64_t now = loop_now(gateway_loop(reload->gateway)), soonest = 0;
    for (size_t i = 0; i < reload->lineup->count; i++) {
        struct plugin *plugin = reload->lineup->entries[i].plugin;
        if (!plugin->previous)
            continue;
        if (!atomic_load(&plugin->trial.on)) {
            if (!trial_has_failed(plugin))
                pass(plugin);
        } else if (plugin->trial_until <= now) {
            if (trial_end(plugin))
                pass(plugin);
        } else if (!soonest || plugin->trial_until < soonest)
            soonest = plugin->trial_until;
    }
    if (soonest)
        timer_start(reload->trials, soonest > now ? soonest - now : 1000);
}

/* ---- Change ------------------------------------------------------------- */

static void change_on_worker(struct worker *worker, void *data)
{
    const struct reload *reload = data;
    worker_change(worker, reload->next_router, coming_config(reload));
}

/* `fresh` serves now; the one it replaces is kept while it is on trial. */
static void install(struct reload *reload, struct lineup_entry *entry)
{
    struct plugin *fresh = entry->plugin, *old = entry->old;
    const struct config_reload *config = &reload_config(reload)->reload;
    fresh->life = PLUGIN_SERVING;
    if (!old || !config->trial_events)
        return;
    fresh->previous = old;
    fresh->trial_until = loop_now(gateway_loop(reload->gateway)) + config->trial_s * 1000;
}

static bool is_previous(const struct lineup *lineup, const struct plugin *plugin)
{
    for (size_t i = 0; i < lineup->count; i++) {
        if (lineup->entries[i].plugin->previous == plugin)
            return true;
    }
    return false;
}

static void retire_replaced(struct reload *reload, const struct lineup *old)
{
    for (size_t i = 0; i < old->count; i++) {
        struct plugin *plugin = old->entries[i].plugin;
        if (lineup_has(reload->lineup, plugin))
            continue;
        trial_end(plugin);
        pass(plugin);
        retire_begin(plugin, is_previous(reload->lineup, plugin));
    }
}

static void commit(struct reload *reload)
{
    struct lineup *old = reload->lineup;
    router_free(reload->router);
    reload->router = reload->next_router;
    reload->lineup = reload->next_lineup;
    reload->next_router = NULL;
    reload->next_lineup = NULL;
    struct config *old_config = reload->next_config ? reload->config : NULL;
    if (reload->next_config)
        reload->config = reload->next_config;
    reload->next_config = NULL;
    for (size_t i = 0; i < reload->lineup->count; i++) {
        if (reload->lineup->entries[i].fresh)
            install(reload, &reload->lineup->entries[i]);
        reload->lineup->entries[i].fresh = false;
    }
    retire_replaced(reload, old);
    lineup_free(old);
    config_free(old_config);
    on_trials_over(reload);
}

static void changed(void *data)
{
    struct reload *reload = data;
    size_t fresh = lineup_fresh_count(reload->next_lineup);
    commit(reload);
    LOG_INFO(PLUGIN, "event=reloaded new_instances=%zu", fresh);
    char text[64];
    snprintf(text, sizeof(text), "reloaded; new instances: %zu", fresh);
    finish(reload, JF_OK, text);
}

static void change(struct reload *reload)
{
    gateway_take_config(reload->gateway, coming_config(reload));
    round_start(reload->gateway, change_on_worker, changed, reload);
}

/* ---- Adopt -------------------------------------------------------------- */

static void drop_next(struct reload *reload)
{
    router_free(reload->next_router);
    config_free(reload->next_config);
    reload->next_router = NULL;
    reload->next_config = NULL;
    reload->next_lineup = NULL;
}

static void abandon_on_worker(struct worker *worker, void *data)
{
    const struct reload *reload = data;
    for (size_t i = reload->next_lineup->count; i-- > 0;) {
        const struct lineup_entry *entry = &reload->next_lineup->entries[i];
        if (entry->fresh)
            worker_end_plugin(worker, entry->plugin);
    }
}

static void abandoned(void *data)
{
    struct reload *reload = data;
    lineup_discard(reload->next_lineup);
    drop_next(reload);
    finish(reload, JF_E_INVALID, reload->error);
}

static void adopt_on_worker(struct worker *worker, void *data)
{
    struct reload *reload = data;
    for (size_t i = 0; i < reload->next_lineup->count; i++) {
        const struct lineup_entry *entry = &reload->next_lineup->entries[i];
        if (!entry->fresh || worker_begin_plugin(worker, entry->plugin) == JF_OK)
            continue;
        if (!atomic_exchange(&reload->failed, true))
            snprintf(reload->error, sizeof(reload->error),
                     "%s: its worker_init failed on worker %u; the log says why",
                     entry->plugin->file, worker->index);
        return;
    }
}

static void begin_trials(struct reload *reload)
{
    const struct config_reload *config = &coming_config(reload)->reload;
    for (size_t i = 0; i < reload->next_lineup->count; i++) {
        struct lineup_entry *entry = &reload->next_lineup->entries[i];
        if (entry->fresh && entry->old && config->trial_events)
            trial_begin(entry->plugin, config, on_verdict);
    }
}

static void adopted(void *data)
{
    struct reload *reload = data;
    if (atomic_load(&reload->failed)) {
        round_start(reload->gateway, abandon_on_worker, abandoned, reload);
        return;
    }
    begin_trials(reload);
    change(reload);
}

/* ---- Build -------------------------------------------------------------- */

static bool config_is_due(const struct reload *reload)
{
    if (!reload->source->file)
        return false;
    struct file_stamp now = file_stamp_of(reload->source->file);
    return !file_stamp_missing(&now) && !file_stamp_same(&now, &reload->config_stamp);
}

static int read_config(struct reload *reload, enum reload_scope scope)
{
    struct config_error wrong;
    if (!reload->source->file || (scope != RELOAD_ALL && !config_is_due(reload)))
        return JF_OK;
    reload->config_stamp = file_stamp_of(reload->source->file);
    reload->next_config =
        reload->source->read(reload->source->data, reload->error, sizeof(reload->error));
    if (!reload->next_config)
        return JF_E_INVALID;
    int status = config_check_change(reload->first, reload->next_config, &wrong);
    if (status < 0)
        snprintf(reload->error, sizeof(reload->error), "%s: %s", reload->source->file,
                 wrong.text);
    return status;
}

static void enlist(struct reload *reload, struct lineup *lineup)
{
    for (size_t i = 0; i < lineup->count; i++) {
        struct lineup_entry *entry = &lineup->entries[i];
        if (!entry->fresh)
            continue;
        entry->plugin->gateway = reload->gateway;
        list_append(&reload->plugins, &entry->plugin->node);
    }
}

static int build(struct reload *reload, const struct config *config, bool all)
{
    struct gateway *gateway = reload->gateway;
    struct lineup_order order = {
        .config = config,
        .stages = gateway_stages(gateway),
        .table = &api_table,
        .worker_count = gateway_worker_count(gateway),
        .box = gateway_box(gateway),
        .before = reload->lineup,
        .all = all,
    };
    struct lineup *lineup;
    int status = lineup_new(&order, &lineup, reload->error);
    if (status < 0)
        return status;
    enlist(reload, lineup);
    status = router_new(config, lineup, order.stages, &reload->next_router, reload->error);
    if (status < 0) {
        lineup_discard(lineup);
        return status;
    }
    reload->next_lineup = lineup;
    return JF_OK;
}

static bool too_many_retired(struct reload *reload)
{
    size_t count = 0;
    for (struct list_node *at = reload->plugins.next; at != &reload->plugins; at = at->next)
        count += CONTAINER_OF(at, struct plugin, node)->life == PLUGIN_LEAVING;
    if (count < RETIRED_MAX)
        return false;
    snprintf(reload->error, sizeof(reload->error),
             "%zu old versions still have unfinished events; each must be finished once, "
             "however late",
             count);
    return true;
}

static void begin(struct reload *reload, enum reload_scope scope)
{
    reload->busy = true;
    atomic_store(&reload->failed, false);
    int status = too_many_retired(reload) ? JF_E_FULL : read_config(reload, scope);
    if (status == JF_OK)
        status = build(reload, coming_config(reload), scope == RELOAD_ALL);
    if (status < 0) {
        drop_next(reload);
        finish(reload, status, reload->error);
        return;
    }
    round_start(reload->gateway, adopt_on_worker, adopted, reload);
}

/* What is to be done next, if anything. */
static void next(struct reload *reload)
{
    enum reload_scope scope = RELOAD_CHANGED;
    struct list_node *node;
    struct plugin *failed = reload->busy || reload->stopping ? NULL : find_failed(reload);
    if (failed && roll_back(reload, failed))
        return;
    if (reload->busy || list_empty(&reload->waiting))
        return;
    while ((node = list_first(&reload->waiting))) {
        if (CONTAINER_OF(node, struct request, node)->scope == RELOAD_ALL)
            scope = RELOAD_ALL;
        list_remove(node);
        list_append(&reload->answering, node);
    }
    begin(reload, scope);
}

void reload_ask(struct reload *reload, enum reload_scope scope, reload_told_fn *told,
                void *data)
{
    if (reload->stopping) {
        LOG_WARN(PLUGIN, "event=reload_refused reason=draining");
        if (told)
            told(data, JF_E_STOPPING, "the host is draining; nothing is reloaded any more");
        return;
    }
    struct request *request = xnew(struct request);
    request->scope = scope;
    request->told = told;
    request->data = data;
    list_append(&reload->waiting, &request->node);
    next(reload);
}

void reload_stop(struct reload *reload)
{
    reload->stopping = true;
    answer(&reload->waiting, JF_E_STOPPING, "the host is draining");
}

/* ---- Files -------------------------------------------------------------- */

bool reload_is_due(const struct reload *reload)
{
    bool due = config_is_due(reload);
    for (size_t i = 0; !due && i < reload->lineup->count; i++)
        due = plugin_files_changed(reload->lineup->entries[i].plugin);
    return due;
}

void reload_each_file(const struct reload *reload,
                      void (*each)(void *data, const char *path), void *data)
{
    if (reload->source->file)
        each(data, reload->source->file);
    for (size_t i = 0; i < reload->lineup->count; i++) {
        const struct plugin *plugin = reload->lineup->entries[i].plugin;
        for (size_t k = 0; k < plugin->file_count; k++)
            each(data, plugin->files[k].path);
    }
}

struct watch_letter {
    struct task task;
    struct plugin *plugin;
    struct file_stamp stamp;
    size_t len;
    char path[];
};

static void open_watch_letter(struct task *task)
{
    struct watch_letter *letter = CONTAINER_OF(task, struct watch_letter, task);
    plugin_add_file_as(letter->plugin, jf_view(letter->path, letter->len), letter->stamp);
    gateway_reloaded(letter->plugin->gateway);
    plugin_unhold(letter->plugin);
    free(letter);
}

int reload_watch_file(struct plugin *plugin, jf_bytes path)
{
    if (plugin->initialising)
        return plugin_add_file(plugin, path);
    if (!plugin_is_path(path))
        return JF_E_INVALID;
    struct watch_letter *letter = xalloc(sizeof(*letter) + path.len + 1);
    *letter = (struct watch_letter){ { NULL, open_watch_letter }, plugin, { 0 }, path.len };
    memcpy(letter->path, path.ptr, path.len);
    letter->path[path.len] = '\0';
    letter->stamp = file_stamp_of(letter->path);
    plugin_hold(plugin);
    int status = mailbox_post(plugin->box, &letter->task, sizeof(*letter) + path.len);
    if (status < 0) {
        plugin_unhold(plugin);
        free(letter);
    }
    return status;
}

/* ---- Its life ----------------------------------------------------------- */

int reload_new(struct gateway *gateway, const struct config *config,
               const struct config_source *source, struct reload **out,
               char error[PLUGIN_ERROR_MAX])
{
    struct reload *reload = xnew(struct reload);
    reload->gateway = gateway;
    reload->first = config;
    reload->source = source;
    if (source->file)
        reload->config_stamp = file_stamp_of(source->file);
    list_init(&reload->plugins);
    list_init(&reload->waiting);
    list_init(&reload->answering);
    timer_new(gateway_loop(gateway), on_trials_over, reload, &reload->trials);
    int status = build(reload, config, false);
    if (status < 0) {
        memcpy(error, reload->error, PLUGIN_ERROR_MAX);
        reload_free(reload);
        return status;
    }
    reload->router = reload->next_router;
    reload->next_router = NULL;
    reload->lineup = reload->next_lineup;
    reload->next_lineup = NULL;
    for (size_t i = 0; i < reload->lineup->count; i++) {
        reload->lineup->entries[i].fresh = false;
        reload->lineup->entries[i].plugin->life = PLUGIN_SERVING;
    }
    *out = reload;
    return JF_OK;
}

void reload_end_plugins(struct reload *reload)
{
    timer_free(reload->trials);
    reload->trials = NULL;
    answer(&reload->waiting, JF_E_STOPPING, "the host has stopped");
    answer(&reload->answering, JF_E_STOPPING, "the host has stopped");
    while (!list_empty(&reload->plugins)) {
        struct list_node *last = reload->plugins.prev;
        list_remove(last);
        plugin_free(CONTAINER_OF(last, struct plugin, node), false);
    }
}

void reload_free(struct reload *reload)
{
    if (!reload)
        return;
    timer_free(reload->trials);
    lineup_free(reload->next_lineup);
    drop_next(reload);
    lineup_free(reload->lineup);
    router_free(reload->router);
    config_free(reload->config);
    free(reload);
}
