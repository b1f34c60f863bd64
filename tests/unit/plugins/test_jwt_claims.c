/* Claims: when, from whom and for whom a token is good, and what of it becomes context. */
#include "tests/unit/test.h"

#include "plugins/jwt/jwt.h"

#define NOW 1700000000

static const struct jwt_rules plain = { .all_claims = true, .leeway_s = 10 };

static enum jwt_fault read_payload(struct jwt *jwt, const struct jwt_rules *rules,
                                   jf_bytes payload)
{
    memset(jwt, 0, sizeof(*jwt));
    assert_true(payload.len <= sizeof(jwt->jws.payload));
    memcpy(jwt->jws.payload, payload.ptr, payload.len);
    jwt->jws.payload_len = payload.len;
    return jwt_read(jwt, rules, NOW);
}

static enum jwt_fault claims(const struct jwt_rules *rules, const char *payload)
{
    struct jwt jwt;
    enum jwt_fault fault = read_payload(&jwt, rules, jf_str(payload));
    jwt_fini(&jwt);
    return fault;
}

static enum jwt_fault claims_at(const char *name, long long offset)
{
    char payload[64];
    snprintf(payload, sizeof(payload), "{\"%s\":%lld}", name, NOW + offset);
    return claims(&plain, payload);
}

static void a_token_ends_when_it_says_and_a_little_later(void **state)
{
    (void)state;
    assert_int_equal(claims_at("exp", 1), JWT_FAULT_NONE);
    assert_int_equal(claims_at("exp", -9), JWT_FAULT_NONE);
    assert_int_equal(claims_at("exp", -10), JWT_FAULT_EXPIRED);
    assert_int_equal(claims_at("exp", -1000000), JWT_FAULT_EXPIRED);
    assert_int_equal(claims(&plain, "{\"exp\":-5}"), JWT_FAULT_EXPIRED);
    assert_int_equal(claims(&plain, "{\"exp\":0}"), JWT_FAULT_EXPIRED);
    assert_int_equal(claims(&plain, "{\"exp\":1699999990.99}"), JWT_FAULT_EXPIRED);
    assert_int_equal(claims(&plain, "{\"exp\":1.7000001e9}"), JWT_FAULT_NONE);
}

static void a_token_begins_when_it_says_and_a_little_sooner(void **state)
{
    (void)state;
    static const char *const names[] = { "nbf", "iat" };
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(claims_at(names[i], -1000000), JWT_FAULT_NONE);
        assert_int_equal(claims_at(names[i], 10), JWT_FAULT_NONE);
        assert_int_equal(claims_at(names[i], 11), JWT_FAULT_NOT_YET);
    }
}

static void what_is_no_time_of_this_calendar_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "exp", "nbf", "iat" };
    static const char *const times[] = {
        "1e400",          "-1e400", "253402300800", "99999999999999999999999999",
        "\"1700000001\"", "null",   "[]",           "{}",
        "true",           "1e300",  "-1e99",        "9223372036854775807",
    };
    for (size_t n = 0; n < 3; n++) {
        for (size_t t = 0; t < sizeof(times) / sizeof(times[0]); t++) {
            char payload[96];
            snprintf(payload, sizeof(payload), "{\"%s\":%s}", names[n], times[t]);
            assert_int_equal(claims(&plain, payload), JWT_FAULT_CLAIMS);
        }
    }
}

static void where_connections_end_with_their_token_it_must_end(void **state)
{
    (void)state;
    struct jwt_rules rules = plain;
    struct jwt jwt;
    assert_int_equal(read_payload(&jwt, &rules, jf_str("{}")), JWT_FAULT_NONE);
    assert_true(jwt.exp == JWT_NEVER);
    jwt_fini(&jwt);
    rules.needs_exp = true;
    assert_int_equal(claims(&rules, "{}"), JWT_FAULT_NO_EXPIRY);
    assert_int_equal(claims(&rules, "{\"exp\":1800000000}"), JWT_FAULT_NONE);
}

static void an_issuer_is_one_of_ours_if_we_name_any(void **state)
{
    (void)state;
    struct jwt_rules rules = plain;
    assert_int_equal(claims(&rules, "{\"iss\":\"anybody\"}"), JWT_FAULT_NONE);
    rules.issuers = (struct jwt_names){ { "https://a.example/", "https://b.example/" }, 2 };
    assert_int_equal(claims(&rules, "{\"iss\":\"https://b.example/\"}"), JWT_FAULT_NONE);
    assert_int_equal(claims(&rules, "{\"iss\":\"https://b.example\"}"), JWT_FAULT_ISSUER);
    assert_int_equal(claims(&rules, "{\"iss\":\"\"}"), JWT_FAULT_ISSUER);
    assert_int_equal(claims(&rules, "{}"), JWT_FAULT_ISSUER);
    assert_int_equal(claims(&rules, "{\"iss\":[\"https://a.example/\"]}"),
                     JWT_FAULT_CLAIMS);
    assert_int_equal(claims(&rules, "{\"iss\":null}"), JWT_FAULT_CLAIMS);
    assert_int_equal(claims(&rules, "{\"iss\":\"https://a.example/\\u0000\"}"),
                     JWT_FAULT_MALFORMED);
}

static void a_token_for_others_is_not_for_us(void **state)
{
    (void)state;
    struct jwt_rules rules = plain;
    assert_int_equal(claims(&rules, "{}"), JWT_FAULT_NONE);
    assert_int_equal(claims(&rules, "{\"aud\":\"x\"}"), JWT_FAULT_AUDIENCE);
    rules.audiences = (struct jwt_names){ { "chat", "api" }, 2 };
    assert_int_equal(claims(&rules, "{\"aud\":\"chat\",\"z\":\"q\"}"), JWT_FAULT_NONE);
    assert_int_equal(claims(&rules, "{\"aud\":[\"x\",\"api\"]}"), JWT_FAULT_NONE);
    assert_int_equal(claims(&rules, "{\"aud\":\"x\",\"z\":\"chat\"}"), JWT_FAULT_AUDIENCE);
    assert_int_equal(claims(&rules, "{\"aud\":[]}"), JWT_FAULT_AUDIENCE);
    assert_int_equal(claims(&rules, "{\"aud\":[\"x\"]}"), JWT_FAULT_AUDIENCE);
    assert_int_equal(claims(&rules, "{}"), JWT_FAULT_AUDIENCE);
    assert_int_equal(claims(&rules, "{\"aud\":[\"chat\",5]}"), JWT_FAULT_CLAIMS);
    assert_int_equal(claims(&rules, "{\"aud\":{\"chat\":1}}"), JWT_FAULT_CLAIMS);
    assert_int_equal(claims(&rules, "{\"aud\":[[\"chat\"]]}"), JWT_FAULT_CLAIMS);
}

static void a_payload_that_is_no_object_is_refused(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "",
        "x",
        "[]",
        "5",
        "\"\"",
        "null",
        "{",
        "{}{}",
        "{\"sub\":\"a\",\"sub\":\"b\"}",
        "{\"sub\":\"a\",\"s\\u0075b\":\"b\"}",
        "{\"sub\":\"\xff\"}",
        "{'sub':1}",
    };
    for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
        assert_int_equal(claims(&plain, payloads[i]), JWT_FAULT_MALFORMED);

    struct jwt jwt;
    char bomb[JWS_PAYLOAD_MAX];
    memset(bomb, '[', sizeof(bomb));
    memcpy(bomb, "{\"a\":", 5);
    assert_int_equal(read_payload(&jwt, &plain, jf_view(bomb, sizeof(bomb))),
                     JWT_FAULT_MALFORMED);
    jwt_fini(&jwt);
}

/* ---- Context ---------------------------------------------------------------------------
 */

static void is_claim(const struct jwt *jwt, const char *name, const char *value)
{
    jf_bytes got = jf_find(jwt->claims, jwt->claim_count, name);
    if (!value) {
        assert_null(got.ptr);
        return;
    }
    assert_non_null(got.ptr);
    assert_true(jf_same(got, jf_str(value)));
}

#define MIXED                                                                              \
    "{\"sub\":\"Ann \\u00e9\\n\",\"id\":12345678901234567890,\"half\":0.50,\"on\":true,"   \
    "\"off\":false,\"none\":null,\"roles\":[\"a\", \"b\"],\"deep\":{\"x\":{\"y\":1}},"     \
    "\"empty\":\"\"}"

static void strings_numbers_and_booleans_become_context(void **state)
{
    (void)state;
    struct jwt jwt;
    assert_int_equal(read_payload(&jwt, &plain, jf_str(MIXED)), JWT_FAULT_NONE);
    is_claim(&jwt, "sub", "Ann \xc3\xa9\n");
    is_claim(&jwt, "id", "12345678901234567890");
    is_claim(&jwt, "half", "0.50");
    is_claim(&jwt, "on", "true");
    is_claim(&jwt, "off", "false");
    is_claim(&jwt, "empty", "");
    is_claim(&jwt, "none", NULL);
    is_claim(&jwt, "roles", NULL);
    is_claim(&jwt, "deep", NULL);
    assert_int_equal(jwt.claim_count, 6);
    jwt_fini(&jwt);
}

static void of_claims_that_are_named_those_become_context(void **state)
{
    (void)state;
    struct jwt jwt;
    struct jwt_rules rules = { .claims = { { "roles", "sub", "none", "missing" }, 4 } };
    assert_int_equal(read_payload(&jwt, &rules, jf_str(MIXED)), JWT_FAULT_NONE);
    is_claim(&jwt, "roles", "[\"a\", \"b\"]");
    is_claim(&jwt, "sub", "Ann \xc3\xa9\n");
    assert_int_equal(jwt.claim_count, 2);
    jwt_fini(&jwt);
    rules.claims.count = 0;
    assert_int_equal(read_payload(&jwt, &rules, jf_str(MIXED)), JWT_FAULT_NONE);
    assert_int_equal(jwt.claim_count, 0);
    jwt_fini(&jwt);
}

static enum jwt_fault so_many(size_t count)
{
    char payload[4096] = "{";
    size_t len = 1;
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(payload + len, sizeof(payload) - len, "%s\"c%zu\":1",
                                i ? "," : "", i);
    payload[len] = '}';
    return claims(&plain, payload);
}

static enum jwt_fault so_long(int name, int value)
{
    char payload[4096];
    snprintf(payload, sizeof(payload), "{\"%0*d\":\"%0*d\"}", name, 0, value, 0);
    return claims(&plain, payload);
}

static void what_does_not_fit_is_refused_and_not_left_out(void **state)
{
    (void)state;
    assert_int_equal(so_many(JWT_CLAIMS_MAX), JWT_FAULT_NONE);
    assert_int_equal(so_many(JWT_CLAIMS_MAX + 1), JWT_FAULT_CLAIMS);
    assert_int_equal(so_many(JSON_MEMBERS_MAX + 1), JWT_FAULT_CLAIMS);
    assert_int_equal(so_long(JWT_CLAIM_NAME_MAX, JWT_CLAIM_VALUE_MAX), JWT_FAULT_NONE);
    assert_int_equal(so_long(JWT_CLAIM_NAME_MAX + 1, 1), JWT_FAULT_CLAIMS);
    assert_int_equal(so_long(1, JWT_CLAIM_VALUE_MAX + 1), JWT_FAULT_CLAIMS);
    assert_int_equal(claims(&plain, "{\"\":1}"), JWT_FAULT_CLAIMS);
}

static void owner(const char *payload, unsigned char out[JWT_OWNER_OCTETS])
{
    struct jwt jwt;
    assert_int_equal(read_payload(&jwt, &plain, jf_str(payload)), JWT_FAULT_NONE);
    assert_true(jwt.has_owner);
    assert_non_null(jwt.subject.ptr);
    memcpy(out, jwt.owner, JWT_OWNER_OCTETS);
    jwt_fini(&jwt);
}

static void an_owner_is_a_subject_of_an_issuer(void **state)
{
    (void)state;
    unsigned char ann[JWT_OWNER_OCTETS], other[JWT_OWNER_OCTETS];
    static const char *const others[] = {
        "{\"iss\":\"a\",\"sub\":\"Bob\"}",
        "{\"iss\":\"b\",\"sub\":\"Ann\"}",
        "{\"sub\":\"Ann\"}",
        "{\"iss\":\"aA\",\"sub\":\"nn\"}",
        "{\"sub\":\"aAnn\"}",
        "{\"iss\":\"aAnn\",\"sub\":\"\"}",
    };
    owner("{\"iss\":\"a\",\"sub\":\"Ann\"}", ann);
    owner("{\"sub\":\"Ann\",\"x\":1,\"iss\":\"a\"}", other);
    assert_memory_equal(ann, other, sizeof(ann));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        owner(others[i], other);
        assert_memory_not_equal(ann, other, sizeof(ann));
    }
    assert_int_equal(claims(&plain, "{\"sub\":5}"), JWT_FAULT_CLAIMS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_ends_when_it_says_and_a_little_later),
        cmocka_unit_test(a_token_begins_when_it_says_and_a_little_sooner),
        cmocka_unit_test(what_is_no_time_of_this_calendar_is_refused),
        cmocka_unit_test(where_connections_end_with_their_token_it_must_end),
        cmocka_unit_test(an_issuer_is_one_of_ours_if_we_name_any),
        cmocka_unit_test(a_token_for_others_is_not_for_us),
        cmocka_unit_test(a_payload_that_is_no_object_is_refused),
        cmocka_unit_test(strings_numbers_and_booleans_become_context),
        cmocka_unit_test(of_claims_that_are_named_those_become_context),
        cmocka_unit_test(what_does_not_fit_is_refused_and_not_left_out),
        cmocka_unit_test(an_owner_is_a_subject_of_an_issuer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
