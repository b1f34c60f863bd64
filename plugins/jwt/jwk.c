/* Reads keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2) and verifies signatures
 * with them. It makes no signatures, and a private key's private part is not looked at.
 * Which key is asked is none of its business: see jwks.c. */
#include "jwk.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include "base64url.h"

#define P256_OCTETS 32
#define ED25519_OCTETS 32
#define DER_MAX 80 /* two integers of 33 octets and what surrounds them */

static const char *const alg_names[JWT_ALGS] = {
#define XX(upper, name) name,
    JWT_ALG_MAP(XX)
#undef XX
};

enum jwt_alg jwk_alg_of(const char *name)
{
    int alg = 0;
    while (alg < JWT_ALGS && strcmp(alg_names[alg], name) != 0)
        alg++;
    return (enum jwt_alg)alg;
}

const char *jwk_alg_name(enum jwt_alg alg)
{
    return alg_names[alg];
}

static int wrong(const char **why, const char *what)
{
    *why = what;
    return JF_E_INVALID;
}

bool jwk_name(struct jwk *key, const char *kid)
{
    size_t len = kid ? strlen(kid) : 0;
    if (len > JWK_KID_MAX)
        return false;
    memcpy(key->kid, kid ? kid : "", len + 1);
    return true;
}

void jwk_fini(struct jwk *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    OPENSSL_clear_free(key->secret, key->secret_len);
    memset(key, 0, sizeof(*key));
}

/* ---- From what OpenSSL has read --------------------------------------------------------
 */

static int check_rsa(const EVP_PKEY *pkey, const char **why)
{
    BIGNUM *n = NULL, *e = NULL;
    int bits = EVP_PKEY_get_bits(pkey);
    bool good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
                BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) && BN_num_bits(e) <= 64;
    BN_free(n);
    BN_free(e);
    if (!good)
        return wrong(why, "no RSA key: its modulus or exponent is impossible");
    if (bits < JWK_RSA_BITS_MIN || bits > JWK_RSA_BITS_MAX)
        return wrong(why, "an RSA key must have 2048 to 8192 bits");
    return JF_OK;
}

static int check_ec(EVP_PKEY *pkey, const char **why)
{
    char group[64];
    size_t len;
    if (EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) != 1 ||
        strcmp(group, "prime256v1") != 0)
        return wrong(why, "the only curve for ECDSA is P-256");
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
    bool good = ctx && EVP_PKEY_public_check(ctx) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good ? JF_OK : wrong(why, "the point is not on the curve");
}

int jwk_from_pkey(EVP_PKEY *pkey, struct jwk *out, const char **why)
{
    struct jwk key = { .pkey = pkey };
    int status = JF_OK;
    switch (EVP_PKEY_get_base_id(pkey)) {
    case EVP_PKEY_RSA:
        key.alg = JWT_RS256;
        status = check_rsa(pkey, why);
        break;
    case EVP_PKEY_EC:
        key.alg = JWT_ES256;
        status = check_ec(pkey, why);
        break;
    case EVP_PKEY_ED25519:
        key.alg = JWT_EDDSA;
        break;
    default:
        status = wrong(why, "a key must be RSA, P-256 or Ed25519");
    }
    ERR_clear_error();
    if (status < 0)
        jwk_fini(&key);
    else
        *out = key;
    return status;
}

/* A public key in DER: a SEQUENCE that is as long as it says, and in it another. */
static bool looks_like_der(const unsigned char *o, size_t len)
{
    size_t inner = o[1] == 0x82 ? 4 : o[1] == 0x81 ? 3 : 2;
    size_t said = inner == 4 ? (size_t)o[2] << 8 | o[3] : inner == 3 ? o[2] : o[1];
    return o[0] == 0x30 && said == len - inner && o[inner] == 0x30;
}

/* What would be read as a secret and is a public key, known to everybody: the oldest way to
 * forge tokens. There are at least JWK_SECRET_MIN octets. */
static bool looks_public(jf_bytes octets)
{
    return memmem(octets.ptr, octets.len, "-----BEGIN", 10) ||
           memmem(octets.ptr, octets.len, "\"kty\"", 5) ||
           looks_like_der((const unsigned char *)octets.ptr, octets.len);
}

int jwk_from_secret(jf_bytes octets, struct jwk *out, const char **why)
{
    if (!octets.ptr || octets.len < JWK_SECRET_MIN || octets.len > JWK_SECRET_MAX)
        return wrong(why, "a secret must have 32 to 1024 octets");
    if (looks_public(octets))
        return wrong(why, "it looks like a public key, which is no secret");
    struct jwk key = { .alg = JWT_HS256, .secret_len = octets.len };
    key.secret = OPENSSL_malloc(octets.len);
    if (!key.secret)
        return JF_E_NOMEM;
    memcpy(key.secret, octets.ptr, octets.len);
    *out = key;
    return JF_OK;
}

/* ---- From JSON -------------------------------------------------------------------------
 */

/* A member's octets; false if it is no string of base64url, or does not fit. */
static bool octets_of(const cJSON *json, const char *name, unsigned char *octets,
                      size_t room, size_t *out)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text && base64url_decode(jf_str(text), octets, room, out) && *out > 0;
}

static EVP_PKEY *pkey_from_params(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *rsa_from(const unsigned char *n, size_t n_len, const unsigned char *e,
                          size_t e_len)
{
    EVP_PKEY *pkey = NULL;
    BIGNUM *big_n = BN_bin2bn(n, (int)n_len, NULL);
    BIGNUM *big_e = BN_bin2bn(e, (int)e_len, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (big_n && big_e && builder &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, big_n) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, big_e) == 1)
        pkey = pkey_from_params("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(big_n);
    BN_free(big_e);
    return pkey;
}

static int read_rsa(const cJSON *json, struct jwk *out, const char **why)
{
    unsigned char n[JWK_SIGNATURE_MAX], e[8];
    size_t n_len, e_len;
    if (!octets_of(json, "n", n, sizeof(n), &n_len) ||
        !octets_of(json, "e", e, sizeof(e), &e_len))
        return wrong(why, "an RSA key needs \"n\" and \"e\" in base64url, of 8192 bits and "
                          "64 bits at most");
    EVP_PKEY *pkey = rsa_from(n, n_len, e, e_len);
    return pkey ? jwk_from_pkey(pkey, out, why) : wrong(why, "no RSA key");
}

static EVP_PKEY *ec_from(const unsigned char *point, size_t len)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1",
                                        0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len) == 1)
        pkey = pkey_from_params("EC", builder);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static int read_ec(const cJSON *json, struct jwk *out, const char **why)
{
    unsigned char point[1 + 2 * P256_OCTETS] = { 4 }; /* x and y follow, uncompressed */
    size_t x_len, y_len;
    if (!octets_of(json, "x", point + 1, P256_OCTETS, &x_len) || x_len != P256_OCTETS ||
        !octets_of(json, "y", point + 1 + P256_OCTETS, P256_OCTETS, &y_len) ||
        y_len != P256_OCTETS)
        return wrong(why, "a P-256 key needs \"x\" and \"y\" of 32 octets in base64url");
    EVP_PKEY *pkey = ec_from(point, sizeof(point));
    return pkey ? jwk_from_pkey(pkey, out, why)
                : wrong(why, "the point is not on the curve");
}

static int read_okp(const cJSON *json, struct jwk *out, const char **why)
{
    unsigned char x[ED25519_OCTETS];
    size_t len;
    if (!octets_of(json, "x", x, sizeof(x), &len) || len != sizeof(x))
        return wrong(why, "an Ed25519 key needs an \"x\" of 32 octets in base64url");
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, len);
    return pkey ? jwk_from_pkey(pkey, out, why) : JF_E_NOMEM;
}

static int read_oct(const cJSON *json, struct jwk *out, const char **why)
{
    unsigned char secret[JWK_SECRET_MAX];
    size_t len;
    if (!octets_of(json, "k", secret, sizeof(secret), &len))
        return wrong(why, "a secret needs a \"k\" of 1024 octets at most in base64url");
    int status = jwk_from_secret(jf_view(secret, len), out, why);
    OPENSSL_cleanse(secret, sizeof(secret));
    return status;
}

/* Each with the algorithm that its type allows; a type that stands alone has no "crv". */
static const struct {
    const char *kty, *crv;
    enum jwt_alg alg;
    int (*read)(const cJSON *json, struct jwk *out, const char **why);
} kinds[] = {
    { "RSA", NULL, JWT_RS256, read_rsa },
    { "EC", "P-256", JWT_ES256, read_ec },
    { "OKP", "Ed25519", JWT_EDDSA, read_okp },
    { "oct", NULL, JWT_HS256, read_oct },
};

static bool says(const cJSON *json, const char *name, const char *value)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
    return text && strcmp(text, value) == 0;
}

/* RFC 7517, 4.2 to 4.4: what is said of its use must not exclude ours. */
static bool may_verify(const cJSON *json, enum jwt_alg alg)
{
    const cJSON *ops = cJSON_GetObjectItemCaseSensitive(json, "key_ops"), *op;
    bool verify = !ops;
    cJSON_ArrayForEach(op, ops)
    {
        if (cJSON_IsString(op) && strcmp(op->valuestring, "verify") == 0)
            verify = true;
    }
    return verify && (!ops || cJSON_IsArray(ops)) &&
           (!cJSON_HasObjectItem(json, "use") || says(json, "use", "sig")) &&
           (!cJSON_HasObjectItem(json, "alg") || says(json, "alg", alg_names[alg]));
}

int jwk_from_json(const cJSON *json, struct jwk *out, const char **why)
{
    const cJSON *kid = cJSON_GetObjectItemCaseSensitive(json, "kid");
    size_t kind = 0, count = sizeof(kinds) / sizeof(kinds[0]);
    if (!cJSON_IsObject(json) ||
        !cJSON_IsString(cJSON_GetObjectItemCaseSensitive(json, "kty")))
        return wrong(why, "a key is an object with a \"kty\"");
    while (kind < count && !(says(json, "kty", kinds[kind].kty) &&
                             (!kinds[kind].crv || says(json, "crv", kinds[kind].crv))))
        kind++;
    if (kind == count || !may_verify(json, kinds[kind].alg))
        return JF_E_NOT_FOUND;
    if (kid && (!cJSON_IsString(kid) || strlen(kid->valuestring) > JWK_KID_MAX))
        return wrong(why, "a \"kid\" is a string of 128 octets at most");

    int status = kinds[kind].read(json, out, why);
    if (status == JF_OK)
        (void)jwk_name(out, cJSON_GetStringValue(kid));
    ERR_clear_error();
    return status;
}

/* ---- Signatures ------------------------------------------------------------------------
 */

static bool hmac_verifies(const struct jwk *key, jf_bytes input, jf_bytes signature)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return HMAC(EVP_sha256(), key->secret, (int)key->secret_len,
                (const unsigned char *)input.ptr, input.len, mac, &len) &&
           signature.len == len && CRYPTO_memcmp(mac, signature.ptr, len) == 0;
}

static bool digest_verifies(const struct jwk *key, const EVP_MD *md, jf_bytes input,
                            const unsigned char *signature, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(ctx, signature, len, (const unsigned char *)input.ptr,
                                 input.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error(); /* that it is wrong is no error of this thread */
    return good;
}

/* RFC 7518, section 3.4: r and s, big endian; OpenSSL wants them in DER. Zero for the
 * length: no memory. */
static size_t der_of(jf_bytes signature, unsigned char *der)
{
    const unsigned char *octets = (const unsigned char *)signature.ptr;
    BIGNUM *r = BN_bin2bn(octets, P256_OCTETS, NULL);
    BIGNUM *s = BN_bin2bn(octets + P256_OCTETS, P256_OCTETS, NULL);
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int len = 0;
    if (r && s && pair && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; /* the pair's */
        len = i2d_ECDSA_SIG(pair, NULL);
        len = len > 0 && len <= DER_MAX ? i2d_ECDSA_SIG(pair, &der) : 0;
    }
    ECDSA_SIG_free(pair);
    BN_free(r);
    BN_free(s);
    return len > 0 ? (size_t)len : 0;
}

static bool ecdsa_verifies(const struct jwk *key, jf_bytes input, jf_bytes signature)
{
    unsigned char der[DER_MAX];
    size_t len = signature.len == 2 * P256_OCTETS ? der_of(signature, der) : 0;
    return len && digest_verifies(key, EVP_sha256(), input, der, len);
}

bool jwk_verifies(const struct jwk *key, jf_bytes input, jf_bytes signature)
{
    const unsigned char *octets = (const unsigned char *)signature.ptr;
    switch (key->alg) {
    case JWT_HS256:
        return hmac_verifies(key, input, signature);
    case JWT_RS256:
        return signature.len == (size_t)EVP_PKEY_get_size(key->pkey) &&
               digest_verifies(key, EVP_sha256(), input, octets, signature.len);
    case JWT_ES256:
        return ecdsa_verifies(key, input, signature);
    case JWT_EDDSA:
        return digest_verifies(key, NULL, input, octets, signature.len);
    case JWT_ALGS:
        break;
    }
    return false;
}
