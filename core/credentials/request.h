/*
 * request - an HTTP request, as far as credentials are concerned with it.
 *
 * Views of what the peer wrote: nothing decoded, nothing normalised, since that is what was
 * signed. Pure. [any thread]
 */
#ifndef JF_CREDENTIALS_REQUEST_H
#define JF_CREDENTIALS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define REQUEST_TARGET_MAX 8192 /* octets of path and query together */

/* Borrowed, all of it. */
struct request {
    jf_bytes method;
    jf_bytes path;                 /* percent-encoded as written, without the query */
    jf_bytes query;                /* after the "?", as written; empty if none */
    const struct jf_pair *headers; /* with Host; repeated ones are not joined */
    size_t header_count;
    jf_bytes body; /* whole, without its transfer coding */
};

/* How many headers have that name, ASCII case ignored; *out is the last one's value, and
 * untouched if there is none. */
size_t request_header(const struct request *request, const char *name, jf_bytes *out);

/* How many parameters of the query have that name, literally; *out is the last one's value,
 * still encoded, and untouched if there is none. */
size_t request_parameter(const struct request *request, const char *name, jf_bytes *out);

/* Takes the next "name=value" off `rest`, which begins as the query; a name alone has an
 * empty value. False when there is no more. Nothing between two "&&" is no parameter. */
bool request_next_parameter(jf_bytes *rest, struct jf_pair *out);

#endif
