/*
 * bytes - views of memory somebody else owns.
 *
 * The view is the SDK's jf_bytes, so a plugin's argument and a parsed header are the same
 * thing. All functions are pure. [any thread]
 */
#ifndef JF_BASE_BYTES_H
#define JF_BASE_BYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

/* A view of a string literal, usable in constant initialisers. */
#define BYTES(literal)                                                                     \
    {                                                                                      \
        "" literal, sizeof(literal) - 1                                                    \
    }

/* Spread into the two arguments of "%.*s". For text we made ourselves; a stranger's text
 * goes through log_quote() first. */
#define BYTES_FMT(view) (int)(view).len, (view).len ? (view).ptr : ""

static inline char bytes_lower_char(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static inline bool bytes_eq(jf_bytes view, const char *text)
{
    size_t len = strlen(text);
    return view.len == len && (!len || memcmp(view.ptr, text, len) == 0);
}

/* ASCII case ignored, as header names want it (RFC 9110, 5.1). */
static inline bool bytes_eq_nocase(jf_bytes view, const char *text)
{
    size_t len = strlen(text);
    if (view.len != len)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (bytes_lower_char(view.ptr[i]) != bytes_lower_char(text[i]))
            return false;
    }
    return true;
}

/* What remains from `from` on; empty when there is less. */
static inline jf_bytes bytes_from(jf_bytes view, size_t from)
{
    if (from >= view.len)
        return jf_view(NULL, 0);
    return jf_view(view.ptr + from, view.len - from);
}

/* Without blanks and tabs at either end (RFC 9110, optional white space). */
static inline jf_bytes bytes_trim(jf_bytes view)
{
    while (view.len && (view.ptr[0] == ' ' || view.ptr[0] == '\t'))
        view = bytes_from(view, 1);
    while (view.len && (view.ptr[view.len - 1] == ' ' || view.ptr[view.len - 1] == '\t'))
        view.len--;
    return view;
}

/* Where `c` first stands; `view.len` when it does not. */
static inline size_t bytes_find(jf_bytes view, char c)
{
    const char *at = view.len ? memchr(view.ptr, c, view.len) : NULL;
    return at ? (size_t)(at - view.ptr) : view.len;
}

#endif
