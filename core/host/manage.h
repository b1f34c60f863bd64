/*
 * manage - the management API: @connections over HTTP, as AWS has it, and what is ours.
 *
 * Each request is the same call that a plugin would make, in the clothes of the SDKs.
 * docs/management.md and docs/openapi.json describe it. [home worker]
 */
#ifndef JF_HOST_MANAGE_H
#define JF_HOST_MANAGE_H

#include <stdbool.h>

#include "sdk/jackfield.h"

struct http_call;

/* Is it a path of the management API? [any worker] */
bool manage_is_path(void *host, jf_bytes path);

/* Answers it, now or later; `host` is the worker. */
void manage_on_call(void *host, struct http_call *call);

#endif
