/* The table of RFC 3629, section 4, as a state machine: a lead octet says how many follow
 * and what the first of them may be. */
#include "core/parse/utf8.h"

#include <string.h>

#define HIGH_BITS 0x8080808080808080ULL

static bool begin(struct utf8 *state, uint8_t lead)
{
    state->low = 0x80;
    state->high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
        state->need = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
        state->need = 2;
        if (lead == 0xe0)
            state->low = 0xa0; /* shorter forms exist below */
        if (lead == 0xed)
            state->high = 0x9f; /* surrogates above */
    } else if (lead >= 0xf0 && lead <= 0xf4) {
        state->need = 3;
        if (lead == 0xf0)
            state->low = 0x90;
        if (lead == 0xf4)
            state->high = 0x8f; /* beyond U+10FFFF above */
    } else {
        return false;
    }
    return true;
}

/* How many octets at the start are ASCII, counted by eights. */
static size_t ascii_run(const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    for (; at + 8 <= len; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        if (word & HIGH_BITS)
            break;
    }
    return at;
}

bool utf8_feed(struct utf8 *state, const uint8_t *bytes, size_t len)
{
    size_t at = 0;
    while (at < len) {
        if (!state->need) {
            at += ascii_run(bytes + at, len - at);
            while (at < len && bytes[at] < 0x80)
                at++;
            if (at == len)
                return true;
            if (!begin(state, bytes[at++]))
                return false;
            continue;
        }
        if (bytes[at] < state->low || bytes[at] > state->high)
            return false;
        state->low = 0x80;
        state->high = 0xbf;
        state->need--;
        at++;
    }
    return true;
}
