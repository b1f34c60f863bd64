/*
 * retire - what becomes of an instance that another has replaced.
 *
 *   serving -> leaving: events in flight finish on the code they started on
 *           -> parking, standby: its timers are held on all workers; it could serve again
 *           -> closing: nothing can be asked or posted any more; what was, is answered
 *           -> ending: worker_fini on all workers, then fini, then its library is closed
 *
 * Nothing is unmapped while an event, an answer, a timer or a task may return into it.
 * [main thread]
 */
#ifndef JF_HOST_RETIRE_H
#define JF_HOST_RETIRE_H

#include <stdbool.h>

#include "core/host/plugin.h"

/* It has been replaced on all workers. `keep`: stay on standby until retire_release(). */
void retire_begin(struct plugin *plugin, bool keep);

/* It need not be kept any longer. */
void retire_release(struct plugin *plugin);

/* It is to serve again. False: it is too far gone. */
bool retire_recall(struct plugin *plugin);

#endif
