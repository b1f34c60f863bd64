/* Views: comparing, slicing, and the SDK's jf_find(). */
#include "tests/unit/test.h"

#include "core/base/bytes.h"
#include "core/base/status.h"

static void comparing(void **state)
{
    (void)state;
    assert_true(bytes_eq(jf_str("abc"), "abc"));
    assert_false(bytes_eq(jf_str("abc"), "abcd"));
    assert_true(bytes_eq_nocase(jf_str("Sec-WebSocket-KEY"), "sec-websocket-key"));
    assert_false(bytes_eq_nocase(jf_str("[ab"), "{ab"));
    assert_true(bytes_eq(jf_view(NULL, 0), ""));
}

static void slicing(void **state)
{
    (void)state;
    assert_true(bytes_eq(bytes_trim(jf_str(" \t a b \t")), "a b"));
    assert_int_equal(bytes_trim(jf_str(" \t ")).len, 0);
    assert_true(bytes_eq(bytes_from(jf_str("abc"), 1), "bc"));
    assert_int_equal(bytes_from(jf_str("abc"), 7).len, 0);
    assert_int_equal(bytes_find(jf_str("a,b"), ','), 1);
    assert_int_equal(bytes_find(jf_str("ab"), ','), 2);
    assert_int_equal(bytes_find(jf_view(NULL, 0), ','), 0);
}

static void numbers_are_digits_within_a_bound(void **state)
{
    (void)state;
    uint64_t number = 7;
    assert_true(bytes_number(jf_str("0"), 9, &number) && number == 0);
    assert_true(bytes_number(jf_str("65535"), 65535, &number) && number == 65535);
    assert_true(bytes_number(jf_str("18446744073709551615"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    static const char *const wrong[] = { "", "-1", "+1", " 1", "1 ", "1x", "65536", "0x1" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(bytes_number(jf_str(wrong[i]), 65535, &number));
    assert_false(bytes_number(jf_str("18446744073709551616"), UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(bytes_number(jf_str("4"), 3, &number));
}

static void escapes_are_a_percent_and_two_digits(void **state)
{
    (void)state;
    assert_int_equal(bytes_unescape(jf_str("%41")), 'A');
    assert_int_equal(bytes_unescape(jf_str("%fFx")), 255);
    assert_int_equal(bytes_unescape(jf_str("%00")), 0);
    assert_int_equal(bytes_unescape(jf_str("%4")), -1);
    assert_int_equal(bytes_unescape(jf_str("%g1")), -1);
    assert_int_equal(bytes_unescape(jf_str("%1@")), -1);
    assert_int_equal(bytes_unescape(jf_str("%")), -1);
}

static void finding_pairs(void **state)
{
    (void)state;
    const struct jf_pair pairs[] = {
        { BYTES("Host"), BYTES("a") },
        { BYTES("X-Two"), BYTES("first") },
        { BYTES("x-two"), BYTES("second") },
        { BYTES("Empty"), BYTES("") },
    };
    assert_true(bytes_eq(jf_find(pairs, 4, "X-TWO"), "first"));
    assert_null(jf_find(pairs, 4, "X-Three").ptr);
    assert_non_null(jf_find(pairs, 4, "empty").ptr);
    assert_int_equal(jf_find(pairs, 4, "empty").len, 0);
}

static void statuses_have_names(void **state)
{
    (void)state;
    assert_string_equal(status_name(JF_E_GONE), "gone");
    assert_string_equal(status_name(JF_OK), "ok");
    assert_string_equal(status_name(77), "unknown");
    assert_string_equal(status_text(JF_E_FULL),
                        "a queue is at its limit; try later or shed load");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing),
        cmocka_unit_test(slicing),
        cmocka_unit_test(numbers_are_digits_within_a_bound),
        cmocka_unit_test(escapes_are_a_percent_and_two_digits),
        cmocka_unit_test(finding_pairs),
        cmocka_unit_test(statuses_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
