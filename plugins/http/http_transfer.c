/* What curl is told of a request, and what it keeps of the answer: a bounded body and two
 * headers. An easy handle keeps the options of its integration and is used again. */
#include "http_transfer.h"

#include <stdlib.h>
#include <strings.h>

#define HEAD_MAX 65536 /* octets of all header lines of an answer */

static size_t on_body(char *ptr, size_t one, size_t len, void *data)
{
    struct http_transfer *transfer = data;
    (void)one;
    http_text_add(&transfer->body, jf_view(ptr, len));
    transfer->too_large = transfer->body.over;
    return http_text_status(&transfer->body) == JF_OK ? len : 0;
}

static bool is_header(jf_bytes line, const char *name, jf_bytes *value)
{
    size_t len = strlen(name), end = line.len;
    if (line.len <= len || line.ptr[len] != ':' || strncasecmp(line.ptr, name, len) != 0)
        return false;
    for (len++; len < end && (line.ptr[len] == ' ' || line.ptr[len] == '\t');)
        len++;
    while (end > len && strchr(" \t\r\n", line.ptr[end - 1]))
        end--;
    *value = jf_view(line.ptr + len, end - len);
    return true;
}

static size_t on_header(char *ptr, size_t one, size_t len, void *data)
{
    struct http_transfer *transfer = data;
    jf_bytes line = jf_view(ptr, len), value;
    (void)one;
    transfer->head_bytes += len;
    if (transfer->head_bytes > HEAD_MAX) {
        transfer->too_large = true;
        return 0;
    }
    if (len > 5 && memcmp(ptr, "HTTP/", 5) == 0) { /* one more answer, after a 1xx */
        transfer->function_error = false;
        transfer->protocol_len = 0;
    } else if (is_header(line, "X-Amz-Function-Error", &value)) {
        transfer->function_error = true;
    } else if (is_header(line, "Sec-WebSocket-Protocol", &value) &&
               value.len <= HTTP_PROTOCOL_MAX) {
        memcpy(transfer->protocol, value.ptr, value.len);
        transfer->protocol_len = value.len;
    }
    return len;
}

/* curl sends once more when a connection that was kept alive turns out to be closed. The
 * backend may have read the first one, so that is for those which may come twice. */
static int on_before_sending(void *data, char *ip, char *own_ip, int port, int own_port)
{
    struct http_transfer *transfer = data;
    (void)ip;
    (void)own_ip;
    (void)port;
    (void)own_port;
    transfer->sent++;
    return transfer->sent > 1 && !http_is_idempotent(transfer->of) ? CURL_PREREQFUNC_ABORT
                                                                   : CURL_PREREQFUNC_OK;
}

static void set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static void set_tls(CURL *easy, const struct http_integration *it)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, it->tls_verify ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, it->tls_verify ? 2L : 0L);
    if (it->tls_ca)
        curl_easy_setopt(easy, CURLOPT_CAINFO, it->tls_ca);
}

static void set_method(CURL *easy, const struct http_integration *it)
{
    if (strcmp(it->method, "GET") == 0) {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (strcmp(it->method, "POST") != 0)
        curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, it->method);
}

/* Nothing of the environment's: the configuration says whom to ask. No redirects either,
 * as they are the backend's answer. */
static void set_constants(struct http_transfer *transfer, const struct http_integration *it)
{
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)it->keep_alive_s);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_before_sending);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "jackfield");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)it->connect_timeout_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
    set_protocols(easy);
    set_tls(easy, it);
    set_method(easy, it);
    if (!it->sigv4_scope)
        return;
    curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, it->sigv4_scope);
    curl_easy_setopt(easy, CURLOPT_USERPWD, it->sigv4_user);
}

struct http_transfer *http_transfer_new(const struct http_integration *it)
{
    struct http_transfer *transfer = calloc(1, sizeof(*transfer));
    if (!transfer)
        return NULL;
    transfer->easy = curl_easy_init();
    if (!transfer->easy) {
        free(transfer);
        return NULL;
    }
    transfer->of = it;
    transfer->body.max = it->max_response_bytes;
    set_constants(transfer, it);
    return transfer;
}

void http_transfer_free(struct http_transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    http_text_fini(&transfer->body);
    free(transfer);
}

void http_transfer_reset(struct http_transfer *transfer)
{
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    http_text_fini(&transfer->body);
    transfer->head_bytes = transfer->protocol_len = 0;
    transfer->sent = 0;
    transfer->too_large = transfer->function_error = false;
}

static bool add_header(struct http_transfer *transfer, const char *line)
{
    struct curl_slist *longer = curl_slist_append(transfer->headers, line);
    if (longer)
        transfer->headers = longer;
    return longer != NULL;
}

/* "Expect:" keeps curl from asking before it sends a body. */
int http_transfer_prepare(struct http_transfer *transfer,
                          const struct http_request *request)
{
    CURL *easy = transfer->easy;
    bool added = add_header(transfer, "Expect:");
    for (size_t i = 0; i < request->header_count && added; i++)
        added = add_header(transfer, request->headers[i]);
    if (!added)
        return JF_E_NOMEM;
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (strcmp(transfer->of->method, "GET") != 0) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                         request->body.len ? request->body.ptr : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
    }
    return curl_easy_setopt(easy, CURLOPT_URL, request->url) == CURLE_OK ? JF_OK
                                                                         : JF_E_NOMEM;
}

enum http_end http_transfer_end(const struct http_transfer *transfer, CURLcode code)
{
    curl_off_t connected = 0;
    if (code == CURLE_OK)
        return HTTP_END_REPLY;
    if (transfer->too_large)
        return HTTP_END_TOO_LARGE;
    curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return HTTP_END_NOT_SENT;
    case CURLE_OPERATION_TIMEDOUT:
        return connected ? HTTP_END_BROKEN : HTTP_END_CONNECT_TIMEOUT;
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, and what looks like it */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return HTTP_END_JUNK;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_URL_MALFORMAT:
        return HTTP_END_OTHER;
    default:
        return HTTP_END_BROKEN;
    }
}
