/* By curl's parser of URLs, which is here anyway. */
#include "http_stream_url.h"

#include <curl/curl.h>
#include <stdlib.h>

#include "http_text.h"

#define REDIS_PORT 6379

/* A copy of ours: what curl hands out is freed by curl. */
static char *part_of(CURLU *url, CURLUPart which)
{
    char *part = NULL, *copy = NULL;
    if (curl_url_get(url, which, &part, CURLU_URLDECODE) == CURLUE_OK && part && *part)
        copy = http_text_copy(jf_str(part));
    curl_free(part);
    return copy;
}

/* "/3" is database 3; "" and "/" say nothing. */
static int read_database(struct http_stream_url *out, CURLU *url)
{
    char *path = part_of(url, CURLUPART_PATH);
    const char *number = path ? path + 1 : "";
    size_t len = strlen(number);
    bool good = len <= 5 && strspn(number, "0123456789") == len;
    if (good && len)
        out->database = http_text_copy(jf_str(number));
    free(path);
    return good ? JF_OK : JF_E_INVALID;
}

static int read_parts(CURLU *url, struct http_stream_url *out, const char **complaint)
{
    char *scheme = part_of(url, CURLUPART_SCHEME), *port = part_of(url, CURLUPART_PORT);
    bool is_redis = scheme && strcmp(scheme, "redis") == 0;
    out->host = part_of(url, CURLUPART_HOST);
    out->user = part_of(url, CURLUPART_USER);
    out->password = part_of(url, CURLUPART_PASSWORD);
    out->port = port ? (int)strtol(port, NULL, 10) : REDIS_PORT;
    free(scheme);
    free(port);
    *complaint = "it is not redis:// and a host";
    if (!is_redis || !out->host)
        return JF_E_INVALID;
    *complaint = "a user without a password";
    if (out->user && !out->password)
        return JF_E_INVALID;
    *complaint = "behind the host stands no number of a database";
    return read_database(out, url);
}

int http_stream_url_read(const char *text, struct http_stream_url *out,
                         const char **complaint)
{
    CURLU *url = curl_url();
    *out = (struct http_stream_url){ 0 };
    if (!url)
        return JF_E_NOMEM;
    *complaint = "it is no URL";
    int status = JF_E_INVALID;
    if (curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK)
        status = read_parts(url, out, complaint);
    curl_url_cleanup(url);
    if (status < 0)
        http_stream_url_fini(out);
    return status;
}

void http_stream_url_fini(struct http_stream_url *url)
{
    free(url->host);
    free(url->user);
    free(url->password);
    free(url->database);
    *url = (struct http_stream_url){ 0 };
}
