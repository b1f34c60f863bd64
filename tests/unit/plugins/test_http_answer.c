/* What a backend said, and what that means: results of functions as AWS takes them, and
 * what is none. The breaker, which goes by it. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/http/http_answer.h"
#include "plugins/http/http_breaker.h"
#include "plugins/http/http_text.h"

static struct http_answer answer;

static enum http_fault read_as(const char *body, long status, bool error)
{
    http_answer_fini(&answer);
    answer = (struct http_answer){ .http_status = status,
                                   .body = jf_str(body),
                                   .has_body = true,
                                   .function_error = error };
    return http_answer_read_lambda(&answer);
}

static enum http_fault read_it(const char *body)
{
    return read_as(body, 200, false);
}

static void assert_body(const char *text)
{
    assert_true(answer.has_body);
    assert_true(jf_same(answer.body, jf_str(text)));
}

static void a_result_has_a_status_and_a_body(void **state)
{
    (void)state;
    assert_int_equal(read_it("{\"statusCode\":201,\"body\":\"hi\"}"), HTTP_FINE);
    assert_int_equal(answer.http_status, 201);
    assert_body("hi");
    assert_int_equal(read_it("{\"statusCode\":\"404\"}"), HTTP_FINE);
    assert_int_equal(answer.http_status, 404);
    assert_body("");
    assert_int_equal(read_it("{\"statusCode\":200,\"body\":null}"), HTTP_FINE);
    assert_body("");
    assert_int_equal(read_it("{\"statusCode\":200,\"body\":{\"a\":[1]}}"), HTTP_FINE);
    assert_body("{\"a\":[1]}");
    assert_int_equal(read_it("{\"body\":\"b\",\"isBase64Encoded\":false}"), HTTP_FINE);
    assert_body("b");
    assert_int_equal(answer.http_status, 0);
}

static void a_status_that_is_none_is_no_status(void **state)
{
    (void)state;
    static const char *const values[] = { "99",     "600",      "-1",      "1e300",
                                          "\"20\"", "\"2000\"", "\"2x0\"", "true",
                                          "null",   "[200]",    "\"\"",    "200e200" };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char json[64];
        snprintf(json, sizeof(json), "{\"statusCode\":%s}", values[i]);
        assert_int_equal(read_it(json), HTTP_FINE);
        assert_int_equal(answer.http_status, 0);
    }
}

static void base64_is_decoded_or_junk(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        { "", "" },    { "Zg==", "f" },        { "Zm8=", "fo" },          { "Zm9v", "foo" },
        { "Zg", "f" }, { "Zm9vYmE", "fooba" }, { "+/+/", "\xfb\xff\xbf" }
    };
    static const char *const bad[] = { "Z",    "Z===",    "Zm9=v", "Zm 9", "Zm9v=",
                                       "====", "\\u00e9", "Zg=",   "-_-_" };
    char json[96];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        snprintf(json, sizeof(json), "{\"body\":\"%s\",\"isBase64Encoded\":true}",
                 good[i][0]);
        assert_int_equal(read_it(json), HTTP_FINE);
        assert_body(good[i][1]);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        snprintf(json, sizeof(json), "{\"body\":\"%s\",\"isBase64Encoded\":true}", bad[i]);
        assert_int_equal(read_it(json), HTTP_FAULT_JUNK);
    }
}

static void nothing_is_not_junk_and_junk_is_not_nothing(void **state)
{
    (void)state;
    static const char *const nothing[] = { "", " \r\n", "null" };
    static const char *const junk[] = { "x",
                                        "{",
                                        "{\"statusCode\":",
                                        "5",
                                        "\"text\"",
                                        "[]",
                                        "Task timed out after 3.00 seconds" };
    for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
        assert_int_equal(read_it(nothing[i]), HTTP_FINE);
        assert_false(answer.has_body);
        assert_int_equal(answer.http_status, 0);
    }
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++)
        assert_int_equal(read_it(junk[i]), HTTP_FAULT_JUNK);
}

static void errors_are_those_of_the_function_or_of_who_invokes_it(void **state)
{
    (void)state;
    const char *fine = "{\"statusCode\":200}";
    assert_int_equal(read_as(fine, 200, true), HTTP_FAULT_FUNCTION);
    assert_int_equal(read_it("{\"errorMessage\":\"x\",\"errorType\":\"Error\"}"),
                     HTTP_FAULT_FUNCTION);
    assert_int_equal(read_it("{\"errorMessage\":\"x\",\"statusCode\":400}"), HTTP_FINE);
    assert_int_equal(read_as(fine, 202, false), HTTP_FINE);
    assert_int_equal(read_as(fine, 404, false), HTTP_FAULT_STATUS);
    assert_int_equal(read_as(fine, 500, false), HTTP_FAULT_STATUS);
    assert_int_equal(read_as(fine, 301, false), HTTP_FAULT_STATUS);
    assert_int_equal(read_as(fine, 429, false), HTTP_FAULT_FULL);
    assert_int_equal(read_as(fine, 0, false), HTTP_FAULT_STATUS);
}

static void the_protocol_is_found_whatever_its_case(void **state)
{
    (void)state;
    read_it("{\"statusCode\":200,\"headers\":{\"sec-websocket-PROTOCOL\":\"b\"}}");
    assert_true(jf_same(answer.protocol, jf_str("b")));
    read_it(
        "{\"statusCode\":200,\"multiValueHeaders\":{\"Sec-WebSocket-Protocol\":[\"c\"]}}");
    assert_true(jf_same(answer.protocol, jf_str("c")));
    read_it("{\"statusCode\":200,\"headers\":{\"Sec-WebSocket-Protocol\":5}}");
    assert_null(answer.protocol.ptr);
    read_it("{\"statusCode\":200,\"headers\":[\"x\"]}");
    assert_null(answer.protocol.ptr);
    http_answer_fini(&answer);
}

static void faults_have_names_and_statuses(void **state)
{
    (void)state;
    for (int fault = 0; fault < HTTP_FAULT_COUNT; fault++) {
        assert_non_null(http_fault_name((enum http_fault)fault));
        assert_true((http_fault_status((enum http_fault)fault) == JF_OK) ==
                    (fault == HTTP_FINE));
    }
    assert_int_equal(http_fault_status(HTTP_FAULT_TIMEOUT), JF_E_TIMEOUT);
    assert_int_equal(http_fault_status(HTTP_FAULT_FULL), JF_E_FULL);
}

static void text_is_utf8_or_not(void **state)
{
    (void)state;
    static const char *const good[] = {
        "", "a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"
    };
    static const char *const bad[] = { "\x80",         "\xc0\xaf",
                                       "\xc3",         "\xe0\x80\x80",
                                       "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xff",         "\xf0\x80\x80\x80",
                                       "\xe2\x82" };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(http_text_is_utf8(jf_str(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(http_text_is_utf8(jf_str(bad[i])));
}

static void text_grows_to_its_bound_and_no_further(void **state)
{
    (void)state;
    struct http_text text = { .max = 300 };
    for (int i = 0; i < 30; i++)
        http_text_add_str(&text, "0123456789");
    assert_int_equal(http_text_status(&text), JF_OK);
    http_text_add_str(&text, "x");
    assert_int_equal(http_text_status(&text), JF_E_TOO_BIG);
    assert_int_equal(text.len, 300);
    http_text_fini(&text);
}

/* ---- The breaker ------------------------------------------------------- */

static void a_breaker_opens_after_outages_in_a_row(void **state)
{
    (void)state;
    struct http_breaker breaker = { .failures = 3, .open_ms = 100 };
    assert_false(http_breaker_tell(&breaker, true, 0));
    assert_false(http_breaker_tell(&breaker, true, 0));
    assert_false(http_breaker_tell(&breaker, false, 0));
    assert_false(http_breaker_tell(&breaker, true, 0));
    assert_false(http_breaker_tell(&breaker, true, 0));
    assert_true(http_breaker_admits(&breaker, 0));
    assert_true(http_breaker_tell(&breaker, true, 50));
    assert_true(http_breaker_refuses(&breaker, 149));
    assert_false(http_breaker_admits(&breaker, 149));
}

static void one_probe_decides_whether_it_closes(void **state)
{
    (void)state;
    struct http_breaker breaker = { .failures = 1, .open_ms = 100 };
    assert_true(http_breaker_tell(&breaker, true, 0));
    assert_true(http_breaker_admits(&breaker, 100));
    assert_false(http_breaker_admits(&breaker, 100));
    assert_true(http_breaker_tell(&breaker, true, 110));
    assert_true(http_breaker_refuses(&breaker, 209));
    assert_true(http_breaker_admits(&breaker, 210));
    http_breaker_forget(&breaker);
    assert_true(http_breaker_admits(&breaker, 210));
    assert_false(http_breaker_tell(&breaker, false, 220));
    assert_true(http_breaker_admits(&breaker, 220));
    assert_true(http_breaker_admits(&breaker, 220));
}

static void stragglers_do_not_prolong_it_and_zero_never_opens(void **state)
{
    (void)state;
    struct http_breaker breaker = { .failures = 1, .open_ms = 100 }, never = { 0 };
    http_breaker_tell(&breaker, true, 0);
    assert_false(http_breaker_tell(&breaker, true, 90));
    assert_true(http_breaker_admits(&breaker, 100));
    for (int i = 0; i < 1000; i++)
        assert_false(http_breaker_tell(&never, true, 0));
    assert_true(http_breaker_admits(&never, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_has_a_status_and_a_body),
        cmocka_unit_test(a_status_that_is_none_is_no_status),
        cmocka_unit_test(base64_is_decoded_or_junk),
        cmocka_unit_test(nothing_is_not_junk_and_junk_is_not_nothing),
        cmocka_unit_test(errors_are_those_of_the_function_or_of_who_invokes_it),
        cmocka_unit_test(the_protocol_is_found_whatever_its_case),
        cmocka_unit_test(faults_have_names_and_statuses),
        cmocka_unit_test(text_is_utf8_or_not),
        cmocka_unit_test(text_grows_to_its_bound_and_no_further),
        cmocka_unit_test(a_breaker_opens_after_outages_in_a_row),
        cmocka_unit_test(one_probe_decides_whether_it_closes),
        cmocka_unit_test(stragglers_do_not_prolong_it_and_zero_never_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
