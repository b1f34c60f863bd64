/* One growing buffer. Whether a comma is due is read off its last octet: a string ends in
 * its quote, so an open bracket or a colon there is never a stranger's. */
#include "core/parse/json_text.h"

#include <stdio.h>
#include <time.h>

#include "core/base/memory.h"
#include "core/parse/utf8.h"

#define ROOM_MIN 1024

static bool reserve(struct json_text *text, size_t len)
{
    if (text->failed || text->room - text->len >= len)
        return !text->failed;
    size_t room = text->room * 2 < ROOM_MIN ? ROOM_MIN : text->room * 2;
    if (room - text->len < len)
        room = text->len + len;
    char *larger = try_realloc(text->bytes, room);
    if (!larger) {
        text->failed = true;
        return false;
    }
    text->bytes = larger;
    text->room = room;
    return true;
}

static void add(struct json_text *text, const char *bytes, size_t len)
{
    if (!reserve(text, len))
        return;
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static void add_char(struct json_text *text, char c)
{
    add(text, &c, 1);
}

static void begin_value(struct json_text *text)
{
    char last = text->len ? text->bytes[text->len - 1] : '[';
    if (last != '{' && last != '[' && last != ':')
        add_char(text, ',');
}

/* ---- Strings ------------------------------------------------------------ */

static void add_escape(struct json_text *text, char c)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; i < sizeof(shorts) - 1; i += 2) {
        if (shorts[i] == c) {
            add_char(text, '\\');
            add_char(text, shorts[i + 1]);
            return;
        }
    }
    char escape[8];
    int len = snprintf(escape, sizeof(escape), "\\u%04x", (unsigned char)c);
    add(text, escape, (size_t)len);
}

static bool needs_escape(char c)
{
    return (unsigned char)c < ' ' || c == '"' || c == '\\';
}

/* What is known to be UTF-8, in runs. */
static void add_escaped(struct json_text *text, jf_bytes value)
{
    size_t from = 0;
    for (size_t at = 0; at < value.len; at++) {
        if (!needs_escape(value.ptr[at]))
            continue;
        add(text, value.ptr + from, at - from);
        add_escape(text, value.ptr[at]);
        from = at + 1;
    }
    if (from < value.len)
        add(text, value.ptr + from, value.len - from);
}

/* How many octets the character in front has; 0: it is none. */
static size_t character_length(jf_bytes rest)
{
    size_t most = rest.len < 4 ? rest.len : 4;
    for (size_t len = 1; len <= most; len++) {
        if (utf8_is_text(jf_view(rest.ptr, len)))
            return len;
    }
    return 0;
}

static void add_mended(struct json_text *text, jf_bytes value)
{
    size_t at = 0;
    while (at < value.len) {
        size_t len = character_length(jf_view(value.ptr + at, value.len - at));
        if (len)
            add_escaped(text, jf_view(value.ptr + at, len));
        else
            add(text, "\xef\xbf\xbd", 3);
        at += len ? len : 1;
    }
}

static void add_quoted(struct json_text *text, jf_bytes value)
{
    add_char(text, '"');
    if (utf8_is_text(value))
        add_escaped(text, value);
    else
        add_mended(text, value);
    add_char(text, '"');
}

static char base64_digit(uint32_t bits)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    return alphabet[bits & 63];
}

/* `have` of three octets as four digits. */
static void add_base64_group(struct json_text *text, const char *octets, size_t have)
{
    uint32_t bits = (uint32_t)(uint8_t)octets[0] << 16;
    if (have > 1)
        bits |= (uint32_t)(uint8_t)octets[1] << 8;
    if (have > 2)
        bits |= (uint8_t)octets[2];
    char *to = text->bytes + text->len;
    to[0] = base64_digit(bits >> 18);
    to[1] = base64_digit(bits >> 12);
    to[2] = have > 1 ? base64_digit(bits >> 6) : '=';
    to[3] = have > 2 ? base64_digit(bits) : '=';
    text->len += 4;
}

/* ---- Values ------------------------------------------------------------- */

void json_text_expect(struct json_text *text, size_t len)
{
    reserve(text, len);
}

void json_text_open(struct json_text *text, char bracket)
{
    begin_value(text);
    add_char(text, bracket);
}

void json_text_close(struct json_text *text, char bracket)
{
    add_char(text, bracket);
}

void json_text_name(struct json_text *text, jf_bytes name)
{
    begin_value(text);
    add_quoted(text, name);
    add_char(text, ':');
}

void json_text_string(struct json_text *text, jf_bytes value)
{
    begin_value(text);
    add_quoted(text, value);
}

void json_text_base64(struct json_text *text, jf_bytes value)
{
    begin_value(text);
    add_char(text, '"');
    if (reserve(text, value.len / 3 * 4 + 4)) {
        for (size_t at = 0; at < value.len; at += 3)
            add_base64_group(text, value.ptr + at, value.len - at < 3 ? value.len - at : 3);
    }
    add_char(text, '"');
}

void json_text_number(struct json_text *text, uint64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
    begin_value(text);
    add(text, digits, (size_t)len);
}

void json_text_bool(struct json_text *text, bool value)
{
    begin_value(text);
    add(text, value ? "true" : "false", value ? 4 : 5);
}

void json_text_null(struct json_text *text)
{
    begin_value(text);
    add(text, "null", 4);
}

void json_text_time(struct json_text *text, uint64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    char words[64];
    gmtime_r(&seconds, &tm);
    int len = snprintf(words, sizeof(words), "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ",
                       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                       tm.tm_sec, (unsigned)(ms % 1000));
    json_text_string(text, jf_view(words, (size_t)len));
}

char *json_text_take(struct json_text *text, size_t *len)
{
    char *bytes = text->bytes;
    if (text->failed) {
        free(bytes);
        bytes = NULL;
    } else {
        *len = text->len;
    }
    *text = (struct json_text){ 0 };
    return bytes;
}
