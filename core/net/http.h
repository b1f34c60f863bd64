/*
 * http - every request that is no upgrade: libwebsockets' HTTP role.
 *
 * Owns the worker's libwebsockets context, which has no listener of its own: plain HTTP
 * sockets are handed to it with their octets still in the kernel, and TLS sockets live on
 * it as raw connections (wire_tls.c). Serves files, and answers everything else with the
 * status AWS answers. [home worker]
 */
#ifndef JF_NET_HTTP_H
#define JF_NET_HTTP_H

#include "sdk/jackfield.h"

struct conn;
struct http;
struct lws_vhost;
struct server;

/* JF_E_UNAVAILABLE: libwebsockets refused; the log says what it said. [main thread, one
 * worker after the other] */
int http_new(struct server *server, struct http **out);

/* Let go of all its clients; the loop has to run on a little for the last handles. */
void http_close(struct http *http);

/* Once the loop has ended. NULL is accepted. */
void http_free(struct http *http);

/* Take the client of `conn` over; the connection is the caller's no more. */
void http_take(struct http *http, struct conn *conn);

/* Where TLS sockets are adopted; NULL without a certificate. */
struct lws_vhost *http_tls_vhost(struct http *http);

#endif
