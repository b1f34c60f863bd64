/* base64url: what is decoded is, encoded again, the very same text; so there is one text
 * for each sequence of octets. */
#include <stdlib.h>

#include "core/base/check.h"
#include "plugins/jwt/base64url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text's character at `at`, by the octets. */
static char character(const unsigned char *octets, size_t len, size_t at)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned value = 0;
    for (size_t bit = at * 6; bit < at * 6 + 6; bit++)
        value = value << 1 |
                (bit / 8 < len ? (unsigned)octets[bit / 8] >> (7 - bit % 8) & 1u : 0u);
    return letters[value];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jf_bytes text = jf_view(data, size);
    size_t room = BASE64URL_SIZE(size), len = room + 1;
    unsigned char *octets = malloc(room ? room : 1);
    CHECK(octets);
    if (base64url_decode(text, octets, room, &len)) {
        CHECK(len == room);
        CHECK(size == len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0));
        for (size_t i = 0; i < size; i++)
            CHECK(text.ptr[i] == character(octets, len, i));
        CHECK(!len || !base64url_decode(text, octets, room - 1, &len));
    }
    free(octets);
    return 0;
}
