/* Two counters and who is first to see that they decide. */
#include "core/host/trial.h"

#include "core/loop/mailbox.h"

void trial_begin(struct plugin *plugin, const struct config_reload *config,
                 void (*verdict)(struct task *task))
{
    struct trial *trial = &plugin->trial;
    trial->events = (uint32_t)config->trial_events;
    trial->failures = (uint32_t)config->trial_failures;
    trial->news.run = verdict;
    atomic_store(&trial->on, true);
}

bool trial_end(struct plugin *plugin)
{
    return atomic_exchange(&plugin->trial.on, false);
}

bool trial_has_failed(const struct plugin *plugin)
{
    return atomic_load(&plugin->trial.failed) >= plugin->trial.failures;
}

void trial_note(struct plugin *plugin, bool failed)
{
    struct trial *trial = &plugin->trial;
    uint32_t bad = failed ? atomic_fetch_add(&trial->failed, 1) + 1 : 0;
    uint32_t all = atomic_fetch_add(&trial->handled, 1) + 1;
    if ((bad >= trial->failures || all >= trial->events) &&
        atomic_exchange(&trial->on, false))
        mailbox_post_reserved(plugin->box, &trial->news);
}
