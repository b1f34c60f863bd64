/*
 * json_text - writes a JSON text, left to right.
 *
 * Nothing can fail on the way: what there is no memory for is noted, and json_text_take()
 * tells. Commas are put where they belong. Strings may be any octets: what is no UTF-8
 * becomes U+FFFD, since JSON has nothing else for it. Pure. [any thread]
 */
#ifndef JF_PARSE_JSON_TEXT_H
#define JF_PARSE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

/* Zeroed: an empty text. Embedded by its user, hence the body. */
struct json_text {
    char *bytes;
    size_t len, room;
    bool failed;
};

/* Room for about so much more at once, where that is known. */
void json_text_expect(struct json_text *text, size_t len);

/* An object or an array, begun as the next value and ended: '{' and '}', '[' and ']'. */
void json_text_open(struct json_text *text, char bracket);
void json_text_close(struct json_text *text, char bracket);

/* The name of the next value, in an object. */
void json_text_name(struct json_text *text, jf_bytes name);

/* The next value. */
void json_text_string(struct json_text *text, jf_bytes value);
void json_text_base64(struct json_text *text, jf_bytes value); /* a string, RFC 4648, 4 */
void json_text_number(struct json_text *text, uint64_t value);
void json_text_bool(struct json_text *text, bool value);
void json_text_null(struct json_text *text);
void json_text_time(struct json_text *text, uint64_t ms); /* ISO 8601, UTC, a string */

/* The text, the caller's to free; NULL, and nothing to free, if there was no memory. */
char *json_text_take(struct json_text *text, size_t *len);

#endif
