/*
 * manage_door - who may use the management API. [home worker]
 */
#ifndef JF_HOST_MANAGE_DOOR_H
#define JF_HOST_MANAGE_DOOR_H

#include <stdbool.h>

#include <stddef.h>

struct config;
struct http_call;
struct manage_door;

/* Can its credentials be such? JF_E_INVALID with *error. Pure. */
int manage_door_check(const struct config *config, char *error, size_t error_size);

/* By a configuration that has been checked. */
struct manage_door *manage_door_new(const struct config *config);
void manage_door_free(struct manage_door *door); /* NULL is accepted */

/* `local`: it came by a listener that only this machine can reach. False: it was answered
 * with 403. */
bool manage_may_pass(struct manage_door *door, struct http_call *call, bool local);

#endif
