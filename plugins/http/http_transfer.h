/* http_transfer - one request on its way, as curl sees it; for http_client.c only. */
#ifndef HTTP_TRANSFER_H
#define HTTP_TRANSFER_H

#include <curl/curl.h>

#include "http_client.h"

#define HTTP_PROTOCOL_MAX 256

struct http_transfer {
    struct http_transfer *next, *previous; /* among those on their way, or spare */
    CURL *easy;
    const struct http_integration *of; /* whose constant options it has */
    struct curl_slist *headers;
    http_done_fn *done;
    void *data;

    struct http_text body;
    size_t head_bytes;
    uint32_t sent; /* how often */
    bool too_large, function_error;
    char protocol[HTTP_PROTOCOL_MAX];
    size_t protocol_len;
};

/* NULL: no memory. What concerns descriptors is the client's to set. */
struct http_transfer *http_transfer_new(const struct http_integration *it);
void http_transfer_free(struct http_transfer *transfer);

int http_transfer_prepare(struct http_transfer *transfer,
                          const struct http_request *request);
void http_transfer_reset(struct http_transfer *transfer);

enum http_end http_transfer_end(const struct http_transfer *transfer, CURLcode code);

#endif
