/* Loads the files into a context of OpenSSL's and throws it away. */
#include "core/net/tls_check.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#include "sdk/jackfield.h"

static int complain(const char *option, const char *file, char *error, size_t error_size)
{
    char reason[256] = "not readable as PEM";
    unsigned long code = ERR_peek_last_error();
    if (code)
        ERR_error_string_n(code, reason, sizeof(reason));
    ERR_clear_error();
    snprintf(error, error_size, "%s: %s: %s", option, file, reason);
    return JF_E_INVALID;
}

int tls_check(const char *cert, const char *key, char *error, size_t error_size)
{
    int status = JF_OK;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (!context)
        return complain("tls", "OpenSSL", error, error_size);
    if (SSL_CTX_use_certificate_chain_file(context, cert) != 1)
        status = complain("tls.cert", cert, error, error_size);
    else if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        status = complain("tls.key", key, error, error_size);
    else if (SSL_CTX_check_private_key(context) != 1)
        status = complain("tls.key is not the key of tls.cert", key, error, error_size);
    SSL_CTX_free(context);
    return status;
}

int tls_check_client_ca(const char *file, char *error, size_t error_size)
{
    int status = JF_OK;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(file);
    if (!context || !names || SSL_CTX_load_verify_locations(context, file, NULL) != 1)
        status = complain("tls.client_ca", file, error, error_size);
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    SSL_CTX_free(context);
    return status;
}
