/* What each keyword means. A table has one line for each; all others are refused. */
#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/json_scan.h"
#include "core/parse/json_skip.h"
#include "core/parse/schema_build.h"

struct keyword {
    const char *name;
    const char *(*read)(struct schema_build *b, struct schema_node *node,
                        const struct keyword *keyword, const char *at);
    size_t offset; /* of what is read, in the node */
    unsigned bound;
};

static inline void *member_of(struct schema_node *node, const struct keyword *keyword)
{
    return (char *)node + keyword->offset;
}

/* Room for one more: what has been filled up to a power of two is doubled. */
static void *grown(void *items, uint32_t count, size_t size)
{
    if (count & (count - 1))
        return items;
    return xrealloc(items, (count ? 2 * (size_t)count : 1) * size);
}

/* ---- Any value ------------------------------------------------------------------ */

static const char *type_name(struct schema_build *b, void *data, jf_bytes none,
                             const char *at)
{
    static const struct {
        const char *name;
        uint32_t types;
    } known[] = {
        { "null", SCHEMA_NULL },       { "boolean", SCHEMA_BOOLEAN },
        { "integer", SCHEMA_INTEGER }, { "number", SCHEMA_INTEGER | SCHEMA_FRACTION },
        { "string", SCHEMA_STRING },   { "array", SCHEMA_ARRAY },
        { "object", SCHEMA_OBJECT },
    };
    struct schema_node *node = data;
    jf_bytes name;
    (void)none;
    at = schema_build_string(b, at, &name);
    for (size_t i = 0; at && i < sizeof(known) / sizeof(known[0]); i++) {
        if (bytes_eq(name, known[i].name)) {
            node->types |= known[i].types;
            return at;
        }
    }
    return at ? schema_build_fail(b, "no type has this name") : NULL;
}

static const char *read_type(struct schema_build *b, struct schema_node *node,
                             const struct keyword *keyword, const char *at)
{
    (void)keyword;
    node->types = 0;
    if (*at == '"')
        return type_name(b, node, jf_view(NULL, 0), at);
    at = schema_build_elements(b, at, type_name, node);
    return at && !node->types ? schema_build_fail(b, "no type is listed") : at;
}

static const char *read_decimal(struct schema_build *b, const char *at, struct decimal *out)
{
    if (*at != '-' && !json_is_digit(*at))
        return schema_build_fail(b, "a number is expected here");
    const char *behind = json_number(at, b->end);
    if (behind)
        decimal_read(at, behind, out);
    if (behind && llabs(out->exponent) == DECIMAL_EXPONENT_MAX)
        return schema_build_fail(b, "this number has too many digits");
    return behind;
}

static const char *word_scalar(struct schema_build *b, const char *at,
                               struct schema_scalar *out)
{
    static const char *const words[] = {
        [SCALAR_NULL] = "null",
        [SCALAR_FALSE] = "false",
        [SCALAR_TRUE] = "true",
    };
    for (unsigned kind = SCALAR_NULL; kind <= SCALAR_TRUE; kind++) {
        const char *behind = json_word(at, b->end, words[kind]);
        out->kind = kind;
        if (behind)
            return behind;
    }
    return NULL;
}

static const char *one_scalar(struct schema_build *b, void *data, jf_bytes none,
                              const char *at)
{
    struct schema_scalars *scalars = data;
    (void)none;
    scalars->items = grown(scalars->items, scalars->count, sizeof(*scalars->items));
    struct schema_scalar *scalar = &scalars->items[scalars->count++];
    *scalar = (struct schema_scalar){ 0 };
    if (*at == '{' || *at == '[')
        return schema_build_fail(b, "only texts, numbers, true, false and null can be "
                                    "compared with");
    if (*at == '"') {
        scalar->kind = SCALAR_STRING;
        return schema_build_string(b, at, &scalar->text);
    }
    if (*at != '-' && !json_is_digit(*at))
        return word_scalar(b, at, scalar);
    scalar->kind = SCALAR_NUMBER;
    return read_decimal(b, at, &scalar->number);
}

static const char *read_const(struct schema_build *b, struct schema_node *node,
                              const struct keyword *keyword, const char *at)
{
    (void)keyword;
    node->constant.given = true;
    return one_scalar(b, &node->constant, jf_view(NULL, 0), at);
}

static int by_scalar(const void *a, const void *b)
{
    return schema_scalar_order(a, b);
}

static const char *read_enum(struct schema_build *b, struct schema_node *node,
                             const struct keyword *keyword, const char *at)
{
    struct schema_scalars *listed = &node->listed;
    (void)keyword;
    listed->given = true;
    at = schema_build_elements(b, at, one_scalar, listed);
    if (!at)
        return NULL;
    if (!listed->count)
        return schema_build_fail(b, "nothing is listed");
    qsort(listed->items, listed->count, sizeof(*listed->items), by_scalar);
    return at;
}

/* ---- Numbers and counts --------------------------------------------------------- */

static const char *read_bound(struct schema_build *b, struct schema_node *node,
                              const struct keyword *keyword, const char *at)
{
    node->bounds_given |= 1u << keyword->bound;
    return read_decimal(b, at, &node->bounds[keyword->bound]);
}

/* Draft 6: a number. Draft 4: true, and the number is the bound beside it. */
static const char *read_exclusive(struct schema_build *b, struct schema_node *node,
                                  const struct keyword *keyword, const char *at)
{
    const char *behind = json_word(at, b->end, "false");
    if (behind)
        return behind;
    behind = json_word(at, b->end, "true");
    if (!behind)
        return read_bound(b, node, keyword, at);
    node->beside |= 1u << keyword->bound;
    return behind;
}

static bool settle_exclusive(struct schema_build *b, struct schema_node *node,
                             unsigned bound, unsigned beside, const char *name)
{
    if (!(node->beside & 1u << bound))
        return true;
    if (!(node->bounds_given & 1u << beside)) {
        schema_build_fail(b, "an exclusive bound that is true needs its bound beside it");
        schema_place_name(&b->place, jf_str(name));
        return false;
    }
    node->bounds[bound] = node->bounds[beside];
    node->bounds_given |= 1u << bound;
    return true;
}

static const char *read_count(struct schema_build *b, struct schema_node *node,
                              const struct keyword *keyword, const char *at)
{
    uint64_t count;
    const char *behind = json_number(at, b->end);
    if (!behind || !bytes_number(jf_view(at, (size_t)(behind - at)), UINT32_MAX, &count))
        return schema_build_fail(b, "a whole number from 0 to 4294967295 is expected here");
    *(uint32_t *)member_of(node, keyword) = (uint32_t)count;
    return behind;
}

static const char *read_length(struct schema_build *b, struct schema_node *node,
                               const struct keyword *keyword, const char *at)
{
    node->length_given = true;
    return read_count(b, node, keyword, at);
}

/* ---- Arrays and objects --------------------------------------------------------- */

static const char *read_items(struct schema_build *b, struct schema_node *node,
                              const struct keyword *keyword, const char *at)
{
    (void)keyword;
    if (*at == '[')
        return schema_build_fail(b, "a list of schemas is not supported: items takes one");
    return schema_build_node(b, at, &node->rule);
}

static const char *read_additional(struct schema_build *b, struct schema_node *node,
                                   const struct keyword *keyword, const char *at)
{
    (void)keyword;
    const char *behind = json_word(at, b->end, "false");
    node->closed = behind != NULL;
    return behind ? behind : schema_build_node(b, at, &node->additional);
}

static struct schema_member *add_member(struct schema_node *node, jf_bytes name)
{
    node->members = grown(node->members, node->member_count, sizeof(*node->members));
    struct schema_member *member = &node->members[node->member_count];
    *member = (struct schema_member){ .name = name, .after = node->member_count };
    node->member_count++;
    return member;
}

static const char *one_property(struct schema_build *b, void *data, jf_bytes name,
                                const char *at)
{
    struct schema_member *member = add_member(data, name);
    member->named = true;
    return schema_build_node(b, at, &member->rule);
}

static const char *read_properties(struct schema_build *b, struct schema_node *node,
                                   const struct keyword *keyword, const char *at)
{
    (void)keyword;
    return schema_build_members(b, at, one_property, node);
}

static const char *one_required(struct schema_build *b, void *data, jf_bytes none,
                                const char *at)
{
    jf_bytes name;
    (void)none;
    at = schema_build_string(b, at, &name);
    if (at)
        add_member(data, name)->required = true;
    return at;
}

static const char *read_required(struct schema_build *b, struct schema_node *node,
                                 const struct keyword *keyword, const char *at)
{
    (void)keyword;
    return schema_build_elements(b, at, one_required, node);
}

static int by_name(const void *a, const void *b)
{
    const struct schema_member *of_a = a, *of_b = b;
    return schema_name_order(of_a->name, of_b->name);
}

static bool named_once(struct schema_build *b, const struct schema_node *node)
{
    const struct schema_member *named = NULL;
    for (uint32_t i = 0; i < node->member_count; i++) {
        const struct schema_member *member = &node->members[i];
        if (!member->named)
            continue;
        if (named && jf_same(named->name, member->name)) {
            schema_build_fail(b, "this name comes twice");
            schema_place_name(&b->place, member->name);
            schema_place_name(&b->place, jf_str("properties"));
            return false;
        }
        named = member;
    }
    return true;
}

/* One member of those that have the same name. */
static void merge_members(struct schema_node *node)
{
    uint32_t kept = 0;
    for (uint32_t i = 1; i < node->member_count; i++) {
        struct schema_member *last = &node->members[kept];
        const struct schema_member *member = &node->members[i];
        if (!jf_same(last->name, member->name)) {
            node->members[++kept] = *member;
            continue;
        }
        bool required = last->required || member->required;
        if (member->named)
            *last = *member;
        last->required = required;
    }
    node->member_count = kept + 1;
}

/* `after` was the place among `count` in the schema's text, and becomes the index of who
 * comes next there. */
static void link_members(struct schema_node *node, uint32_t count)
{
    AUTO_FREE uint32_t *index_of = xcalloc(count, sizeof(*index_of));
    for (uint32_t i = 0; i < node->member_count; i++)
        index_of[node->members[i].after] = i + 1;
    uint32_t next = 0;
    for (uint32_t at = count; at-- > 0;) {
        if (!index_of[at])
            continue;
        node->members[index_of[at] - 1].after = next;
        next = index_of[at] - 1;
    }
    node->first = next;
}

static bool settle_members(struct schema_build *b, struct schema_node *node)
{
    uint32_t count = node->member_count;
    if (!count)
        return true;
    qsort(node->members, count, sizeof(*node->members), by_name);
    if (!named_once(b, node))
        return false;
    merge_members(node);
    link_members(node, count);
    node->words = (node->member_count + 63) / 64;
    node->required = xcalloc(node->words, sizeof(*node->required));
    for (uint32_t i = 0; i < node->member_count; i++)
        node->required[i / 64] |= (uint64_t)node->members[i].required << i % 64;
    return true;
}

/* ---- The table ------------------------------------------------------------------ */

static const char *skip_annotation(struct schema_build *b, struct schema_node *node,
                                   const struct keyword *keyword, const char *at)
{
    (void)node;
    (void)keyword;
    return json_skip(at, b->end, JSON_SKIP_LEVELS);
}

#define IN_NODE(member) offsetof(struct schema_node, member)

static const struct keyword keywords[] = {
    { "type", read_type, 0, 0 },
    { "properties", read_properties, 0, 0 },
    { "required", read_required, 0, 0 },
    { "additionalProperties", read_additional, 0, 0 },
    { "items", read_items, 0, 0 },
    { "enum", read_enum, 0, 0 },
    { "const", read_const, 0, 0 },
    { "minimum", read_bound, 0, SCHEMA_MINIMUM },
    { "maximum", read_bound, 0, SCHEMA_MAXIMUM },
    { "exclusiveMinimum", read_exclusive, 0, SCHEMA_ABOVE },
    { "exclusiveMaximum", read_exclusive, 0, SCHEMA_BELOW },
    { "minLength", read_length, IN_NODE(length.min), 0 },
    { "maxLength", read_length, IN_NODE(length.max), 0 },
    { "minItems", read_count, IN_NODE(elements.min), 0 },
    { "maxItems", read_count, IN_NODE(elements.max), 0 },
    { "minProperties", read_count, IN_NODE(members_range.min), 0 },
    { "maxProperties", read_count, IN_NODE(members_range.max), 0 },
    { "$schema", skip_annotation, 0, 0 },
    { "$id", skip_annotation, 0, 0 },
    { "id", skip_annotation, 0, 0 },
    { "title", skip_annotation, 0, 0 },
    { "description", skip_annotation, 0, 0 },
    { "default", skip_annotation, 0, 0 },
    { "examples", skip_annotation, 0, 0 },
    { "definitions", skip_annotation, 0, 0 },
};

const char *schema_keyword(struct schema_build *b, void *data, jf_bytes name,
                           const char *at)
{
    struct schema_node *node = data;
    for (unsigned i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (!bytes_eq(name, keywords[i].name))
            continue;
        if (node->given & 1u << i)
            return schema_build_fail(b, "this keyword comes twice");
        if (keywords[i].read != skip_annotation)
            node->given |= 1u << i;
        return keywords[i].read(b, node, &keywords[i], at);
    }
    int shown = name.len < 40 ? (int)name.len : 40;
    return schema_build_fail(b, "the keyword \"%.*s\" is not supported", shown, name.ptr);
}

bool schema_keywords_end(struct schema_build *b, struct schema_node *node)
{
    return settle_exclusive(b, node, SCHEMA_ABOVE, SCHEMA_MINIMUM, "exclusiveMinimum") &&
           settle_exclusive(b, node, SCHEMA_BELOW, SCHEMA_MAXIMUM, "exclusiveMaximum") &&
           settle_members(b, node);
}
