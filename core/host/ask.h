/*
 * ask - a plugin's question that is answered later: attributes, groups, the fate of a send.
 *
 * A question about a connection is put at the connection's home, so that all questions
 * about it have one order, and its answer comes back to the worker that asked; exactly
 * once, never from inside the call. [the asking worker]
 */
#ifndef JF_HOST_ASK_H
#define JF_HOST_ASK_H

#include "sdk/jackfield.h"

struct worker;

enum ask_kind {
    ASK_ATTR_SET,
    ASK_ATTR_GET,
    ASK_GROUP_JOIN,
    ASK_GROUP_LEAVE,
    ASK_GROUP_MEMBERS,
    ASK_GROUP_COUNT,
    ASK_SEND,

    /* The management API's, of a connection that is open, on the stage `key`. */
    ASK_POST,  /* send `value`: it waits for that client now */
    ASK_CLOSE, /* `value`: two octets of code, and the reason */
    ASK_LOOK,  /* what it is, as JSON */
    ASK_LIST   /* not of it, but of those on its worker, from its slot on: see ask_list.h */
};

#define ASK_CLOSE_CODE 2 /* octets of the code in front of a reason */

/* How the plugin wants its answer; the one that fits the kind, or NULL. */
union ask_done {
    jf_done_fn *status;
    jf_value_fn *value;
    jf_members_fn *members;
    jf_count_fn *count;
};

struct ask_order {
    enum ask_kind kind;
    jf_conn_id conn;
    jf_bytes key, value; /* ASK_SEND: the message is `value` */
    uint32_t opcode;
    union ask_done done;
    void *data;
};

/* Put it. A failure had no effect and `done` will not be called. */
int ask_put(struct worker *worker, jf_worker *plugin_worker, const struct ask_order *order);

/* The same for the host itself: `done` is told of no worker. */
int ask_put_own(struct worker *worker, const struct ask_order *order);

/* ASK_POST to a connection of this very worker, here and now: its outcome. */
int ask_post_here(struct worker *worker, const struct ask_order *order);

#endif
