/*
 * http_client - libcurl's multi interface on a worker's loop.
 *
 * One per worker, with one cache of connections: keep-alive, and HTTP/2 where both ends
 * have it. curl says which descriptors to wait for and until when; the worker's loop does
 * that by jf_poll_start() and jf_timer_start(). No thread but those in which curl looks up
 * names. [home worker]
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "http_options.h"

struct http_client;
struct http_transfer;

/* A request; all of it must stay until the transfer is done or cancelled. */
struct http_request {
    const char *url;
    char **headers; /* "Name: value" */
    size_t header_count;
    jf_bytes body; /* not of a GET */
};

/* What came back; borrowed until `done` returns. `protocol` and `function_error` are from
 * the headers of the answer. */
struct http_reply {
    long status;
    jf_bytes body, protocol;
    bool function_error;
};

enum http_end {
    HTTP_END_REPLY,
    HTTP_END_NOT_SENT, /* no connection: the backend has not seen it */
    HTTP_END_BROKEN,   /* the connection was lost */
    HTTP_END_JUNK,     /* what came was no HTTP */
    HTTP_END_TOO_LARGE,
    HTTP_END_CONNECT_TIMEOUT, /* it has not seen it either */
    HTTP_END_OTHER,
};

/* `why` is curl's text, a constant. Never from inside http_client_start(), unless that was
 * called from a `done`. */
typedef void http_done_fn(void *data, enum http_end end, const struct http_reply *reply,
                          const char *why);

/* NULL: no memory. `connections` is how many idle ones are kept at most. */
struct http_client *http_client_new(jf_worker *w, long connections);
void http_client_free(struct http_client *client); /* transfers are dropped; NULL is fine */

/* JF_E_NOMEM, JF_E_INVALID: curl will not have it. */
int http_client_start(struct http_client *client, const struct http_integration *it,
                      const struct http_request *request, http_done_fn *done, void *data,
                      struct http_transfer **out);

/* `done` will not be called. */
void http_client_cancel(struct http_client *client, struct http_transfer *transfer);

/* Run what curl can do at once, and tell what is done: at the end of what the host called.
 */
void http_client_kick(struct http_client *client);

#endif
