/* Checks JSON text by the grammar, in one pass without recursion, before cJSON makes a tree
 * of it. cJSON is lenient: it takes octets that are no UTF-8, numbers like 01, and cuts a
 * string at an escaped NUL, so that "admin\u0000x" would be admin. What two parsers can
 * read in two ways has no place in a token. */
#include "json_strict.h"

/* What is left to read, and which brackets are open: a bit each, set for an object. */
struct scan {
    const char *at, *end;
    uint32_t objects;
    unsigned depth;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(struct scan *s)
{
    while (s->at < s->end && *s->at && strchr(" \t\r\n", *s->at))
        s->at++;
}

static bool take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);
    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

static bool take_digits(struct scan *s)
{
    const char *from = s->at;
    while (s->at < s->end && is_digit(*s->at))
        s->at++;
    return s->at > from;
}

static bool take_number(struct scan *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (take(s, '.') && !take_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            (void)take(s, '-');
        return take_digits(s);
    }
    return true;
}

/* ---- Strings ---------------------------------------------------------------------------
 */

/* Four hexadecimal digits; -1 if they are not there. */
static int take_unit(struct scan *s)
{
    int unit = 0;
    if (s->end - s->at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = *s->at++;
        int digit = is_digit(c)              ? c - '0'
                    : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                    : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                             : -1;
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

/* Behind the "\u". Half a surrogate pair is no character, and neither is NUL for us. */
static bool take_unicode(struct scan *s)
{
    int unit = take_unit(s);
    if (unit <= 0 || (unit >= 0xdc00 && unit < 0xe000))
        return false;
    if (unit < 0xd800 || unit >= 0xe000)
        return true;
    int low = take_word(s, "\\u") ? take_unit(s) : -1;
    return low >= 0xdc00 && low < 0xe000;
}

static bool take_escape(struct scan *s)
{
    if (take(s, 'u'))
        return take_unicode(s);
    if (s->at == s->end || !*s->at || !strchr("\"\\/bfnrt", *s->at))
        return false;
    s->at++;
    return true;
}

/* One character of more than one octet: RFC 3629, section 4. */
static bool take_utf8(struct scan *s)
{
    static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = (unsigned char)*s->at++;
    int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    uint32_t c = lead & (0x3fu >> more);

    if (lead < 0xc2 || lead > 0xf4 || s->end - s->at < more)
        return false;
    for (int i = 0; i < more; i++) {
        unsigned char next = (unsigned char)*s->at++;
        if ((next & 0xc0) != 0x80)
            return false;
        c = c << 6 | (next & 0x3fu);
    }
    return c >= smallest[more] && c <= 0x10ffff && (c < 0xd800 || c >= 0xe000);
}

static bool take_string(struct scan *s)
{
    if (!take(s, '"'))
        return false;
    while (s->at < s->end && *s->at != '"') {
        unsigned char c = (unsigned char)*s->at;
        bool good = c >= 0x80 ? take_utf8(s) : c >= 0x20;
        if (c < 0x80)
            s->at++;
        if (good && c == '\\')
            good = take_escape(s);
        if (!good)
            return false;
    }
    return take(s, '"');
}

/* ---- Values ----------------------------------------------------------------------------
 */

static bool in_object(const struct scan *s)
{
    return s->depth && (s->objects >> (s->depth - 1) & 1);
}

static bool open_bracket(struct scan *s, bool object)
{
    if (s->depth == JSON_DEPTH_MAX)
        return false;
    s->objects = (s->objects & ~(1u << s->depth)) | (uint32_t)object << s->depth;
    s->depth++;
    return true;
}

static bool take_name(struct scan *s)
{
    skip_space(s);
    if (!take_string(s))
        return false;
    skip_space(s);
    return take(s, ':');
}

static bool take_plain(struct scan *s)
{
    if (s->at == s->end)
        return false;
    if (*s->at == '"')
        return take_string(s);
    if (*s->at == '-' || is_digit(*s->at))
        return take_number(s);
    return take_word(s, "true") || take_word(s, "false") || take_word(s, "null");
}

/* Brackets open up to the first value that has nothing inside: a plain one, or an array or
 * object that is empty. */
static bool take_begin(struct scan *s)
{
    for (;;) {
        skip_space(s);
        bool object = s->at < s->end && *s->at == '{';
        if (!take(s, '{') && !take(s, '['))
            return take_plain(s);
        if (!open_bracket(s, object))
            return false;
        skip_space(s);
        if (take(s, object ? '}' : ']')) {
            s->depth--;
            return true;
        }
        if (object && !take_name(s))
            return false;
    }
}

/* Behind a value: the brackets that close, until there is a comma or all are closed. */
static bool take_ends(struct scan *s, unsigned bottom)
{
    while (s->depth > bottom) {
        skip_space(s);
        if (take(s, ','))
            return !in_object(s) || take_name(s);
        if (!take(s, in_object(s) ? '}' : ']'))
            return false;
        s->depth--;
    }
    return true;
}

/* One whole value. More of it follows as long as a bracket is open. */
static bool take_value(struct scan *s)
{
    unsigned bottom = s->depth;
    do {
        if (!take_begin(s) || !take_ends(s, bottom))
            return false;
    } while (s->depth > bottom);
    return true;
}

bool json_strict_is_valid(jf_bytes text)
{
    struct scan s = { text.ptr, text.ptr + text.len, 0, 0 };
    if (!text.len || !take_value(&s))
        return false;
    skip_space(&s);
    return s.at == s.end;
}

/* ---- Objects ---------------------------------------------------------------------------
 */

/* Where the members' values are; the text is valid and an object. */
static int find_values(jf_bytes text, struct json_object *object)
{
    struct scan s = { text.ptr, text.ptr + text.len, 1, 1 };
    skip_space(&s);
    (void)take(&s, '{');
    skip_space(&s);
    object->count = 0;
    if (take(&s, '}'))
        return JF_OK;
    do {
        if (object->count == JSON_MEMBERS_MAX)
            return JF_E_TOO_BIG;
        if (!take_name(&s))
            return JF_E_INVALID;
        skip_space(&s);
        const char *from = s.at;
        if (!take_value(&s))
            return JF_E_INVALID;
        object->values[object->count++] = jf_view(from, (size_t)(s.at - from));
        skip_space(&s);
    } while (take(&s, ','));
    return JF_OK;
}

bool json_strict_has_twins(const cJSON *object)
{
    for (const cJSON *one = object->child; one; one = one->next) {
        for (const cJSON *other = one->next; other; other = other->next) {
            if (strcmp(one->string, other->string) == 0)
                return true;
        }
    }
    return false;
}

static bool begins_object(jf_bytes text)
{
    struct scan s = { text.ptr, text.ptr + text.len, 0, 0 };
    skip_space(&s);
    return take(&s, '{');
}

int json_strict_object(jf_bytes text, struct json_object *out)
{
    struct json_object object = { 0 };
    if (!json_strict_is_valid(text) || !begins_object(text))
        return JF_E_INVALID;
    int status = find_values(text, &object);
    if (status < 0)
        return status;
    object.tree = cJSON_ParseWithLength(text.ptr, text.len);
    if (!object.tree)
        return JF_E_INVALID; /* a number too long for cJSON; or no memory, it does not say
                              */
    if (json_strict_has_twins(object.tree)) {
        cJSON_Delete(object.tree);
        return JF_E_INVALID;
    }
    *out = object;
    return JF_OK;
}

void json_strict_free(struct json_object *object)
{
    if (!object)
        return;
    cJSON_Delete(object->tree);
    object->tree = NULL;
    object->count = 0;
}
