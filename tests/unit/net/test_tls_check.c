/* Certificates that are none, keys that are others', and what is said about them. The
 * good ones are made by the openssl command; without it the tests are skipped. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/net/tls_check.h"
#include "sdk/jackfield.h"

static char folder[] = "/tmp/jf_tls_XXXXXX";
static char cert[64], key[64], other_key[64], junk[64];
static bool have_openssl;

static bool make_pair(const char *cert_file, const char *key_file)
{
    char command[512];
    snprintf(command, sizeof(command),
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-days 1 -subj /CN=localhost -keyout '%s' -out '%s' >'%s/log' 2>&1",
             key_file, cert_file, folder);
    return system(command) == 0;
}

static int set_up(void **state)
{
    (void)state;
    char other_cert[64];
    if (!mkdtemp(folder))
        return -1;
    snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
    snprintf(key, sizeof(key), "%s/key.pem", folder);
    snprintf(other_key, sizeof(other_key), "%s/other.pem", folder);
    snprintf(other_cert, sizeof(other_cert), "%s/other-cert.pem", folder);
    snprintf(junk, sizeof(junk), "%s/junk.pem", folder);
    FILE *file = fopen(junk, "w");
    fputs("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n", file);
    fclose(file);
    have_openssl = make_pair(cert, key) && make_pair(other_cert, other_key);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static void assert_refused(const char *cert_file, const char *key_file, const char *option,
                           const char *file)
{
    char error[512] = "";
    assert_int_equal(tls_check(cert_file, key_file, error, sizeof(error)), JF_E_INVALID);
    assert_non_null(strstr(error, option));
    assert_non_null(strstr(error, file));
}

static void a_certificate_and_its_key_are_fine(void **state)
{
    (void)state;
    char error[512] = "untouched";
    if (!have_openssl)
        skip();
    assert_int_equal(tls_check(cert, key, error, sizeof(error)), JF_OK);
    assert_string_equal(error, "untouched");
}

static void a_missing_file_is_named(void **state)
{
    (void)state;
    if (!have_openssl)
        skip();
    assert_refused("/nowhere/cert.pem", key, "tls.cert", "/nowhere/cert.pem");
    assert_refused(cert, "/nowhere/key.pem", "tls.key", "/nowhere/key.pem");
    assert_refused(folder, key, "tls.cert", folder);
}

static void refuse_client_ca(const char *file)
{
    char error[512] = "";
    assert_int_equal(tls_check_client_ca(file, error, sizeof(error)), JF_E_INVALID);
    assert_non_null(strstr(error, "tls.client_ca: "));
    assert_non_null(strstr(error, file));
}

static void authorities_of_clients_are_checked_too(void **state)
{
    (void)state;
    char error[512] = "untouched";
    if (!have_openssl)
        skip();
    assert_int_equal(tls_check_client_ca(cert, error, sizeof(error)), JF_OK);
    assert_string_equal(error, "untouched");
    refuse_client_ca("/nowhere/ca.pem");
    refuse_client_ca("/dev/null");
    refuse_client_ca(folder);
    refuse_client_ca(junk);
    refuse_client_ca(key);
}

static void what_is_no_pem_is_named(void **state)
{
    (void)state;
    if (!have_openssl)
        skip();
    assert_refused(junk, key, "tls.cert", junk);
    assert_refused(cert, junk, "tls.key", junk);
    assert_refused(key, key, "tls.cert", key);
    assert_refused(cert, cert, "tls.key", cert);
    assert_refused("/dev/null", key, "tls.cert", "/dev/null");
}

static void another_ones_key_is_refused(void **state)
{
    (void)state;
    if (!have_openssl)
        skip();
    assert_refused(cert, other_key, "tls.key", other_key);
}

static void a_failure_leaves_nothing_for_the_next(void **state)
{
    (void)state;
    char error[512];
    if (!have_openssl)
        skip();
    assert_refused(junk, key, "tls.cert", junk);
    assert_int_equal(tls_check(cert, key, error, sizeof(error)), JF_OK);
}

static void a_short_buffer_is_not_overrun(void **state)
{
    (void)state;
    char error[16];
    memset(error, '#', sizeof(error));
    assert_int_equal(tls_check("/nowhere", "/nowhere", error, 8), JF_E_INVALID);
    assert_int_equal(strlen(error), 7);
    assert_int_equal(error[8], '#');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_and_its_key_are_fine),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(authorities_of_clients_are_checked_too),
        cmocka_unit_test(what_is_no_pem_is_named),
        cmocka_unit_test(another_ones_key_is_refused),
        cmocka_unit_test(a_failure_leaves_nothing_for_the_next),
        cmocka_unit_test(a_short_buffer_is_not_overrun),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
