/* Texts of key files: whatever is in them, each key that comes out can verify one
 * algorithm, and a failure says why. The first octet chooses the format. */
#include "core/base/check.h"
#include "plugins/jwt/jwks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_key(const struct jwk *key)
{
    CHECK(key->alg < JWT_ALGS);
    CHECK(memchr(key->kid, '\0', sizeof(key->kid)));
    CHECK((key->alg == JWT_HS256) == (key->pkey == NULL));
    CHECK(key->pkey || (key->secret && key->secret_len >= JWK_SECRET_MIN &&
                        key->secret_len <= JWK_SECRET_MAX));
    CHECK(key->alg != JWT_RS256 || EVP_PKEY_get_bits(key->pkey) >= JWK_RSA_BITS_MIN);
    CHECK(!jwk_verifies(key, jf_str("input"), jf_view(NULL, 0)));
    CHECK(!jwk_verifies(key, jf_str("input"),
                        jf_str("a signature, but of nobody's; 64 octets"
                               " of text, as two numbers")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jwks keys;
    const char *why = NULL;
    if (!size)
        return 0;
    enum jwks_format format = (enum jwks_format)(data[0] % (JWKS_SECRET_BASE64URL + 1));
    int status = jwks_add(&keys, format, jf_view(data + 1, size - 1), "kid", &why);
    CHECK(status == JF_OK || (status == JF_E_INVALID && why));
    CHECK(keys.count <= JWKS_KEYS_MAX && (status < 0 || keys.count));
    for (size_t i = 0; i < keys.count; i++)
        check_key(&keys.keys[i]);
    jwks_fini(&keys);
    return 0;
}
