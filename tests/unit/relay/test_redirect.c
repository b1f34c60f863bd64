/* Redirections of a Redis Cluster. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/relay/redirect.h"

static void says(const char *error, const char *host, unsigned port)
{
    struct redirect redirect;
    assert_int_equal(redirect_read(jf_str(error), &redirect), JF_OK);
    assert_string_equal(redirect.host, host);
    assert_int_equal(redirect.port, port);
}

static void addresses_and_names_are_read(void **state)
{
    (void)state;
    says("MOVED 3999 127.0.0.1:6381", "127.0.0.1", 6381);
    says("MOVED 0 fe80::1:6381", "fe80::1", 6381);
    says("MOVED 16383 redis-2.example:65535", "redis-2.example", 65535);
}

static void who_does_not_know_its_address_names_none(void **state)
{
    (void)state;
    says("MOVED 3999 :6381", "", 6381);
    says("MOVED 3999 ?:6381", "", 6381);
}

static void all_else_is_none(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "MOVED",
        "MOVED 1",
        "MOVED 1 ",
        "MOVED 1 host",
        "MOVED 1 host:",
        "MOVED 1 host:0",
        "MOVED 1 host:65536",
        "MOVED 1 host:12x",
        "MOVED 1 ho st:12",
        "MOVED 1 ho\tst:12",
        "MOVED 16384 host:1",
        "MOVED x host:1",
        "MOVED  host:1",
        "ASK 1 host:1",
        "MOVEDX 1 host:1",
        "ERR MOVED 1 host:1",
    };
    struct redirect redirect;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(redirect_read(jf_str(wrong[i]), &redirect), JF_E_INVALID);
    assert_int_equal(redirect_read(jf_view(NULL, 0), &redirect), JF_E_INVALID);
}

static void a_host_has_its_length(void **state)
{
    (void)state;
    char error[400] = "MOVED 1 ";
    struct redirect redirect;
    memset(error + 8, 'h', 256);
    strcpy(error + 8 + 256, ":1");
    assert_int_equal(redirect_read(jf_str(error), &redirect), JF_E_INVALID);
    strcpy(error + 8 + 255, ":1");
    assert_int_equal(redirect_read(jf_str(error), &redirect), JF_OK);
    assert_int_equal(strlen(redirect.host), 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_and_names_are_read),
        cmocka_unit_test(who_does_not_know_its_address_names_none),
        cmocka_unit_test(all_else_is_none),
        cmocka_unit_test(a_host_has_its_length),
    };
    return cmocka_run_group_tests_name("redirect", tests, NULL, NULL);
}
