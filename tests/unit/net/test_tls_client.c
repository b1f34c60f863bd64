/* What is told of a client's certificate. Each is signed by itself and its own authority;
 * client and server talk through memory. */
#include "tests/unit/test.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/net/tls_client.h"

static char ca_file[] = "/tmp/jf_ca_XXXXXX";
static EVP_PKEY *key;

static int set_up(void **state)
{
    (void)state;
    int fd = mkstemp(ca_file);
    key = EVP_EC_gen("P-256");
    return fd < 0 || close(fd) < 0 || !key;
}

static int tear_down(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    return unlink(ca_file);
}

static X509 *certificate(long serial)
{
    X509 *cert = X509_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    return cert;
}

/* Raw, so that no limit of its kind applies. */
static void name_it(X509 *cert, const char *field, const char *text, size_t len)
{
    assert_int_equal(
        X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), field, V_ASN1_UTF8STRING,
                                   (const unsigned char *)text, (int)len, -1, 0),
        1);
}

static void sign(X509 *cert)
{
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE *file = fopen(ca_file, "w");
    assert_int_equal(PEM_write_X509(file, cert), 1);
    fclose(file);
}

static SSL *end_of(SSL_CTX *context, BIO *bio, bool server)
{
    SSL *ssl = SSL_new(context);
    SSL_set_bio(ssl, bio, bio);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

/* Does the server find the handshake good? */
static bool shake_hands(SSL *server, SSL *client)
{
    for (int i = 0; i < 20 && !SSL_is_init_finished(server); i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    return SSL_is_init_finished(server);
}

static SSL_CTX *server_context(X509 *any, enum net_tls_client demand)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context, any);
    SSL_CTX_use_PrivateKey(context, key);
    assert_true(tls_client_demand(context, ca_file, demand));
    return context;
}

/* What a server is told by a client that shows `shown`, or nothing with NULL. */
static struct tls_client *meet(X509 *shown, enum net_tls_client demand, bool *good)
{
    X509 *other = shown ? shown : certificate(1);
    BIO *ends[2];
    if (!shown) {
        name_it(other, "CN", "x", 1);
        sign(other);
    }
    SSL_CTX *ours = server_context(other, demand);
    SSL_CTX *theirs = SSL_CTX_new(TLS_client_method());
    if (shown) {
        SSL_CTX_use_certificate(theirs, shown);
        SSL_CTX_use_PrivateKey(theirs, key);
    }
    assert_int_equal(BIO_new_bio_pair(&ends[0], 1 << 17, &ends[1], 1 << 17), 1);
    SSL *server = end_of(ours, ends[0], true), *client = end_of(theirs, ends[1], false);
    *good = shake_hands(server, client);
    struct tls_client *told = tls_client_of(server);
    SSL_free(server);
    SSL_free(client);
    SSL_CTX_free(ours);
    SSL_CTX_free(theirs);
    X509_free(other);
    return told;
}

static struct tls_client *meet_good(X509 *shown)
{
    bool good;
    sign(shown);
    struct tls_client *told = meet(shown, NET_TLS_REQUIRE, &good);
    assert_true(good);
    assert_non_null(told);
    return told;
}

static void a_certificate_is_told_in_words(void **state)
{
    (void)state;
    X509 *cert = certificate(0xa1b2);
    name_it(cert, "O", "Example, Inc.", 13);
    name_it(cert, "CN", "ann", 3);
    struct tls_client *told = meet_good(cert);
    assert_true(bytes_eq(told->subject, "CN=ann,O=Example\\, Inc."));
    assert_true(jf_same(told->issuer, told->subject));
    assert_true(bytes_eq(told->serial, "a1:b2"));
    assert_int_equal(told->fingerprint.len, 64);
    assert_memory_equal(told->not_before.ptr + told->not_before.len - 4, " GMT", 4);
    assert_memory_equal(told->not_after.ptr + told->not_after.len - 4, " GMT", 4);
    assert_memory_equal(told->pem.ptr, "-----BEGIN CERTIFICATE-----\n", 28);
    free(told);
}

/* "a" and "a\0.evil" must not look alike, nor may octets break the JSON. */
static void octets_of_any_kind_are_escaped(void **state)
{
    (void)state;
    X509 *cert = certificate(1);
    name_it(cert, "CN", "a\0b\n\xc3\xb6\"", 7);
    struct tls_client *told = meet_good(cert);
    assert_true(bytes_eq(told->subject, "CN=a\\00b\\0A\\C3\\B6\\\""));
    free(told);
}

static void a_certificate_without_a_name_has_a_fingerprint(void **state)
{
    (void)state;
    struct tls_client *told = meet_good(certificate(0));
    assert_int_equal(told->subject.len, 0);
    assert_true(bytes_eq(told->serial, "00"));
    assert_int_equal(told->fingerprint.len, 64);
    free(told);
}

static void a_name_is_left_out_rather_than_cut(void **state)
{
    (void)state;
    char text[TLS_CLIENT_NAME_MAX];
    memset(text, 'x', sizeof(text));
    X509 *cert = certificate(1);
    name_it(cert, "CN", text, TLS_CLIENT_NAME_MAX - 3); /* behind "CN=" */
    struct tls_client *told = meet_good(cert);
    assert_int_equal(told->subject.len, TLS_CLIENT_NAME_MAX);
    free(told);
    cert = certificate(1);
    name_it(cert, "CN", text, TLS_CLIENT_NAME_MAX - 2);
    told = meet_good(cert);
    assert_int_equal(told->subject.len, 0);
    assert_int_equal(told->issuer.len, 0);
    assert_int_equal(told->fingerprint.len, 64);
    free(told);
}

static void a_large_certificate_is_told_without_its_text(void **state)
{
    (void)state;
    char *comment = xalloc(TLS_CLIENT_PEM_MAX);
    X509 *cert = certificate(1);
    name_it(cert, "CN", "ann", 3);
    memset(comment, 'x', TLS_CLIENT_PEM_MAX);
    comment[TLS_CLIENT_PEM_MAX - 1] = '\0';
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, NID_netscape_comment, comment);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
    free(comment);
    struct tls_client *told = meet_good(cert);
    assert_int_equal(told->pem.len, 0);
    assert_true(bytes_eq(told->subject, "CN=ann"));
    free(told);
}

static void who_shows_none_is_nobody(void **state)
{
    (void)state;
    bool good;
    assert_null(meet(NULL, NET_TLS_ASK, &good));
    assert_true(good);
    assert_null(meet(NULL, NET_TLS_OFF, &good));
    assert_true(good);
    assert_null(meet(NULL, NET_TLS_REQUIRE, &good));
    assert_false(good);
    assert_null(tls_client_of(NULL));
}

static void one_that_is_not_good_is_refused_even_if_none_would_do(void **state)
{
    (void)state;
    bool good;
    for (int demand = NET_TLS_ASK; demand <= NET_TLS_REQUIRE; demand++) {
        X509 *late = certificate(1);
        name_it(late, "CN", "ann", 3);
        X509_gmtime_adj(X509_getm_notAfter(late), -1);
        sign(late);
        assert_null(meet(late, (enum net_tls_client)demand, &good));
        assert_false(good);
    }
}

static void a_file_that_is_none_demands_nothing(void **state)
{
    (void)state;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert_false(tls_client_demand(context, "/nowhere/ca.pem", NET_TLS_REQUIRE));
    assert_false(tls_client_demand(context, "/dev/null", NET_TLS_ASK));
    assert_true(tls_client_demand(context, NULL, NET_TLS_OFF));
    assert_int_equal(SSL_CTX_get_verify_mode(context), SSL_VERIFY_NONE);
    SSL_CTX_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_is_told_in_words),
        cmocka_unit_test(octets_of_any_kind_are_escaped),
        cmocka_unit_test(a_certificate_without_a_name_has_a_fingerprint),
        cmocka_unit_test(a_name_is_left_out_rather_than_cut),
        cmocka_unit_test(a_large_certificate_is_told_without_its_text),
        cmocka_unit_test(who_shows_none_is_nobody),
        cmocka_unit_test(one_that_is_not_good_is_refused_even_if_none_would_do),
        cmocka_unit_test(a_file_that_is_none_demands_nothing),
    };
    return cmocka_run_group_tests_name("tls_client", tests, set_up, tear_down);
}
