/* Whose pages may connect. */
#include "tests/unit/test.h"

#include <stdbool.h>

#include "core/parse/origin.h"

static void check(const char *pattern, const char *origin, bool fits)
{
    if (origin_fits(jf_str(pattern), jf_str(origin)) != fits)
        fail_msg("%s, %s", pattern, origin);
}

static void an_exact_one_fits_itself_only(void **state)
{
    (void)state;
    check("https://app.example", "https://app.example", true);
    check("https://app.example", "HTTPS://APP.Example", true);
    check("https://app.example", "https://app.example:443", true);
    check("https://app.example:443", "https://app.example", true);
    check("http://app.example", "http://app.example:80", true);
    check("https://app.example:8443", "https://app.example:8443", true);
    check("https://[::1]:8443", "https://[::1]:8443", true);
    check("https://app.example", "http://app.example", false);
    check("https://app.example", "https://app.example:8443", false);
    check("https://app.example", "https://app.example.evil", false);
    check("https://app.example", "https://evilapp.example", false);
    check("https://app.example", "https://app.example/", false);
    check("https://app.example", "https://app.example@evil", false);
    check("https://app.example", "https://app.example:", false);
    check("https://app.example", "", false);
    check("https://app.example", "null", false);
    check("https://[::1]", "https://[::1]:8443", false);
}

static void a_wild_one_fits_what_is_below(void **state)
{
    (void)state;
    check("https://*.example", "https://a.example", true);
    check("https://*.example", "https://a.b.EXAMPLE", true);
    check("https://*.app.example:8443", "https://x.app.example:8443", true);
    check("https://*.example", "https://example", false);
    check("https://*.example", "https://.example", false);
    check("https://*.example", "https://aexample", false);
    check("https://*.example", "https://a.example.evil", false);
    check("https://*.example", "https://*.example", false);
    check("https://*.example", "http://a.example", false);
    check("https://*.example", "https://a.example:1", false);
}

static void null_and_anybody_are_said_by_name(void **state)
{
    (void)state;
    check("null", "null", true);
    check("null", "https://a", false);
    check("*", "https://a", true);
    check("*", "null", true);
    check("*", "whatever", true);
}

static void a_pattern_that_is_none_is_told(void **state)
{
    (void)state;
    static const char *const good[] = { "*",
                                        "null",
                                        "https://a",
                                        "http://localhost:3000",
                                        "https://*.a.b",
                                        "chrome-extension://abc",
                                        "https://[2001:db8::1]" };
    static const char *const bad[] = { "",
                                       "a",
                                       "https://",
                                       "https:/a",
                                       "https://a/",
                                       "https://a:x",
                                       "https://a:65536",
                                       "https://a*b",
                                       "https://*",
                                       "https://*.*.a",
                                       "https://a b",
                                       "1https://a",
                                       "https://a\xc3\xa9" };
    const char *why;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        why = NULL;
        if (!origin_is_pattern(jf_str(good[i]), &why))
            fail_msg("%s: %s", good[i], why);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        why = NULL;
        if (origin_is_pattern(jf_str(bad[i]), &why) || !why)
            fail_msg("%s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exact_one_fits_itself_only),
        cmocka_unit_test(a_wild_one_fits_what_is_below),
        cmocka_unit_test(null_and_anybody_are_said_by_name),
        cmocka_unit_test(a_pattern_that_is_none_is_told),
    };
    return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
