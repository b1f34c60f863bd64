/*
 * manage_request - a call as its signature sees it.
 *
 * A signature is of the request as it was written, but libwebsockets has decoded the path.
 * Clients write it in a few ways only; each of those can be asked for. [home worker]
 */
#ifndef JF_HOST_MANAGE_REQUEST_H
#define JF_HOST_MANAGE_REQUEST_H

#include "core/credentials/request.h"
#include "core/credentials/sigv4_claim.h"

struct http_call;

#define MANAGE_SPELLINGS 8

/* What does not depend on the spelling, and room for it. Large: for the stack. */
struct manage_request {
    struct request request;
    struct jf_pair headers[SIGV4_SIGNED_MAX + 8];
    char path[REQUEST_TARGET_MAX], query[REQUEST_TARGET_MAX];
};

/* Views the call. False: it is longer than signed ones may be. */
bool manage_request_read(struct http_call *call, struct manage_request *out);

/* The path in the given spelling, from 0, the most usual one, on. False: it is the same as
 * one before. */
bool manage_request_spell(struct manage_request *request, jf_bytes path, unsigned spelling);

#endif
