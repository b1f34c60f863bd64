/*
 * http_options - the instance's options: an integration for each route.
 *
 * Read once in init, on the main thread; then only read, by all workers.
 */
#ifndef HTTP_OPTIONS_H
#define HTTP_OPTIONS_H

#include "http_mapping.h"

#define HTTP_HEADERS_MAX 32

enum http_kind { HTTP_PROXY, HTTP_LAMBDA, HTTP_REDIS_STREAM };

struct http_mapped {
    char *name;
    struct http_source source;
};

struct http_integration {
    char *route;
    enum http_kind kind;
    uint32_t index;
    bool authorizes; /* the route is $authorize: the answer is judged */

    /* what is asked */
    struct http_url url; /* of a function: where it is invoked */
    char *method;
    struct http_mapped headers[HTTP_HEADERS_MAX];
    size_t header_count;
    char *sigv4_scope, *sigv4_user; /* as curl takes them; NULL: not signed */
    bool tls_verify;
    char *tls_ca; /* NULL: those of the system */

    /* a stream's */
    char *redis_url, *stream;
    uint32_t maxlen;

    /* how it is asked */
    uint32_t timeout_ms, connect_timeout_ms;
    uint32_t concurrency, queue; /* per worker */
    uint32_t retries, keep_alive_s;
    uint32_t breaker_failures, breaker_open_ms;
    uint32_t max_response_bytes;
    uint32_t disconnect_retry_s;
    int way; /* enum jf_way; JF_ANY_WAY: as the stage has it */
};

struct http_options {
    struct http_integration *integrations;
    size_t count;
};

/* `complaint` says what is wrong and where, in a line. JF_E_INVALID, JF_E_NOMEM. */
int http_options_read(jf_bytes json, struct http_options *out, char *complaint,
                      size_t complaint_size);
void http_options_fini(struct http_options *options);

/* May its requests be sent again, as often as need be (RFC 9110, 9.2.2)? */
bool http_is_idempotent(const struct http_integration *it);

/* How many descriptors all that may need on one worker. */
uint64_t http_options_sockets(const struct http_options *options);

#endif
