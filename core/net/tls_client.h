/*
 * tls_client - certificates of clients: asking for one, and what it says.
 *
 * OpenSSL verifies: the chain up to one of our authorities, the times, and that it is meant
 * for clients. Sessions are not resumed where certificates are asked for, so that each
 * connection has shown one that is good now.
 */
#ifndef JF_NET_TLS_CLIENT_H
#define JF_NET_TLS_CLIENT_H

#include <stdbool.h>

#include "core/net/server.h"

struct ssl_ctx_st; /* OpenSSL's SSL_CTX and SSL */
struct ssl_st;

#define TLS_CLIENT_NAME_MAX 4096 /* octets of a subject or an issuer */
#define TLS_CLIENT_SERIAL_MAX 191
#define TLS_CLIENT_PEM_MAX 8192

/* One block of memory; the views are into it. What is longer than the above is left out as
 * a whole, never cut: half a name may be somebody else's. */
struct tls_client {
    jf_bytes subject, issuer;       /* RFC 2253, ASCII: what is not is escaped as there */
    jf_bytes serial;                /* "0a:1b:2c" */
    jf_bytes fingerprint;           /* SHA-256 of the certificate, 64 hex digits */
    jf_bytes not_before, not_after; /* "Aug  5 09:36:04 2021 GMT" */
    jf_bytes pem;
    char text[];
};

/* Have those who connect be asked for a certificate of these authorities. One that is not
 * good fails the handshake, and so does none if it is required. False: the file cannot be
 * used. [while building] */
bool tls_client_demand(struct ssl_ctx_st *context, const char *ca_file,
                       enum net_tls_client demand);

/* The verified one that the peer has shown, the caller's to free(); NULL: none. [home
 * worker] */
struct tls_client *tls_client_of(const struct ssl_st *ssl);

#endif
