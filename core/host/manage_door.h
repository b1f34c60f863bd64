/*
 * manage_door - who may use the management API. [home worker]
 */
#ifndef JF_HOST_MANAGE_DOOR_H
#define JF_HOST_MANAGE_DOOR_H

#include <stdbool.h>

struct http_call;
struct worker;

/* False: it was answered with 403. */
bool manage_may_pass(struct worker *worker, struct http_call *call);

#endif
