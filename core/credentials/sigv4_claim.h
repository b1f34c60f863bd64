/*
 * sigv4_claim - what a request says of its signature (AWS Signature Version 4).
 *
 * Read from the Authorization header, or from the query of a presigned URL. Here it is
 * only read and bounded; whether it is true is for sigv4.h. Pure. [any thread]
 */
#ifndef JF_CREDENTIALS_SIGV4_CLAIM_H
#define JF_CREDENTIALS_SIGV4_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/credentials/clock.h"
#include "core/credentials/request.h"
#include "core/credentials/verdict.h"

#define SIGV4_ALGORITHM "AWS4-HMAC-SHA256"
#define SIGV4_SIGNATURE 64         /* characters: 32 octets in lower case hexadecimal */
#define SIGV4_CLAIM_MAX 4096       /* octets of an Authorization header, or decoded */
#define SIGV4_SCOPE_MAX 64         /* octets of a region, of a service */
#define SIGV4_SIGNED_MAX 64        /* signed headers */
#define SIGV4_LIFETIME 300         /* seconds that a signature lasts, if it says no other */
#define SIGV4_LIFETIME_MAX 604800u /* 7 days, of presigned ones */

/* Views the request and `memory`, so it may not be copied. Large: for the stack. */
struct sigv4_claim {
    bool presigned;
    jf_bytes access_key_id, day, region, service, terminator; /* of the credential */
    jf_bytes signed_headers[SIGV4_SIGNED_MAX]; /* lower case, ascending, each once */
    size_t signed_count;
    jf_bytes signature;         /* SIGV4_SIGNATURE characters */
    jf_bytes token;             /* X-Amz-Security-Token; empty if none */
    char stamp[CLOCK_TEXT + 1]; /* when it was signed */
    int64_t at;                 /* the same */
    unsigned lifetime;          /* seconds from then */
    size_t used;                /* of memory */
    char memory[SIGV4_CLAIM_MAX];
};

/* Is it a presigned URL: does its query have a parameter of a signature? */
bool sigv4_is_presigned(const struct request *request);

/* Read the claim of a request that has an Authorization header, or is presigned. The two
 * together, anything repeated, missing, unknown, malformed or beyond the bounds above is
 * refused as AWS does, in AWS's order: what there must be, the time's form, the headers,
 * the credential. False with the refusal in `verdict`. */
bool sigv4_claim_read(const struct request *request, struct sigv4_claim *out,
                      struct verdict *verdict);

#endif
