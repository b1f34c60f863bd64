/* What is said of a signature, in every form that a stranger may give it: it is read, or
 * refused in the words of AWS, and nothing is guessed. */
#include "tests/unit/credentials/signed.h"

#include <stdio.h>

#include "core/credentials/sigv4_claim.h"
#include "tests/unit/credentials/client_vectors.h"
#include "tests/unit/credentials/suite_vectors.h"

#define CREDENTIAL "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request"
#define SIGNED "SignedHeaders=host;x-amz-date"
#define SIGNATURE                                                                          \
    "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"

#define INVALID_PAIR                                                                       \
    "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with "    \
    "SHA-256 and encoded with Base64): '"

static int setup(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    return 0;
}

static void authorized_by(const char *header)
{
    TAKE(suite_vectors, "get-vanilla");
    set_header("Authorization", header);
}

static void authorized_by_both(const char *start, const char *rest)
{
    char header[300];
    (void)snprintf(header, sizeof(header), "%s%s", start, rest);
    authorized_by(header);
}

static void refused_as(const char *header, const char *beginning)
{
    authorized_by(header);
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    begins(beginning);
    assert_string_equal(verdict_error_type(verdict.kind), "IncompleteSignatureException");
}

/* ---- The header --------------------------------------------------------- */

static void fields_come_in_any_order_with_or_without_blanks(void **state)
{
    (void)state;
    authorized_by("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE);
    passes_at(SUITE_TIME);
    authorized_by("AWS4-HMAC-SHA256 " SIGNATURE "," CREDENTIAL "," SIGNED);
    passes_at(SUITE_TIME);
    authorized_by("  AWS4-HMAC-SHA256   " SIGNED " ,\t" SIGNATURE " ,  " CREDENTIAL "  ");
    passes_at(SUITE_TIME);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    refused_as("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED,
               "Authorization header requires 'Signature' parameter. (Hashed with SHA-256 "
               "and encoded with Base64) Authorization=");
    refused_as("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNATURE,
               "Authorization header requires 'SignedHeaders' parameter. (");
    authorized_by("AWS4-HMAC-SHA256");
    drop_header("X-Amz-Date");
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    says("Authorization header requires 'Credential' parameter. Authorization header "
         "requires 'Signature' parameter. Authorization header requires 'SignedHeaders' "
         "parameter. Authorization header requires existence of either a 'X-Amz-Date' or a "
         "'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization="
         "YI2YWea8FSxnksZL2ETHbs5elHm9HQufxTLK0W0ffV0=");
    refused_as("AWS4-HMAC-SHA256 Credential=, SignedHeaders=, Signature=",
               "Authorization header requires 'Credential' parameter. Authorization header "
               "requires 'Signature' parameter. Authorization header requires "
               "'SignedHeaders' parameter. (");
}

static void what_is_no_pair_is_refused(void **state)
{
    (void)state;
    static const char *const headers_of_strangers[] = {
        "",
        "Bearer abc",
        "Basic dXNlcjpwYXNz",
        "aws4-hmac-sha256 " CREDENTIAL ", " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256\t" CREDENTIAL ", " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256, " CREDENTIAL ", " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256 Credential, " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE ",",
        "AWS4-HMAC-SHA256 , " CREDENTIAL ", " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256 " CREDENTIAL ",, " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256 " CREDENTIAL "; " SIGNED "; " SIGNATURE,
        "AWS4-HMAC-SHA256 " CREDENTIAL " " SIGNED " " SIGNATURE,
        "AWS4-HMAC-SHA256 credential=a, " SIGNED ", " SIGNATURE,
        "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE ", More=1",
        "AWS4-HMAC-SHA256 =, " CREDENTIAL ", " SIGNED ", " SIGNATURE,
    };
    for (size_t i = 0; i < COUNT(headers_of_strangers); i++) {
        authorized_by(headers_of_strangers[i]);
        assert_false(sigv4_check(checker, &request, SUITE_TIME, &verdict));
        assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
    }
    refused_as("Bearer abc", INVALID_PAIR);
    says(INVALID_PAIR "w1Xc6WwWEogNEZQP/dkBTThsJT4MNlKmzQanIm970rY='.");
}

static void a_field_may_be_there_once(void **state)
{
    (void)state;
    refused_as("AWS4-HMAC-SHA256 " CREDENTIAL ", " CREDENTIAL ", " SIGNED ", " SIGNATURE,
               INVALID_PAIR);
    refused_as("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE ", " SIGNATURE,
               INVALID_PAIR);
    refused_as("AWS4-HMAC-SHA256 SignedHeaders=, " CREDENTIAL ", " SIGNED ", " SIGNATURE,
               INVALID_PAIR);
}

static void other_algorithms_are_not_known(void **state)
{
    (void)state;
    refused_as("AWS4-HMAC-SHA512 " CREDENTIAL ", " SIGNED ", " SIGNATURE,
               "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.");
    refused_as("AWS4-ECDSA-P256-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE,
               "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'.");
}

static void a_header_cut_anywhere_does_not_pass(void **state)
{
    (void)state;
    char header[300];
    jf_bytes whole = header_called("Authorization")->value;
    for (size_t len = 0; len < whole.len; len++) {
        TAKE(suite_vectors, "get-vanilla");
        memcpy(header, header_called("Authorization")->value.ptr, len);
        header[len] = '\0';
        set_header("Authorization", header);
        assert_false(sigv4_check(checker, &request, SUITE_TIME, &verdict));
    }
}

static void headers_that_count_may_be_there_once(void **state)
{
    (void)state;
    add_header("authorization", "AWS4-HMAC-SHA256 " CREDENTIAL);
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    TAKE(suite_vectors, "get-vanilla");
    add_header("x-amz-date", "20150830T123600Z");
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    TAKE(client_vectors, "date-header");
    add_header("date", "Sun, 30 Aug 2015 12:36:00 GMT");
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    TAKE(suite_vectors, "get-vanilla");
    add_header("X-Amz-Security-Token", "a");
    add_header("X-Amz-Security-Token", "b");
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
}

static void a_second_host_is_part_of_what_was_signed(void **state)
{
    (void)state;
    add_header("Host", "evil.example");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
}

/* ---- Its fields --------------------------------------------------------- */

static void a_credential_has_five_parts(void **state)
{
    (void)state;
    static const char *const credentials[] = {
        "a",
        "a/b/c/d",
        "a/b/c/d/e/f",
        "a/b/c/d/",
        "/b/c/d/e",
        "a//c/d/e",
        "a/b/c/d/e/",
        "a/b/c/d e/f",
        "a/b/c/d/\x01",
        "a/b/c/d/\xc3\xa4",
        "a/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/d/e",
    };
    for (size_t i = 0; i < COUNT(credentials); i++) {
        char header[300] = "AWS4-HMAC-SHA256 " SIGNED ", " SIGNATURE ", Credential=";
        memcpy(header + strlen(header), credentials[i], strlen(credentials[i]));
        refused_as(header, "Credential must have exactly 5 slash-delimited elements, e.g. "
                           "keyid/date/region/service/term, got '");
    }
    says("Credential must have exactly 5 slash-delimited elements, e.g. "
         "keyid/date/region/service/term, got "
         "'a/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/d/e'");
}

static void signed_headers_are_sorted_and_each_is_there_once(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "host;host",
        "x-amz-date;host",
        "Host;x-amz-date",
        "host;",
        ";host",
        "host;;x-amz-date",
        "host; x-amz-date",
        "host,x-amz-date",
        "host;x\xc3",
        "host;x:y",
        ";",
    };
    for (size_t i = 0; i < COUNT(lists); i++) {
        authorized_by_both("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNATURE ", SignedHeaders=",
                           lists[i]);
        fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    }
}

static void the_host_must_be_signed(void **state)
{
    (void)state;
    authorized_by("AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=x-amz-date, " SIGNATURE);
    fails_at(SUITE_TIME, VERDICT_SCOPE);
    says("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
}

static void a_signed_header_must_be_there(void **state)
{
    (void)state;
    authorized_by("AWS4-HMAC-SHA256 " CREDENTIAL ", SignedHeaders=host;x, " SIGNATURE);
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
    says("The signed header 'x' is not part of the request.");
    TAKE(suite_vectors, "get-vanilla");
    drop_header("Host");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
}

/* "aa;ab;...;host": as many as that, with a header for each. */
static void sign_many(size_t count)
{
    static char header[SIGV4_CLAIM_MAX];
    static const char start[] =
        "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNATURE ", SignedHeaders=";
    memcpy(header, start, sizeof(start));
    authorized_by("");
    for (size_t i = 0; i + 1 < count; i++) {
        char name[] = { 'a', (char)('a' + i / 26), (char)('a' + i % 26), ';', '\0' };
        memcpy(header + strlen(header), name, sizeof(name));
        name[3] = '\0';
        add_header(name, "v");
    }
    memcpy(header + strlen(header), "host", sizeof("host"));
    set_header("Authorization", header);
}

static void there_are_at_most_64_signed_headers(void **state)
{
    (void)state;
    sign_many(SIGV4_SIGNED_MAX);
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
    sign_many(SIGV4_SIGNED_MAX + 1);
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    begins("SignedHeaders must be at most 64 names");
}

static void a_signature_is_64_lower_case_digits(void **state)
{
    (void)state;
    static const char *const signatures[] = {
        "5",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf3",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf311",
        "5FA00FA31553B73EBF1942676E86291E8372FF2A2260956D9B8AAE1D763FBF31",
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf3g",
        "=fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    };
    for (size_t i = 0; i < COUNT(signatures); i++) {
        authorized_by_both("AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", Signature=",
                           signatures[i]);
        fails_at(SUITE_TIME, VERDICT_MISMATCH);
    }
}

static void a_date_is_in_the_basic_format(void **state)
{
    (void)state;
    static const char *const dates[] = {
        "2015", "2015-08-30T12:36:00Z", "20150830T126000Z", "20150830T123600",
        "\xff", "20150830t123600z"
    };
    for (size_t i = 0; i < COUNT(dates); i++) {
        set_header("X-Amz-Date", dates[i]);
        fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
        begins("Date must be in ISO-8601 'basic format'. Got '");
    }
    set_header("X-Amz-Date", "201");
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    says("Date must be in ISO-8601 'basic format'. Got '201'. See "
         "http://en.wikipedia.org/wiki/ISO_8601");
    set_header("X-Amz-Date", "Sun, 30 Aug 2015 12:36:00 GMT"); /* that is for Date */
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
}

/* ---- The presigned query ------------------------------------------------ */

/* The presigned request with `from`, once, replaced. */
static void presigned_with(const char *from, const char *to)
{
    static char query[3 * REQUEST_TARGET_MAX];
    const struct vector *vector =
        find_vector(client_vectors, COUNT(client_vectors), "presigned");
    take_vector(vector);
    const char *at = strstr(vector->query, from);
    assert_non_null(at);
    size_t before = (size_t)(at - vector->query);
    memcpy(query, vector->query, before);
    memcpy(query + before, to, strlen(to));
    memcpy(query + before + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
    request.query = copied_text(query);
}

static void fails_with(const char *from, const char *to, enum verdict_kind kind)
{
    presigned_with(from, to);
    fails_at(SUITE_TIME, kind);
}

static void a_presigned_query_is_told_by_its_parameters(void **state)
{
    (void)state;
    static const char *const queries[] = { "X-Amz-Signature=", "a=b&X-Amz-Algorithm=x",
                                           "X-Amz-Credential", "&&X-Amz-SignedHeaders=a" };
    for (size_t i = 0; i < COUNT(queries); i++) {
        request.query = jf_str(queries[i]);
        assert_true(sigv4_is_presigned(&request));
    }
    request.query = jf_str("X-Amz-Date=1&x-amz-signature=1&aX-Amz-Signature=1&=&&");
    assert_false(sigv4_is_presigned(&request));
    request.query = jf_view(NULL, 0);
    assert_false(sigv4_is_presigned(&request));
}

static void what_is_missing_in_a_query_is_named(void **state)
{
    (void)state;
    open_usual("execute-api");
    TAKE(client_vectors, "presigned");
    request.query = copied_text("X-Amz-Signature=");
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    says("AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string "
         "parameters must include 'X-Amz-Credential'. AWS query-string parameters must "
         "include 'X-Amz-Signature'. AWS query-string parameters must include "
         "'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
         "Re-examine the query-string parameters.");
    fails_with("X-Amz-Date", "x-amz-date", VERDICT_INCOMPLETE);
    says("AWS query-string parameters must include 'X-Amz-Date'. Re-examine the "
         "query-string parameters.");
}

static void a_presigned_query_is_as_strict_as_a_header(void **state)
{
    (void)state;
    open_usual("execute-api");
    fails_with("SHA256", "SHA1", VERDICT_INCOMPLETE);
    says("Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA1'.");
    fails_with("SignedHeaders=host", "SignedHeaders=Host", VERDICT_INCOMPLETE);
    fails_with("SignedHeaders=host", "SignedHeaders=date", VERDICT_SCOPE);
    fails_with("SignedHeaders=host", "SignedHeaders=host%3Bhost", VERDICT_INCOMPLETE);
    fails_with("AKIDEXAMPLE%2F", "AKIDEXAMPLE", VERDICT_INCOMPLETE);
    fails_with("AKIDEXAMPLE%2F", "AKIDEXAMPLE%00%2F", VERDICT_INCOMPLETE);
    fails_with("AKIDEXAMPLE%2F", "AKIDEXAMPLE%2", VERDICT_INCOMPLETE);
    fails_with("AKIDEXAMPLE%2F", "AKIDEXAMPLE%xx", VERDICT_INCOMPLETE);
    fails_with("AKIDEXAMPLE%2F", "AKIDEXAMPLF%2F", VERDICT_UNKNOWN);
    fails_with("X-Amz-Signature", "X-Amz-Signature=0&X-Amz-Signature", VERDICT_INCOMPLETE);
    fails_with("X-Amz-Date", "X-Amz-Date=20150830T123600Z&X-Amz-Date", VERDICT_INCOMPLETE);
    fails_with("X-Amz-Signature", "more=1&X-Amz-Signature", VERDICT_MISMATCH);
}

static void a_presigned_url_lasts_a_week_at_most(void **state)
{
    (void)state;
    open_usual("execute-api");
    fails_with("Expires=60", "Expires=604800", VERDICT_MISMATCH);
    fails_with("Expires=60", "Expires=604801", VERDICT_INCOMPLETE);
    fails_with("Expires=60", "Expires=0", VERDICT_INCOMPLETE);
    fails_with("Expires=60", "Expires=-1", VERDICT_INCOMPLETE);
    fails_with("Expires=60", "Expires=60s", VERDICT_INCOMPLETE);
    fails_with("Expires=60", "Expires=99999999999999999999999999", VERDICT_INCOMPLETE);
    begins("X-Amz-Expires must be a number of seconds");
    fails_with("&X-Amz-Expires=60", "", VERDICT_MISMATCH); /* five minutes, then */
    fails_at(SUITE_TIME + 300, VERDICT_MISMATCH);
    fails_at(SUITE_TIME + 301, VERDICT_EXPIRED);
}

static void a_request_is_signed_once(void **state)
{
    (void)state;
    open_usual("execute-api");
    TAKE(client_vectors, "presigned");
    add_header("Authorization", "AWS4-HMAC-SHA256 " CREDENTIAL ", " SIGNED ", " SIGNATURE);
    fails_at(SUITE_TIME, VERDICT_SCOPE);
    says("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
         "header.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(fields_come_in_any_order_with_or_without_blanks, setup),
        cmocka_unit_test_setup(what_is_missing_is_named, setup),
        cmocka_unit_test_setup(what_is_no_pair_is_refused, setup),
        cmocka_unit_test_setup(a_field_may_be_there_once, setup),
        cmocka_unit_test_setup(other_algorithms_are_not_known, setup),
        cmocka_unit_test_setup(a_header_cut_anywhere_does_not_pass, setup),
        cmocka_unit_test_setup(headers_that_count_may_be_there_once, setup),
        cmocka_unit_test_setup(a_second_host_is_part_of_what_was_signed, setup),
        cmocka_unit_test_setup(a_credential_has_five_parts, setup),
        cmocka_unit_test_setup(signed_headers_are_sorted_and_each_is_there_once, setup),
        cmocka_unit_test_setup(the_host_must_be_signed, setup),
        cmocka_unit_test_setup(a_signed_header_must_be_there, setup),
        cmocka_unit_test_setup(there_are_at_most_64_signed_headers, setup),
        cmocka_unit_test_setup(a_signature_is_64_lower_case_digits, setup),
        cmocka_unit_test_setup(a_date_is_in_the_basic_format, setup),
        cmocka_unit_test_setup(a_presigned_query_is_told_by_its_parameters, setup),
        cmocka_unit_test_setup(what_is_missing_in_a_query_is_named, setup),
        cmocka_unit_test_setup(a_presigned_query_is_as_strict_as_a_header, setup),
        cmocka_unit_test_setup(a_presigned_url_lasts_a_week_at_most, setup),
        cmocka_unit_test_setup(a_request_is_signed_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, close_checker);
}
