/* URLs of a Redis: what each part means, and what is refused rather than guessed. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/redis/redis_url.h"

static struct redis_url url;

static void read_it(const char *text)
{
    const char *why = NULL;
    redis_url_fini(&url);
    assert_int_equal(redis_url_parse(jf_str(text), &url, &why), JF_OK);
    assert_null(why);
}

static void assert_server(const char *host, unsigned port, unsigned database)
{
    assert_string_equal(url.host, host);
    assert_null(url.path);
    assert_int_equal(url.port, port);
    assert_int_equal(url.database, database);
}

static void assert_refused_view(jf_bytes text, const char *part)
{
    struct redis_url before, out;
    const char *why = NULL;
    memset(&out, 0x5a, sizeof(out));
    before = out;
    assert_int_equal(redis_url_parse(text, &out, &why), JF_E_INVALID);
    assert_memory_equal(&out, &before, sizeof(out));
    assert_non_null(why);
    if (!strstr(why, part))
        fail_msg("\"%s\" says nothing of \"%s\"", why, part);
}

static void assert_refused(const char *text, const char *part)
{
    assert_refused_view(jf_str(text), part);
}

static int tidy(void **state)
{
    (void)state;
    redis_url_fini(&url);
    return 0;
}

static void a_host_is_enough(void **state)
{
    (void)state;
    read_it("redis://localhost");
    assert_server("localhost", 6379, 0);
    assert_false(url.tls);
    assert_null(url.user);
    assert_null(url.password);
}

static void port_and_database_may_follow(void **state)
{
    (void)state;
    read_it("redis://10.1.2.3:7000/15");
    assert_server("10.1.2.3", 7000, 15);
    read_it("redis://cache-1.example_net/2");
    assert_server("cache-1.example_net", 6379, 2);
    read_it("redis://h:1/");
    assert_server("h", 1, 0);
}

static void schemes_know_no_case_and_one_means_tls(void **state)
{
    (void)state;
    read_it("REDIS://h");
    assert_false(url.tls);
    read_it("rediss://h:6380");
    assert_true(url.tls);
    assert_server("h", 6380, 0);
}

static void an_ipv6_address_stands_in_brackets(void **state)
{
    (void)state;
    read_it("redis://[::1]:7000/1");
    assert_server("::1", 7000, 1);
    read_it("redis://[fe80::1%eth0]");
    assert_server("fe80::1%eth0", 6379, 0);
    assert_refused("redis://[::1", "']'");
    assert_refused("redis://[]", "host");
    assert_refused("redis://::1", "host");
    assert_refused("redis://[::1]7000", ":PORT");
}

static void a_password_may_have_a_user(void **state)
{
    (void)state;
    read_it("redis://ann:secret@h/3");
    assert_string_equal(url.user, "ann");
    assert_string_equal(url.password, "secret");
    assert_server("h", 6379, 3);
    read_it("redis://:secret@h");
    assert_null(url.user);
    assert_string_equal(url.password, "secret");
    read_it("redis://:a:b@h"); /* only the first colon parts */
    assert_string_equal(url.password, "a:b");
}

static void user_and_password_are_unescaped(void **state)
{
    (void)state;
    read_it("redis://a%40b:%2f%3A%25%ff@h");
    assert_string_equal(url.user, "a@b");
    assert_string_equal(url.password, "/:%\xff");
    assert_refused("redis://:a%4@h", "hexadecimal");
    assert_refused("redis://:a%@h", "hexadecimal");
    assert_refused("redis://:a%zz@h", "hexadecimal");
    assert_refused("redis://:a%00@h", "hexadecimal");
    assert_refused("redis://%00:a@h", "hexadecimal");
}

static void half_credentials_are_refused(void **state)
{
    (void)state;
    assert_refused("redis://ann@h", "PASSWORD");
    assert_refused("redis://ann:@h", "PASSWORD");
    assert_refused("redis://@h", "PASSWORD");
    assert_refused("redis://:@h", "PASSWORD");
    assert_refused("redis://:p@ss@h", "%40");
}

static void a_socket_file_has_a_path_and_maybe_a_database(void **state)
{
    (void)state;
    read_it("unix:///run/redis.sock");
    assert_string_equal(url.path, "/run/redis.sock");
    assert_null(url.host);
    assert_int_equal(url.database, 0);
    read_it("unix://ann:secret@/run/a%20b.sock?db=7");
    assert_string_equal(url.path, "/run/a b.sock");
    assert_string_equal(url.user, "ann");
    assert_string_equal(url.password, "secret");
    assert_int_equal(url.database, 7);
    assert_refused("unix://run/redis.sock", "'/'");
    assert_refused("unix://", "'/'");
    assert_refused("unix:///a?database=1", "?db=");
    assert_refused("unix:///a?db=", "database");
    assert_refused("unix:///a%0", "hexadecimal");
}

static void a_socket_path_fits_into_an_address(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'p', sizeof(text));
    memcpy(text, "unix:///", 8);
    struct redis_url out;
    const char *why;
    jf_bytes longest = jf_view(text, 7 + 107);
    assert_int_equal(redis_url_parse(longest, &out, &why), JF_OK);
    assert_int_equal(strlen(out.path), 107);
    redis_url_fini(&out);
    longest.len++;
    assert_refused_view(longest, "107");
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    read_it("redis://h:65535/65535");
    assert_server("h", 65535, 65535);
    assert_refused("redis://h:0", "port");
    assert_refused("redis://h:", "port");
    assert_refused("redis://h:65536", "port");
    assert_refused("redis://h:4294967297", "port");
    assert_refused("redis://h:+1", "port");
    assert_refused("redis://h/65536", "database");
    assert_refused("redis://h/-1", "database");
    assert_refused("redis://h/1x", "database");
    assert_refused("redis://h/1/2", "database");
    assert_refused("redis://h/0?db=1", "database");
}

static void what_is_no_url_of_a_redis_is_refused(void **state)
{
    (void)state;
    assert_refused("", "redis://");
    assert_refused("redis:/", "redis://");
    assert_refused("localhost:6379", "redis://");
    assert_refused("http://h", "redis://");
    assert_refused("redis://", "host");
    assert_refused("redis:///0", "host");
    assert_refused("redis://a b", "host");
    assert_refused("redis://a,b", "host");
    assert_refused("redis://h?x=1", "host");
    assert_refused_view(jf_view("redis://a\0b", 11), "host");
    assert_refused_view(jf_view("redis://:a\0b@h", 14), "hexadecimal");
    assert_refused_view(jf_view(NULL, 0), "redis://");
}

static void a_url_has_so_many_octets(void **state)
{
    (void)state;
    static char text[REDIS_URL_MAX + 1];
    memset(text, 'p', sizeof(text));
    memcpy(text, "redis://:", 9);
    memcpy(text + REDIS_URL_MAX - 2, "@hh", 3);
    struct redis_url out;
    const char *why;
    assert_int_equal(redis_url_parse(jf_view(text, REDIS_URL_MAX), &out, &why), JF_OK);
    assert_int_equal(strlen(out.password), REDIS_URL_MAX - 11);
    redis_url_fini(&out);
    assert_refused_view(jf_view(text, REDIS_URL_MAX + 1), "4096");
}

static void the_end_may_come_twice(void **state)
{
    (void)state;
    read_it("redis://:secret@h");
    redis_url_fini(&url);
    assert_null(url.password);
    redis_url_fini(&url);
    redis_url_fini(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_enough),
        cmocka_unit_test(port_and_database_may_follow),
        cmocka_unit_test(schemes_know_no_case_and_one_means_tls),
        cmocka_unit_test(an_ipv6_address_stands_in_brackets),
        cmocka_unit_test(a_password_may_have_a_user),
        cmocka_unit_test(user_and_password_are_unescaped),
        cmocka_unit_test(half_credentials_are_refused),
        cmocka_unit_test(a_socket_file_has_a_path_and_maybe_a_database),
        cmocka_unit_test(a_socket_path_fits_into_an_address),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(what_is_no_url_of_a_redis_is_refused),
        cmocka_unit_test(a_url_has_so_many_octets),
        cmocka_unit_test(the_end_may_come_twice),
    };
    return cmocka_run_group_tests(tests, NULL, tidy);
}
