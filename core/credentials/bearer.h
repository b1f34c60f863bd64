/*
 * bearer - is this one of the configured tokens?
 *
 * Tokens are kept, and compared, as hashes under a key that is drawn when they are taken:
 * neither length nor content of a token shows in the time a comparison takes. Read only
 * once built. [any thread]
 */
#ifndef JF_CREDENTIALS_BEARER_H
#define JF_CREDENTIALS_BEARER_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define BEARER_TOKENS_MAX 64
#define BEARER_TOKEN_MIN 16   /* octets: less can be guessed */
#define BEARER_TOKEN_MAX 4096 /* octets */

struct bearer;

/* JF_E_INVALID with *why, a constant sentence: too many, or one is too short, too long, or
 * no token (RFC 6750, 2.1: letters, digits, "-._~+/" and "=" at the end). The tokens are
 * not kept. None are all right: then none is known. */
int bearer_new(const jf_bytes *tokens, size_t count, struct bearer **out, const char **why);

/* Wipes the hashes. Accepts NULL. */
void bearer_free(struct bearer *bearer);

/* The token of an Authorization header's value, "Bearer <token>" with the scheme in any
 * case (RFC 9110, 11.1); false, *out untouched, if it has another scheme. */
bool bearer_token(jf_bytes authorization, jf_bytes *out);

/* Is it known? One that is too long to be is not hashed. */
bool bearer_check(const struct bearer *bearer, jf_bytes token);

#endif
