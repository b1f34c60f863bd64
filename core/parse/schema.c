/* Checking: one walk over the body, beside the nodes of its schema. Where there is none,
 * the value is only passed over. Compiling is in schema_compile.c and schema_keywords.c. */
#include "core/parse/schema.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/json_scan.h"
#include "core/parse/json_skip.h"
#include "core/parse/schema_parts.h"
#include "core/parse/schema_place.h"

struct check {
    const char *end;
    const char *keyword; /* what did not fit; NULL: no JSON */
    struct schema_place place;
    uint64_t seen[SCHEMA_WORDS_MAX]; /* of the objects we are in, each in its own words */
};

static const char *check_value(struct check *c, const struct schema_node *node,
                               const char *at, unsigned depth);

/* For the caller to return: NULL, or false. */
static const char *fail(struct check *c, const char *keyword)
{
    c->keyword = keyword;
    return NULL;
}

static bool refuse(struct check *c, const char *keyword)
{
    return fail(c, keyword) != NULL;
}

/* ---- Scalars -------------------------------------------------------------------- */

static int by_scalar(const void *a, const void *b)
{
    return schema_scalar_order(a, b);
}

static bool is_listed(const struct schema_scalars *scalars,
                      const struct schema_scalar *scalar)
{
    return !scalars->given || bsearch(scalar, scalars->items, scalars->count,
                                      sizeof(*scalars->items), by_scalar);
}

/* The keyword that lists other values than this; NULL: none does. */
static const char *unlisted(const struct schema_node *node,
                            const struct schema_scalar *scalar)
{
    if (!is_listed(&node->listed, scalar))
        return "enum";
    return is_listed(&node->constant, scalar) ? NULL : "const";
}

/* The keyword whose bound this number is outside of; NULL: none. */
static const char *out_of_bounds(const struct schema_node *node,
                                 const struct decimal *number)
{
    static const char *const names[] = {
        [SCHEMA_MINIMUM] = "minimum",
        [SCHEMA_MAXIMUM] = "maximum",
        [SCHEMA_ABOVE] = "exclusiveMinimum",
        [SCHEMA_BELOW] = "exclusiveMaximum",
    };
    for (uint32_t given = node->bounds_given; given; given &= given - 1) {
        unsigned bound = (unsigned)__builtin_ctz(given);
        int order = decimal_compare(number, &node->bounds[bound]);
        bool fits = bound == SCHEMA_MINIMUM   ? order >= 0
                    : bound == SCHEMA_MAXIMUM ? order <= 0
                    : bound == SCHEMA_ABOVE   ? order > 0
                                              : order < 0;
        if (!fits)
            return names[bound];
    }
    return NULL;
}

static const char *check_number(struct check *c, const struct schema_node *node,
                                const char *at)
{
    const char *end = json_number(at, c->end);
    if (!end)
        return NULL;
    uint32_t type = decimal_is_integer(at, end) ? SCHEMA_INTEGER : SCHEMA_FRACTION;
    if (!(node->types & type))
        return fail(c, "type");
    if (!node->bounds_given && !node->listed.given && !node->constant.given)
        return end;
    struct schema_scalar scalar = { .kind = SCALAR_NUMBER };
    decimal_read(at, end, &scalar.number);
    const char *wrong = unlisted(node, &scalar);
    if (!wrong)
        wrong = out_of_bounds(node, &scalar.number);
    return wrong ? fail(c, wrong) : end;
}

static const char *check_word(struct check *c, const struct schema_node *node,
                              const char *at)
{
    struct schema_scalar scalar = { .kind = *at == 'n'   ? SCALAR_NULL
                                            : *at == 't' ? SCALAR_TRUE
                                                         : SCALAR_FALSE };
    const char *word = *at == 'n' ? "null" : *at == 't' ? "true" : "false";
    const char *end = json_word(at, c->end, word);
    if (!end)
        return NULL;
    if (!(node->types & (*at == 'n' ? SCHEMA_NULL : SCHEMA_BOOLEAN)))
        return fail(c, "type");
    const char *wrong = unlisted(node, &scalar);
    return wrong ? fail(c, wrong) : end;
}

/* ---- Strings -------------------------------------------------------------------- */

/* Octets that go on with a character: two high bits that are 1 and 0. Each word's are added
 * up in its highest octet. */
static size_t continuations(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101u;
    size_t count = 0;
    for (; end - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        count += (((word >> 7) & ~(word >> 6) & ones) * ones) >> 56;
    }
    for (; at < end; at++)
        count += ((unsigned char)*at & 0xc0) == 0x80;
    return count;
}

static unsigned unit_at(const char *at)
{
    unsigned unit = 0;
    for (int i = 2; i < 6; i++)
        unit = unit << 4 | (unsigned)bytes_hex_digit(at[i]);
    return unit;
}

/* The octets of an escape beyond the first; two surrogates that are a pair are one. */
static size_t escape_rest(const char *at, const char *end)
{
    if (at[1] != 'u')
        return 1;
    bool pair = end - at >= 12 && at[6] == '\\' && at[7] == 'u' &&
                (unit_at(at) & 0xfc00) == 0xd800 && (unit_at(at + 6) & 0xfc00) == 0xdc00;
    return pair ? 11 : 5;
}

static size_t code_points(const char *at, const char *end, bool escaped)
{
    size_t count = (size_t)(end - at) - continuations(at, end);
    while (escaped && (at = memchr(at, '\\', (size_t)(end - at)))) {
        size_t rest = escape_rest(at, end);
        count -= rest;
        at += rest + 1;
    }
    return count;
}

/* No text has more code points than octets, and what its beginning has, it has: mostly that
 * settles it. */
static bool surely_within(const struct schema_range *range, const char *at, const char *end,
                          bool escaped)
{
    size_t octets = (size_t)(end - at), enough = (size_t)range->min * 4;
    if (octets > range->max || (escaped && range->min))
        return false;
    if (enough > octets)
        enough = octets;
    return enough - continuations(at, at + enough) >= range->min;
}

static bool length_fits(const struct schema_range *range, const char *at, const char *end,
                        bool escaped, const char **wrong)
{
    if (surely_within(range, at, end, escaped))
        return true;
    size_t count = code_points(at, end, escaped);
    *wrong = count < range->min ? "minLength" : "maxLength";
    return count >= range->min && count <= range->max;
}

/* With escapes: rare, and so is the kilobyte of stack. Longer ones are never listed. */
static __attribute__((noinline)) const char *unlisted_escaped(
    const struct schema_node *node, const char *at, const char *end)
{
    char decoded[SCHEMA_NAME_MAX];
    struct json_text text = { decoded, sizeof(decoded), 0 };
    struct schema_scalar scalar = { .kind = SCALAR_STRING };
    if (!json_unescape(at, end, &text))
        return node->listed.given ? "enum" : "const";
    scalar.text = jf_view(decoded, text.len);
    return unlisted(node, &scalar);
}

static const char *unlisted_string(const struct schema_node *node, const char *at,
                                   const char *end, bool escaped)
{
    if (!node->listed.given && !node->constant.given)
        return NULL;
    if (escaped)
        return unlisted_escaped(node, at, end);
    struct schema_scalar scalar = { .kind = SCALAR_STRING,
                                    .text = jf_view(at, (size_t)(end - at)) };
    return unlisted(node, &scalar);
}

/* `at` is after the quote. */
static const char *check_string(struct check *c, const struct schema_node *node,
                                const char *at)
{
    bool escaped;
    const char *end = json_string(at, c->end, &escaped);
    if (!end)
        return NULL;
    if (!(node->types & SCHEMA_STRING))
        return fail(c, "type");
    const char *wrong = unlisted_string(node, at, end, escaped);
    if (wrong)
        return fail(c, wrong);
    if (node->length_given && !length_fits(&node->length, at, end, escaped, &wrong))
        return fail(c, wrong);
    return end + 1;
}

/* ---- Objects -------------------------------------------------------------------- */

/* An object on the way through it. */
struct walk {
    const struct schema_node *node;
    uint32_t count;  /* of its members so far */
    uint32_t expect; /* the member that comes next if the order is the schema's */
    unsigned depth;
};

static int by_name(const void *key, const void *member)
{
    return schema_name_order(*(const jf_bytes *)key,
                             ((const struct schema_member *)member)->name);
}

static const struct schema_member *search(const struct schema_node *node, jf_bytes name)
{
    return bsearch(&name, node->members, node->member_count, sizeof(*node->members),
                   by_name);
}

static __attribute__((noinline)) const struct schema_member *search_escaped(
    const struct schema_node *node, const char *at, const char *end)
{
    char decoded[SCHEMA_NAME_MAX];
    struct json_text text = { decoded, sizeof(decoded), 0 };
    if (!json_unescape(at, end, &text))
        return NULL;
    return search(node, jf_view(decoded, text.len));
}

/* NULL: the schema does not know this name. */
static const struct schema_member *find_member(const struct walk *walk, const char *at,
                                               const char *end, bool escaped)
{
    const struct schema_node *node = walk->node;
    if (!node->member_count)
        return NULL;
    if (escaped)
        return search_escaped(node, at, end);
    jf_bytes name = jf_view(at, (size_t)(end - at));
    const struct schema_member *expected = &node->members[walk->expect];
    return jf_same(expected->name, name) ? expected : search(node, name);
}

/* What the value of this member must fit; *rule is NULL if it is anything. */
static bool rule_of(struct check *c, struct walk *walk, const struct schema_member *member,
                    const struct schema_node **rule)
{
    const struct schema_node *node = walk->node;
    if (member) {
        uint32_t index = (uint32_t)(member - node->members);
        uint64_t *word = &c->seen[node->words_at + index / 64];
        uint64_t bit = (uint64_t)1 << index % 64;
        if (*word & bit)
            return refuse(c, "duplicate");
        *word |= bit;
        walk->expect = member->after;
    }
    if (member && member->named)
        *rule = member->rule;
    else if (node->closed)
        return refuse(c, "additionalProperties");
    else
        *rule = node->additional;
    return true;
}

static const char *check_member(struct check *c, struct walk *walk, const char *at)
{
    bool escaped;
    const char *end = c->end;
    const struct schema_node *rule;
    if (at == end || *at != '"')
        return NULL;
    const char *key = at + 1, *key_end = json_string(key, end, &escaped);
    if (!key_end)
        return NULL;
    at = json_blanks(key_end + 1, end);
    if (at == end || *at != ':')
        return NULL;
    at = json_blanks(at + 1, end);
    const struct schema_member *member = find_member(walk, key, key_end, escaped);
    if (rule_of(c, walk, member, &rule))
        at = check_value(c, rule, at, walk->depth + 1);
    else
        at = NULL;
    if (!at)
        schema_place_written(&c->place, key, key_end);
    return at;
}

/* Whatever an object must have, it has. */
static bool is_complete(struct check *c, const struct walk *walk)
{
    const struct schema_node *node = walk->node;
    for (uint32_t i = 0; i < node->words; i++) {
        uint64_t missing = node->required[i] & ~c->seen[node->words_at + i];
        if (!missing)
            continue;
        uint32_t index = i * 64 + (uint32_t)__builtin_ctzll(missing);
        schema_place_name(&c->place, node->members[index].name);
        return refuse(c, "required");
    }
    if (walk->count < node->members_range.min)
        return refuse(c, "minProperties");
    return walk->count <= node->members_range.max || refuse(c, "maxProperties");
}

/* `at` is after the brace. */
static const char *check_object(struct check *c, const struct schema_node *node,
                                const char *at, unsigned depth)
{
    const char *end = c->end;
    struct walk walk = { node, 0, node->first, depth };
    for (uint32_t i = 0; i < node->words; i++)
        c->seen[node->words_at + i] = 0;
    at = json_blanks(at, end);
    bool more = at == end || *at != '}';
    if (!more)
        at++;
    while (more) {
        at = check_member(c, &walk, at);
        if (!at)
            return NULL;
        walk.count++;
        at = json_blanks(at, end);
        if (at == end || (*at != ',' && *at != '}'))
            return NULL;
        more = *at == ',';
        at = more ? json_blanks(at + 1, end) : at + 1;
    }
    return is_complete(c, &walk) ? at : NULL;
}

/* ---- Arrays and all values ------------------------------------------------------ */

/* `at` is after the bracket. */
static const char *check_array(struct check *c, const struct schema_node *node,
                               const char *at, unsigned depth)
{
    const char *end = c->end;
    uint32_t count = 0;
    at = json_blanks(at, end);
    bool more = at == end || *at != ']';
    if (!more)
        at++;
    for (; more; count++) {
        if (count == node->elements.max)
            return fail(c, "maxItems");
        at = check_value(c, node->rule, at, depth + 1);
        if (!at) {
            schema_place_index(&c->place, count);
            return NULL;
        }
        at = json_blanks(at, end);
        if (at == end || (*at != ',' && *at != ']'))
            return NULL;
        more = *at == ',';
        at = more ? json_blanks(at + 1, end) : at + 1;
    }
    return count < node->elements.min ? fail(c, "minItems") : at;
}

/* May this be an object or an array at all? */
static bool may_nest(struct check *c, const struct schema_node *node, uint32_t type)
{
    if (!(node->types & type))
        return refuse(c, "type");
    if (node->listed.given)
        return refuse(c, "enum");
    return !node->constant.given || refuse(c, "const");
}

static const char *check_value(struct check *c, const struct schema_node *node,
                               const char *at, unsigned depth)
{
    if (!node)
        return json_skip(at, c->end, SCHEMA_LEVELS_MAX - depth);
    if (at == c->end)
        return NULL;
    if (!node->types)
        return fail(c, "false");
    switch (*at) {
    case '"':
        return check_string(c, node, at + 1);
    case '{':
        if (depth == SCHEMA_LEVELS_MAX || !may_nest(c, node, SCHEMA_OBJECT))
            return NULL;
        return check_object(c, node, at + 1, depth);
    case '[':
        if (depth == SCHEMA_LEVELS_MAX || !may_nest(c, node, SCHEMA_ARRAY))
            return NULL;
        return check_array(c, node, at + 1, depth);
    case 't':
    case 'f':
    case 'n':
        return check_word(c, node, at);
    default:
        return check_number(c, node, at);
    }
}

bool schema_fits(const struct schema *schema, jf_bytes body, struct schema_problem *why)
{
    struct check c;
    const char *at = NULL;
    c.end = body.ptr + body.len;
    c.keyword = NULL;
    schema_place_init(&c.place);
    if (body.len)
        at = check_value(&c, schema->root, json_blanks(body.ptr, c.end), 0);
    if (at && json_blanks(at, c.end) == c.end)
        return true;
    if (why) {
        schema_place_take(&c.place, why->place);
        why->keyword = c.keyword ? c.keyword : "json";
    }
    return false;
}
