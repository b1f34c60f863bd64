/* Most text is ASCII, and runs of it are skipped in words; the rest goes octet by octet
 * through three small numbers, so a text may be cut anywhere. */
#include "core/parse/utf8.h"

#include <string.h>

#define HIGH_BITS 0x8080808080808080u

static inline uint64_t word_at(const uint8_t *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof(word));
    return word;
}

static inline bool all_ascii(const uint8_t *bytes)
{
    return !(word_at(bytes) & HIGH_BITS);
}

/* How many octets from the first on are ASCII. Short runs are asked about first: most text
 * that is not all ASCII is made of them. */
static size_t ascii_run(const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    if (len >= 8 && all_ascii(bytes)) {
        for (at = 8; at + 32 <= len; at += 32) {
            const uint8_t *p = bytes + at;
            uint64_t any = word_at(p) | word_at(p + 8) | word_at(p + 16) | word_at(p + 24);
            if (any & HIGH_BITS)
                break;
        }
        while (at + 8 <= len && all_ascii(bytes + at))
            at += 8;
        /* The end that fills no word: look at the last word, some of it once more. */
        if (len - at < 8 && all_ascii(bytes + len - 8))
            return len;
    }
    while (at < len && bytes[at] < 0x80)
        at++;
    return at;
}

/* Nothing fits any more, nor is it complete. */
static bool spoil(struct utf8 *state)
{
    *state = (struct utf8){ 1, 0xff, 0 };
    return false;
}

/* What has to follow a lead octet is in Unicode's table 3-7. The state is kept in three
 * numbers of its own while we are here: as octets of a struct it is slow. */
bool utf8_feed(struct utf8 *state, const uint8_t *bytes, size_t len)
{
    unsigned need = state->need, low = state->low, high = state->high;
    for (size_t at = 0; at < len;) {
        unsigned octet = bytes[at];
        if (need) {
            if (octet < low || octet > high)
                return spoil(state);
            need--;
            low = 0x80;
            high = 0xbf;
            at++;
        } else if (octet < 0x80) {
            at += ascii_run(bytes + at, len - at);
        } else if (octet >= 0xc2 && octet < 0xe0 && at + 1 < len &&
                   (bytes[at + 1] & 0xc0) == 0x80) {
            at += 2; /* as below, but at once: most of what is not ASCII has two octets */
        } else {
            if (octet < 0xc2 || octet > 0xf4)
                return spoil(state);
            need = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3;
            low = octet == 0xe0 ? 0xa0 : octet == 0xf0 ? 0x90 : 0x80;
            high = octet == 0xed ? 0x9f : octet == 0xf4 ? 0x8f : 0xbf;
            at++;
        }
    }
    *state = (struct utf8){ (uint8_t)need, (uint8_t)low, (uint8_t)high };
    return true;
}
