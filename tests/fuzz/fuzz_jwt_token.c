/* Tokens of strangers, against the keys of RFC 7515 and RFC 8037.
 *
 * Whoever has no private key can only bring the tokens that are printed there: everything
 * else is refused. Claims are looked at all the same, as if a signature had been good. */
#include "core/base/check.h"
#include "plugins/jwt/jwks.h"
#include "plugins/jwt/jwt.h"
#include "tests/unit/plugins/jwt_vectors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1300000000

static struct jwks keys;

static void setup(void)
{
    static const char *const texts[] = { A1_JWK, A2_JWK, A3_JWK, ED_JWK };
    const char *why;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        CHECK(jwks_add(&keys, JWKS_JSON, jf_str(texts[i]), NULL, &why) == JF_OK);
}

static bool is_printed(jf_bytes token)
{
    return jf_same(token, jf_str(A1_TOKEN)) || jf_same(token, jf_str(A2_TOKEN)) ||
           jf_same(token, jf_str(A3_TOKEN)) || jf_same(token, jf_str(ED_TOKEN));
}

static void check_claims(struct jwt *jwt)
{
    static const struct jwt_rules rules = { .all_claims = true, .leeway_s = 30 };
    enum jwt_fault fault = jwt_read(jwt, &rules, NOW);
    CHECK(fault < JWT_FAULTS && jwt_fault_name(fault));
    CHECK(jwt->claim_count <= JWT_CLAIMS_MAX);
    for (size_t i = 0; i < jwt->claim_count; i++) {
        const struct jf_pair *claim = &jwt->claims[i];
        CHECK(claim->name.len && claim->name.len <= JWT_CLAIM_NAME_MAX);
        CHECK(claim->value.len <= JWT_CLAIM_VALUE_MAX);
        CHECK(!memchr(claim->value.ptr, '\0', claim->value.len));
    }
    if (!fault)
        CHECK(jwt->exp == JWT_NEVER || (jwt->exp > NOW - 30 && jwt->exp <= JWT_TIME_MAX));
    jwt_fini(jwt);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jwt jwt;
    jf_bytes token = jf_view(data, size);
    if (!keys.count)
        setup();
    memset(&jwt, 0, sizeof(jwt));
    if (jws_parse(token, &jwt.jws) != JWT_FAULT_NONE)
        return 0;
    CHECK(jwt.jws.alg < JWT_ALGS && jwt.jws.payload_len <= sizeof(jwt.jws.payload));
    CHECK(memchr(jwt.jws.kid, '\0', sizeof(jwt.jws.kid)));
    CHECK(jwks_verify(&keys, 0, &jwt.jws) == JWT_FAULT_ALGORITHM);
    CHECK((jwks_verify(&keys, 0xf, &jwt.jws) == JWT_FAULT_NONE) == is_printed(token));
    check_claims(&jwt);
    return 0;
}
