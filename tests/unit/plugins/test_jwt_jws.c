/* Tokens: those that the standards print are good, and all that strangers have thought of
 * to make of them is not. */
#include "tests/unit/test.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>

#include "plugins/jwt/jwks.h"
#include "tests/unit/plugins/jwt_forge.h"
#include "tests/unit/plugins/jwt_vectors.h"

#define ALL 0xfu /* algorithms */
#define SECRET "0123456789abcdef0123456789abcdef"

static void add_key(struct jwks *keys, enum jwks_format format, const char *text,
                    const char *kid)
{
    const char *why;
    assert_int_equal(jwks_add(keys, format, jf_str(text), kid, &why), JF_OK);
}

static enum jwt_fault judge_with(const struct jwks *keys, unsigned allowed, jf_bytes token)
{
    struct jws jws;
    enum jwt_fault fault = jws_parse(token, &jws);
    return fault ? fault : jwks_verify(keys, allowed, &jws);
}

static enum jwt_fault judge(const char *jwk, const char *token)
{
    struct jwks keys = { 0 };
    add_key(&keys, JWKS_JSON, jwk, NULL);
    enum jwt_fault fault = judge_with(&keys, ALL, jf_str(token));
    jwks_fini(&keys);
    return fault;
}

static void the_tokens_of_rfc_7515_and_8037_are_good(void **state)
{
    (void)state;
    assert_int_equal(judge(A1_JWK, A1_TOKEN), JWT_FAULT_NONE);
    assert_int_equal(judge(A2_JWK, A2_TOKEN), JWT_FAULT_NONE);
    assert_int_equal(judge(A3_JWK, A3_TOKEN), JWT_FAULT_NONE);
    assert_int_equal(judge(ED_JWK, ED_TOKEN), JWT_FAULT_NONE);
}

static void a_payload_comes_out_as_it_went_in(void **state)
{
    (void)state;
    struct jws jws;
    assert_int_equal(jws_parse(jf_str(ED_TOKEN), &jws), JWT_FAULT_NONE);
    assert_true(jf_same(jf_view(jws.payload, jws.payload_len),
                        jf_str("Example of Ed25519 signing")));
    assert_true(jf_same(jws.input, jf_str(ED_HEADER "." ED_PAYLOAD)));
    assert_int_equal(jws.signature_len, 64);
    assert_string_equal(jws.kid, "");
}

static const char *const vectors[][2] = {
    { A1_JWK, A1_TOKEN },
    { A2_JWK, A2_TOKEN },
    { A3_JWK, A3_TOKEN },
    { ED_JWK, ED_TOKEN },
};
#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static void a_token_that_differs_in_any_letter_is_not(void **state)
{
    (void)state;
    for (size_t v = 0; v < VECTORS; v++) {
        char token[1024];
        struct jwks keys = { 0 };
        add_key(&keys, JWKS_JSON, vectors[v][0], NULL);
        size_t len = strlen(vectors[v][1]);
        for (size_t i = 0; i < len; i++) {
            memcpy(token, vectors[v][1], len + 1);
            token[i] = token[i] == 'A' ? 'B' : 'A';
            assert_int_not_equal(judge_with(&keys, ALL, jf_str(token)), JWT_FAULT_NONE);
        }
        jwks_fini(&keys);
    }
}

static void a_token_that_is_cut_short_or_has_more_is_not(void **state)
{
    (void)state;
    static const char *const tails[] = {
        "A", "=", "==", ".", "..", "\n", " ", ".e30", "AA"
    };
    for (size_t v = 0; v < VECTORS; v++) {
        struct jwks keys = { 0 };
        add_key(&keys, JWKS_JSON, vectors[v][0], NULL);
        for (size_t len = 0; len < strlen(vectors[v][1]); len++)
            assert_int_not_equal(judge_with(&keys, ALL, jf_view(vectors[v][1], len)),
                                 JWT_FAULT_NONE);
        for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
            char token[1024];
            snprintf(token, sizeof(token), "%s%s", vectors[v][1], tails[i]);
            assert_int_not_equal(judge_with(&keys, ALL, jf_str(token)), JWT_FAULT_NONE);
        }
        assert_int_equal(
            judge_with(&keys, ALL, jf_view(vectors[v][1], strlen(vectors[v][1]) + 1)),
            JWT_FAULT_MALFORMED); /* a NUL behind it */
        jwks_fini(&keys);
    }
}

static void no_key_verifies_the_token_of_another(void **state)
{
    (void)state;
    for (size_t key = 0; key < VECTORS; key++) {
        for (size_t token = 0; token < VECTORS; token++) {
            if (key != token)
                assert_int_equal(judge(vectors[key][0], vectors[token][1]),
                                 JWT_FAULT_UNKNOWN_KEY);
        }
    }
}

static void parts_of_two_tokens_make_no_third(void **state)
{
    (void)state;
    assert_int_equal(judge(A1_JWK, A2_HEADER "." JOE "." A1_SIGNATURE),
                     JWT_FAULT_UNKNOWN_KEY);
    assert_int_equal(judge(A2_JWK, A1_HEADER "." JOE "." A2_SIGNATURE),
                     JWT_FAULT_UNKNOWN_KEY);
    assert_int_equal(judge(A2_JWK, A2_HEADER "." ED_PAYLOAD "." A2_SIGNATURE),
                     JWT_FAULT_SIGNATURE);
    assert_int_equal(judge(ED_JWK, ED_HEADER "." JOE "." ED_SIGNATURE),
                     JWT_FAULT_SIGNATURE);
    assert_int_equal(judge(ED_JWK, ED_HEADER "." ED_PAYLOAD "." A3_SIGNATURE),
                     JWT_FAULT_SIGNATURE);
    assert_int_equal(judge(A3_JWK, A3_HEADER "." JOE "." ED_SIGNATURE),
                     JWT_FAULT_SIGNATURE);
    assert_int_equal(judge(A1_JWK, JOE "." A1_HEADER "." A1_SIGNATURE),
                     JWT_FAULT_MALFORMED);
}

static void three_parts_are_three_parts(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "a.b.c.d",
        A1_HEADER,
        A1_HEADER "." JOE,
        "." JOE "." A1_SIGNATURE,
        A1_HEADER "." JOE "." A1_SIGNATURE ".",
        A1_HEADER "." JOE "." A1_SIGNATURE "." A1_SIGNATURE "." A1_SIGNATURE,
    };
    assert_int_equal(judge(A1_JWK, ""), JWT_FAULT_MISSING);
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        assert_int_equal(judge(A1_JWK, tokens[i]), JWT_FAULT_MALFORMED);
    assert_int_equal(judge(A1_JWK, A1_HEADER "." JOE "."), JWT_FAULT_SIGNATURE);
    assert_int_equal(judge(ED_JWK, ED_HEADER "." JOE "."), JWT_FAULT_SIGNATURE);
    assert_int_equal(judge(A1_JWK, A1_HEADER ".." A1_SIGNATURE), JWT_FAULT_SIGNATURE);
}

/* ---- Headers ---------------------------------------------------------------------------
 */

/* What becomes of a token with that header, whose HMAC by SECRET is right. */
static enum jwt_fault judge_header(jf_bytes header)
{
    char token[FORGE_MAX];
    struct jwks keys = { 0 };
    add_key(&keys, JWKS_SECRET, SECRET, "mine");
    forge_hmac(token, jf_str(SECRET), header, jf_str("{}"));
    enum jwt_fault fault = judge_with(&keys, ALL, jf_str(token));
    jwks_fini(&keys);
    return fault;
}

static enum jwt_fault header_says(const char *header)
{
    return judge_header(jf_str(header));
}

static void headers_may_say_a_type_a_key_and_what_is_not_looked_at(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"kid\":\"mine\",\"typ\":\"JWT\"}",
        "{\"alg\":\"HS256\",\"kid\":\"\"}",
        "{\"typ\":\"jwt\",\"alg\":\"HS256\"}",
        "{\"typ\":\"at+jwt\",\"alg\":\"HS256\"}",
        "{\"typ\":\"application/at+JWT\",\"alg\":\"HS256\"}",
        " { \"\\u0061lg\" : \"HS\\u003256\" } ",
        "{\"alg\":\"HS256\",\"x5t\":\"abc\",\"jku\":\"https://evil.example/\"}",
        "{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}",
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_int_equal(header_says(headers[i]), JWT_FAULT_NONE);
}

static enum jwt_fault algorithm_says(const char *name)
{
    char header[64];
    snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", name);
    return header_says(header);
}

static void none_in_whatever_letters_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "none",   "None",  "NONE",   "nOnE",
                                         "",       "hs256", "HS256 ", "HS384",
                                         "HS512",  "RS512", "PS256",  "ES384",
                                         "ES256K", "eddsa", "Ed448",  "HS2561" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(algorithm_says(names[i]), JWT_FAULT_ALGORITHM);
    assert_int_equal(judge(A1_JWK, "eyJhbGciOiJub25lIn0." JOE "."), JWT_FAULT_ALGORITHM);
}

static void crit_is_refused_whatever_is_in_it(void **state)
{
    (void)state;
    assert_int_equal(header_says("{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}"),
                     JWT_FAULT_CRITICAL);
    assert_int_equal(header_says("{\"alg\":\"HS256\",\"crit\":[]}"), JWT_FAULT_CRITICAL);
    assert_int_equal(header_says("{\"alg\":\"HS256\",\"crit\":null}"), JWT_FAULT_CRITICAL);
}

static void tokens_of_another_kind_are_refused(void **state)
{
    (void)state;
    static const char *const types[] = { "logout+jwt",   "dpop+jwt", "JOSE", "",
                                         "application/", "JWT ",     "JWTS" };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char header[64];
        snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"typ\":\"%s\"}", types[i]);
        assert_int_equal(header_says(header), JWT_FAULT_TYPE);
    }
}

static void headers_that_can_be_read_in_two_ways_are_refused(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"alg\":5}",
        "{\"alg\":[\"HS256\"]}",
        "{\"Alg\":\"HS256\"}",
        "{\"alg\":\"HS256\"",
        "{\"alg\":\"HS256\"}}",
        "{\"alg\":\"HS256\"}{}",
        "{\"alg\":\"HS256\",}",
        "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"\\u0061lg\":\"x\"}",
        "{\"alg\":\"HS256\",\"x\":1,\"x\":2}",
        "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":\"HS256\",\"kid\":5}",
        "{\"alg\":\"HS256\",\"kid\":null}",
        "{\"alg\":\"HS256\",\"typ\":{}}",
        "{'alg':'HS256'}",
        "{\"alg\":\"HS256\",\"x\":01}",
        "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_int_equal(header_says(headers[i]), JWT_FAULT_MALFORMED);
    assert_int_equal(judge_header(jf_view("{\"alg\":\"HS256\"}\0", 16)),
                     JWT_FAULT_MALFORMED);
    assert_int_equal(judge_header(jf_view("\0{\"alg\":\"HS256\"}", 16)),
                     JWT_FAULT_MALFORMED);
}

static void a_header_like_a_bomb_is_refused(void **state)
{
    (void)state;
    char header[JWS_HEADER_MAX + 64] = "{\"alg\":\"HS256\",\"x\":";
    size_t len = strlen(header);
    memset(header + len, '[', 1000);
    assert_int_equal(judge_header(jf_view(header, len + 1000)), JWT_FAULT_MALFORMED);

    memset(header + len, ' ', sizeof(header) - len - 1);
    header[sizeof(header) - 2] = '}';
    assert_int_equal(header_says(header), JWT_FAULT_TOO_BIG);

    char long_kid[JWK_KID_MAX + 64];
    snprintf(long_kid, sizeof(long_kid), "{\"alg\":\"HS256\",\"kid\":\"%0*d\"}",
             JWK_KID_MAX + 1, 0);
    assert_int_equal(header_says(long_kid), JWT_FAULT_TOO_BIG);
}

static void a_token_is_bounded(void **state)
{
    (void)state;
    char payload[JWS_TOKEN_MAX], token[FORGE_MAX];
    struct jws jws;
    memset(payload, ' ', sizeof(payload));
    forge_hmac(token, jf_str(SECRET), jf_str("{\"alg\":\"HS256\"}"),
               jf_view(payload, 6090));
    assert_true(strlen(token) <= JWS_TOKEN_MAX);
    assert_int_equal(jws_parse(jf_str(token), &jws), JWT_FAULT_NONE);
    forge_hmac(token, jf_str(SECRET), jf_str("{\"alg\":\"HS256\"}"),
               jf_view(payload, 6144));
    assert_true(strlen(token) > JWS_TOKEN_MAX);
    assert_int_equal(jws_parse(jf_str(token), &jws), JWT_FAULT_TOO_BIG);

    forge_input(token, jf_str("{\"alg\":\"HS256\"}"), jf_str("{}"));
    strcat(token, ".");
    forge_append(token, payload, JWK_SIGNATURE_MAX + 1);
    assert_int_equal(jws_parse(jf_str(token), &jws), JWT_FAULT_TOO_BIG);
}

/* ---- Keys and algorithms ---------------------------------------------------------------
 */

/* The forgery that most libraries once let pass: the public key is the secret. */
static void a_public_key_never_verifies_an_hmac(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    static const char *const secrets[] = { A2_N, A2_JWK, "" };
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        forge_hmac(token, jf_str(secrets[i]), jf_str("{\"alg\":\"HS256\"}"), jf_str("{}"));
        assert_int_equal(judge(A2_JWK, token), JWT_FAULT_UNKNOWN_KEY);
        forge_hmac(token, jf_str(secrets[i]), jf_str("{\"alg\":\"RS256\"}"), jf_str("{}"));
        assert_int_equal(judge(A2_JWK, token), JWT_FAULT_SIGNATURE);
    }
}

static void a_secret_never_verifies_anything_else(void **state)
{
    (void)state;
    static const char *const names[] = { "RS256", "ES256", "EdDSA" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_int_equal(algorithm_says(names[i]), JWT_FAULT_UNKNOWN_KEY);
}

static void an_algorithm_that_is_not_allowed_is_refused_though_there_is_a_key(void **state)
{
    (void)state;
    struct jwks keys = { 0 };
    for (size_t i = 0; i < VECTORS; i++)
        add_key(&keys, JWKS_JSON, vectors[i][0], NULL);
    for (unsigned allowed = 0; allowed <= ALL; allowed++) {
        for (unsigned i = 0; i < VECTORS; i++)
            assert_int_equal(judge_with(&keys, allowed, jf_str(vectors[i][1])),
                             allowed >> i & 1 ? JWT_FAULT_NONE : JWT_FAULT_ALGORITHM);
    }
    jwks_fini(&keys);
}

static void the_named_key_is_asked_and_then_those_without_a_name(void **state)
{
    (void)state;
    struct jwks keys = { 0 };
    char named[FORGE_MAX], other[FORGE_MAX], unnamed[FORGE_MAX];
    forge_hmac(named, jf_str(SECRET), jf_str("{\"alg\":\"HS256\",\"kid\":\"a\"}"),
               jf_str("{}"));
    forge_hmac(other, jf_str(SECRET), jf_str("{\"alg\":\"HS256\",\"kid\":\"b\"}"),
               jf_str("{}"));
    forge_hmac(unnamed, jf_str(SECRET), jf_str("{\"alg\":\"HS256\"}"), jf_str("{}"));

    add_key(&keys, JWKS_SECRET, SECRET, "a");
    assert_int_equal(judge_with(&keys, ALL, jf_str(named)), JWT_FAULT_NONE);
    assert_int_equal(judge_with(&keys, ALL, jf_str(other)), JWT_FAULT_UNKNOWN_KEY);
    assert_int_equal(judge_with(&keys, ALL, jf_str(unnamed)), JWT_FAULT_NONE);
    add_key(&keys, JWKS_SECRET, "another secret of 32 octets or so", "b");
    assert_int_equal(judge_with(&keys, ALL, jf_str(other)), JWT_FAULT_SIGNATURE);
    add_key(&keys, JWKS_SECRET, SECRET, NULL);
    assert_int_equal(judge_with(&keys, ALL, jf_str(other)), JWT_FAULT_NONE);
    jwks_fini(&keys);
}

static void so_many_keys_are_tried_and_no_more(void **state)
{
    (void)state;
    struct jwks keys = { 0 };
    char token[FORGE_MAX], named[FORGE_MAX];
    forge_hmac(token, jf_str(SECRET), jf_str("{\"alg\":\"HS256\"}"), jf_str("{}"));
    forge_hmac(named, jf_str(SECRET), jf_str("{\"alg\":\"HS256\",\"kid\":\"x\"}"),
               jf_str("{}"));
    for (int i = 0; i < JWKS_TRIALS_MAX; i++)
        add_key(&keys, JWKS_SECRET, "another secret of 32 octets or so", "other");
    assert_int_equal(judge_with(&keys, ALL, jf_str(token)), JWT_FAULT_SIGNATURE);
    add_key(&keys, JWKS_SECRET, SECRET, "x");
    assert_int_equal(judge_with(&keys, ALL, jf_str(token)), JWT_FAULT_TOO_MANY_KEYS);
    assert_int_equal(judge_with(&keys, ALL, jf_str(named)), JWT_FAULT_NONE);
    jwks_fini(&keys);
}

/* ---- Signatures ------------------------------------------------------------------------
 */

/* The plugin's key of a private one. */
static struct jwk public_half(EVP_PKEY *pair)
{
    struct jwk key;
    const char *why;
    assert_int_equal(EVP_PKEY_up_ref(pair), 1);
    assert_int_equal(jwk_from_pkey(pair, &key, &why), JF_OK);
    return key;
}

/* R and S as RFC 7518 wants them. */
static void raw_of(const unsigned char *der, size_t len, unsigned char raw[64])
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)len);
    assert_non_null(pair);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, 32), 32);
    assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + 32, 32), 32);
    ECDSA_SIG_free(pair);
}

static void an_es256_signature_is_raw_and_der_is_refused(void **state)
{
    (void)state;
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    struct jwk key = public_half(pair);
    jf_bytes input = jf_str("input");
    for (int i = 0; i < 20; i++) { /* the integers in DER have many lengths */
        unsigned char der[128], raw[65] = { 0 };
        size_t len = forge_signature(pair, EVP_sha256(), "input", der, sizeof(der));
        raw_of(der, len, raw);
        assert_true(jwk_verifies(&key, input, jf_view(raw, 64)));
        assert_false(jwk_verifies(&key, input, jf_view(raw, 63)));
        assert_false(jwk_verifies(&key, input, jf_view(raw, 65)));
        assert_false(jwk_verifies(&key, input, jf_view(der, len)));
        assert_false(jwk_verifies(&key, jf_str("inpuT"), jf_view(raw, 64)));
    }
    jwk_fini(&key);
    EVP_PKEY_free(pair);
}

/* CVE-2022-21449: all zeros signed everything. */
static void zeros_and_numbers_out_of_range_sign_nothing(void **state)
{
    (void)state;
    EVP_PKEY *pair = EVP_EC_gen("P-256");
    struct jwk key = public_half(pair);
    unsigned char raw[64] = { 0 };
    assert_false(jwk_verifies(&key, jf_str("input"), jf_view(raw, 64)));
    memset(raw, 0xff, sizeof(raw));
    assert_false(jwk_verifies(&key, jf_str("input"), jf_view(raw, 64)));
    memset(raw, 0, 32);
    assert_false(jwk_verifies(&key, jf_str("input"), jf_view(raw, 64)));
    assert_false(jwk_verifies(&key, jf_str("input"), jf_view(NULL, 0)));
    jwk_fini(&key);
    EVP_PKEY_free(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tokens_of_rfc_7515_and_8037_are_good),
        cmocka_unit_test(a_payload_comes_out_as_it_went_in),
        cmocka_unit_test(a_token_that_differs_in_any_letter_is_not),
        cmocka_unit_test(a_token_that_is_cut_short_or_has_more_is_not),
        cmocka_unit_test(no_key_verifies_the_token_of_another),
        cmocka_unit_test(parts_of_two_tokens_make_no_third),
        cmocka_unit_test(three_parts_are_three_parts),
        cmocka_unit_test(headers_may_say_a_type_a_key_and_what_is_not_looked_at),
        cmocka_unit_test(none_in_whatever_letters_is_refused),
        cmocka_unit_test(crit_is_refused_whatever_is_in_it),
        cmocka_unit_test(tokens_of_another_kind_are_refused),
        cmocka_unit_test(headers_that_can_be_read_in_two_ways_are_refused),
        cmocka_unit_test(a_header_like_a_bomb_is_refused),
        cmocka_unit_test(a_token_is_bounded),
        cmocka_unit_test(a_public_key_never_verifies_an_hmac),
        cmocka_unit_test(a_secret_never_verifies_anything_else),
        cmocka_unit_test(an_algorithm_that_is_not_allowed_is_refused_though_there_is_a_key),
        cmocka_unit_test(the_named_key_is_asked_and_then_those_without_a_name),
        cmocka_unit_test(so_many_keys_are_tried_and_no_more),
        cmocka_unit_test(an_es256_signature_is_raw_and_der_is_refused),
        cmocka_unit_test(zeros_and_numbers_out_of_range_sign_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
