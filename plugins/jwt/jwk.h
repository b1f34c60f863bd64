/*
 * One key, and what it can say about a signature.
 *
 * OpenSSL's primitives do the computing, and this is why no library for tokens does: the
 * libjwt of Debian 12 (1.10) knows neither EdDSA nor JWKS, and lets the token's header
 * choose what is done with a key. Here a key's own type decides, once, when it is read. A
 * public RSA key can therefore not become the secret of an HMAC, whatever a header says.
 */
#ifndef JF_JWT_JWK_H
#define JF_JWT_JWK_H

#include <stdbool.h>

#include <cjson/cJSON.h>
#include <openssl/evp.h>

#include "jackfield.h"

/* RFC 7518 section 3.1, RFC 8037 section 3.1. */
#define JWT_ALG_MAP(XX)                                                                    \
    XX(HS256, "HS256")                                                                     \
    XX(RS256, "RS256")                                                                     \
    XX(ES256, "ES256")                                                                     \
    XX(EDDSA, "EdDSA") /* Ed25519, and no other curve */

enum jwt_alg {
#define XX(upper, name) JWT_##upper,
    JWT_ALG_MAP(XX)
#undef XX
        JWT_ALGS
};

#define JWK_KID_MAX 128
#define JWK_SECRET_MIN 32 /* RFC 7518 section 3.2: as long as the hash, or longer */
#define JWK_SECRET_MAX 1024
#define JWK_RSA_BITS_MIN 2048 /* the same, section 3.3 */
#define JWK_RSA_BITS_MAX 8192
#define JWK_SIGNATURE_MAX (JWK_RSA_BITS_MAX / 8)

struct jwk {
    enum jwt_alg alg;          /* the only one it can do */
    char kid[JWK_KID_MAX + 1]; /* "": it has none */
    EVP_PKEY *pkey;            /* NULL if it is a secret */
    unsigned char *secret;
    size_t secret_len;
};

/* The algorithm of that name, exactly as written; JWT_ALGS if we do not have it. */
enum jwt_alg jwk_alg_of(const char *name);
const char *jwk_alg_name(enum jwt_alg alg);

/* The three ways to get one; `out` is the caller's to jwk_fini(). JF_E_INVALID: there is
 * something wrong with it, and `*why` says what in a few words. JF_E_NOT_FOUND, from JSON
 * only: it is a key, but none that verifies one of our algorithms (RFC 7517 section 5 has
 * those ignored). [any thread] */
int jwk_from_json(const cJSON *json, struct jwk *out, const char **why);
int jwk_from_secret(jf_bytes octets, struct jwk *out, const char **why);
/* Takes over the reference to `pkey`, also when it fails. */
int jwk_from_pkey(EVP_PKEY *pkey, struct jwk *out, const char **why);

/* Name it; NULL is "". False: longer than JWK_KID_MAX. */
bool jwk_name(struct jwk *key, const char *kid);

void jwk_fini(struct jwk *key);

/* Has this key signed `input`? `signature` as RFC 7515 carries it: for ES256 r and s, 32
 * octets each. Its time does not tell how much of an HMAC was right. [any thread, one at a
 * time per key] */
bool jwk_verifies(const struct jwk *key, jf_bytes input, jf_bytes signature);

#endif
