/* From a schema's text to nodes: its JSON, the nodes, and where each of them notes what it
 * has seen. What the keywords mean is in schema_keywords.c. */
#include <stdarg.h>
#include <stdio.h>

#include "core/base/memory.h"
#include "core/parse/json_scan.h"
#include "core/parse/schema_build.h"
#include "core/parse/utf8.h"

const char *schema_build_fail(struct schema_build *b, const char *format, ...)
{
    va_list arguments;
    if (*b->text)
        return NULL;
    va_start(arguments, format);
    vsnprintf(b->text, sizeof(((struct schema_error *)NULL)->text), format, arguments);
    va_end(arguments);
    return NULL;
}

/* ---- JSON ----------------------------------------------------------------------- */

/* What has escapes goes to a place of its own, which is as large as the whole text. */
static bool unescape(struct schema *schema, const char *at, const char *end, jf_bytes *out)
{
    char *to = schema->unescaped + schema->unescaped_len;
    struct json_text text = { to, (size_t)(end - at), 0 };
    if (!json_unescape(at, end, &text))
        return false;
    schema->unescaped_len += text.len;
    *out = jf_view(to, text.len);
    return true;
}

const char *schema_build_string(struct schema_build *b, const char *at, jf_bytes *out)
{
    bool escaped;
    if (at == b->end)
        return NULL;
    if (*at != '"')
        return schema_build_fail(b, "a text is expected here");
    const char *close = json_string(at + 1, b->end, &escaped);
    if (!close)
        return NULL;
    *out = jf_view(at + 1, (size_t)(close - at - 1));
    if (escaped && !unescape(b->schema, at + 1, close, out))
        return schema_build_fail(b, "half a surrogate pair is no character");
    if (out->len > SCHEMA_NAME_MAX)
        return schema_build_fail(b, "this text is longer than %d octets", SCHEMA_NAME_MAX);
    return close + 1;
}

/* After a value: at the next one, or behind the bracket if that was the last. */
static const char *to_next(const struct schema_build *b, const char *at, char closing,
                           bool *more)
{
    at = json_blanks(at, b->end);
    if (at == b->end || (*at != closing && *at != ','))
        return NULL;
    *more = *at == ',';
    return *more ? json_blanks(at + 1, b->end) : at + 1;
}

static const char *one_member(struct schema_build *b, const char *at, schema_build_fn *fn,
                              void *data)
{
    jf_bytes name;
    at = schema_build_string(b, at, &name);
    if (!at)
        return NULL;
    at = json_blanks(at, b->end);
    if (at == b->end || *at != ':')
        return NULL;
    at = json_blanks(at + 1, b->end);
    at = at < b->end ? fn(b, data, name, at) : NULL;
    if (!at)
        schema_place_name(&b->place, name);
    return at;
}

const char *schema_build_members(struct schema_build *b, const char *at,
                                 schema_build_fn *fn, void *data)
{
    bool more = true;
    if (at == b->end)
        return NULL;
    if (*at != '{')
        return schema_build_fail(b, "an object is expected here");
    at = json_blanks(at + 1, b->end);
    if (at < b->end && *at == '}')
        return at + 1;
    while (at && more) {
        at = one_member(b, at, fn, data);
        if (at)
            at = to_next(b, at, '}', &more);
    }
    return at;
}

const char *schema_build_elements(struct schema_build *b, const char *at,
                                  schema_build_fn *fn, void *data)
{
    bool more = true;
    if (at == b->end)
        return NULL;
    if (*at != '[')
        return schema_build_fail(b, "a list is expected here");
    at = json_blanks(at + 1, b->end);
    if (at < b->end && *at == ']')
        return at + 1;
    for (uint64_t index = 0; at && more; index++) {
        at = at < b->end ? fn(b, data, jf_view(NULL, 0), at) : NULL;
        if (!at)
            schema_place_index(&b->place, index);
        else
            at = to_next(b, at, ']', &more);
    }
    return at;
}

/* ---- Nodes ---------------------------------------------------------------------- */

static struct schema_node *new_node(uint32_t types)
{
    const struct schema_range any = { 0, UINT32_MAX };
    struct schema_node *node = xnew(struct schema_node);
    node->types = types;
    node->length = node->elements = node->members_range = any;
    return node;
}

static void free_node(struct schema_node *node)
{
    if (!node)
        return;
    for (uint32_t i = 0; i < node->member_count; i++)
        free_node(node->members[i].rule);
    free_node(node->rule);
    free_node(node->additional);
    free(node->members);
    free(node->required);
    free(node->listed.items);
    free(node->constant.items);
    free(node);
}

/* Draft 6: true is any value, false is none. */
static const char *bare_node(struct schema_build *b, const char *at,
                             struct schema_node **out)
{
    const char *behind = json_word(at, b->end, "true");
    if (behind)
        return behind;
    behind = json_word(at, b->end, "false");
    if (!behind)
        return schema_build_fail(b, "a schema is expected here: an object, true or false");
    *out = new_node(0);
    return behind;
}

const char *schema_build_node(struct schema_build *b, const char *at,
                              struct schema_node **out)
{
    if (at == b->end)
        return NULL;
    if (*at != '{')
        return bare_node(b, at, out);
    if (b->depth == SCHEMA_DEPTH_MAX)
        return schema_build_fail(b, "schemas nest deeper than %d", SCHEMA_DEPTH_MAX);
    struct schema_node *node = *out = new_node(SCHEMA_ANYTHING);
    b->depth++;
    at = schema_build_members(b, at, schema_keyword, node);
    b->depth--;
    if (!at || !schema_keywords_end(b, node))
        return NULL;
    if (!node->given) {
        free_node(node);
        *out = NULL;
    }
    return at;
}

/* A node's words lie above those of all nodes that it is within. */
static void place_words(struct schema_node *node, uint32_t at)
{
    if (!node)
        return;
    node->words_at = at;
    at += node->words;
    CHECK(at <= SCHEMA_WORDS_MAX);
    for (uint32_t i = 0; i < node->member_count; i++)
        place_words(node->members[i].rule, at);
    place_words(node->rule, at);
    place_words(node->additional, at);
}

/* ---- The whole ------------------------------------------------------------------ */

static bool build(struct schema_build *b, jf_bytes text)
{
    const char *at = json_blanks(text.ptr, b->end);
    at = schema_build_node(b, at, &b->schema->root);
    if (at && json_blanks(at, b->end) == b->end)
        return true;
    schema_build_fail(b, "no JSON from here on, or nested too deep");
    return false;
}

static int fail(struct schema_error *error, const char *why)
{
    error->place[0] = '\0';
    snprintf(error->text, sizeof(error->text), "%s", why);
    return JF_E_INVALID;
}

int schema_compile(jf_bytes text, struct schema **out, struct schema_error *error)
{
    if (text.len > SCHEMA_TEXT_MAX)
        return fail(error, "the schema is longer than 64 KiB");
    if (!utf8_is_text(text))
        return fail(error, "the schema is not UTF-8");
    struct schema *schema = xnew(struct schema);
    schema->text = xdup(text);
    schema->unescaped = xalloc(text.len + 1);
    struct schema_build b = { .schema = schema,
                              .end = schema->text + text.len,
                              .text = error->text };
    schema_place_init(&b.place);
    error->text[0] = '\0';
    if (!build(&b, jf_view(schema->text, text.len))) {
        schema_place_take(&b.place, error->place);
        schema_free(schema);
        return JF_E_INVALID;
    }
    place_words(schema->root, 0);
    *out = schema;
    return JF_OK;
}

void schema_free(struct schema *schema)
{
    if (!schema)
        return;
    free_node(schema->root);
    free(schema->unescaped);
    free(schema->text);
    free(schema);
}
