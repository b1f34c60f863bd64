/*
 * verdict - may a request pass, and if not, what AWS would say.
 *
 * All refusals are HTTP 403. Their "x-amzn-ErrorType" and the "message" of their JSON are
 * those of execute-api, as observed: SDKs and people go by them. Pure. [any thread]
 */
#ifndef JF_CREDENTIALS_VERDICT_H
#define JF_CREDENTIALS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define VERDICT_TEXT_MAX                                                                   \
    4096 /* octets of a message; the rest of a longer one is left out */

/* Why: to be counted and logged. Several are one error type to AWS. */
enum verdict_kind {
    VERDICT_PASS,
    VERDICT_NO_CREDENTIALS, /* MissingAuthenticationTokenException */
    VERDICT_INCOMPLETE,     /* IncompleteSignatureException: malformed or out of bounds */
    VERDICT_SCOPE,          /* InvalidSignatureException: signed for somebody else */
    VERDICT_EXPIRED,        /* InvalidSignatureException */
    VERDICT_NOT_YET,        /* InvalidSignatureException: the client's clock is ahead */
    VERDICT_UNKNOWN,        /* UnrecognizedClientException: no such key or token */
    VERDICT_MISMATCH,       /* InvalidSignatureException: the signature is not right */
    VERDICT_KINDS
};

/* Yours, and large: it lies on the stack of who asks. */
struct verdict {
    enum verdict_kind kind;
    jf_bytes who; /* the access key id that passed, borrowed from the credentials; or empty
                   * for a token */
    size_t len;
    char text[VERDICT_TEXT_MAX];
};

/* The value of "x-amzn-ErrorType"; NULL for VERDICT_PASS. */
const char *verdict_error_type(enum verdict_kind kind);

/* "mismatch", ...: for logs and counters. */
const char *verdict_name(enum verdict_kind kind);

/* What the JSON says, yet to be escaped: printable ASCII and line feeds. Borrowed. */
jf_bytes verdict_message(const struct verdict *verdict);

/* ---- For who decides ---------------------------------------------------- */

/* False, for the caller to return. */
bool verdict_refuse(struct verdict *verdict, enum verdict_kind kind, const char *text);

/* Go on with the message. What a stranger wrote may be given: its other octets become "?".
 */
void verdict_add(struct verdict *verdict, jf_bytes text);

/* The same, of a text of ours. */
void verdict_say(struct verdict *verdict, const char *text);

/* A SHA-256 in base64: how AWS cites a header that it does not want to repeat. */
void verdict_add_hashed(struct verdict *verdict, jf_bytes text);

#endif
