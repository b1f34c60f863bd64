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
static inline bool bytes_same_nocase(jf_bytes a, jf_bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (bytes_lower_char(a.ptr[i]) != bytes_lower_char(b.ptr[i]))
            return false;
    }
    return true;
}

static inline bool bytes_eq_nocase(jf_bytes view, const char *text)
{
    return bytes_same_nocase(view, jf_str(text));
}

/* What a hexadecimal digit counts; -1: it is none. */
static inline int bytes_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = bytes_lower_char(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octet that the escape "%XX" at the front stands for (RFC 3986, 2.1); -1: it is none.
 */
static inline int bytes_unescape(jf_bytes text)
{
    int high = text.len > 2 ? bytes_hex_digit(text.ptr[1]) : -1;
    int low = text.len > 2 ? bytes_hex_digit(text.ptr[2]) : -1;
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Decimal digits only, at least one, together at most `max`; else false, *out untouched. */
static inline bool bytes_number(jf_bytes text, uint64_t max, uint64_t *out)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.ptr[i] - (unsigned)'0';
        if (digit > 9 || digit > max || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (text.len)
        *out = number;
    return text.len > 0;
}

/* In network byte order, `octets` of them. */
static inline void bytes_put_number(uint8_t *out, uint64_t number, size_t octets)
{
    for (size_t i = octets; i-- > 0; number >>= 8)
        out[i] = (uint8_t)number;
}

static inline uint64_t bytes_get_number(const void *in, size_t octets)
{
    uint64_t number = 0;
    for (size_t i = 0; i < octets; i++)
        number = number << 8 | ((const uint8_t *)in)[i];
    return number;
}

/* A copy at *at, where there is room, which then is where the next would go. */
static inline jf_bytes bytes_keep(jf_bytes view, char **at)
{
    char *start = *at;
    if (view.len)
        memcpy(start, view.ptr, view.len);
    *at += view.len;
    return jf_view(start, view.len);
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
