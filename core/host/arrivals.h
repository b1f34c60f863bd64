/*
 * arrivals - what other nodes send to this one, on its way to the workers.
 *
 * [cluster thread]
 */
#ifndef JF_HOST_ARRIVALS_H
#define JF_HOST_ARRIVALS_H

#include <stdint.h>

struct gateway;
struct letter;

/* A letter from that node. Who cannot take it is counted and logged; a question that
 * cannot be put is not answered, and its asker's time runs out. */
void arrivals_take(struct gateway *gateway, uint16_t from, const struct letter *letter);

#endif
