/*
 * tls_check - are these a certificate and its key? [main thread]
 *
 * Asked before libwebsockets is, since it can say less about what is wrong.
 */
#ifndef JF_NET_TLS_CHECK_H
#define JF_NET_TLS_CHECK_H

#include <stddef.h>

/* JF_OK, or JF_E_INVALID with a sentence in *error. */
int tls_check(const char *cert, const char *key, char *error, size_t error_size);

/* Are there certificates of authorities in that file? The same. */
int tls_check_client_ca(const char *file, char *error, size_t error_size);

#endif
