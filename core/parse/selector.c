/* Picking: one walk over the body that checks all of it and remembers where the wanted
 * values stand. At each level a set of bits says whose path has led here; most levels have
 * none, and there the walk only checks. Making text of what was found comes after, when the
 * body is known to be JSON. Compiling an expression is in selector_compile.c. */
#include "core/parse/selector.h"

#include "core/parse/json_scan.h"
#include "core/parse/selector_parts.h"

enum found_kind {
    FOUND_NOTHING, /* missing or null */
    FOUND_BARE,    /* a number, true or false */
    FOUND_STRING,
    FOUND_ESCAPED, /* a string with a backslash in it */
    FOUND_ARRAY,
    FOUND_OBJECT,
};

/* A value in the body; a string's is between its quotes. */
struct found {
    enum found_kind kind;
    const char *at, *end;
};

struct scan {
    const struct selector *selector;
    const char *end;
    struct found found[SELECTOR_VARIABLES];
};

static const char *scan_value(struct scan *scan, const char *at, unsigned wanted,
                              unsigned depth);

static inline void remember(struct scan *scan, unsigned who, struct found found)
{
    for (; who; who &= who - 1)
        scan->found[__builtin_ctz(who)] = found;
}

/* A key with escapes is rare, and so is the kilobyte of stack it takes. A name is never
 * longer than an expression may be, so a longer key is nobody's. */
static __attribute__((noinline)) bool same_escaped(jf_bytes name, const char *at,
                                                   const char *end)
{
    char decoded[SELECTOR_KEY_MAX];
    struct json_text text = { decoded, sizeof(decoded), 0 };
    return json_unescape(at, end, &text) && jf_same(name, jf_view(decoded, text.len));
}

/* Whose path goes on with this key? What they found under an earlier key of the same name
 * is forgotten: the last one wins, also if less is in it. */
static inline unsigned follow_key(struct scan *scan, unsigned wanted, unsigned depth,
                                  const char *at, const char *end, bool escaped)
{
    unsigned followed = 0;
    size_t len = (size_t)(end - at);
    for (; wanted; wanted &= wanted - 1) {
        unsigned who = (unsigned)__builtin_ctz(wanted);
        jf_bytes name = scan->selector->variables[who].steps[depth].name;
        if (!name.ptr)
            continue;
        bool same = escaped ? same_escaped(name, at, end)
                            : name.len == len && memcmp(name.ptr, at, len) == 0;
        if (same) {
            followed |= 1u << who;
            scan->found[who].kind = FOUND_NOTHING;
        }
    }
    return followed;
}

static inline unsigned follow_index(const struct scan *scan, unsigned wanted,
                                    unsigned depth, uint32_t index)
{
    unsigned followed = 0;
    for (; wanted; wanted &= wanted - 1) {
        unsigned who = (unsigned)__builtin_ctz(wanted);
        const struct selector_step *step = &scan->selector->variables[who].steps[depth];
        if (!step->name.ptr && step->index == index)
            followed |= 1u << who;
    }
    return followed;
}

/* `at` is after the brace. */
static const char *scan_object(struct scan *scan, const char *at, unsigned wanted,
                               unsigned depth)
{
    const char *end = scan->end;
    at = json_blanks(at, end);
    if (at < end && *at == '}')
        return at + 1;
    for (;;) {
        bool escaped;
        if (at == end || *at != '"')
            return NULL;
        const char *key = at + 1;
        const char *key_end = json_string(key, end, &escaped);
        if (!key_end)
            return NULL;
        at = json_blanks(key_end + 1, end);
        if (at == end || *at != ':')
            return NULL;
        unsigned followed = 0;
        if (wanted)
            followed = follow_key(scan, wanted, depth, key, key_end, escaped);
        at = scan_value(scan, json_blanks(at + 1, end), followed, depth + 1);
        if (!at)
            return NULL;
        at = json_blanks(at, end);
        if (at == end)
            return NULL;
        if (*at == '}')
            return at + 1;
        if (*at != ',')
            return NULL;
        at = json_blanks(at + 1, end);
    }
}

/* `at` is after the bracket. */
static const char *scan_array(struct scan *scan, const char *at, unsigned wanted,
                              unsigned depth)
{
    const char *end = scan->end;
    at = json_blanks(at, end);
    if (at < end && *at == ']')
        return at + 1;
    for (uint32_t index = 0;; index++) {
        unsigned followed = wanted ? follow_index(scan, wanted, depth, index) : 0;
        at = scan_value(scan, at, followed, depth + 1);
        if (!at)
            return NULL;
        at = json_blanks(at, end);
        if (at == end)
            return NULL;
        if (*at == ']')
            return at + 1;
        if (*at != ',')
            return NULL;
        at = json_blanks(at + 1, end);
    }
}

static inline const char *scan_string(struct scan *scan, const char *at, unsigned arrived)
{
    bool escaped;
    const char *close = json_string(at, scan->end, &escaped);
    if (!close)
        return NULL;
    enum found_kind kind = escaped ? FOUND_ESCAPED : FOUND_STRING;
    remember(scan, arrived, (struct found){ kind, at, close });
    return close + 1;
}

/* `wanted`: the variables whose steps so far lead to this value. */
static const char *scan_value(struct scan *scan, const char *at, unsigned wanted,
                              unsigned depth)
{
    unsigned arrived = wanted & scan->selector->arrives[depth];
    unsigned beyond = wanted & ~arrived;
    struct found found = { FOUND_BARE, at, NULL };
    if (at == scan->end)
        return NULL;
    switch (*at) {
    case '"':
        return scan_string(scan, at + 1, arrived);
    case '{':
        found.kind = FOUND_OBJECT;
        if (depth < SELECTOR_DEPTH_MAX)
            found.end = scan_object(scan, at + 1, beyond, depth);
        break;
    case '[':
        found.kind = FOUND_ARRAY;
        if (depth < SELECTOR_DEPTH_MAX)
            found.end = scan_array(scan, at + 1, beyond, depth);
        break;
    case 't':
        found.end = json_word(at, scan->end, "true");
        break;
    case 'f':
        found.end = json_word(at, scan->end, "false");
        break;
    case 'n':
        found.kind = FOUND_NOTHING;
        found.end = json_word(at, scan->end, "null");
        break;
    default:
        found.end = json_number(at, scan->end);
    }
    if (found.end)
        remember(scan, arrived, found);
    return found.end;
}

/* A string in a list, `*at` after its quote. */
static bool list_string(struct json_text *text, const char **at, const char *end)
{
    bool escaped;
    const char *from = *at;
    const char *close = json_string(from, end, &escaped);
    *at = close + 1;
    return json_unescape(from, close, text);
}

/* A number, true, false or null in a list, as written. */
static bool list_bare(struct json_text *text, const char **at, const char *end)
{
    const char *from = *at;
    while (*at < end && !strchr(",] \t\r\n", **at))
        (*at)++;
    return json_append(text, from, (size_t)(*at - from));
}

/* "[a, b]", the lists inside it likewise. The array is known to be well formed, so this
 * walks its tokens without a stack: brackets and commas are the same in both, and only
 * the blanks differ. False: too long, or an object is in it. */
static bool list_text(struct json_text *text, const char *at, const char *end)
{
    bool fits = true;
    while (fits && (at = json_blanks(at, end)) < end) {
        switch (*at) {
        case '{':
            return false;
        case '[':
        case ']':
            fits = json_append(text, at++, 1);
            break;
        case ',':
            at++;
            fits = json_append(text, ", ", 2);
            break;
        case '"':
            at++;
            fits = list_string(text, &at, end);
            break;
        default:
            fits = list_bare(text, &at, end);
        }
    }
    return fits;
}

static bool append_found(struct json_text *text, const struct found *found)
{
    switch (found->kind) {
    case FOUND_NOTHING:
        return true;
    case FOUND_BARE:
    case FOUND_STRING:
        return json_append(text, found->at, (size_t)(found->end - found->at));
    case FOUND_ESCAPED:
        return json_unescape(found->at, found->end, text);
    case FOUND_ARRAY:
        return list_text(text, found->at, found->end);
    case FOUND_OBJECT:
        break;
    }
    return false;
}

/* Several parts, or one that is not in the body as it must be: joined in `scratch`. */
static int join_parts(const struct scan *scan, char scratch[SELECTOR_KEY_MAX],
                      jf_bytes *out)
{
    const struct selector *selector = scan->selector;
    struct json_text text = { scratch, SELECTOR_KEY_MAX, 0 };
    for (unsigned i = 0; i < selector->part_count; i++) {
        const struct selector_part *part = &selector->parts[i];
        bool fits = part->variable < 0
                        ? json_append(&text, part->literal.ptr, part->literal.len)
                        : append_found(&text, &scan->found[part->variable]);
        if (!fits)
            return JF_E_NOT_FOUND;
    }
    *out = jf_view(scratch, text.len);
    return JF_OK;
}

int selector_pick(const struct selector *selector, jf_bytes body,
                  char scratch[SELECTOR_KEY_MAX], jf_bytes *out)
{
    if (!selector->variable_count) {
        *out = selector->parts[0].literal;
        return JF_OK;
    }
    if (!body.len)
        return JF_E_NOT_FOUND;
    struct scan scan;
    scan.selector = selector;
    scan.end = body.ptr + body.len;
    for (unsigned i = 0; i < selector->variable_count; i++)
        scan.found[i].kind = FOUND_NOTHING;

    const char *at = json_blanks(body.ptr, scan.end);
    if (at == scan.end || *at != '{')
        return JF_E_NOT_FOUND;
    at = scan_object(&scan, at + 1, (1u << selector->variable_count) - 1, 0);
    if (!at || json_blanks(at, scan.end) != scan.end)
        return JF_E_NOT_FOUND;

    const struct found *only = &scan.found[0];
    if (selector->part_count > 1 ||
        (only->kind != FOUND_STRING && only->kind != FOUND_BARE))
        return join_parts(&scan, scratch, out);
    size_t len = (size_t)(only->end - only->at);
    if (len > SELECTOR_KEY_MAX)
        return JF_E_NOT_FOUND;
    *out = jf_view(only->at, len);
    return JF_OK;
}
