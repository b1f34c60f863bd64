/* A URL with variables: cut into parts once, put together for each event. What is between
 * the variables is the operator's and checked when it is read; what they become is not
 * trusted where a client may have chosen it. */
#include <stdlib.h>

#include "http_mapping.h"

#define PARTS_MAX 32

static bool starts(jf_bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}

/* Where the host ends: 0 if this is no URL of ours. */
static size_t host_end(jf_bytes text)
{
    size_t at = starts(text, "http://") ? 7 : starts(text, "https://") ? 8 : 0;
    if (!at)
        return 0;
    while (at < text.len && text.ptr[at] != '/' && text.ptr[at] != '?') {
        const char *end = NULL;
        if (text.ptr[at] == '$')
            end = memchr(text.ptr + at, '}', text.len - at);
        at = end ? (size_t)(end - text.ptr) + 1 : at + 1;
    }
    return at;
}

static bool is_host_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == ':' || c == '[' || c == ']';
}

static bool is_host(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_host_char(text.ptr[i]))
            return false;
    }
    return true;
}

/* Printable, and nothing that would have to be encoded or begins a fragment. */
static bool is_literal(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= ' ' || text.ptr[i] == 0x7f ||
            strchr("#\"<>\\^`{|}", text.ptr[i]))
            return false;
    }
    return true;
}

struct reading {
    jf_bytes text;
    size_t at, host_from, host_to;
    const char *route;
    struct http_url *out;
    const char **complaint;
};

static struct http_url_part *add_part(struct reading *reading)
{
    struct http_url *url = reading->out;
    struct http_url_part *part = &url->parts[url->count++];
    size_t at = reading->at;
    part->in_host = at < reading->host_to;
    part->in_query = memchr(reading->text.ptr, '?', at) != NULL;
    return part;
}

static int read_literal(struct reading *reading, size_t to)
{
    size_t at = reading->at;
    jf_bytes text = jf_view(reading->text.ptr + at, to - at);
    if (!is_literal(text)) {
        *reading->complaint = "a character in it is not allowed in a URL";
        return JF_E_INVALID;
    }
    struct http_url_part *part = add_part(reading);
    part->source.from = HTTP_FROM_TEXT;
    part->source.name = http_text_copy(text);
    reading->at = to;
    return part->source.name ? JF_OK : JF_E_NOMEM;
}

static int read_variable(struct reading *reading)
{
    jf_bytes text = reading->text;
    const char *start = text.ptr + reading->at + 2;
    const char *end = memchr(start, '}', (size_t)(text.ptr + text.len - start));
    if (!end) {
        *reading->complaint = "a ${ without its }";
        return JF_E_INVALID;
    }
    struct http_url_part *part = add_part(reading);
    int status = http_source_read(jf_view(start, (size_t)(end - start)), reading->route,
                                  &part->source, reading->complaint);
    if (status == JF_OK && part->in_host && part->source.from != HTTP_FROM_STAGE) {
        *reading->complaint = "only stage variables may say which host it is";
        status = JF_E_INVALID;
    }
    reading->at = (size_t)(end - text.ptr) + 1;
    return status;
}

/* The next "${", or the end of the host, whichever is first. */
static size_t literal_end(const struct reading *reading)
{
    size_t at = reading->at;
    size_t end = at < reading->host_to ? reading->host_to : reading->text.len;
    for (; at + 1 < end; at++) {
        if (reading->text.ptr[at] == '$' && reading->text.ptr[at + 1] == '{')
            return at;
    }
    return end;
}

static int read_parts(struct reading *reading)
{
    while (reading->at < reading->text.len) {
        if (reading->out->count == PARTS_MAX) {
            *reading->complaint = "it has too many variables";
            return JF_E_INVALID;
        }
        size_t end = literal_end(reading);
        int status =
            end > reading->at ? read_literal(reading, end) : read_variable(reading);
        if (status < 0)
            return status;
    }
    return JF_OK;
}

int http_url_read(jf_bytes text, const char *route, struct http_url *out,
                  const char **complaint)
{
    size_t end = host_end(text), scheme = starts(text, "https://") ? 8 : 7;
    struct reading reading = { text, 0, scheme, end, route, out, complaint };
    *complaint = "it is not http:// or https:// and a host";
    if (end <= scheme || text.len > HTTP_URL_MAX || memchr(text.ptr, '@', end) ||
        memchr(text.ptr, '\0', text.len))
        return JF_E_INVALID;
    *out = (struct http_url){ calloc(PARTS_MAX, sizeof(*out->parts)), 0 };
    int status = out->parts ? read_parts(&reading) : JF_E_NOMEM;
    if (status < 0)
        http_url_fini(out);
    return status;
}

void http_url_fini(struct http_url *url)
{
    for (size_t i = 0; i < url->count; i++)
        http_source_fini(&url->parts[i].source);
    free(url->parts);
    *url = (struct http_url){ NULL, 0 };
}

/* ---- For one event ----------------------------------------------------- */

static int add_to_host(const struct http_url_part *part, struct http_facts *facts,
                       struct http_text *out)
{
    size_t from = out->len;
    if (!http_source_add(&part->source, facts, out) || out->len == from)
        return JF_E_INVALID;
    return is_host(jf_view(out->ptr + from, out->len - from)) ? JF_OK : JF_E_INVALID;
}

static int add_value(const struct http_url_part *part, struct http_facts *facts,
                     struct http_text *out)
{
    struct http_text value = { .max = HTTP_URL_MAX };
    bool slash = part->source.from == HTTP_FROM_STAGE && !part->in_query;
    if (http_source_add(&part->source, facts, &value))
        http_text_add_percent(out, http_text_bytes(&value), slash);
    int status = http_text_status(&value);
    http_text_fini(&value);
    return status;
}

/* A segment that a server takes as "here" or "up", encoded or not (RFC 3986, 5.2.4). */
static bool is_dots(const char *segment, size_t len)
{
    size_t dots = 0;
    for (size_t i = 0; i < len; dots++) {
        if (segment[i] == '.')
            i++;
        else if (len - i >= 3 && segment[i] == '%' && segment[i + 1] == '2' &&
                 (segment[i + 2] | 32) == 'e')
            i += 3;
        else
            return false;
    }
    return dots == 1 || dots == 2;
}

static bool has_dots(const struct http_text *url)
{
    const char *at = strstr(url->ptr, "://") + 3;
    const char *end = at + strcspn(at, "?");
    for (at += strcspn(at, "/?"); at < end;) {
        size_t len = strcspn(++at, "/?");
        if (is_dots(at, len))
            return true;
        at += len;
    }
    return false;
}

int http_url_build(const struct http_url *url, struct http_facts *facts,
                   struct http_text *out)
{
    int status = JF_OK;
    for (size_t i = 0; i < url->count && status == JF_OK; i++) {
        const struct http_url_part *part = &url->parts[i];
        if (part->source.from == HTTP_FROM_TEXT)
            http_text_add_str(out, part->source.name);
        else if (part->in_host)
            status = add_to_host(part, facts, out);
        else
            status = add_value(part, facts, out);
    }
    if (status == JF_OK)
        status = http_text_status(out);
    return status == JF_OK && has_dots(out) ? JF_E_INVALID : status;
}
