/*
 * kick - connections that are closed together: a group, or whoever has an attribute.
 *
 * On each worker it is a walk in pieces, one piece per turn of its loop and one walk at a
 * time, so that a hundred thousand connections hold nobody up. Who is a member when the
 * walk begins is closed; who has the attribute when the walk comes by. What such a
 * connection was sent before reaches it first, and each has its $disconnect.
 */
#ifndef JF_HOST_KICK_H
#define JF_HOST_KICK_H

#include <stdint.h>

#include "sdk/jackfield.h"

struct gateway;
struct worker;

#define KICKS_MAX 256 /* walks that a worker has before it, else JF_E_FULL */

enum kick_whom { KICK_GROUP, KICK_WHERE };

struct kick_order {
    enum kick_whom whom;
    jf_bytes name;       /* the group as the store knows it, or the stage */
    jf_bytes key, value; /* KICK_WHERE */
    uint16_t code;
    jf_bytes reason;
};

/* May a plugin, a client or a neighbour ask for that? JF_E_INVALID: code or reason are not
 * such as a close frame may have, or names are missing or too long; JF_E_TOO_BIG: the value
 * is longer than any attribute. Pure. [any thread] */
int kick_check(const struct kick_order *order);

/* On all workers of this node. The status of a worker that could not take it (JF_E_FULL,
 * JF_E_NOMEM, JF_E_STOPPING), which keeps it from no other. [any thread] */
int kick_here(struct gateway *gateway, const struct kick_order *order);

/* Checked, here and on the other nodes. Also JF_E_UNAVAILABLE: those cannot be reached;
 * here it was done. [any thread] */
int kick_on_all_nodes(struct gateway *gateway, const struct kick_order *order);

#endif
