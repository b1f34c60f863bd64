/* Addresses and ranges: what is one, what is in one. */
#include "tests/unit/test.h"

#include "core/base/bytes.h"
#include "core/parse/ip.h"

static struct ip ip_of(const char *text)
{
    struct ip ip = { { 0 } };
    if (ip_parse(jf_str(text), &ip) != JF_OK)
        fail_msg("refused: %s", text);
    return ip;
}

static void an_address_is_of_either_version(void **state)
{
    (void)state;
    static const uint8_t four[16] = { [10] = 0xff, 0xff, 192, 0, 2, 1 };
    static const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };
    assert_memory_equal(ip_of("192.0.2.1").octet, four, 16);
    assert_memory_equal(ip_of("::ffff:192.0.2.1").octet, four, 16);
    assert_memory_equal(ip_of("::FFFF:c000:201").octet, four, 16);
    assert_memory_equal(ip_of("2001:db8::1").octet, six, 16);
    assert_memory_equal(ip_of("2001:0DB8:0:0:0:0:0:1").octet, six, 16);
}

static void anything_else_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "1",         "1.2.3",    "1.2.3.4.5",         "1.2.3.256",
        "01.2.3.4",  "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4",          "1.2.3.4:80",
        "[::1]",     ":::",       "::1::",    "fe80::1%lo",        "12345::",
        "localhost", "1.2.3.4/8", "::g",      "1:2:3:4:5:6:7:8:9", "-1.2.3.4",
        "unknown",   "_hidden",
    };
    struct ip out, before;
    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        out = before;
        if (ip_parse(jf_str(wrong[i]), &out) != JF_E_INVALID)
            fail_msg("accepted: %s", wrong[i]);
        assert_memory_equal(&out, &before, sizeof(out));
    }
    assert_int_equal(ip_parse(jf_view("1.2.3.4\0", 8), &out), JF_E_INVALID);
    static const char zeros[] = "0000:0000:0000:0000:0000:0000:255.255.255.2555555555";
    assert_int_equal(ip_parse(jf_str(zeros), &out), JF_E_INVALID);
}

static bool in(const char *range, const char *address)
{
    struct ip_range parsed;
    struct ip ip = ip_of(address);
    if (ip_range_parse(jf_str(range), &parsed) != JF_OK)
        fail_msg("refused: %s", range);
    return ip_in(&parsed, 1, &ip);
}

static void a_range_has_what_begins_like_it(void **state)
{
    (void)state;
    assert_true(in("10.0.0.0/8", "10.255.0.1"));
    assert_false(in("10.0.0.0/8", "11.0.0.0"));
    assert_true(in("192.0.2.128/25", "192.0.2.129"));
    assert_false(in("192.0.2.128/25", "192.0.2.127"));
    assert_true(in("2001:db8:80::/41", "2001:db8:ff::1"));
    assert_false(in("2001:db8:80::/41", "2001:db8:7f::1"));
    assert_true(in("0.0.0.0/0", "255.255.255.255"));
    assert_false(in("0.0.0.0/0", "::1"));
    assert_true(in("::/0", "::1"));
    assert_true(in("::/0", "192.0.2.1"));
    assert_true(in("::ffff:10.0.0.0/104", "10.1.2.3"));
}

static void a_range_of_one_is_an_address(void **state)
{
    (void)state;
    static const char *const same[][2] = { { "192.0.2.1", "192.0.2.1" },
                                           { "192.0.2.1/32", "::ffff:192.0.2.1" },
                                           { "::1", "::1" },
                                           { "::1/128", "::1" } };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        assert_true(in(same[i][0], same[i][1]));
    assert_false(in("192.0.2.1", "192.0.2.0"));
    assert_false(in("::1", "0.0.0.1"));
}

static void a_range_with_a_slip_in_it_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "/",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.1/8",
        "10.0.0.0/8/",
        "10.0.0.0/-1",
        "10.0.0/8",
        "10.0.0.0/ 8",
        "::/129",
        "::1/127",
        "::/1000",
        "10.0.0.0/8 ",
        "10.0.0.0/+8",
        "10.0.0.0/08x",
    };
    struct ip_range out, before;
    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        out = before;
        if (ip_range_parse(jf_str(wrong[i]), &out) != JF_E_INVALID)
            fail_msg("accepted: %s", wrong[i]);
        assert_memory_equal(&out, &before, sizeof(out));
    }
}

static void nobody_is_in_no_range(void **state)
{
    (void)state;
    struct ip ip = ip_of("10.0.0.1");
    assert_false(ip_in(NULL, 0, &ip));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_of_either_version),
        cmocka_unit_test(anything_else_is_none),
        cmocka_unit_test(a_range_has_what_begins_like_it),
        cmocka_unit_test(a_range_of_one_is_an_address),
        cmocka_unit_test(a_range_with_a_slip_in_it_is_none),
        cmocka_unit_test(nobody_is_in_no_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
