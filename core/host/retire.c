/* Each step is taken when the one before is known to be done on all workers. */
#include "core/host/retire.h"

#include "core/base/log.h"
#include "core/host/gateway.h"
#include "core/host/polls.h"
#include "core/host/round.h"
#include "core/host/timers.h"
#include "core/host/worker.h"

/* ---- The end ------------------------------------------------------------ */

static void end_on_worker(struct worker *worker, void *data)
{
    struct plugin *plugin = data;
    timers_drop(worker->timers, &plugin->seats[worker->index]);
    polls_drop(worker->polls, &plugin->seats[worker->index]);
    worker_end_plugin(worker, plugin);
}

static void ended(void *data)
{
    struct plugin *plugin = data;
    LOG_INFO(PLUGIN, "event=released plugin=%s file=%s", plugin->name, plugin->file);
    list_remove(&plugin->node);
    plugin_free(plugin, true);
}

/* The news that the last hold has gone may have been overtaken by a new hold. */
static bool is_let_go(struct plugin *plugin)
{
    if (!atomic_load(&plugin->holds))
        return true;
    atomic_store(&plugin->awaited, true);
    return !atomic_load(&plugin->holds) && atomic_exchange(&plugin->awaited, false);
}

static void on_quiet(struct task *task)
{
    struct plugin *plugin = CONTAINER_OF(task, struct plugin, let_go_news);
    if (plugin->life != PLUGIN_CLOSING || !is_let_go(plugin))
        return;
    plugin->life = PLUGIN_ENDING;
    round_start(plugin->gateway, end_on_worker, ended, plugin);
}

static void close_it(struct plugin *plugin)
{
    plugin->life = PLUGIN_CLOSING;
    atomic_store(&plugin->closed, true);
    plugin_await(plugin, on_quiet);
}

/* ---- Standby ------------------------------------------------------------ */

static void park_on_worker(struct worker *worker, void *data)
{
    struct plugin *plugin = data;
    timers_park(&plugin->seats[worker->index]);
    polls_park(worker->polls, &plugin->seats[worker->index]);
}

static void unpark_on_worker(struct worker *worker, void *data)
{
    struct plugin *plugin = data;
    timers_unpark(worker->timers, &plugin->seats[worker->index]);
    polls_unpark(worker->polls, &plugin->seats[worker->index]);
}

static void parked(void *data)
{
    struct plugin *plugin = data;
    if (plugin->life != PLUGIN_PARKING)
        return;
    plugin->life = PLUGIN_STANDBY;
    if (!plugin->kept)
        close_it(plugin);
}

static void on_let_go(struct task *task)
{
    struct plugin *plugin = CONTAINER_OF(task, struct plugin, let_go_news);
    if (plugin->life != PLUGIN_LEAVING || !is_let_go(plugin))
        return;
    plugin_hold(plugin);
    plugin->life = PLUGIN_PARKING;
    round_start(plugin->gateway, park_on_worker, parked, plugin);
}

void retire_begin(struct plugin *plugin, bool keep)
{
    plugin->kept = keep;
    plugin->life = PLUGIN_LEAVING;
    plugin_await(plugin, on_let_go);
}

void retire_release(struct plugin *plugin)
{
    plugin->kept = false;
    if (plugin->life == PLUGIN_STANDBY)
        close_it(plugin);
}

static void nothing(void *data)
{
    (void)data;
}

bool retire_recall(struct plugin *plugin)
{
    if (plugin->life == PLUGIN_LEAVING)
        plugin_hold_again(plugin);
    else if (plugin->life == PLUGIN_PARKING || plugin->life == PLUGIN_STANDBY)
        round_start(plugin->gateway, unpark_on_worker, nothing, plugin);
    else
        return false;
    plugin->kept = false;
    plugin->life = PLUGIN_SERVING;
    return true;
}
