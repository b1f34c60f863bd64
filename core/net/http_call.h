/*
 * http_call - an HTTP request that the host answers, now or later.
 *
 * It is shown to the host whole, body and all, and answered exactly once; a client that
 * goes meanwhile changes nothing for the host. libwebsockets has decoded the path, folded
 * "//", "." and ".." in it, and keeps the headers until the answer. [home worker]
 */
#ifndef JF_NET_HTTP_CALL_H
#define JF_NET_HTTP_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

struct http_call;

#define HTTP_CALL_PARAMETERS_MAX 32 /* of a query; 400 above it */

/* All borrowed until the answer. */
jf_bytes http_call_method(const struct http_call *call);
jf_bytes http_call_path(const struct http_call *call);
jf_bytes http_call_body(const struct http_call *call);
jf_bytes http_call_peer(const struct http_call *call); /* "192.0.2.1:50000" */
uint8_t http_call_listener(const struct http_call *call);

/* Not 0: its body was not taken, and it has to be answered with this status: 400, 411, 413
 * or 503. */
unsigned http_call_refusal(const struct http_call *call);

/* The query, decoded, in the order written. */
const struct jf_pair *http_call_parameters(const struct http_call *call, size_t *count);

/* The value of a header, its name in lower case; NULL octets: there is none, or none any
 * more, since the client has gone. Of one that is repeated, the first or all, joined by
 * commas. */
jf_bytes http_call_header(struct http_call *call, jf_bytes name);

/* Status, the lines of further headers, each with its CRLF, and the body. An empty `type`:
 * there is neither body nor Content-Type. The call is gone. Copies all. */
void http_call_answer(struct http_call *call, unsigned status, jf_bytes lines,
                      const char *type, jf_bytes body);

#endif
