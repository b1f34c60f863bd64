/*
 * schema - does a message fit? JSON Schema, the part of it that bounds a message's shape.
 *
 *   type  enum  const                        any value
 *   minimum  maximum  exclusiveMinimum  exclusiveMaximum
 *   minLength  maxLength                     strings, in code points
 *   items  minItems  maxItems                arrays; one schema for all elements
 *   properties  required  additionalProperties  minProperties  maxProperties
 *
 * Drafts 4 and 6, which API Gateway's models are written in, differ in three places. An
 * exclusive bound is true beside its bound (4) or a number (6): both are understood. true
 * and false are schemas (6): they are. 1.0 is an integer (6) or is none (4): it is none,
 * and so is 1e2. enum and const list scalars only. $schema, $id, id, title, description,
 * default, examples and definitions are passed over. Every other keyword is an error: a
 * rule that is not kept must not look as if it were.
 *
 * Checking is one pass over the body, in linear time (times the logarithm of how many names
 * a schema has), without a tree or an allocation. Numbers are compared as the decimals they
 * are, in any length. The body is checked to be JSON as far as it is read, which is to its
 * end if it fits.
 *
 * A member that is named in the schema (properties, required) and comes twice does not fit:
 * a reader that takes the first and one that takes the last would see different messages.
 * Others may come twice; each is checked, and each counts for minProperties. Octets above
 * 127 pass: whether a text is UTF-8 is known from elsewhere, and what is none has as many
 * code points as it has octets that do not continue one.
 */
#ifndef JF_PARSE_SCHEMA_H
#define JF_PARSE_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define SCHEMA_TEXT_MAX 65536 /* octets of a schema */
#define SCHEMA_DEPTH_MAX 32   /* schemas within schemas */
#define SCHEMA_NAME_MAX 1024  /* octets of a name or a listed string, unescaped */
#define SCHEMA_LEVELS_MAX 64  /* nesting of a body; deeper ones do not fit */
#define SCHEMA_PLACE_MAX 160  /* a JSON pointer, NUL included */

struct schema;

/* Where and why a schema is wrong. The place is a JSON pointer (RFC 6901) into the schema,
 * with "/..." for a step that is too long or no text, and all steps before it. */
struct schema_error {
    char place[SCHEMA_PLACE_MAX];
    char text[128];
};

/* What does not fit. The place is such a pointer into the body, made of a stranger's names:
 * for a log it goes through log_quote(). It is that of a member that is missing, too. The
 * keyword is one of the schema's, "false" for the schema that nothing fits, "duplicate", or
 * "json" for what is none or is nested too deep. */
struct schema_problem {
    char place[SCHEMA_PLACE_MAX];
    const char *keyword;
};

/* JF_E_INVALID with *error. Immutable afterwards. [main thread] */
int schema_compile(jf_bytes text, struct schema **out, struct schema_error *error);
void schema_free(struct schema *schema); /* NULL is accepted */

/* False: with *why, unless that is NULL. `body` is only read; the same schema may be used
 * by any number of threads at once. [any thread] */
bool schema_fits(const struct schema *schema, jf_bytes body, struct schema_problem *why);

#endif
