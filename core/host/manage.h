/*
 * manage - the management API: @connections over HTTP, as AWS has it, and what is ours.
 *
 * Each request is the same call that a plugin would make, in the clothes of the SDKs.
 * docs/management.md and docs/openapi.json describe it. [home worker]
 */
#ifndef JF_HOST_MANAGE_H
#define JF_HOST_MANAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

struct gateway;
struct http_call;

/* Is it a path of the management API? [any worker] */
bool manage_is_path(void *host, uint8_t listener, jf_bytes path);

/* Says in the log where it is served, and where it is not and why. [main thread] */
void manage_announce(const struct gateway *gateway);

/* Answers it, now or later; `host` is the worker. */
void manage_on_call(void *host, struct http_call *call);

#endif
