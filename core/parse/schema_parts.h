/*
 * schema_parts - what a schema is compiled to.
 *
 * The bodies stand here because schema_compile.c and schema_keywords.c write what schema.c
 * reads for every message; nobody else may. A schema is a tree, since there is no $ref; so
 * no node is met within itself, and what is noted about a message has a fixed place per
 * node.
 */
#ifndef JF_PARSE_SCHEMA_PARTS_H
#define JF_PARSE_SCHEMA_PARTS_H

#include <stdint.h>

#include "core/parse/decimal.h"
#include "core/parse/schema.h"

enum schema_type {
    SCHEMA_NULL = 1 << 0,
    SCHEMA_BOOLEAN = 1 << 1,
    SCHEMA_INTEGER = 1 << 2,  /* a number without a fraction */
    SCHEMA_FRACTION = 1 << 3, /* any other number */
    SCHEMA_STRING = 1 << 4,
    SCHEMA_ARRAY = 1 << 5,
    SCHEMA_OBJECT = 1 << 6,
    SCHEMA_ANYTHING = (1 << 7) - 1,
};

enum schema_bound {
    SCHEMA_MINIMUM,
    SCHEMA_MAXIMUM,
    SCHEMA_ABOVE, /* exclusiveMinimum */
    SCHEMA_BELOW, /* exclusiveMaximum */
    SCHEMA_BOUNDS,
};

/* How many there must be, and may be. */
struct schema_range {
    uint32_t min, max;
};

/* One of those that enum or const lists. */
struct schema_scalar {
    enum { SCALAR_NULL, SCALAR_FALSE, SCALAR_TRUE, SCALAR_NUMBER, SCALAR_STRING } kind;
    jf_bytes text;         /* a string's */
    struct decimal number; /* a number's */
};

/* Sorted by schema_scalar_order(). */
struct schema_scalars {
    struct schema_scalar *items;
    uint32_t count;
    bool given;
};

/* A name that the schema knows. */
struct schema_member {
    jf_bytes name;
    struct schema_node *rule; /* NULL: anything */
    uint32_t after;           /* the member that the schema names after this one */
    bool named;               /* in properties; else `additional` says what it may be */
    bool required;
};

struct schema_node {
    uint32_t types; /* none: nothing fits */
    uint32_t given; /* keywords that stand in it, by their place in the table */
    struct schema_scalars listed, constant;
    uint32_t bounds_given; /* a bit for each */
    uint32_t beside;       /* exclusive ones that draft 4 wants to be those beside them */
    struct decimal bounds[SCHEMA_BOUNDS];
    struct schema_range length, elements, members_range;
    bool length_given;
    struct schema_node *rule;       /* of elements; NULL: anything */
    struct schema_node *additional; /* NULL: anything, unless `closed` */
    bool closed;
    struct schema_member *members; /* sorted by schema_name_order() */
    uint32_t member_count;
    uint32_t first; /* the member that the schema names first */
    /* A bit per member, in words: those that are required, and where the words start in
     * which a check notes those it has seen. Above a node's are those it lies within. */
    uint64_t *required;
    uint32_t words, words_at;
};

/* Along any path from the root are fewer words than this: a name takes four octets of text,
 * and no word is begun in vain but one per level. */
#define SCHEMA_WORDS_MAX (SCHEMA_TEXT_MAX / 4 / 64 + SCHEMA_DEPTH_MAX)

struct schema {
    struct schema_node *root; /* NULL: any JSON */
    char *text;               /* what the views above point into */
    char *unescaped;          /* and what had escapes in it */
    size_t unescaped_len;
};

/* By length, then by octets. */
static inline int schema_name_order(jf_bytes a, jf_bytes b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return a.len ? memcmp(a.ptr, b.ptr, a.len) : 0;
}

static inline int schema_scalar_order(const struct schema_scalar *a,
                                      const struct schema_scalar *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->kind == SCALAR_NUMBER)
        return decimal_compare(&a->number, &b->number);
    return a->kind == SCALAR_STRING ? schema_name_order(a->text, b->text) : 0;
}

#endif
