/* The door: which kind of credentials counts, tokens, and that none are no way in. */
#include "tests/unit/credentials/signed.h"

#include "core/credentials/credentials.h"
#include "tests/unit/credentials/client_vectors.h"

#define TOKEN "a-token-of-our-own.1~+/=="
#define OTHER "another-token-of-ours"

static struct credentials *credentials;

static void open_door(size_t keys, size_t tokens)
{
    struct sigv4_key key = { .access_key_id = jf_str("AKIDEXAMPLE"),
                             .secret_access_key = jf_str(SECRET) };
    jf_bytes known[] = { jf_str(OTHER), jf_str(TOKEN) };
    struct credentials_options options = {
        .keys = &key, .key_count = keys, .tokens = known, .token_count = tokens
    };
    const char *why = NULL;
    credentials_free(credentials);
    credentials = NULL;
    assert_int_equal(credentials_new(&options, &credentials, &why), JF_OK);
    assert_int_equal(credentials_configured(credentials), keys || tokens);
}

static int tidy(void **state)
{
    credentials_free(credentials);
    credentials = NULL;
    return close_checker(state);
}

static void plain_request(const char *authorization)
{
    TAKE(client_vectors, "raw-at");
    drop_header("Authorization");
    if (authorization)
        add_header("Authorization", authorization);
}

static void passes(const char *who)
{
    if (!credentials_check(credentials, &request, SUITE_TIME, &verdict))
        fail_msg("%.*s", BYTES_FMT(verdict_message(&verdict)));
    assert_int_equal(verdict.kind, VERDICT_PASS);
    assert_true(bytes_eq(verdict.who, who));
    assert_null(verdict_error_type(verdict.kind));
}

static void fails(enum verdict_kind kind, const char *error_type)
{
    assert_false(credentials_check(credentials, &request, SUITE_TIME, &verdict));
    assert_string_equal(verdict_name(verdict.kind), verdict_name(kind));
    assert_string_equal(verdict_error_type(verdict.kind), error_type);
    assert_true(verdict.len > 0);
}

static void without_credentials_the_door_stays_shut(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        open_door(i & 1, i & 2);
        plain_request(NULL);
        fails(VERDICT_NO_CREDENTIALS, "MissingAuthenticationTokenException");
        says("Missing Authentication Token");
    }
}

static void nothing_configured_lets_nobody_in(void **state)
{
    (void)state;
    open_door(0, 0);
    TAKE(client_vectors, "raw-at");
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
    TAKE(client_vectors, "presigned");
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
    plain_request("Bearer " TOKEN);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
    plain_request("Bearer ");
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
}

static void a_signature_opens_it_in_either_form(void **state)
{
    (void)state;
    open_door(1, 2);
    TAKE(client_vectors, "raw-at");
    passes("AKIDEXAMPLE");
    TAKE(client_vectors, "presigned");
    passes("AKIDEXAMPLE");
    open_door(0, 2);
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
}

static void any_of_the_tokens_opens_it(void **state)
{
    (void)state;
    open_door(0, 2);
    plain_request("Bearer " TOKEN);
    passes("");
    plain_request("bearer   " OTHER " ");
    passes("");
    open_door(1, 1);
    plain_request("BEARER " OTHER);
    passes("");
    plain_request("Bearer " TOKEN);
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
}

static void a_token_is_whole_and_alone(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "Bearer",
        "Bearer ",
        "Bearer a-token-of-our-own.1~+/=",
        "Bearer " TOKEN "=",
        "Bearer A-token-of-our-own.1~+/==",
        "Bearer " TOKEN " " TOKEN,
        "Bearer " TOKEN "," OTHER,
        "Bearer \"" TOKEN "\"",
    };
    open_door(1, 2);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        plain_request(wrong[i]);
        fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
        says("The security token included in the request is invalid.");
    }
    plain_request("Bearer" TOKEN);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
    plain_request("Bearer\t" TOKEN);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
    plain_request(TOKEN);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
}

static void a_giant_or_binary_token_is_unknown(void **state)
{
    (void)state;
    char *giant = malloc(1 << 20);
    memset(giant, 'a', 1 << 20);
    memcpy(giant, "Bearer ", 7);
    open_door(0, 2);
    plain_request("");
    header_called("Authorization")->value = jf_view(giant, 1 << 20);
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
    memset(giant, 0xff, 1 << 20);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
    header_called("Authorization")->value =
        jf_view("Bearer " TOKEN "\0", 8 + strlen(TOKEN));
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
    header_called("Authorization")->value = jf_view(NULL, 0);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
    free(giant);
}

static void two_authorizations_are_none(void **state)
{
    (void)state;
    open_door(1, 2);
    plain_request("Bearer " TOKEN);
    add_header("Authorization", "Bearer " TOKEN);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
    TAKE(client_vectors, "raw-at");
    add_header("Authorization", "Bearer " TOKEN);
    fails(VERDICT_INCOMPLETE, "IncompleteSignatureException");
}

static void a_wrong_token_is_not_saved_by_a_signature(void **state)
{
    (void)state;
    open_door(1, 2);
    TAKE(client_vectors, "presigned");
    add_header("Authorization", "Bearer nothing-we-know-of");
    fails(VERDICT_UNKNOWN, "UnrecognizedClientException");
}

static void tokens_that_could_not_work_are_refused(void **state)
{
    (void)state;
    static const char characters[] =
        "a token has letters, digits, '-', '.', '_', '~', '+', "
        "'/', and '=' at its end";
    static const struct {
        const char *token, *why;
    } cases[] = {
        { "", "a token has 16 to 4096 characters" },
        { "fifteen-letters", "a token has 16 to 4096 characters" },
        { "sixteen letters-", characters },
        { "sixteen=letters-", characters },
        { "================", characters },
        { "sixteen\xc3\xa4letters", characters },
        { "sixteen\nletters-", characters },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        jf_bytes token = jf_str(cases[i].token);
        struct credentials_options options = { .tokens = &token, .token_count = 1 };
        struct credentials *none = NULL;
        const char *why = NULL;
        assert_int_equal(credentials_new(&options, &none, &why), JF_E_INVALID);
        assert_null(none);
        assert_string_equal(why, cases[i].why);
    }
    struct credentials_options options = { .token_count = BEARER_TOKENS_MAX + 1 };
    const char *why = NULL;
    assert_int_equal(credentials_new(&options, &credentials, &why), JF_E_INVALID);
    assert_string_equal(why, "there are at most 64 tokens");
}

static void bad_keys_are_refused_at_the_door(void **state)
{
    (void)state;
    struct sigv4_key key = { .access_key_id = jf_str("a/b"),
                             .secret_access_key = jf_str(SECRET) };
    struct credentials_options options = { .keys = &key, .key_count = 1 };
    struct credentials *none = NULL;
    const char *why = NULL;
    assert_int_equal(credentials_new(&options, &none, &why), JF_E_INVALID);
    assert_non_null(why);
    assert_null(none);
    credentials_free(NULL);
}

static void a_message_is_printable_whatever_was_sent(void **state)
{
    (void)state;
    verdict_refuse(&verdict, VERDICT_MISMATCH, "a");
    verdict_add(&verdict, jf_view("\0\t\x1b\x7f\xc3\xa4\n\"\\", 9));
    says("a??????\n\"\\");
    for (size_t i = 0; i < VERDICT_TEXT_MAX; i++)
        verdict_say(&verdict, "12");
    assert_int_equal(verdict_message(&verdict).len, VERDICT_TEXT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_credentials_the_door_stays_shut),
        cmocka_unit_test(nothing_configured_lets_nobody_in),
        cmocka_unit_test(a_signature_opens_it_in_either_form),
        cmocka_unit_test(any_of_the_tokens_opens_it),
        cmocka_unit_test(a_token_is_whole_and_alone),
        cmocka_unit_test(a_giant_or_binary_token_is_unknown),
        cmocka_unit_test(two_authorizations_are_none),
        cmocka_unit_test(a_wrong_token_is_not_saved_by_a_signature),
        cmocka_unit_test(tokens_that_could_not_work_are_refused),
        cmocka_unit_test(bad_keys_are_refused_at_the_door),
        cmocka_unit_test(a_message_is_printable_whatever_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, tidy);
}
