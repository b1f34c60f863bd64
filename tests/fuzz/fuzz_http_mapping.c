/* A client's message in a URL and a header: whatever its octets, the URL is the one that
 * the operator wrote but for what is percent-encoded in it, or none. */
#include <string.h>

#include "core/base/check.h"
#include "plugins/http/http_mapping.h"

#define TEMPLATE "http://h/p/${route.request.body.a}/${route.request.body.b.c[1]}?q="
#define QUERY "${route.request.body.a}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What follows `prefix` up to one of `ends` has no octet that means something in a URL. */
static const char *pass(const char *at, const char *prefix, const char *ends)
{
    CHECK(strncmp(at, prefix, strlen(prefix)) == 0);
    at += strlen(prefix);
    for (; *at && !strchr(ends, *at); at++)
        CHECK(strchr("-._~%", *at) || (*at >= '0' && *at <= '9') ||
              ((*at | 32) >= 'a' && (*at | 32) <= 'z'));
    return at;
}

static void check_url(const struct http_text *url)
{
    CHECK(strlen(url->ptr) == url->len && url->len <= HTTP_URL_MAX);
    const char *first = pass(url->ptr, "http://h/p/", "/");
    const char *second = pass(first, "/", "?");
    CHECK(*pass(second, "?q=", "") == '\0');
    size_t len = (size_t)(second - first) - 1;
    CHECK(!(len == 2 && memcmp(first + 1, "..", 2) == 0));
    CHECK(!(len == 1 && first[1] == '.'));
}

static void build(const struct http_url *url, struct jf_event *ev)
{
    struct http_facts facts = { .ev = ev };
    struct http_text out = { .max = HTTP_URL_MAX };
    if (http_url_build(url, &facts, &out) == JF_OK)
        check_url(&out);
    http_text_fini(&out);
    http_facts_fini(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct jf_message message = { .body = jf_view(data, size), .opcode = JF_TEXT };
    struct jf_event ev = { .kind = JF_MESSAGE, .message = &message };
    const char *complaint;
    struct http_url url;
    CHECK(http_url_read(jf_str(TEMPLATE QUERY), "say", &url, &complaint) == JF_OK);
    build(&url, &ev);
    http_url_fini(&url);

    /* As a template it may be anything, and is read or refused. */
    if (http_url_read(message.body, "say", &url, &complaint) == JF_OK)
        http_url_fini(&url);
    struct http_source source;
    if (http_source_read(message.body, "$connect", &source, &complaint) == JF_OK)
        http_source_fini(&source);
    return 0;
}
