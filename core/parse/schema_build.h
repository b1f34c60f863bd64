/*
 * schema_build - what the two halves of the compiler share: schema_compile.c reads JSON and
 * makes nodes, schema_keywords.c knows what each keyword means.
 *
 * Every reader takes the place where its value starts and returns the place behind it, or
 * NULL: then the text says why, or is empty if there is no JSON. Callers add the steps they
 * have taken to the place. What was made is attached to its parent at once, so that there
 * is nothing to clean up on the way out.
 */
#ifndef JF_PARSE_SCHEMA_BUILD_H
#define JF_PARSE_SCHEMA_BUILD_H

#include "core/parse/schema_parts.h"
#include "core/parse/schema_place.h"

struct schema_build {
    struct schema *schema;
    const char *end;
    unsigned depth;
    struct schema_place place;
    char *text; /* of the error */
};

/* Called for each member or element, which has no name then. */
typedef const char *schema_build_fn(struct schema_build *b, void *data, jf_bytes name,
                                    const char *at);

/* NULL, for the caller to return; the first text stays. */
const char *schema_build_fail(struct schema_build *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A schema; *out is NULL if it is one that anything fits. */
const char *schema_build_node(struct schema_build *b, const char *at,
                              struct schema_node **out);

const char *schema_build_string(struct schema_build *b, const char *at, jf_bytes *out);
const char *schema_build_members(struct schema_build *b, const char *at,
                                 schema_build_fn *fn, void *data);
const char *schema_build_elements(struct schema_build *b, const char *at,
                                  schema_build_fn *fn, void *data);

/* The member of a schema: a keyword and its value. `data` is the node. */
schema_build_fn schema_keyword;

/* When all keywords have been read: `fail`s or makes the node ready. */
bool schema_keywords_end(struct schema_build *b, struct schema_node *node);

#endif
