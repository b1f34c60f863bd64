/*
 * ask_far - questions that other nodes ask about connections that live here.
 */
#ifndef JF_HOST_ASK_FAR_H
#define JF_HOST_ASK_FAR_H

#include <stdint.h>

struct gateway;
struct letter;

/* Put the question of that letter at its connection's home; its answer goes back by
 * itself, also that there is none. JF_E_NOMEM. [cluster thread] */
int ask_visit(struct gateway *gateway, uint16_t from, const struct letter *letter);

#endif
