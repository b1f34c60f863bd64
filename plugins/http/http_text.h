/*
 * http_text - text that grows up to a bound.
 *
 * Zeroed is empty, with a bound of 0: set `max` first. What does not fit marks it, and then
 * it stays as it is; who wrote much asks once, at the end. [any thread]
 */
#ifndef HTTP_TEXT_H
#define HTTP_TEXT_H

#include <stdbool.h>

#include "jackfield.h"

struct http_text {
    char *ptr; /* with a NUL behind its `len` octets, once there is something */
    size_t len, room, max;
    bool over, starved; /* it was too much; there was no memory */
};

void http_text_add(struct http_text *text, jf_bytes more);
void http_text_add_str(struct http_text *text, const char *more);

/* As part of a URL: all but unreserved characters (RFC 3986, 2.3) become %XX; a slash too,
 * unless `keep_slash`. */
void http_text_add_percent(struct http_text *text, jf_bytes more, bool keep_slash);

/* JF_OK, JF_E_TOO_BIG, JF_E_NOMEM. */
int http_text_status(const struct http_text *text);

static inline jf_bytes http_text_bytes(const struct http_text *text)
{
    return jf_view(text->ptr, text->len);
}

void http_text_fini(struct http_text *text);

/* A copy of one's own, with a NUL behind it; NULL without memory. */
char *http_text_copy(jf_bytes text);

/* Well-formed UTF-8 (RFC 3629)? */
bool http_text_is_utf8(jf_bytes text);

#endif
