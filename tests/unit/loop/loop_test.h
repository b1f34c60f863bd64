/* Small helpers for tests that run a loop: tasks that note that they ran. */
#ifndef JF_LOOP_TEST_H
#define JF_LOOP_TEST_H

#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/list.h"
#include "core/loop/loop.h"
#include "sdk/jackfield.h"

/* What happened, one letter each. */
struct diary {
    char text[64];
};

static inline void note(struct diary *diary, char letter)
{
    size_t len = strlen(diary->text);
    assert_true(len + 1 < sizeof(diary->text));
    diary->text[len] = letter;
    diary->text[len + 1] = '\0';
}

/* A task that writes its letter, then may stop the loop. */
struct noted {
    struct task task;
    struct diary *diary;
    struct loop *stops;
    char letter;
};

static inline void run_noted(struct task *task)
{
    struct noted *noted = CONTAINER_OF(task, struct noted, task);
    note(noted->diary, noted->letter);
    if (noted->stops)
        loop_stop(noted->stops);
}

static inline struct noted noted(struct diary *diary, char letter)
{
    return (struct noted){ { NULL, run_noted }, diary, NULL, letter };
}

/* One turn of the loop, which does not wait. */
static inline void turn_once(struct loop *loop)
{
    loop_stop(loop);
    loop_run(loop);
}

static inline struct loop *new_loop(void)
{
    struct loop *loop;
    assert_int_equal(loop_new(&loop), JF_OK);
    return loop;
}

#endif
