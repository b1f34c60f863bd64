/* Signatures of others: AWS's published test suite, and requests of real clients. Each
 * passes as it is, and none with one thing changed. */
#include "tests/unit/credentials/signed.h"

#include "core/credentials/request.h"
#include "tests/unit/credentials/client_vectors.h"
#include "tests/unit/credentials/suite_vectors.h"

static int64_t time_of_request(void)
{
    jf_bytes stamp = { 0 };
    int64_t at = 0;
    if (!request_header(&request, "X-Amz-Date", &stamp) &&
        !request_header(&request, "Date", &stamp))
        request_parameter(&request, "X-Amz-Date", &stamp);
    assert_true(clock_read(stamp, &at) || clock_read_http(stamp, &at));
    return at;
}

static void all_pass(const struct vector *vectors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        take_vector(&vectors[i]);
        if (!sigv4_check(checker, &request, time_of_request(), &verdict))
            fail_msg("%s: %.*s", vectors[i].name, BYTES_FMT(verdict_message(&verdict)));
        passes_at(time_of_request());
    }
}

static void the_published_suite_passes(void **state)
{
    (void)state;
    open_usual("service");
    all_pass(suite_vectors, COUNT(suite_vectors));
}

static void requests_of_real_clients_pass(void **state)
{
    (void)state;
    open_usual("execute-api");
    all_pass(client_vectors, COUNT(client_vectors));
}

/* One letter becomes another; a '/' stays, since a second one may be tidied away. */
static void change(jf_bytes *text, size_t at)
{
    char *copy = malloc(text->len);
    memcpy(copy, text->ptr, text->len);
    copy[at] = copy[at] == 'x' ? 'y' : 'x';
    copies[copy_count++] = copy;
    text->ptr = copy;
}

static void refuses(const char *name, const char *what)
{
    if (sigv4_check(checker, &request, SUITE_TIME, &verdict))
        fail_msg("%s passes with another %s", name, what);
}

static void another_path_or_method_is_another_request(void **state)
{
    (void)state;
    open_usual("service");
    for (size_t i = 0; i < COUNT(suite_vectors); i++) {
        const struct vector *vector = &suite_vectors[i];
        take_vector(vector);
        request.method = jf_str("PUT");
        refuses(vector->name, "method");
        take_vector(vector);
        request.path = copied_text("/other");
        refuses(vector->name, "path");
        take_vector(vector);
        request.query = copied_text("Param1=value3");
        refuses(vector->name, "query");
        take_vector(vector);
        request.body = copied_text("Param1=value2");
        refuses(vector->name, "body");
    }
}

static void no_letter_of_a_signed_request_may_change(void **state)
{
    (void)state;
    open_usual("service");
    const struct vector *vector = &suite_vectors[COUNT(suite_vectors) - 1];
    take_vector(vector);
    for (size_t i = 0; i < request.header_count; i++) {
        for (size_t at = 0; at < strlen(vector->headers[i].value); at++) {
            take_vector(vector);
            change(&headers[i].value, at);
            refuses(vector->name, vector->headers[i].name);
        }
    }
}

static void no_letter_of_a_presigned_query_may_change(void **state)
{
    (void)state;
    open_usual("execute-api");
    const struct vector *vector =
        find_vector(client_vectors, COUNT(client_vectors), "presigned-query");
    for (size_t at = 0; at < strlen(vector->query); at++) {
        take_vector(vector);
        change(&request.query, at);
        refuses(vector->name, "query");
    }
    take_vector(vector);
    passes_at(SUITE_TIME);
}

static void headers_that_were_not_signed_may_come_and_go(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    add_header("Via", "1.1 somebody");
    add_header("Content-Length", "0");
    passes_at(SUITE_TIME);
}

static void a_body_that_is_not_signed_may_be_any_but_must_be_said_to_be(void **state)
{
    (void)state;
    open_usual("execute-api");
    TAKE(client_vectors, "unsigned-payload");
    request.body = copied_text("something else");
    passes_at(SUITE_TIME);
    set_header("X-Amz-Content-Sha256", "unsigned-payload");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
    drop_header("X-Amz-Content-Sha256");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
}

static void a_declared_hash_is_held_against_the_body(void **state)
{
    (void)state;
    open_usual("execute-api");
    TAKE(client_vectors, "encoded-once");
    assert_int_equal(header_called("X-Amz-Content-SHA256")->value.len, 64);
    passes_at(SUITE_TIME);
    request.body = copied_text("hellp");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
}

static void a_mismatch_says_what_was_expected(void **state)
{
    (void)state;
    open_usual("service");
    TAKE(suite_vectors, "get-vanilla");
    request.method = copied_text("POST");
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
    says("The request signature we calculated does not match the signature you provided. "
         "Check your AWS Secret Access Key and signing method. Consult the service "
         "documentation for details.\n\n"
         "The Canonical String for this request should have been\n"
         "'POST\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\n"
         "host;x-amz-date\n"
         "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\n"
         "The String-to-Sign should have been\n"
         "'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
         "553f88c9e4d10fc9e109e2aeb65f030801b70c2f6468faca261d401ae622fc87'\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_suite_passes),
        cmocka_unit_test(requests_of_real_clients_pass),
        cmocka_unit_test(another_path_or_method_is_another_request),
        cmocka_unit_test(no_letter_of_a_signed_request_may_change),
        cmocka_unit_test(no_letter_of_a_presigned_query_may_change),
        cmocka_unit_test(headers_that_were_not_signed_may_come_and_go),
        cmocka_unit_test(a_body_that_is_not_signed_may_be_any_but_must_be_said_to_be),
        cmocka_unit_test(a_declared_hash_is_held_against_the_body),
        cmocka_unit_test(a_mismatch_says_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, close_checker);
}
