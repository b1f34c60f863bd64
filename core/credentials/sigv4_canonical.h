/*
 * sigv4_canonical - the canonical request that a signature is of.
 *
 * Method, path, query, signed headers, their names, and the hash of the payload, each on
 * lines of its own. Of path and query there are several spellings that clients sign; they
 * are few, and known. Pure. [any thread]
 */
#ifndef JF_CREDENTIALS_SIGV4_CANONICAL_H
#define JF_CREDENTIALS_SIGV4_CANONICAL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/credentials/request.h"
#include "core/credentials/sigv4_claim.h"

#define CANONICAL_PARAMETERS_MAX 128 /* of a query */
#define CANONICAL_HEADERS_MAX 16384  /* octets of signed names and values */

/* How a path is spelled. AWS's own is the first; observed with all SDKs that sign what they
 * send. The second is that of SDKs that tidy the path before they sign it (botocore,
 * JavaScript v3), and of AWS's test suite. The third is that of signers that encode
 * once, as S3 wants it. */
enum canonical_path {
    CANONICAL_PATH_AS_SENT, /* each octet of it encoded once more */
    CANONICAL_PATH_TIDIED,  /* without "//", "." and "..", and then the same */
    CANONICAL_PATH_DECODED, /* decoded, and encoded once */
    CANONICAL_PATHS
};

/* How a query is: sorted, and each name and value decoded and encoded, as AWS does; or only
 * sorted, as botocore does. */
enum canonical_query {
    CANONICAL_QUERY_ENCODED,
    CANONICAL_QUERY_AS_SENT,
    CANONICAL_QUERIES
};

/* Room for the largest request there may be. Reused from one to the next. */
struct canonical;

struct canonical *canonical_new(void);

/* Accepts NULL. */
void canonical_free(struct canonical *canonical);

/* What does not depend on the spelling. False, with a refusal: the method is none, a signed
 * header is missing, has control characters, or there is too much. */
bool canonical_prepare(struct canonical *canonical, const struct request *request,
                       const struct sigv4_claim *claim, struct verdict *verdict);

/* In one spelling; views memory that the next call overwrites. Empty if it is the same as
 * one before it, or cannot be. */
jf_bytes canonical_write(struct canonical *canonical, const struct request *request,
                         enum canonical_path path, enum canonical_query query);

#endif
