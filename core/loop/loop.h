/*
 * loop - one libuv loop and what hangs on it: deferred tasks, timers, the end of a turn.
 *
 * A loop belongs to one thread, its home: the one that calls loop_run(). Between
 * loop_new() and loop_run() that is the building thread. Everything here is [home thread]
 * unless it says otherwise; other threads use a mailbox.
 */
#ifndef JF_LOOP_LOOP_H
#define JF_LOOP_LOOP_H

#include <stdint.h>

#include "core/loop/task.h"

struct loop;
struct uv_loop_s;

int loop_new(struct loop **out); /* JF_E_UNAVAILABLE: the system gave no loop */

/* After loop_run() has returned and everything on it has been freed: runs what is still
 * deferred, lets the last close callbacks run, then checks that libuv holds nothing any
 * more. The hook is not called again. NULL is accepted. */
void loop_free(struct loop *loop);

/* For those who have a door to libuv, and for libwebsockets' foreign loop. */
struct uv_loop_s *loop_uv(struct loop *loop);

/* Run until loop_stop(), and then to the end of that turn: deferred tasks, hook. A stop
 * that came first makes it return after one turn. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Milliseconds of a clock that never jumps, read once per turn. */
uint64_t loop_now(const struct loop *loop);

/* Run `task` later: at the end of this turn, before the loop waits again, never from
 * inside this call. In the order deferred; what is deferred meanwhile runs in the next
 * turn, which then comes at once. Cannot fail. */
void loop_defer(struct loop *loop, struct task *task);

/* Call `hook(data)` at the end of each turn, after the deferred tasks, before the loop
 * waits. There is one hook; NULL removes it. Work the hook defers makes another turn. */
void loop_set_turn_end(struct loop *loop, void (*hook)(void *data), void *data);

/* A one-shot timer. `fire(data)` runs on the loop, never from inside timer_start(). */
struct timer;
void timer_new(struct loop *loop, void (*fire)(void *data), void *data, struct timer **out);
void timer_start(struct timer *timer, uint64_t ms); /* 0 counts as 1; again: moves it */
void timer_stop(struct timer *timer);               /* it will not fire */
void timer_free(struct timer *timer);               /* stops it; NULL is accepted */

/* Call `fire(data, signum)` on the loop when a signal arrives; SIGTERM, SIGINT, ... */
struct signal_watch;
int signal_watch_new(struct loop *loop, int signum, void (*fire)(void *data, int signum),
                     void *data, struct signal_watch **out);
void signal_watch_free(struct signal_watch *watch); /* NULL is accepted */

/* Call `fire(data)` on the loop when something happens in a folder, or to a file. */
struct fs_watch;
int fs_watch_new(struct loop *loop, const char *path, void (*fire)(void *data), void *data,
                 struct fs_watch **out);
void fs_watch_free(struct fs_watch *watch); /* NULL is accepted */

#endif
