/* Keys: the standards' examples are read, weak and wrong ones are not, and each can do one
 * algorithm only. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "plugins/jwt/jwks.h"
#include "tests/unit/plugins/jwt_vectors.h"

static int add_named(struct jwks *keys, enum jwks_format format, jf_bytes text,
                     const char *kid, const char **why)
{
    memset(keys, 0, sizeof(*keys));
    *why = NULL;
    int status = jwks_add(keys, format, text, kid, why);
    assert_true(status == JF_OK || (status == JF_E_INVALID && *why));
    return status;
}

static int add(struct jwks *keys, enum jwks_format format, const char *text)
{
    const char *why;
    return add_named(keys, format, jf_str(text), NULL, &why);
}

static void is_refused(enum jwks_format format, const char *text, const char *part)
{
    struct jwks keys;
    const char *why;
    assert_int_equal(add_named(&keys, format, jf_str(text), NULL, &why), JF_E_INVALID);
    assert_non_null(strstr(why, part));
    jwks_fini(&keys);
}

static void is_read_as(const char *text, enum jwt_alg alg)
{
    struct jwks keys;
    assert_int_equal(add(&keys, JWKS_GUESS, text), JF_OK);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.keys[0].alg, alg);
    jwks_fini(&keys);
}

static void a_key_can_do_what_its_type_says(void **state)
{
    (void)state;
    is_read_as(A1_JWK, JWT_HS256);
    is_read_as(A2_JWK, JWT_RS256);
    is_read_as(A3_JWK, JWT_ES256);
    is_read_as(ED_JWK, JWT_EDDSA);
}

static void the_public_keys_of_rfc_7517_are_read_but_for_the_one_to_encrypt(void **state)
{
    (void)state;
    struct jwks keys;
    assert_int_equal(add(&keys, JWKS_GUESS, PUBLIC_KEYS), JF_OK);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.keys[0].alg, JWT_RS256);
    assert_string_equal(keys.keys[0].kid, "2011-04-29");
    assert_int_equal(keys.skipped, 0);
    jwks_fini(&keys);
}

static void the_secrets_of_rfc_7517_are_read_but_for_the_one_that_wraps(void **state)
{
    (void)state;
    struct jwks keys;
    assert_int_equal(add(&keys, JWKS_JSON, SECRET_KEYS), JF_OK);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.keys[0].secret_len, 64);
    assert_string_equal(keys.keys[0].kid, "HMAC key used in JWS spec Appendix A.1 example");
    jwks_fini(&keys);
}

#define ED_WITH(more)                                                                      \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\","                                                \
    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"," more "}"

static void use_alg_and_key_ops_are_respected(void **state)
{
    (void)state;
    is_read_as(ED_WITH("\"use\":\"sig\",\"alg\":\"EdDSA\",\"key_ops\":[\"verify\"]"),
               JWT_EDDSA);
    is_read_as(ED_WITH("\"key_ops\":[\"sign\",\"verify\"],\"x5t\":7"), JWT_EDDSA);
    static const char *const others[] = {
        ED_WITH("\"use\":\"enc\""),
        ED_WITH("\"use\":5"),
        ED_WITH("\"use\":\"SIG\""),
        ED_WITH("\"alg\":\"ES256\""),
        ED_WITH("\"alg\":\"HS256\""),
        ED_WITH("\"alg\":\"none\""),
        ED_WITH("\"alg\":null"),
        ED_WITH("\"key_ops\":[\"sign\"]"),
        ED_WITH("\"key_ops\":[]"),
        ED_WITH("\"key_ops\":\"verify\""),
        ED_WITH("\"key_ops\":[[\"verify\"]]"),
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        is_refused(JWKS_JSON, others[i], "no key in it");
}

static void types_and_curves_we_do_not_have_are_left_out(void **state)
{
    (void)state;
    is_refused(JWKS_JSON, "{\"kty\":\"XYZ\"}", "no key in it");
    is_refused(JWKS_JSON, "{\"kty\":\"EC\",\"crv\":\"P-521\"}", "no key in it");
    is_refused(JWKS_JSON, "{\"kty\":\"OKP\",\"crv\":\"X25519\"}", "no key in it");
    is_refused(JWKS_JSON, "{\"kty\":\"OKP\",\"crv\":\"Ed448\"}", "no key in it");
    is_refused(JWKS_JSON, "{\"kty\":\"EC\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
               "no key in it");
    is_refused(JWKS_JSON, "{\"keys\":[]}", "no key in it");
}

static void keys_that_are_wrong_are_counted_and_the_others_serve(void **state)
{
    (void)state;
    struct jwks keys;
    assert_int_equal(add(&keys, JWKS_JSON,
                         "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}," ED_JWK
                         ",5,{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}]}"),
                     JF_OK);
    assert_int_equal(keys.count, 1);
    assert_int_equal(keys.skipped, 3);
    assert_non_null(strstr(keys.skipped_why, "Ed25519"));
    jwks_fini(&keys);
}

static void weak_and_impossible_keys_are_refused(void **state)
{
    (void)state;
    is_refused(JWKS_JSON, "{\"kty\":\"oct\",\"k\":\"c2hvcnQ\"}", "32 to 1024");
    is_refused(JWKS_JSON, "{\"kty\":\"oct\",\"k\":\"" A1_K "==\"}", "base64url");
    is_refused(JWKS_JSON, "{\"kty\":\"oct\",\"k\":7}", "base64url");
    is_refused(JWKS_JSON, "{\"kty\":\"oct\"}", "base64url");
    is_refused(JWKS_JSON, "{\"kty\":\"RSA\",\"n\":\"" A2_N "\"}", "\"n\" and \"e\"");
    is_refused(JWKS_JSON, "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQ\"}", "exponent");
    is_refused(JWKS_JSON, "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAA\"}",
               "exponent");
    is_refused(JWKS_JSON, "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAAAAAAAAAB\"}",
               "64 bits");
    is_refused(JWKS_JSON, "{\"kty\":\"RSA\",\"n\":\"" ED_SIGNATURE "\",\"e\":\"AQAB\"}",
               "");
    is_refused(JWKS_JSON,
               "{\"kty\":\"EC\",\"crv\":\"P-256\","
               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a4\"}",
               "not on the curve");
    is_refused(JWKS_JSON,
               "{\"kty\":\"EC\",\"crv\":\"P-256\",\"y\":\"AA\","
               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
               "32 octets");
}

static void a_jwks_is_read_strictly(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{",
        "{\"keys\":[" ED_JWK ",]}",
        "{\"keys\":[" ED_JWK "]} x",
        "{\"keys\":[" ED_JWK "],\"keys\":[]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        is_refused(JWKS_JSON, texts[i], "not JSON");
    is_refused(JWKS_JSON, "[" ED_JWK "]", "not JSON");
    is_refused(JWKS_JSON, "{\"keys\":{}}", "array");
    is_refused(JWKS_JSON, "{}", "array");
    is_refused(JWKS_JSON, ED_WITH("\"kty\":\"oct\""), "not JSON");
    is_refused(JWKS_JSON, "{\"keys\":[" ED_WITH("\"kty\":\"oct\"") "]}", "twice");
    is_refused(JWKS_JSON, ED_WITH("\"kid\":5"), "kid");
}

static void names_and_keys_are_bounded(void **state)
{
    (void)state;
    struct jwks keys;
    const char *why;
    char kid[JWK_KID_MAX + 2];
    memset(kid, 'k', sizeof(kid));
    kid[JWK_KID_MAX + 1] = '\0';
    assert_int_equal(add_named(&keys, JWKS_GUESS, jf_str(ED_JWK), kid, &why), JF_E_INVALID);
    kid[JWK_KID_MAX] = '\0';
    assert_int_equal(add_named(&keys, JWKS_GUESS, jf_str(ED_JWK), kid, &why), JF_OK);
    assert_string_equal(keys.keys[0].kid, kid);
    for (size_t i = 1; i < JWKS_KEYS_MAX; i++)
        assert_int_equal(jwks_add(&keys, JWKS_GUESS, jf_str(ED_JWK), NULL, &why), JF_OK);
    assert_int_equal(jwks_add(&keys, JWKS_GUESS, jf_str(ED_JWK), NULL, &why), JF_E_INVALID);
    assert_non_null(strstr(why, "more than 64"));
    jwks_fini(&keys);
    jwks_fini(NULL);

    char *huge = calloc(1, JWKS_TEXT_MAX + 1);
    assert_non_null(huge);
    assert_int_equal(
        add_named(&keys, JWKS_PEM, jf_view(huge, JWKS_TEXT_MAX + 1), NULL, &why),
        JF_E_INVALID);
    free(huge);
}

/* ---- PEM and secrets -------------------------------------------------------------------
 */

/* The text of a key, and the key. */
static EVP_PKEY *make_pem(EVP_PKEY *key, bool private, char *text, size_t room)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_non_null(key);
    assert_int_equal(private ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                             : PEM_write_bio_PUBKEY(bio, key),
                     1);
    int len = BIO_read(bio, text, (int)room - 1);
    assert_true(len > 0);
    text[len] = '\0';
    BIO_free(bio);
    return key;
}

static void public_keys_in_pem_are_read_several_too(void **state)
{
    (void)state;
    char text[4096];
    struct jwks keys;
    EVP_PKEY_free(make_pem(EVP_EC_gen("P-256"), false, text, sizeof(text)));
    is_read_as(text, JWT_ES256);
    EVP_PKEY_free(make_pem(EVP_RSA_gen(2048), false, text + strlen(text), 2048));
    EVP_PKEY_free(make_pem(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), false,
                           text + strlen(text), 1024));
    assert_int_equal(add(&keys, JWKS_GUESS, text), JF_OK);
    assert_int_equal(keys.count, 3);
    assert_int_equal(keys.keys[1].alg, JWT_RS256);
    assert_int_equal(keys.keys[2].alg, JWT_EDDSA);
    jwks_fini(&keys);
}

static void other_curves_weak_keys_and_private_ones_in_pem_are_refused(void **state)
{
    (void)state;
    char text[4096];
    EVP_PKEY_free(make_pem(EVP_EC_gen("P-384"), false, text, sizeof(text)));
    is_refused(JWKS_GUESS, text, "P-256");
    EVP_PKEY_free(make_pem(EVP_RSA_gen(1024), false, text, sizeof(text)));
    is_refused(JWKS_GUESS, text, "2048");
    EVP_PKEY_free(
        make_pem(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), false, text, sizeof(text)));
    is_refused(JWKS_GUESS, text, "must be RSA");
    EVP_PKEY_free(make_pem(EVP_EC_gen("P-256"), true, text, sizeof(text)));
    is_refused(JWKS_GUESS, text, "only PUBLIC KEY");
    is_refused(JWKS_GUESS, "", "no key in it");
    is_refused(JWKS_GUESS, "hello", "no key in it");
    is_refused(JWKS_GUESS, "-----BEGIN PUBLIC KEY-----\nAAAA\n", "broken PEM");
    is_refused(JWKS_GUESS, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
               "no public key");
}

static void a_secret_is_read_raw_or_as_base64url(void **state)
{
    (void)state;
    struct jwks keys;
    assert_int_equal(add(&keys, JWKS_SECRET, "0123456789abcdef0123456789abcde\n"), JF_OK);
    assert_int_equal(keys.keys[0].secret_len, 32);
    assert_memory_equal(keys.keys[0].secret, "0123456789abcdef0123456789abcde\n", 32);
    jwks_fini(&keys);
    assert_int_equal(add(&keys, JWKS_SECRET_BASE64URL, A1_K "\r\n"), JF_OK);
    assert_int_equal(keys.keys[0].secret_len, 64);
    jwks_fini(&keys);
    is_refused(JWKS_SECRET, "0123456789abcdef0123456789abcde", "32 to 1024");
    is_refused(JWKS_SECRET_BASE64URL, A1_K "=", "base64url");
    is_refused(JWKS_SECRET_BASE64URL, "", "32 to 1024");
}

/* Otherwise everybody who knows the public key can make an HMAC with it. */
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    char text[2048];
    unsigned char *der = NULL;
    struct jwks keys;
    const char *why;
    EVP_PKEY *key = make_pem(EVP_RSA_gen(2048), false, text, sizeof(text));
    is_refused(JWKS_SECRET, text, "public key");
    is_refused(JWKS_SECRET, A3_JWK, "public key");
    int len = i2d_PUBKEY(key, &der);
    assert_int_equal(add_named(&keys, JWKS_SECRET, jf_view(der, (size_t)len), NULL, &why),
                     JF_E_INVALID);
    OPENSSL_free(der);
    EVP_PKEY_free(key);

    der = NULL;
    key = EVP_EC_gen("P-256");
    len = i2d_PUBKEY(key, &der);
    assert_int_equal(add_named(&keys, JWKS_SECRET, jf_view(der, (size_t)len), NULL, &why),
                     JF_E_INVALID);
    assert_non_null(strstr(why, "public key"));
    OPENSSL_free(der);
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_can_do_what_its_type_says),
        cmocka_unit_test(the_public_keys_of_rfc_7517_are_read_but_for_the_one_to_encrypt),
        cmocka_unit_test(the_secrets_of_rfc_7517_are_read_but_for_the_one_that_wraps),
        cmocka_unit_test(use_alg_and_key_ops_are_respected),
        cmocka_unit_test(types_and_curves_we_do_not_have_are_left_out),
        cmocka_unit_test(keys_that_are_wrong_are_counted_and_the_others_serve),
        cmocka_unit_test(weak_and_impossible_keys_are_refused),
        cmocka_unit_test(a_jwks_is_read_strictly),
        cmocka_unit_test(names_and_keys_are_bounded),
        cmocka_unit_test(public_keys_in_pem_are_read_several_too),
        cmocka_unit_test(other_curves_weak_keys_and_private_ones_in_pem_are_refused),
        cmocka_unit_test(a_secret_is_read_raw_or_as_base64url),
        cmocka_unit_test(a_public_key_is_no_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
