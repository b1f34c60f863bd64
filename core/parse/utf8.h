/*
 * utf8 - is this text? Incrementally, over any number of pieces (RFC 3629).
 *
 * Overlong forms, surrogates and code points above U+10FFFF are refused as soon as the
 * octet that makes them so is seen, as RFC 6455 section 8.1 and the Autobahn suite want.
 * Pure. [any thread]
 */
#ifndef JF_PARSE_UTF8_H
#define JF_PARSE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

/* Embedded in a frame reader, hence the body. Zeroed: at the start of a text. */
struct utf8 {
    uint8_t need;      /* continuation octets still to come */
    uint8_t low, high; /* what the next one may be */
};

/* Take the next piece; false: this can never become UTF-8. */
bool utf8_feed(struct utf8 *state, const uint8_t *bytes, size_t len);

/* May the text end here? */
static inline bool utf8_complete(const struct utf8 *state)
{
    return state->need == 0;
}

/* Is it, from its beginning to its end? */
static inline bool utf8_is_text(jf_bytes bytes)
{
    struct utf8 state = { 0 };
    return utf8_feed(&state, (const uint8_t *)bytes.ptr, bytes.len) &&
           utf8_complete(&state);
}

#endif
