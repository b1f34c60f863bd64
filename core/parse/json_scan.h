/*
 * json_scan - the tokens of strict JSON (RFC 8259), read once from front to back.
 *
 * Each function takes the place where its token starts and the end of the text, and
 * returns the place after the token, or NULL if there is no such token. Nothing is
 * allocated, nothing is copied, and no octet from `end` on is read. Octets above 127 pass:
 * whether they are UTF-8 is known from elsewhere. The short cases are inline because the
 * selector meets them in every message. Pure. [any thread]
 */
#ifndef JF_PARSE_JSON_SCAN_H
#define JF_PARSE_JSON_SCAN_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The text of a string or key as it grows, in memory of the caller's. */
struct json_text {
    char *to;
    size_t size, len;
};

/* Append what stands between a valid string's quotes, unescaped. False: `text` is full,
 * or an escape is half a surrogate pair, which is no character. */
bool json_unescape(const char *at, const char *end, struct json_text *text);

/* Append octets as they are; false: `text` is full. */
bool json_append(struct json_text *text, const char *from, size_t len);

/* json_string() for what its inline part does not settle. */
const char *json_string_rest(const char *at, const char *end, bool *escaped);

/* A fraction or an exponent, after a number's whole part. */
const char *json_number_rest(const char *at, const char *end);

static inline const char *json_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
        at++;
    return at;
}

/* The high bit of each of eight octets that may not stand in the plain run of a string: a
 * quote, a backslash, a control octet. The lowest bit set is exact, those above it need
 * not be (a subtraction may borrow). Quotes and controls share one test, since only they
 * are below 0x21 after flipping 0x02. */
static inline uint64_t json_stops(uint64_t octets)
{
    const uint64_t ones = 0x0101010101010101ULL;
    uint64_t low = (octets ^ ones * 0x02) - ones * 0x21;
    uint64_t backslash = (octets ^ ones * '\\') - ones;
    return (low | backslash) & ~octets & ones * 0x80;
}

/* `at` is after the opening quote; returns the closing one. `escaped`: is there a
 * backslash in it? */
static inline const char *json_string(const char *at, const char *end, bool *escaped)
{
    if (end - at >= 8) {
        uint64_t octets;
        memcpy(&octets, at, 8);
        uint64_t stops = json_stops(le64toh(octets));
        if (stops) {
            const char *stop = at + (__builtin_ctzll(stops) >> 3);
            if (*stop == '"') {
                *escaped = false;
                return stop;
            }
        }
    }
    return json_string_rest(at, end, escaped);
}

static inline bool json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline const char *json_number(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    if (at == end || !json_is_digit(*at))
        return NULL;
    if (*at++ != '0') {
        while (at < end && json_is_digit(*at))
            at++;
    }
    if (at < end && (*at == '.' || *at == 'e' || *at == 'E'))
        return json_number_rest(at, end);
    return at;
}

/* One of the three words. */
static inline const char *json_word(const char *at, const char *end, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(end - at) < len || memcmp(at, word, len) != 0)
        return NULL;
    return at + len;
}

#endif
