/*
 * mail - what one worker asks of another: send this to these.
 *
 * The body is copied once per worker it goes to, however many connections hear it there.
 */
#ifndef JF_HOST_MAIL_H
#define JF_HOST_MAIL_H

#include <stddef.h>

#include "sdk/jackfield.h"

struct gateway;
struct worker;

/* Who shall hear it. */
enum mail_to { MAIL_IDS, MAIL_GROUP, MAIL_STAGE };

struct mail_order {
    enum mail_to to;
    jf_bytes name;         /* MAIL_GROUP, MAIL_STAGE */
    const jf_conn_id *ids; /* MAIL_IDS: those of the worker it goes to */
    size_t count;
    uint32_t opcode;
    jf_bytes body;
};

/* Do it here and now. The status is of the first connection if there is just one, else
 * JF_OK. JF_E_NOMEM. [home worker] */
int mail_deliver(struct worker *worker, const struct mail_order *order);

/* Have `to` do it. JF_E_FULL, JF_E_NOMEM, JF_E_STOPPING: nothing was posted. [any thread]
 */
int mail_post(struct worker *to, const struct mail_order *order);

/* Here and now, if that is `home`, or by its mailbox. [any thread] */
int mail_send(struct worker *home, const struct mail_order *order);

/* Those of the order's ids that live on this node, each at its home; who has gone is passed
 * by. JF_E_NOMEM; else the status of a worker that could not take it, which keeps it from
 * no other. [any thread] */
int mail_send_ids(struct gateway *gateway, const struct mail_order *order);

/* A group or a stage, on all workers of this node; the caller's own one comes last, so that
 * its clients have no head start. The status as above. [any thread] */
int mail_send_everywhere(struct gateway *gateway, const struct mail_order *order);

/* What the order says, here and on the other nodes; who has gone is passed by. If those
 * cannot be reached, JF_E_UNAVAILABLE, and this one was. [any thread] */
int mail_send_on_all_nodes(struct gateway *gateway, const struct mail_order *order);

/* Close a connection of `to`. [any thread] */
int mail_post_close(struct worker *to, jf_conn_id id, uint16_t code, jf_bytes reason);

#endif
