/* Decodes base64url, and only the one text that an encoder would have made: a token that
 * can be written in two ways would pass for two tokens. It does not encode; we make none.
 */
#include "base64url.h"

#define BAD 255

static unsigned char value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned char)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned char)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (unsigned char)(c - '0' + 52);
    return c == '-' ? 62 : c == '_' ? 63 : BAD;
}

bool base64url_decode(jf_bytes text, unsigned char *octets, size_t room, size_t *out)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t len = 0;

    if (text.len % 4 == 1 || BASE64URL_SIZE(text.len) > room)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char value = value_of(text.ptr[i]);
        if (value == BAD)
            return false;
        bits = bits << 6 | value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            octets[len++] = (unsigned char)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    if (bits)
        return false;
    *out = len;
    return true;
}
