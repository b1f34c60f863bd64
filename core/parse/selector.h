/*
 * selector - a route selection expression, compiled once; a body to a route key.
 *
 *   $request.body.action    ${request.body.service}/${request.body.action}
 *   request.body.action     $request.body.items[0].kind     join     \$default
 *
 * The grammar is API Gateway's ("Working with selection expressions"): variables start with
 * "$", "${...}" bounds one, "\$" is a dollar, all else is literal; a lone "request.body.x"
 * is understood as a variable, since the console stores it so. Values are stringified as
 * AWS does: strings as they are, numbers and true/false as written, arrays "[a, b]", null
 * and missing paths as nothing; an object never matches.
 *
 * Picking scans the body once and validates it to its last byte while it scans; it does not
 * build a tree and does not allocate. The last of duplicate keys wins.
 */
#ifndef JF_PARSE_SELECTOR_H
#define JF_PARSE_SELECTOR_H

#include <stddef.h>

#include "sdk/jackfield.h"

#define SELECTOR_KEY_MAX 1024 /* a longer result selects nothing */
#define SELECTOR_DEPTH_MAX 64 /* nesting of a body; deeper ones select nothing */

struct selector;

/* Where and why an expression is wrong; `at` counts characters from 0. */
struct selector_error {
    size_t at;
    const char *text;
};

/* JF_E_INVALID with *error. Immutable afterwards. [main thread] */
int selector_compile(jf_bytes expression, struct selector **out,
                     struct selector_error *error);
void selector_free(struct selector *selector); /* NULL is accepted */

/* The route key for a body. JF_OK with *out, a view of the body, of the expression or of
 * `scratch`; it may be empty. JF_E_NOT_FOUND: the body is no JSON object, or its value
 * cannot be a key (an object, too long, too deep): the $default route's. [any thread] */
int selector_pick(const struct selector *selector, jf_bytes body,
                  char scratch[SELECTOR_KEY_MAX], jf_bytes *out);

#endif
