/*
 * origin - whose pages may connect (RFC 6454; RFC 6455, 10.2).
 *
 *     https://app.example              exactly that
 *     https://app.example:8443
 *     https://  *.example              (without blanks) any name below it, but not itself
 *     null                             what a page without an origin says
 *     *                                anybody
 *
 * A client that is no browser says none, and is not what this is about. Pure. [any thread]
 */
#ifndef JF_PARSE_ORIGIN_H
#define JF_PARSE_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

/* Is it one of the above? If not, *why is a constant sentence. */
bool origin_is_pattern(jf_bytes pattern, const char **why);

/* Is the value of an Origin header within the pattern? The case of letters does not
 * count, a port that the scheme implies may be left out. */
bool origin_fits(jf_bytes pattern, jf_bytes origin);

#endif
