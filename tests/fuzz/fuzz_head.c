/* Request heads. The end is found at the same place however the octets arrive; everything
 * parsed lies inside the input or the head's own memory; and a head written anew from what
 * was parsed, its query encoded octet by octet, says the same. */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t find_end(const char *bytes, size_t len)
{
    size_t whole = head_length(bytes, len, 0);
    size_t seen = 0, step = 1;
    CHECK(whole <= len);
    /* In growing pieces, each looked at from where the one before ended. */
    for (size_t have = 1; have <= len; have += step, step = step % 7 + 1) {
        size_t end = head_length(bytes, have, seen);
        CHECK(end == (whole && have >= whole ? whole : 0));
        if (end)
            break;
        seen = have;
    }
    if (whole) {
        CHECK(head_length(bytes, whole, 0) == whole);
        CHECK(head_length(bytes, whole - 1, 0) == 0);
    }
    return whole;
}

static void inside(jf_bytes view, const char *bytes, size_t len)
{
    if (view.len)
        CHECK(view.ptr >= bytes && view.len <= len && view.ptr <= bytes + len - view.len);
}

static void views_lie_inside(const struct head *head, const char *bytes, size_t len)
{
    inside(head->method, bytes, len);
    inside(head->target, bytes, len);
    inside(head->query_text, bytes, len);
    if (!bytes_eq(head->path, "/")) /* a constant if a URL has no path */
        inside(head->path, bytes, len);
    CHECK(head->header_count <= HEAD_HEADERS_MAX && head->query_count <= HEAD_QUERY_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        CHECK(head->headers[i].name.len && head->headers[i].value.ptr);
        inside(head->headers[i].name, bytes, len);
        inside(head->headers[i].value, bytes, len);
    }
    if (!head->query_count)
        return;
    const char *decoded = (const char *)(head->query + head->query_count);
    for (size_t i = 0; i < head->query_count; i++) {
        CHECK(head->query[i].name.ptr && head->query[i].value.ptr);
        CHECK(head->query[i].name.len + head->query[i].value.len <= head->query_text.len);
        CHECK(head->query[i].name.ptr >= decoded && head->query[i].value.ptr >= decoded);
    }
}

static void write_encoded(FILE *to, jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        fprintf(to, "%%%02X", (unsigned char)text.ptr[i]);
}

/* The head as somebody tidy would have written it. */
static char *write_anew(const struct head *head, size_t *len)
{
    char *text = NULL;
    FILE *to = open_memstream(&text, len);
    CHECK(to);
    fprintf(to, "%.*s %.*s", BYTES_FMT(head->method), BYTES_FMT(head->path));
    for (size_t i = 0; i < head->query_count; i++) {
        putc(i ? '&' : '?', to);
        write_encoded(to, head->query[i].name);
        putc('=', to);
        write_encoded(to, head->query[i].value);
    }
    fprintf(to, " HTTP/1.%u\r\n", head->minor);
    for (size_t i = 0; i < head->header_count; i++)
        fprintf(to, "%.*s: %.*s\r\n", BYTES_FMT(head->headers[i].name),
                BYTES_FMT(head->headers[i].value));
    fprintf(to, "\r\n");
    CHECK(fclose(to) == 0);
    return text;
}

static void same_pairs(const struct jf_pair *a, const struct jf_pair *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(jf_same(a[i].name, b[i].name) && jf_same(a[i].value, b[i].value));
}

static void it_survives_rewriting(const struct head *head)
{
    struct head again;
    unsigned http_status;
    const char *why;
    size_t len;
    char *text = write_anew(head, &len);
    if (len <= HEAD_BYTES_MAX) {
        CHECK(head_length(text, len, 0) == len);
        CHECK(head_parse(text, len, &again, &http_status, &why) == JF_OK);
        CHECK(jf_same(head->method, again.method) && jf_same(head->path, again.path));
        CHECK(head->minor == again.minor);
        CHECK(head->header_count == again.header_count);
        CHECK(head->query_count == again.query_count);
        same_pairs(head->headers, again.headers, head->header_count);
        same_pairs(head->query, again.query, head->query_count);
        CHECK(head_wants_upgrade(head) == head_wants_upgrade(&again));
        head_fini(&again);
    }
    free(text);
}

static void an_upgrade_is_what_it_should_be(const struct head *head)
{
    jf_bytes key;
    unsigned http_status = 0;
    const char *why = NULL;
    unsigned char octets[24];
    char accept[29];
    if (!head_wants_upgrade(head))
        return;
    if (head_check_upgrade(head, &key, &http_status, &why) != JF_OK) {
        CHECK((http_status == 400 || http_status == 426) && why);
        return;
    }
    CHECK(bytes_eq(head->method, "GET") && head->minor == 1);
    CHECK(jf_find(head->headers, head->header_count, "Host").ptr);
    CHECK(!jf_find(head->headers, head->header_count, "Transfer-Encoding").ptr);
    CHECK(key.len == 24);
    CHECK(EVP_DecodeBlock(octets, (const unsigned char *)key.ptr, 24) == 18);
    head_accept_key(key, accept);
    CHECK(strlen(accept) == 28);
}

static void parse(const char *bytes, size_t len)
{
    struct head head;
    unsigned http_status = 0;
    const char *why = NULL;
    int status = head_parse(bytes, len, &head, &http_status, &why);
    if (status != JF_OK) {
        CHECK(status == JF_E_INVALID && why && *why);
        CHECK(http_status == 400 || http_status == 431 || http_status == 505);
        return;
    }
    views_lie_inside(&head, bytes, len);
    it_survives_rewriting(&head);
    an_upgrade_is_what_it_should_be(&head);
    CHECK(!head_offers(head.headers, head.header_count, "Sec-WebSocket-Protocol",
                       jf_str("")));
    head_fini(&head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t len = find_end((const char *)data, size);
    /* Complete or not, and in memory of its own size: a step too far is seen. */
    if (!len)
        len = size;
    char *bytes = xalloc(len);
    if (len)
        memcpy(bytes, data, len);
    parse(bytes, len);
    free(bytes);
    return 0;
}
