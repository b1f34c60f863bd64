/* Envelopes: clients match on these bytes, so the tests spell them out. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/parse/envelope.h"

#define ID "JC1dgf9yoAMCK-g="
#define RID "PbTkjcISoAMCJNQ="

static void error_frames_are_byte_exact(void **state)
{
    (void)state;
    static const struct {
        const char *message, *frame;
    } known[] = {
        { ENVELOPE_FORBIDDEN, "{\"message\": \"Forbidden\", \"connectionId\":\"" ID
                              "\", \"requestId\":\"" RID "\"}" },
        { ENVELOPE_INTERNAL,
          "{\"message\": \"Internal server error\", \"connectionId\":\"" ID
          "\", \"requestId\":\"" RID "\"}" },
        { ENVELOPE_TIMEOUT,
          "{\"message\": \"Endpoint request timed out\", \"connectionId\":\"" ID
          "\", \"requestId\":\"" RID "\"}" },
    };
    for (size_t i = 0; i < 3; i++) {
        char out[ENVELOPE_MAX];
        size_t len = envelope_error(known[i].message, ID, RID, out);
        assert_string_equal(out, known[i].frame);
        assert_int_equal(len, strlen(known[i].frame));
    }
}

static void http_bodies_have_no_blanks(void **state)
{
    (void)state;
    char out[ENVELOPE_MAX];
    assert_int_equal(envelope_http(ENVELOPE_FORBIDDEN, out), 23);
    assert_string_equal(out, "{\"message\":\"Forbidden\"}");
}

static void request_ids_look_like_connection_ids(void **state)
{
    (void)state;
    char first[JF_CONN_ID_TEXT + 1], id[JF_CONN_ID_TEXT + 1];
    envelope_request_id(first);
    for (int i = 0; i < 1000; i++) {
        envelope_request_id(id);
        assert_int_equal(strlen(id), 16);
        assert_int_equal(strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-_"),
                         15);
        assert_non_null(strchr("AEIMQUYcgkosw048", id[14]));
        assert_int_equal(id[15], '=');
        assert_string_not_equal(id, first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_frames_are_byte_exact),
        cmocka_unit_test(http_bodies_have_no_blanks),
        cmocka_unit_test(request_ids_look_like_connection_ids),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
