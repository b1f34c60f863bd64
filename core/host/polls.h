/*
 * polls - descriptors of plugins on one worker's loop.
 *
 * Like a timer, a poll has a name that is harmless once it has been stopped. Level
 * triggered. [home worker]
 */
#ifndef JF_HOST_POLLS_H
#define JF_HOST_POLLS_H

#include "sdk/jackfield.h"

#define POLLS_MAX 65536 /* at once, per worker */

struct loop;
struct plugin_polls;
struct plugin_seat;

/* JF_E_UNAVAILABLE: the system gives no epoll set. */
int polls_new(struct loop *loop, struct plugin_polls **out);
void polls_free(struct plugin_polls *polls); /* those still there are never told; NULL ok */

/* JF_E_FULL: POLLS_MAX are there, or the kernel has no room. JF_E_STOPPING: the instance
 * has been replaced. */
int polls_start(struct plugin_polls *polls, jf_worker *w, int fd, uint32_t interest,
                jf_ready_fn *fn, void *data, jf_poll *out);
void polls_change(struct plugin_polls *polls, jf_poll poll, uint32_t interest);
void polls_stop(struct plugin_polls *polls, jf_poll poll);

/* All of an instance: be deaf while its seat is parked; hear again; or stop. */
void polls_park(struct plugin_polls *polls, struct plugin_seat *seat);
void polls_unpark(struct plugin_polls *polls, struct plugin_seat *seat);
void polls_drop(struct plugin_polls *polls, struct plugin_seat *seat);

#endif
