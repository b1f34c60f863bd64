/* Request heads: where one ends does not depend on how it arrives; what is read of it lies
 * in it, and keeps what head.h promises. */
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/memory.h"
#include "core/parse/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t same_end(const char *bytes, size_t len)
{
    size_t end = head_length(bytes, len, 0), seen = 0;
    CHECK(end <= len && (!end || end >= 4));
    CHECK(!end || memcmp(bytes + end - 4, "\r\n\r\n", 4) == 0);
    for (size_t have = 1; have <= len; have++) {
        size_t found = head_length(bytes, have, seen);
        CHECK(found == (end && have >= end ? end : 0));
        if (!found)
            seen = have;
    }
    return end;
}

static bool within(jf_bytes inner, jf_bytes outer)
{
    return inner.len == 0 ||
           (inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len);
}

static bool has(jf_bytes view, char c)
{
    return bytes_find(view, c) < view.len;
}

static void sound_headers(const struct head *head, jf_bytes text)
{
    size_t hosts = 0;
    CHECK(head->header_count <= HEAD_HEADERS_MAX);
    for (size_t i = 0; i < head->header_count; i++) {
        jf_bytes name = head->headers[i].name, value = head->headers[i].value;
        CHECK(within(name, text) && within(value, text));
        CHECK(name.len && !has(name, ' ') && !has(name, ':') && !has(name, '\t'));
        CHECK(!has(value, '\r') && !has(value, '\n') && !has(value, '\0'));
        CHECK(bytes_trim(value).len == value.len);
        hosts += bytes_eq_nocase(name, "Host");
    }
    CHECK(hosts == 1 || (hosts == 0 && head->minor == 0));
}

/* The decoded texts lie one behind the other, behind the pairs, and are no longer than what
 * they were decoded from. */
static void sound_query(const struct head *head)
{
    const char *at = head->query_count ? head->query[0].name.ptr : NULL;
    size_t total = 0;
    CHECK(head->query_count <= HEAD_QUERY_MAX);
    CHECK(!at || at >= (const char *)(head->query + head->query_count));
    for (size_t i = 0; i < head->query_count; i++) {
        const struct jf_pair *pair = &head->query[i];
        CHECK(pair->name.ptr == at && pair->value.ptr == at + pair->name.len);
        at = pair->value.ptr + pair->value.len;
        total += pair->name.len + pair->value.len;
    }
    CHECK(total <= head->query_text.len);
}

static void sound(const struct head *head, jf_bytes text)
{
    CHECK(head->minor <= 1);
    CHECK(within(head->method, text) && within(head->target, text));
    CHECK(head->method.len && head->target.len);
    CHECK(within(head->path, head->target) || bytes_eq(head->path, "/"));
    CHECK(bytes_eq(head->path, "*") || (head->path.len && head->path.ptr[0] == '/'));
    CHECK(!has(head->path, '?') && within(head->query_text, head->target));
    sound_headers(head, text);
    sound_query(head);
}

static void any_handshake(const struct head *head, jf_bytes text)
{
    jf_bytes key = { NULL, SIZE_MAX };
    unsigned status = 0;
    const char *why = NULL;
    char accept[29];
    CHECK(!head_wants_upgrade(head) || head->header_count);
    CHECK(!head_offers(head, "Sec-WebSocket-Protocol", jf_view(NULL, 0)));
    if (head_check_upgrade(head, &key, &status, &why) == JF_OK) {
        CHECK(within(key, text) && key.len == 24 && !status);
        head_accept_key(key, accept);
        CHECK(strlen(accept) == 28);
    } else {
        CHECK((status == 400 || status == 426) && why && key.len == SIZE_MAX);
    }
}

static void refused(const struct head *head, unsigned status, const char *why)
{
    CHECK(status == 400 || status == 431 || status == 505);
    CHECK(why && *why);
    CHECK(!head->headers && !head->header_count && !head->query && !head->query_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct head head;
    unsigned status = 0;
    const char *why = NULL;
    size_t end = same_end((const char *)data, size), len = end ? end : size;
    /* In memory of its own size, so that a read past its end is seen. */
    char *bytes = xalloc(len ? len : 1);
    if (len)
        memcpy(bytes, data, len);
    if (head_parse(bytes, len, &head, &status, &why) == JF_OK) {
        CHECK(end && !status);
        sound(&head, jf_view(bytes, len));
        any_handshake(&head, jf_view(bytes, len));
    } else {
        refused(&head, status, why);
    }
    head_fini(&head);
    free(bytes);
    return 0;
}
