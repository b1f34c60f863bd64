/*
 * UTF-8 validation of whole texts. Lua's own utf8.len is for scripts; it would need the
 * text as a Lua value first.
 */
#include "lua_utf8.h"

/* Eight octets of ASCII at a time. */
static size_t skip_ascii(jf_bytes text, size_t at)
{
    uint64_t word;
    while (at + sizeof(word) <= text.len) {
        memcpy(&word, text.ptr + at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
        at += sizeof(word);
    }
    while (at < text.len && !((unsigned char)text.ptr[at] & 0x80))
        at++;
    return at;
}

/* The length of the character at `at`, which is not ASCII; 0 if it is none. The ranges of
 * the second octet rule out what is overlong, surrogates, and what lies above U+10FFFF. */
static size_t char_len(jf_bytes text, size_t at)
{
    const unsigned char *p = (const unsigned char *)text.ptr + at;
    size_t left = text.len - at;
    unsigned char low = 0x80, high = 0xbf;
    size_t len;
    if (p[0] >= 0xc2 && p[0] <= 0xdf)
        len = 2;
    else if ((p[0] & 0xf0) == 0xe0)
        len = 3;
    else if (p[0] >= 0xf0 && p[0] <= 0xf4)
        len = 4;
    else
        return 0;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

bool lua_utf8_valid(jf_bytes text)
{
    for (size_t at = skip_ascii(text, 0); at < text.len; at = skip_ascii(text, at)) {
        size_t len = char_len(text, at);
        if (!len)
            return false;
        at += len;
    }
    return true;
}
