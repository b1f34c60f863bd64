/*
 * wire_tls - the callback that http.c names in its libwebsockets protocol table; the wire
 * itself is opened with wire_tls_open(). [home worker]
 */
#ifndef JF_NET_WIRE_TLS_H
#define JF_NET_WIRE_TLS_H

#include <libwebsockets.h>

int wire_tls_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                      void *in, size_t len);

#endif
