/* The stack is a word: is the innermost level an object? */
#include "core/parse/json_skip.h"

#include "core/parse/json_scan.h"

struct skip {
    const char *end;
    uint64_t objects; /* a bit per level, the lowest is the innermost */
    unsigned depth, levels;
};

static const char *skip_string(const char *at, const char *end)
{
    bool escaped;
    const char *close = json_string(at, end, &escaped);
    return close ? close + 1 : NULL;
}

static const char *skip_bare(const char *at, const char *end)
{
    switch (*at) {
    case '"':
        return skip_string(at + 1, end);
    case 't':
        return json_word(at, end, "true");
    case 'f':
        return json_word(at, end, "false");
    case 'n':
        return json_word(at, end, "null");
    default:
        return json_number(at, end);
    }
}

/* To the value of the next member; elements have no key. */
static const char *skip_key(const struct skip *skip, const char *at)
{
    const char *end = skip->end;
    if (!(skip->objects & 1))
        return at;
    if (at == end || *at != '"')
        return NULL;
    at = skip_string(at + 1, end);
    if (!at)
        return NULL;
    at = json_blanks(at, end);
    return at < end && *at == ':' ? json_blanks(at + 1, end) : NULL;
}

static inline char closing(const struct skip *skip)
{
    return skip->objects & 1 ? '}' : ']';
}

static inline void leave(struct skip *skip)
{
    skip->objects >>= 1;
    skip->depth--;
}

/* At a bracket. To the first value in it, or behind it if there is none: `*empty`. */
static const char *enter(struct skip *skip, const char *at, bool *empty)
{
    if (skip->depth == skip->levels)
        return NULL;
    skip->depth++;
    skip->objects = skip->objects << 1 | (*at == '{');
    at = json_blanks(at + 1, skip->end);
    *empty = at < skip->end && *at == closing(skip);
    if (!*empty)
        return skip_key(skip, at);
    leave(skip);
    return at + 1;
}

/* After a value: to the next one, or behind the last bracket. */
static const char *go_on(struct skip *skip, const char *at)
{
    while (skip->depth) {
        at = json_blanks(at, skip->end);
        if (at == skip->end)
            return NULL;
        if (*at == ',')
            return skip_key(skip, json_blanks(at + 1, skip->end));
        if (*at != closing(skip))
            return NULL;
        at++;
        leave(skip);
    }
    return at;
}

const char *json_skip(const char *at, const char *end, unsigned levels)
{
    struct skip skip = { end, 0, 0, levels };
    do {
        bool behind = true;
        if (at == end)
            return NULL;
        at = *at == '{' || *at == '[' ? enter(&skip, at, &behind) : skip_bare(at, end);
        if (at && behind)
            at = go_on(&skip, at);
    } while (at && skip.depth);
    return at;
}
