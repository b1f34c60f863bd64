/* hiredis reads and writes through an SSL object that is made here, since hiredis itself
 * checks no host name. The handshake is made here too: hiredis would ask for writability
 * all through it. Without hiredis' TLS this file only says that it is not there. */
#include "core/redis/redis_tls.h"

#ifdef JF_REDIS_TLS

#include <arpa/inet.h>

#include <hiredis/hiredis.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "core/base/memory.h"

struct redis_tls {
    SSL_CTX *authorities;
    SSL *ssl; /* the context's, once it has taken it */
};

bool redis_tls_is_there(void)
{
    return true;
}

static const char *reason(void)
{
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return text ? text : "TLS failed";
}

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 ||
           inet_pton(AF_INET6, host, &address) == 1;
}

static bool expect_host(SSL *ssl, const char *host)
{
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
}

struct redis_tls *redis_tls_begin(struct redisContext *context, const char *host,
                                  const char **why)
{
    struct redis_tls *tls = xnew(struct redis_tls);
    tls->authorities = SSL_CTX_new(TLS_client_method());
    if (!tls->authorities || !SSL_CTX_set_default_verify_paths(tls->authorities))
        goto fail;
    SSL_CTX_set_min_proto_version(tls->authorities, TLS1_2_VERSION);
    SSL_CTX_set_options(tls->authorities, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(tls->authorities, SSL_VERIFY_PEER, NULL);
    tls->ssl = SSL_new(tls->authorities);
    if (!tls->ssl || !expect_host(tls->ssl, host))
        goto fail;
    if (redisInitiateSSL(context, tls->ssl) != REDIS_OK) /* then it has not taken it */
        goto fail;
    return tls;

fail:
    *why = reason();
    SSL_free(tls->ssl);
    redis_tls_end(tls);
    return NULL;
}

enum redis_tls_wants redis_tls_go_on(struct redis_tls *tls, const char **why)
{
    ERR_clear_error();
    int result = SSL_do_handshake(tls->ssl);
    if (result == 1)
        return REDIS_TLS_DONE;
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return REDIS_TLS_READ;
    case SSL_ERROR_WANT_WRITE:
        return REDIS_TLS_WRITE;
    default:
        *why = reason();
        return REDIS_TLS_FAILED;
    }
}

void redis_tls_end(struct redis_tls *tls)
{
    if (!tls)
        return;
    SSL_CTX_free(tls->authorities);
    free(tls);
}

#else

#include <stddef.h>

bool redis_tls_is_there(void)
{
    return false;
}

struct redis_tls *redis_tls_begin(struct redisContext *context, const char *host,
                                  const char **why)
{
    (void)context;
    (void)host;
    *why = "this build has no TLS for Redis";
    return NULL;
}

enum redis_tls_wants redis_tls_go_on(struct redis_tls *tls, const char **why)
{
    (void)tls;
    (void)why;
    return REDIS_TLS_FAILED;
}

void redis_tls_end(struct redis_tls *tls)
{
    (void)tls;
}

#endif
