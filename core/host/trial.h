/*
 * trial - the first events of a new version, counted.
 *
 * While a version is on trial, the one before it is kept, parked. If enough of its first
 * events fail, the old one serves again; when the trial is over, the old one may go.
 */
#ifndef JF_HOST_TRIAL_H
#define JF_HOST_TRIAL_H

#include "core/host/plugin.h"

/* Begin, before its first event. `verdict` runs on the main thread, once, when enough
 * events have been counted. [main thread] */
void trial_begin(struct plugin *plugin, const struct config_reload *config,
                 void (*verdict)(struct task *task));

/* End it without a verdict; false: there was none, or the verdict is on its way.
 * [main thread] */
bool trial_end(struct plugin *plugin);

bool trial_has_failed(const struct plugin *plugin);

/* One of its events has ended. [its worker] */
void trial_note(struct plugin *plugin, bool failed);

static inline void trial_count(struct plugin *plugin, bool failed)
{
    if (atomic_load_explicit(&plugin->trial.on, memory_order_relaxed))
        trial_note(plugin, failed);
}

#endif
