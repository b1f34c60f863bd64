/* A certificate is written, piece by piece, into a memory BIO of OpenSSL's, and then copied
 * into one block. It is read once per connection. */
#include "core/net/tls_client.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"

/* ---- Asking ------------------------------------------------------------- */

/* What is wrong with it stands in the log; the client is told by an alert. */
static int on_verify(int good, X509_STORE_CTX *store)
{
    char why[LOG_QUOTED_MAX];
    if (!good)
        LOG_RARELY(WARN, TLS, 10, "event=client_refused reason=%s",
                   log_quote(jf_str(X509_verify_cert_error_string(
                                 X509_STORE_CTX_get_error(store))),
                             why));
    return good;
}

/* A session would bring the certificate along, and nobody would look at its time again. */
static void resume_nothing(SSL_CTX *context)
{
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context, 0);
}

bool tls_client_demand(SSL_CTX *context, const char *ca_file, enum net_tls_client demand)
{
    int mode = SSL_VERIFY_PEER;
    if (demand == NET_TLS_OFF)
        return true;
    if (demand == NET_TLS_REQUIRE)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(ca_file);
    if (!names || SSL_CTX_load_verify_locations(context, ca_file, NULL) != 1) {
        sk_X509_NAME_pop_free(names, X509_NAME_free);
        ERR_clear_error();
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names); /* its own now */
    SSL_CTX_set_verify(context, mode, on_verify);
    resume_nothing(context);
    return true;
}

/* ---- Reading ------------------------------------------------------------ */

enum piece { SUBJECT, ISSUER, SERIAL, FINGERPRINT, NOT_BEFORE, NOT_AFTER, PEM, PIECES };

static const size_t longest[PIECES] = {
    [SUBJECT] = TLS_CLIENT_NAME_MAX,
    [ISSUER] = TLS_CLIENT_NAME_MAX,
    [SERIAL] = TLS_CLIENT_SERIAL_MAX,
    [FINGERPRINT] = 2 * EVP_MAX_MD_SIZE,
    [NOT_BEFORE] = 64,
    [NOT_AFTER] = 64,
    [PEM] = TLS_CLIENT_PEM_MAX,
};

static bool write_hex(BIO *bio, const uint8_t *octets, size_t len, const char *between)
{
    for (size_t i = 0; i < len; i++) {
        if (BIO_printf(bio, "%s%02x", i ? between : "", octets[i]) < 0)
            return false;
    }
    return true;
}

static bool write_serial(BIO *bio, const X509 *cert)
{
    const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
    bool negative = ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER;
    return (!negative || BIO_puts(bio, "-") == 1) &&
           write_hex(bio, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial),
                     ":");
}

static bool write_fingerprint(BIO *bio, const X509 *cert)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    return X509_digest(cert, EVP_sha256(), digest, &len) == 1 &&
           write_hex(bio, digest, len, "");
}

static bool write_name(BIO *bio, const X509_NAME *name)
{
    return X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0;
}

static bool write_piece(BIO *bio, X509 *cert, enum piece piece)
{
    switch (piece) {
    case SUBJECT:
        return write_name(bio, X509_get_subject_name(cert));
    case ISSUER:
        return write_name(bio, X509_get_issuer_name(cert));
    case SERIAL:
        return write_serial(bio, cert);
    case FINGERPRINT:
        return write_fingerprint(bio, cert);
    case NOT_BEFORE:
        return ASN1_TIME_print(bio, X509_get0_notBefore(cert)) == 1;
    case NOT_AFTER:
        return ASN1_TIME_print(bio, X509_get0_notAfter(cert)) == 1;
    case PEM:
        return PEM_write_bio_X509(bio, cert) == 1;
    default:
        return false;
    }
}

static size_t written(BIO *bio)
{
    char *start;
    long len = BIO_get_mem_data(bio, &start);
    return len > 0 ? (size_t)len : 0;
}

/* Where each piece ends; one that fails or is too long is empty. */
static void write_pieces(BIO *bio, X509 *cert, size_t ends[PIECES])
{
    for (enum piece piece = 0; piece < PIECES; piece++) {
        BIO *part = BIO_new(BIO_s_mem());
        char *start = NULL;
        bool good = part && write_piece(part, cert, piece);
        size_t len = good ? written(part) : 0;
        if (len && len <= longest[piece]) {
            BIO_get_mem_data(part, &start);
            BIO_write(bio, start, (int)len);
        }
        ends[piece] = written(bio);
        BIO_free(part);
    }
    ERR_clear_error();
}

static struct tls_client *copy(BIO *bio, const size_t ends[PIECES])
{
    char *start;
    size_t len = written(bio), from = 0;
    struct tls_client *client = xalloc(sizeof(*client) + len);
    jf_bytes *const views[PIECES] = {
        [SUBJECT] = &client->subject,
        [ISSUER] = &client->issuer,
        [SERIAL] = &client->serial,
        [FINGERPRINT] = &client->fingerprint,
        [NOT_BEFORE] = &client->not_before,
        [NOT_AFTER] = &client->not_after,
        [PEM] = &client->pem,
    };
    BIO_get_mem_data(bio, &start);
    if (len)
        memcpy(client->text, start, len);
    for (enum piece piece = 0; piece < PIECES; piece++) {
        *views[piece] = jf_view(client->text + from, ends[piece] - from);
        from = ends[piece];
    }
    return client;
}

struct tls_client *tls_client_of(const SSL *ssl)
{
    size_t ends[PIECES];
    struct tls_client *client = NULL;
    X509 *cert = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
    if (!cert || SSL_get_verify_result(ssl) != X509_V_OK)
        return NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio) {
        write_pieces(bio, cert, ends);
        client = copy(bio, ends);
    }
    BIO_free(bio);
    return client;
}
