/* A token's outside: three parts, a header, a signature. RFC 7515, section 7.1. */
#ifndef JF_JWT_JWS_H
#define JF_JWT_JWS_H

#include "jwk.h"

#define JWS_TOKEN_MAX 8192
#define JWS_HEADER_MAX 2048
#define JWS_PAYLOAD_MAX (JWS_TOKEN_MAX / 4 * 3)

/* Why a token was refused, and its name in the log. */
#define JWT_FAULT_MAP(XX)                                                                  \
    XX(NONE, "none")                                                                       \
    XX(MISSING, "missing")             /* there is no token */                             \
    XX(AMBIGUOUS, "ambiguous")         /* there are two in one place */                    \
    XX(TOO_BIG, "too_big")             /* larger than we read */                           \
    XX(MALFORMED, "malformed")         /* not three parts of base64url, or not JSON */     \
    XX(ALGORITHM, "algorithm")         /* none, unknown, or not allowed */                 \
    XX(CRITICAL, "critical")           /* it wants something understood that we do not */  \
    XX(TYPE, "type")                   /* it is a token of another kind */                 \
    XX(UNKNOWN_KEY, "unknown_key")     /* no key of ours can have signed it */             \
    XX(TOO_MANY_KEYS, "too_many_keys") /* none of those tried, and there are more */       \
    XX(SIGNATURE, "signature")         /* nobody we know has signed it */                  \
    XX(CLAIMS, "claims")               /* a claim is not what it has to be, or too big */  \
    XX(NO_EXPIRY, "no_expiry")         /* it never ends, and has to */                     \
    XX(EXPIRED, "expired")                                                                 \
    XX(NOT_YET, "not_yet")                                                                 \
    XX(ISSUER, "issuer")                                                                   \
    XX(AUDIENCE, "audience")                                                               \
    XX(SUBJECT, "subject") /* a refresh by somebody else */

enum jwt_fault {
#define XX(upper, name) JWT_FAULT_##upper,
    JWT_FAULT_MAP(XX)
#undef XX
        JWT_FAULTS
};

const char *jwt_fault_name(enum jwt_fault fault);

/* A token that was taken apart, and nothing in it believed yet. */
struct jws {
    enum jwt_alg alg;
    char kid[JWK_KID_MAX + 1]; /* "": it names none */
    jf_bytes input;            /* what was signed: a view into the token */
    size_t signature_len, payload_len;
    unsigned char signature[JWK_SIGNATURE_MAX];
    char payload[JWS_PAYLOAD_MAX];
};

/* Take a token apart. Header members that say where a key might be found (jku, jwk, x5u,
 * x5c) are not looked at, "crit" is refused. [any thread] */
enum jwt_fault jws_parse(jf_bytes token, struct jws *out);

#endif
