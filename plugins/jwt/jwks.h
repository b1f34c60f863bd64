/* A set of keys, and which of them has signed a token. */
#ifndef JF_JWT_JWKS_H
#define JF_JWT_JWKS_H

#include "jws.h"

#define JWKS_KEYS_MAX 64
#define JWKS_TEXT_MAX (256u * 1024)
#define JWKS_TRIALS_MAX 8 /* so many keys are tried for one token */

struct jwks {
    struct jwk keys[JWKS_KEYS_MAX];
    size_t count;
    size_t skipped;          /* of a JWKS: keys that are wrong */
    const char *skipped_why; /* the last of them; NULL if there was none */
};

/* What a text holds. JWKS_GUESS is a JWKS or PEM, whichever it looks like; what is a secret
 * is never guessed. */
enum jwks_format { JWKS_GUESS, JWKS_JSON, JWKS_PEM, JWKS_SECRET, JWKS_SECRET_BASE64URL };

/* Add the keys in `text` to a set that was zeroed at first. `kid` names what has no name of
 * its own, and may be NULL. Keys of a JWKS that are none of ours are left out, those that
 * are wrong are counted in `skipped`; a text without a single usable key is wrong.
 * JF_E_INVALID: `*why` says what; JF_E_NOMEM. After a failure the set is only good for
 * jwks_fini(). [any thread] */
int jwks_add(struct jwks *keys, enum jwks_format format, jf_bytes text, const char *kid,
             const char **why);

void jwks_fini(struct jwks *keys);

/* Has one of these keys signed it? Only keys whose own type is the token's algorithm, and
 * the algorithm is one of `allowed` (a bit, 1 << alg, for each), are asked: first those
 * with the name that the token gives, then those without a name; if the token gives none,
 * all. [the set's thread] */
enum jwt_fault jwks_verify(const struct jwks *keys, unsigned allowed,
                           const struct jws *jws);

#endif
