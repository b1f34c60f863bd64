/* Who signed, when, and for whom: keys, clocks, scopes and session tokens, around recorded
 * requests; and how many of anything there may be. */
#include "tests/unit/credentials/signed.h"

#include "core/credentials/sigv4_claim.h"
#include "tests/unit/credentials/client_vectors.h"
#include "tests/unit/credentials/suite_vectors.h"

static struct sigv4_key usual_key(void)
{
    return (struct sigv4_key){ .access_key_id = jf_str("AKIDEXAMPLE"),
                               .secret_access_key = jf_str(SECRET) };
}

/* ---- Clocks ------------------------------------------------------------- */

static void a_clock_may_be_five_minutes_off_either_way(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    passes_at(SUITE_TIME + 300);
    passes_at(SUITE_TIME - 300);
}

static void an_old_signature_has_expired(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    fails_at(SUITE_TIME + 301, VERDICT_EXPIRED);
    says("Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
         "(20150830T124101Z - 5 min.)");
    assert_string_equal(verdict_error_type(verdict.kind), "InvalidSignatureException");
    fails_at(INT64_MAX / 2, VERDICT_EXPIRED);
}

static void a_signature_of_the_future_is_not_yet_current(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    fails_at(SUITE_TIME - 301, VERDICT_NOT_YET);
    says("Signature not yet current: 20150830T123600Z is still later than 20150830T123559Z "
         "(20150830T123059Z + 5 min.)");
    fails_at(0, VERDICT_NOT_YET);
}

static void a_presigned_url_lasts_as_long_as_it_says(void **state)
{
    (void)state;
    open_usual("execute-api");
    TAKE(client_vectors, "presigned");
    passes_at(SUITE_TIME + 60);
    passes_at(SUITE_TIME - 300);
    fails_at(SUITE_TIME - 301, VERDICT_NOT_YET);
    fails_at(SUITE_TIME + 61, VERDICT_EXPIRED);
    says("Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z "
         "(20150830T123701Z - 1 min.)");
}

static void a_time_that_is_changed_is_another_signature(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    set_header("X-Amz-Date", "20150830T123700Z");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
}

/* ---- Scopes ------------------------------------------------------------- */

static void another_service_is_not_meant_for_us(void **state)
{
    (void)state;
    open_usual("execute-api");
    TAKE(suite_vectors, "get-vanilla");
    fails_at(SUITE_TIME, VERDICT_SCOPE);
    says("Credential should be scoped to correct service: 'execute-api'. ");
    assert_string_equal(verdict_error_type(verdict.kind), "InvalidSignatureException");
}

static void a_region_matters_only_if_there_is_one_configured(void **state)
{
    (void)state;
    struct sigv4_key key = usual_key();
    open_checker(&key, 1, "us-east-1", "service");
    TAKE(suite_vectors, "get-vanilla");
    passes_at(SUITE_TIME);
    open_checker(&key, 1, "eu-central-1", "service");
    fails_at(SUITE_TIME, VERDICT_SCOPE);
    says("Credential should be scoped to a valid region, not 'us-east-1'. ");
}

static void the_scope_is_of_the_day_of_the_request(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    set_header("X-Amz-Date", "20150831T000000Z");
    fails_at(SUITE_TIME + 41000, VERDICT_SCOPE);
    says("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
         "from HTTP: '20150830' != '20150831', from '20150831T000000Z'. ");
}

static void all_that_is_wrong_with_a_scope_is_said(void **state)
{
    (void)state;
    struct sigv4_key key = usual_key();
    open_checker(&key, 1, "eu-central-1", "execute-api");
    TAKE(suite_vectors, "get-vanilla");
    set_header(
        "Authorization",
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/b/c/d/e, SignedHeaders=host, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    fails_at(SUITE_TIME, VERDICT_SCOPE);
    says("Credential should be scoped to a valid region, not 'c'. Credential should be "
         "scoped to correct service: 'execute-api'. Credential should be scoped with a "
         "valid terminator: 'aws4_request', not 'e'. Date in Credential scope does not "
         "match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != '20150830', from "
         "'20150830T123600Z'. ");
}

/* ---- Keys --------------------------------------------------------------- */

static void an_unknown_key_is_no_key_even_with_the_right_secret(void **state)
{
    (void)state;
    struct sigv4_key key = { .access_key_id = jf_str("AKIDEXAMPLF"),
                             .secret_access_key = jf_str(SECRET) };
    open_checker(&key, 1, "", "service");
    TAKE(suite_vectors, "get-vanilla");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
    says("The security token included in the request is invalid.");
    assert_string_equal(verdict_error_type(verdict.kind), "UnrecognizedClientException");
    open_checker(NULL, 0, "", "service");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
}

static void a_key_id_is_compared_to_its_end(void **state)
{
    (void)state;
    struct sigv4_key keys[] = { usual_key(), usual_key() };
    keys[0].access_key_id = jf_str("AKIDEXAMPLE2");
    keys[1].access_key_id = jf_str("AKIDEXAMPL");
    open_checker(keys, 2, "", "service");
    TAKE(suite_vectors, "get-vanilla");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
}

static void another_secret_makes_another_signature(void **state)
{
    (void)state;
    struct sigv4_key key = usual_key();
    key.secret_access_key.len--;
    open_checker(&key, 1, "", "service");
    TAKE(suite_vectors, "get-vanilla");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
}

static void several_keys_are_told_apart(void **state)
{
    (void)state;
    struct sigv4_key keys[SIGV4_KEYS_MAX];
    char ids[SIGV4_KEYS_MAX][8];
    for (size_t i = 0; i < SIGV4_KEYS_MAX; i++) {
        keys[i] = usual_key();
        ids[i][0] = 'K';
        ids[i][1] = (char)('0' + i / 10);
        ids[i][2] = (char)('0' + i % 10);
        keys[i].access_key_id = jf_view(ids[i], 3);
        keys[i].secret_access_key = jf_str("another");
    }
    keys[40] = usual_key();
    open_checker(keys, SIGV4_KEYS_MAX, "", "service");
    TAKE(suite_vectors, "get-vanilla");
    passes_at(SUITE_TIME);
}

static void derived_keys_are_remembered_and_forgotten_without_harm(void **state)
{
    (void)state;
    open_usual("execute-api");
    for (size_t i = 0; i < 3 * 26; i++) {
        char header[300] = "AWS4-HMAC-SHA256 "
                           "Credential=AKIDEXAMPLE/20150830/?/execute-api/aws4_request,"
                           "SignedHeaders=host,Signature=";
        *strchr(header, '?') = (char)('a' + i % 26);
        memset(header + strlen(header), 'a', SIGV4_SIGNATURE);
        TAKE(client_vectors, "raw-at");
        set_header("Authorization", header);
        fails_at(SUITE_TIME, VERDICT_MISMATCH);
        TAKE(client_vectors, "raw-at");
        passes_at(SUITE_TIME);
    }
}

/* ---- Session tokens ----------------------------------------------------- */

static void a_session_token_is_ignored_unless_the_key_has_one(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "post-sts-header-after");
    set_header("X-Amz-Security-Token", "anything");
    passes_at(SUITE_TIME);
}

static void a_key_with_a_session_token_needs_it(void **state)
{
    (void)state;
    struct sigv4_key key = usual_key();
    TAKE(suite_vectors, "post-sts-header-after");
    key.session_token = jf_str("a session token");
    open_checker(&key, 1, "", "service");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
    says("The security token included in the request is invalid.");
    set_header("X-Amz-Security-Token", "a session token");
    passes_at(SUITE_TIME);
    set_header("X-Amz-Security-Token", "a session tokem");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
    drop_header("X-Amz-Security-Token");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
}

static void a_presigned_url_has_its_session_token_in_the_query(void **state)
{
    (void)state;
    struct sigv4_key key = usual_key();
    TAKE(suite_vectors, "post-sts-header-after");
    char token[1000] = { 0 };
    memcpy(token, header_called("X-Amz-Security-Token")->value.ptr,
           header_called("X-Amz-Security-Token")->value.len);
    key.session_token = jf_str(token);
    open_checker(&key, 1, "", "execute-api");
    TAKE(client_vectors, "presigned-token");
    passes_at(SUITE_TIME);
    TAKE(client_vectors, "presigned");
    fails_at(SUITE_TIME, VERDICT_UNKNOWN);
}

/* ---- What may be configured --------------------------------------------- */

static void assert_refused(const struct sigv4_key *keys, size_t count, const char *reason)
{
    struct sigv4 *none = NULL;
    const char *why = NULL;
    assert_int_equal(sigv4_new(keys, count, jf_str(""), jf_str("s"), &none, &why),
                     JF_E_INVALID);
    assert_null(none);
    assert_string_equal(why, reason);
}

static void keys_that_could_not_work_are_refused(void **state)
{
    (void)state;
    static const char bad_id[] =
        "an access key id is 1 to 64 printable characters, without '/' and ','";
    static const char *const ids[] = { "", "a/b", "a,b", "a b", "a\xc3\xa4", "a\n" };
    static char long_text[SIGV4_TOKEN_MAX + 2];
    struct sigv4_key keys[SIGV4_KEYS_MAX + 1] = { 0 };
    memset(long_text, 'a', sizeof(long_text) - 1);
    for (size_t i = 0; i < COUNT(ids); i++) {
        keys[0] = usual_key();
        keys[0].access_key_id = jf_str(ids[i]);
        assert_refused(keys, 1, bad_id);
    }
    keys[0].access_key_id = jf_view(long_text, SIGV4_KEY_ID_MAX + 1);
    assert_refused(keys, 1, bad_id);
    keys[0] = usual_key();
    keys[0].secret_access_key = jf_view(long_text, SIGV4_SECRET_MAX + 1);
    assert_refused(keys, 1, "a secret access key has 1 to 256 octets");
    keys[0].secret_access_key.len = 0;
    assert_refused(keys, 1, "a secret access key has 1 to 256 octets");
    keys[0] = usual_key();
    keys[0].session_token = jf_view(long_text, SIGV4_TOKEN_MAX + 1);
    assert_refused(keys, 1, "a session token has at most 2048 octets");
    keys[0] = keys[1] = usual_key();
    assert_refused(keys, 2, "an access key id is there twice");
    assert_refused(keys, SIGV4_KEYS_MAX + 1, "there are at most 64 access keys");
}

static void nothing_is_freed_without_harm(void **state)
{
    (void)state;
    sigv4_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_may_be_five_minutes_off_either_way),
        cmocka_unit_test(an_old_signature_has_expired),
        cmocka_unit_test(a_signature_of_the_future_is_not_yet_current),
        cmocka_unit_test(a_presigned_url_lasts_as_long_as_it_says),
        cmocka_unit_test(a_time_that_is_changed_is_another_signature),
        cmocka_unit_test(another_service_is_not_meant_for_us),
        cmocka_unit_test(a_region_matters_only_if_there_is_one_configured),
        cmocka_unit_test(the_scope_is_of_the_day_of_the_request),
        cmocka_unit_test(all_that_is_wrong_with_a_scope_is_said),
        cmocka_unit_test(an_unknown_key_is_no_key_even_with_the_right_secret),
        cmocka_unit_test(a_key_id_is_compared_to_its_end),
        cmocka_unit_test(another_secret_makes_another_signature),
        cmocka_unit_test(several_keys_are_told_apart),
        cmocka_unit_test(derived_keys_are_remembered_and_forgotten_without_harm),
        cmocka_unit_test(a_session_token_is_ignored_unless_the_key_has_one),
        cmocka_unit_test(a_key_with_a_session_token_needs_it),
        cmocka_unit_test(a_presigned_url_has_its_session_token_in_the_query),
        cmocka_unit_test(keys_that_could_not_work_are_refused),
        cmocka_unit_test(nothing_is_freed_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, close_checker);
}
