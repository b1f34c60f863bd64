/*
 * http_impl - what http.c and http_call.c share: the client of plain HTTP.
 */
#ifndef JF_NET_HTTP_IMPL_H
#define JF_NET_HTTP_IMPL_H

#include <libwebsockets.h>
#include <stdbool.h>

#include "core/net/conn.h"
#include "core/net/http_call.h"

struct http {
    struct server *server;
    struct lws_context *context;
    struct lws_vhost *plain, *tls;
    uint32_t open;
    size_t bodies; /* octets that calls hold */
};

/* A connection that was handed to libwebsockets, which keeps it for us. */
struct http_client {
    struct http *http;
    struct http_call *call; /* NULL: none is going on */
    bool used;              /* for a request, at least */
    uint8_t listener;
    char peer[CONN_PEER_MAX];
};

/* The following return what the callback of libwebsockets returns. */

/* A request has come whose path the host answers. */
int http_call_begin(struct http_client *client, struct lws *wsi, const char *path);
int http_call_on_body(struct http_call *call, const void *bytes, size_t len);
int http_call_on_whole(struct http_call *call); /* all of the body has come */
int http_call_on_writable(struct http_call *call);

void http_call_on_gone(struct http_call *call);

#endif
