/*
 * task - the coin of the house: one piece of work for a loop.
 *
 * Deferred, mailed, timed, completed: it is always this, embedded in what the work is
 * about, hence the struct body. Whoever posts it owns it and leaves it alone until `run`
 * has been called.
 */
#ifndef JF_LOOP_TASK_H
#define JF_LOOP_TASK_H

struct task {
    struct task *next;
    void (*run)(struct task *task);
};

#endif
