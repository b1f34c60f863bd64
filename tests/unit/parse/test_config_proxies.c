/* Which proxies a configuration may name. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "tests/unit/parse/config_talk.h"

#define PROXIES(text) "{\"plugins\":[\"a.so\"],\"proxies\":" text "}"

static void addresses_and_ranges_are_read(void **state)
{
    (void)state;
    struct config *config = parsed(PROXIES("[\"10.0.0.0/8\",\"::1\"]"));
    assert_int_equal(config->proxy_count, 2);
    assert_int_equal(config->proxies[0].bits, 104);
    assert_int_equal(config->proxies[1].bits, 128);
    config_free(config);
    config = parsed(PROXIES("[]"));
    assert_int_equal(config->proxy_count, 0);
    config_free(config);
}

static void what_is_none_is_named_by_its_place(void **state)
{
    (void)state;
    check_refused(PROXIES("[\"::1\",\"10.0.0.1/8\"]"), "proxies[1]: ", "10.0.0.1/8");
    check_refused(PROXIES("[\"proxy.example\"]"), "proxies[0]: ", "must be an address");
    check_refused(PROXIES("[7]"), "proxies[0]: ", "must be a text");
    check_refused(PROXIES("\"::1\""), "proxies: ", "must be an array");
}

static void they_have_a_bound(void **state)
{
    (void)state;
    char list[4096] = "", text[5000];
    for (int i = 0; i < 257; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s\"::%d\"",
                 i ? "," : "", i);
    snprintf(text, sizeof(text), PROXIES("[%s]"), list);
    check_refused(text, "proxies[256]: ", "more than 256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_ranges_are_read),
        cmocka_unit_test(what_is_none_is_named_by_its_place),
        cmocka_unit_test(they_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
