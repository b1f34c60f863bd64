/*
 * timers - plugins' one-shot timers on one worker.
 *
 * A jf_timer is a slot and a generation, so that stopping one that has fired already is
 * harmless whoever has its slot now. [home worker]
 */
#ifndef JF_HOST_TIMERS_H
#define JF_HOST_TIMERS_H

#include "sdk/jackfield.h"

#define TIMERS_MAX 65536 /* running at once, per worker */

struct plugin_seat;
struct plugin_timers;
struct wheel;
struct loop;

void timers_new(struct loop *loop, struct wheel *wheel, struct plugin_timers **out);
void timers_free(struct plugin_timers *timers); /* those still running never fire */

/* JF_E_FULL: TIMERS_MAX are running. JF_E_STOPPING: the instance has been replaced. */
int timers_start(struct plugin_timers *timers, jf_worker *w, uint64_t ms, jf_run_fn *fn,
                 void *data, jf_timer *out);
void timers_stop(struct plugin_timers *timers, jf_timer timer);

/* All timers of an instance: hold those that would ring; let them ring, the held ones at
 * once; or stop them. */
void timers_park(struct plugin_seat *seat);
void timers_unpark(struct plugin_timers *timers, struct plugin_seat *seat);
void timers_drop(struct plugin_timers *timers, struct plugin_seat *seat);

#endif
