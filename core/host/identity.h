/*
 * identity - who a connection is, as its authorizer has said.
 *
 * A principal and a context of strings, as API Gateway has them; at most 8 KiB together.
 * Filled by whoever holds the event of $authorize, then the connection's, and immutable.
 */
#ifndef JF_HOST_IDENTITY_H
#define JF_HOST_IDENTITY_H

#include <stddef.h>

#include "sdk/jackfield.h"

#define IDENTITY_BYTES_MAX 8192
#define IDENTITY_PAIRS_MAX 64
#define IDENTITY_NAME_MAX 256
#define IDENTITY_PRINCIPAL "principalId"
/* Where a stage may take API keys from. */
#define IDENTITY_API_KEY "usageIdentifierKey"

struct identity;

/* Sets one string, in place of what had that name; *identity is made when it is NULL.
 * JF_E_INVALID: no name, or one of more than 256 octets; JF_E_TOO_BIG; JF_E_FULL: there are
 * IDENTITY_PAIRS_MAX. */
int identity_set(struct identity **identity, jf_bytes name, jf_bytes value);

void identity_free(struct identity *identity); /* NULL is accepted */

/* What it says by exactly that name; `ptr` is NULL if it says nothing. NULL is accepted. */
jf_bytes identity_find(const struct identity *identity, jf_bytes name);

/* The principal among them, by its AWS name; none of NULL. */
const struct jf_pair *identity_pairs(const struct identity *identity, size_t *count);

#endif
