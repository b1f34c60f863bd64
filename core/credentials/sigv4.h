/*
 * sigv4 - was this request signed by somebody who has one of the keys?
 *
 * AWS Signature Version 4 ("AWS4-HMAC-SHA256"), the server's side: the claim is read, the
 * canonical request written in each spelling that clients use, and the signature compared
 * in constant time. Checking remembers derived keys and writes into memory of its own, so
 * each thread that checks has one. [home worker]
 *
 * Sources: the AWS reference, "Signature Version 4 signing process"; what execute-api
 * answers, as observed.
 */
#ifndef JF_CREDENTIALS_SIGV4_H
#define JF_CREDENTIALS_SIGV4_H

#include <stdint.h>

#include "core/credentials/request.h"
#include "core/credentials/verdict.h"

#define SIGV4_SKEW 300 /* seconds that a client's clock may be ahead or behind */
#define SIGV4_KEYS_MAX 64
#define SIGV4_KEY_ID_MAX 64  /* octets; printable ASCII without "/" and "," */
#define SIGV4_SECRET_MAX 256 /* octets, of any kind */
#define SIGV4_TOKEN_MAX 2048 /* octets of a session token */

struct sigv4;

struct sigv4_key {
    jf_bytes access_key_id, secret_access_key;
    jf_bytes session_token; /* if not empty, requests have to carry it */
};

/* A copy is made of all of it. An empty region is any; `service` is "execute-api" but for
 * tests. JF_E_INVALID with *why, a constant sentence: an id twice, something empty or out
 * of bounds. No keys are all right: then no request passes. */
int sigv4_new(const struct sigv4_key *keys, size_t count, jf_bytes region, jf_bytes service,
              struct sigv4 **out, const char **why);

/* Wipes the secrets. Accepts NULL. */
void sigv4_free(struct sigv4 *sigv4);

/* `now` in seconds since 1970. The request has an Authorization header, or is presigned.
 * What is checked, in AWS's order: form, time, scope, key, signature, session token. An
 * unknown key costs what a wrong signature costs. True with VERDICT_PASS and the key's id
 * in `verdict`, or false with a refusal. */
bool sigv4_check(struct sigv4 *sigv4, const struct request *request, int64_t now,
                 struct verdict *verdict);

#endif
