/* Who a request comes from, by what proxies wrote and strangers made up. */
#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/parse/forwarded.h"

static struct ip_range proxies[2];

static int start(void **state)
{
    (void)state;
    assert_int_equal(ip_range_parse(jf_str("10.0.0.0/8"), &proxies[0]), JF_OK);
    assert_int_equal(ip_range_parse(jf_str("2001:db8::/32"), &proxies[1]), JF_OK);
    return 0;
}

/* Nobody: "-". */
static void check_all(const struct jf_pair *headers, size_t count, const char *expected)
{
    char got[IP_TEXT_MAX] = "-";
    struct ip ip;
    if (forwarded_client(proxies, 2, headers, count, &ip))
        inet_ntop(AF_INET6, ip.octet, got, sizeof(got));
    const char *shown = strncmp(got, "::ffff:", 7) == 0 ? got + 7 : got;
    if (strcmp(shown, expected) != 0)
        fail_msg("%s, not %s: %.*s", shown, expected, (int)headers[count - 1].value.len,
                 headers[count - 1].value.ptr);
}

static void check(const char *name, const char *value, const char *expected)
{
    const struct jf_pair headers[] = { { BYTES("Host"), BYTES("h") },
                                       { jf_str(name), jf_str(value) } };
    check_all(headers, 2, expected);
}

static void check_for(const char *value, const char *expected)
{
    check("x-forwarded-FOR", value, expected);
}

static void the_last_that_is_no_proxy_is_the_client(void **state)
{
    (void)state;
    check_for("192.0.2.1", "192.0.2.1");
    check_for("192.0.2.1, 10.0.0.1", "192.0.2.1");
    check_for("192.0.2.1,10.0.0.1 ,\t2001:db8::1", "192.0.2.1");
    check_for("198.51.100.7, 192.0.2.1, 10.1.1.1", "192.0.2.1");
    check_for("10.0.0.2, 192.0.2.1", "192.0.2.1");
    check_for("2a00::1, 10.0.0.1", "2a00::1");
    check_for("::ffff:192.0.2.1", "192.0.2.1");
}

static void what_a_client_makes_up_in_front_counts_for_nothing(void **state)
{
    (void)state;
    check_for("203.0.113.9, 192.0.2.1", "192.0.2.1");
    check_for("rubbish \"[,;=, 192.0.2.1, 10.0.0.1", "192.0.2.1");
    check_for("10.0.0.99, 192.0.2.1, 10.0.0.1", "192.0.2.1");
    check_for(", ,,192.0.2.1,,", "192.0.2.1");
}

static void ports_and_brackets_are_taken_off(void **state)
{
    (void)state;
    check_for("192.0.2.1:50000", "192.0.2.1");
    check_for("[2a00::1]:443, 10.0.0.1:80", "2a00::1");
    check_for("[2a00::1]", "2a00::1");
    check_for("192.0.2.1:_port", "192.0.2.1");
}

static void what_is_no_address_is_not_passed_over(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "unknown",
        "_hidden",
        "localhost",
        "192.0.2.1:",
        "192.0.2.1:70000",
        "192.0.2.1:x",
        "[2a00::1",
        "[2a00::1]x",
        "[2a00::1]:",
        "[]",
        "\"192.0.2.1\"",
        "192.0.2",
        "192.0.2.1 x",
        "[::1]:80:80",
        "]",
        ":",
        "[",
        "for=192.0.2.1",
        "2a00::1%lo",
        ":80",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char value[128];
        check_for(wrong[i], "-");
        snprintf(value, sizeof(value), "192.0.2.1, %s, 10.0.0.1", wrong[i]);
        check_for(value, "-");
    }
    check_for("", "-");
    check_for(" , ", "-");
}

static void if_all_are_proxies_it_is_the_first(void **state)
{
    (void)state;
    check_for("10.0.0.3", "10.0.0.3");
    check_for("10.0.0.3, 10.0.0.2, 2001:db8::5", "10.0.0.3");
}

static void several_headers_are_one_list(void **state)
{
    (void)state;
    const struct jf_pair headers[] = {
        { BYTES("X-Forwarded-For"), BYTES("203.0.113.9") },
        { BYTES("x-forwarded-for"), BYTES("192.0.2.1, 10.0.0.2") },
        { BYTES("X-FORWARDED-FOR"), BYTES("10.0.0.1") },
    };
    check_all(headers, 3, "192.0.2.1");
    check_all(headers, 1, "203.0.113.9");
}

static void check_forwarded(const char *value, const char *expected)
{
    check("Forwarded", value, expected);
}

static void the_standard_header_tells_the_same(void **state)
{
    (void)state;
    check_forwarded("for=192.0.2.1", "192.0.2.1");
    check_forwarded("For=\"[2a00:db8:cafe::17]:4711\"", "2a00:db8:cafe::17");
    check_forwarded("for=192.0.2.1;proto=http;by=203.0.113.43", "192.0.2.1");
    check_forwarded("proto=http ; FOR = 192.0.2.1 ; by=x, for=10.0.0.1", "192.0.2.1");
    check_forwarded("for=203.0.113.9, for=\"192.0.2.1:80\", for=\"[2001:db8::1]\"",
                    "192.0.2.1");
    check_forwarded("host=\"a,for=1.1.1.1\";for=192.0.2.1", "192.0.2.1");
    check_forwarded(",for=192.0.2.1,,", "192.0.2.1");
    check_forwarded("for=192.0.2.1;", "192.0.2.1");
}

static void who_hides_in_the_standard_header_is_not_known(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "for=unknown",
        "for=_gazonk",
        "for=",
        "for=\"\"",
        "by=10.0.0.1",
        "proto=https",
        "for",
        "=192.0.2.1",
        "192.0.2.1",
        "for=1.1.1.1;for=2.2.2.2",
        "for=\"1.1.1.1",
        "for=\"1.1.1.1\"x",
        "for=1.1.1.1;x",
        ";",
        "for=\"1.1.1.\\1\"",
        "for=\"1.1.1.1\\",
        "for=1.1.1.1\"",
        "for=1.1.1.1;proto",
        "a,b=c",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char value[128];
        check_forwarded(wrong[i], "-");
        snprintf(value, sizeof(value), "for=192.0.2.1, %s", wrong[i]);
        check_forwarded(value, "-");
    }
}

static void an_open_quote_spoils_its_own_header_only(void **state)
{
    (void)state;
    const struct jf_pair headers[] = { { BYTES("Forwarded"), BYTES("for=\"1.1.1.1") },
                                       { BYTES("Forwarded"), BYTES("for=192.0.2.1") } };
    check_all(headers, 2, "192.0.2.1");
}

static void of_both_headers_the_usual_one_counts(void **state)
{
    (void)state;
    const struct jf_pair headers[] = { { BYTES("Forwarded"), BYTES("for=203.0.113.9") },
                                       { BYTES("X-Forwarded-For"), BYTES("192.0.2.1") } };
    check_all(headers, 2, "192.0.2.1");
    const struct jf_pair bad[] = { { BYTES("Forwarded"), BYTES("for=203.0.113.9") },
                                   { BYTES("X-Forwarded-For"), BYTES("unknown") } };
    check_all(bad, 2, "-");
    const struct jf_pair empty[] = { { BYTES("Forwarded"), BYTES("for=192.0.2.1") },
                                     { BYTES("X-Forwarded-For"), BYTES("") } };
    check_all(empty, 2, "192.0.2.1");
}

static void without_either_nobody_is_named(void **state)
{
    (void)state;
    struct ip out, before;
    memset(&before, 0x5a, sizeof(before));
    out = before;
    assert_false(forwarded_client(proxies, 2, NULL, 0, &out));
    assert_memory_equal(&out, &before, sizeof(out));
    check("X-Forwarded", "192.0.2.1", "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_that_is_no_proxy_is_the_client),
        cmocka_unit_test(what_a_client_makes_up_in_front_counts_for_nothing),
        cmocka_unit_test(ports_and_brackets_are_taken_off),
        cmocka_unit_test(what_is_no_address_is_not_passed_over),
        cmocka_unit_test(if_all_are_proxies_it_is_the_first),
        cmocka_unit_test(several_headers_are_one_list),
        cmocka_unit_test(the_standard_header_tells_the_same),
        cmocka_unit_test(who_hides_in_the_standard_header_is_not_known),
        cmocka_unit_test(an_open_quote_spoils_its_own_header_only),
        cmocka_unit_test(of_both_headers_the_usual_one_counts),
        cmocka_unit_test(without_either_nobody_is_named),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
