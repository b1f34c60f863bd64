/*
 * ask_impl - the body of a question, for the two files that make its way.
 *
 * ask.c knows the way from worker to worker, ask_far.c the one to and from other nodes. A
 * question that another node has sent is a visitor: it has no worker here that asks, and
 * its answer goes back by letter. [home worker, or the asking one]
 */
#ifndef JF_HOST_ASK_IMPL_H
#define JF_HOST_ASK_IMPL_H

#include <stdbool.h>

#include "core/host/ask.h"
#include "core/host/worker.h"
#include "core/loop/wheel.h"
#include "core/net/frame.h"
#include "core/relay/relay_ask.h"

/* Where the answer to a visitor goes. */
struct ask_sender {
    uint16_t node;
    uint8_t place;
    uint64_t number;
};

struct ask {
    struct task task;
    struct worker *from, *home; /* from: NULL for a visitor */
    jf_worker *plugin_worker;   /* NULL for a visitor */
    struct ask_order order;     /* its views are into `bytes` */
    int status;
    bool answered; /* the plugin was told that time is up */
    bool far;      /* it is on its way to another node */

    struct store_op op;
    struct frame_note note;
    struct alarm alarm; /* ASK_SEND, and far: the asking worker's patience */
    union {
        struct relay_question question; /* far */
        struct ask_sender sender;       /* a visitor */
    } beyond;

    /* The answer, copied for its way back. */
    char *answer;
    size_t answer_len;
    char bytes[];
};

/* For a plugin's worker, or NULL for a visitor's. NULL: no memory. */
struct ask *ask_new(struct worker *worker, jf_worker *plugin_worker,
                    const struct ask_order *order);
void ask_free(struct ask *ask);

/* Are name and value such as the order's kind has? JF_E_INVALID, JF_E_TOO_BIG. */
int ask_check(const struct ask_order *order);

/* A failure becomes the question's status. */
void ask_keep_answer(struct ask *ask, jf_bytes answer);

/* Back to who asked, never from inside the call. */
void ask_send_back(struct ask *ask, int status);

/* The task of a question that comes home. */
void ask_arrive(struct task *task);

/* ---- ask_managed.c ---- */

bool ask_is_managed(enum ask_kind kind);
int ask_check_managed(const struct ask_order *order); /* JF_E_INVALID */

/* What the management API asks, done at once. JF_E_GONE: it is not open, or of another
 * stage. */
int ask_do_managed(struct ask *ask);

/* ---- ask_far.c ---- */

/* JF_OK: it is on its way to the node of its connection. */
int ask_put_far(struct ask *ask);

/* The asker's time is up. */
void ask_forget_far(struct ask *ask);

/* The answer to a visitor, which is freed. */
void ask_reply(struct ask *ask, int status);

#endif
