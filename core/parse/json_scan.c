/* The rarer halves of the tokens: long strings, escapes, fractions. Long runs are passed 32
 * octets at a time with the compiler's vectors, which every machine we meet has and which
 * cost nothing where it does not. */
#include "core/parse/json_scan.h"

#include "core/base/bytes.h"

typedef uint8_t octets16 __attribute__((vector_size(16)));

static inline octets16 stops_of(const char *at)
{
    octets16 in;
    memcpy(&in, at, sizeof(in));
    octets16 zero = in ^ in;
    return (octets16)(in == zero + '"') | (octets16)(in == zero + '\\') |
           (octets16)(in < zero + ' ');
}

static inline bool any(octets16 stops)
{
    uint64_t half[2];
    memcpy(half, &stops, sizeof(half));
    return (half[0] | half[1]) != 0;
}

static inline bool is_stop(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < ' ';
}

/* The first octet from `at` on that ends a plain run, or `end`. */
static const char *run_end(const char *at, const char *end)
{
    while (end - at >= 32) {
        if (any(stops_of(at) | stops_of(at + 16)))
            break;
        at += 32;
    }
    while (end - at >= 8) {
        uint64_t octets;
        memcpy(&octets, at, 8);
        uint64_t stops = json_stops(le64toh(octets));
        if (stops)
            return at + (__builtin_ctzll(stops) >> 3);
        at += 8;
    }
    while (at < end && !is_stop(*at))
        at++;
    return at;
}

/* Four hexadecimal digits; -1: they are not. */
static int hex_unit(const char *at, const char *end)
{
    int unit = 0;
    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = bytes_hex_digit(at[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* `at` is the backslash. A lone surrogate is grammatical here: RFC 8259, section 8.2. */
static const char *escape_end(const char *at, const char *end)
{
    if (end - at < 2)
        return NULL;
    if (at[1] == 'u')
        return hex_unit(at + 2, end) < 0 ? NULL : at + 6;
    return at[1] && strchr("\"\\/bfnrt", at[1]) ? at + 2 : NULL;
}

const char *json_string_rest(const char *at, const char *end, bool *escaped)
{
    *escaped = false;
    for (;;) {
        at = run_end(at, end);
        if (at == end || (unsigned char)*at < ' ')
            return NULL;
        if (*at == '"')
            return at;
        *escaped = true;
        at = escape_end(at, end);
        if (!at)
            return NULL;
    }
}

static const char *digits(const char *at, const char *end)
{
    const char *from = at;
    while (at < end && json_is_digit(*at))
        at++;
    return at > from ? at : NULL;
}

const char *json_number_rest(const char *at, const char *end)
{
    if (*at == '.') {
        at = digits(at + 1, end);
        if (!at || at == end || (*at != 'e' && *at != 'E'))
            return at;
    }
    at++;
    if (at < end && (*at == '+' || *at == '-'))
        at++;
    return digits(at, end);
}

bool json_append(struct json_text *text, const char *from, size_t len)
{
    if (len > text->size - text->len)
        return false;
    if (len)
        memcpy(text->to + text->len, from, len);
    text->len += len;
    return true;
}

static bool append_character(struct json_text *text, uint32_t code)
{
    char utf8[4];
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = len - 1; i > 0; i--) {
        utf8[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    utf8[0] = (char)(lead[len] | code);
    return json_append(text, utf8, len);
}

/* `*at` is after "\u" and moves past one character, two units if they are a pair. */
static bool unescape_unit(const char **at, const char *end, struct json_text *text)
{
    int first = hex_unit(*at, end);
    *at += 4;
    if (first < 0xd800 || first > 0xdfff)
        return append_character(text, (uint32_t)first);
    if (first > 0xdbff || end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return false;
    int second = hex_unit(*at + 2, end);
    if (second < 0xdc00 || second > 0xdfff)
        return false;
    *at += 6;
    return append_character(text, 0x10000u + (((uint32_t)first & 0x3ff) << 10) +
                                      ((uint32_t)second & 0x3ff));
}

bool json_unescape(const char *at, const char *end, struct json_text *text)
{
    static const char names[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    while (at < end) {
        const char *stop = memchr(at, '\\', (size_t)(end - at));
        if (!stop)
            stop = end;
        if (!json_append(text, at, (size_t)(stop - at)))
            return false;
        if (stop == end)
            break;
        at = stop + 2;
        const char *name = strchr(names, stop[1]);
        bool fits = stop[1] == 'u' ? unescape_unit(&at, end, text)
                    : name         ? json_append(text, meanings + (name - names), 1)
                                   : json_append(text, stop + 1, 1);
        if (!fits)
            return false;
    }
    return true;
}
