/* What a token claims, once its signature is good: RFC 7519, section 4.1. */
#ifndef JF_JWT_JWT_H
#define JF_JWT_JWT_H

#include "json_strict.h"
#include "jws.h"

#define JWT_NAMES_MAX 32 /* issuers, audiences, claims that are named */
#define JWT_CLAIMS_MAX 32
#define JWT_CLAIM_NAME_MAX 128
#define JWT_CLAIM_VALUE_MAX 2048
#define JWT_OWNER_OCTETS 32
#define JWT_NEVER INT64_MAX
#define JWT_TIME_MAX 253402300799 /* the year 9999 */

/* A few names; none of them is NULL. */
struct jwt_names {
    const char *names[JWT_NAMES_MAX];
    size_t count;
};

/* What a token has to claim, and what of it is kept. */
struct jwt_rules {
    struct jwt_names issuers;   /* none: whoever has a key that we know */
    struct jwt_names audiences; /* none: a token that is for somebody is not for us */
    struct jwt_names claims;    /* that become context, if all_claims is not set */
    bool all_claims;            /* every string, number and boolean does */
    bool needs_exp;
    int64_t leeway_s;
};

/* What came of a token. It views itself, so it must not be moved. */
struct jwt {
    struct jws jws;
    struct json_object payload;
    int64_t exp;                           /* seconds since 1970; JWT_NEVER */
    jf_bytes subject;                      /* `ptr` is NULL: it has none */
    bool has_owner;                        /* it has a subject */
    unsigned char owner[JWT_OWNER_OCTETS]; /* a hash of issuer and subject */
    struct jf_pair
        claims[JWT_CLAIMS_MAX]; /* values: strings, or a number as it stands there */
    size_t claim_count;
};

/* Read the claims of a token that was parsed into `jwt->jws` and verified, and hold them
 * against the rules at a time. Whatever comes of it, jwt_fini() is needed afterwards. [any
 * thread] */
enum jwt_fault jwt_read(struct jwt *jwt, const struct jwt_rules *rules, int64_t now_s);

/* For one that was zeroed, read or not. */
void jwt_fini(struct jwt *jwt);

#endif
