/* cJSON builds the tree. A walk over the text before it does what cJSON does not: comments
 * become blanks in place, mistakes are told with their place and in words, and what cJSON
 * takes in silence (numbers like 01, \u0000 that cuts a text short) is refused. */
#include "core/parse/config_json.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "core/parse/config_build.h"
#include "core/parse/json_scan.h"

enum expected {
    EXPECT_VALUE,
    EXPECT_ELEMENT, /* a value, or the end of an array that is empty so far */
    EXPECT_KEY,
    EXPECT_MEMBER, /* a key, or the end of an object that is empty so far */
    EXPECT_COLON,
    EXPECT_MORE, /* a comma, or the end of what surrounds us */
};

struct walk {
    jf_bytes source; /* what we were given; `text` is our copy of it */
    char *text, *end, *at;
    enum expected expected;
    unsigned depth;
    uint64_t objects; /* a bit per level, the lowest is the innermost: is it an object? */
    struct config_error *error;
};

static bool has_mark(jf_bytes text)
{
    return text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0;
}

/* Places are those of the author's text, comments and all. Columns count characters, not
 * octets, since that is what editors do. */
static bool fail_at(struct walk *w, const char *at, const char *why)
{
    unsigned line = 1, column = 1;
    size_t offset = (size_t)(at - w->text);
    for (size_t i = has_mark(w->source) ? 3 : 0; i < offset; i++) {
        if (w->source.ptr[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)w->source.ptr[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    w->error->line = line;
    w->error->column = column;
    snprintf(w->error->text, sizeof(w->error->text), "%s", why);
    return false;
}

static bool fail(struct walk *w, const char *why)
{
    return fail_at(w, w->at, why);
}

/* The comment here becomes blanks. */
static bool blank_comment(struct walk *w)
{
    size_t left = (size_t)(w->end - w->at);
    char *stop;
    if (w->at[1] == '/') {
        stop = memchr(w->at, '\n', left);
        if (!stop)
            stop = w->end;
    } else {
        stop = memmem(w->at + 2, left - 2, "*/", 2);
        if (!stop)
            return fail(w, "this comment is never closed");
        stop += 2;
    }
    memset(w->at, ' ', (size_t)(stop - w->at));
    w->at = stop;
    return true;
}

static bool skip_blanks(struct walk *w)
{
    for (;;) {
        w->at += json_blanks(w->at, w->end) - w->at;
        bool comment =
            w->end - w->at >= 2 && w->at[0] == '/' && (w->at[1] == '/' || w->at[1] == '*');
        if (!comment)
            return true;
        if (!blank_comment(w))
            return false;
    }
}

/* \u0000 would end the C string it becomes. NULL: there is none. */
static const char *find_nul(const char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at != '\\')
            continue;
        if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
            return at;
        at++;
    }
    return NULL;
}

static bool walk_string(struct walk *w)
{
    bool escaped;
    const char *from = w->at + 1;
    const char *close = json_string(from, w->end, &escaped);
    if (!close)
        return fail(w,
                    "this text has no closing quote, or a line break or a wrong escape in "
                    "it");
    if (escaped && find_nul(from, close))
        return fail_at(w, find_nul(from, close), "\\u0000 cannot be part of a text");
    w->at += close + 1 - w->at;
    return true;
}

static bool walk_number(struct walk *w)
{
    const char *stop = json_number(w->at, w->end);
    if (!stop || (stop < w->end && strchr("+-.0123456789eExX", *stop)))
        return fail(w, "this is no number as JSON writes them");
    w->at += stop - w->at;
    return true;
}

static bool walk_word(struct walk *w)
{
    const char *stop = json_word(w->at, w->end, "true");
    if (!stop)
        stop = json_word(w->at, w->end, "false");
    if (!stop)
        stop = json_word(w->at, w->end, "null");
    if (!stop)
        return fail(w, "a value is expected here: text in quotes, a number, true, false, "
                       "null, { or [");
    w->at += stop - w->at;
    return true;
}

static bool enter(struct walk *w, bool object)
{
    if (w->depth == CONFIG_NESTING_MAX)
        return fail(w, "nested deeper than 64 levels");
    w->depth++;
    w->objects = w->objects << 1 | object;
    w->expected = object ? EXPECT_MEMBER : EXPECT_ELEMENT;
    w->at++;
    return true;
}

static bool leave(struct walk *w)
{
    w->depth--;
    w->objects >>= 1;
    w->expected = EXPECT_MORE;
    w->at++;
    return true;
}

static bool walk_value(struct walk *w)
{
    char c = *w->at;
    if (c == '{' || c == '[')
        return enter(w, c == '{');
    if (c == ']' && w->expected == EXPECT_ELEMENT)
        return leave(w);
    if (c == ']')
        return fail(w, "a value is expected after the comma before this ]");
    w->expected = EXPECT_MORE;
    if (c == '"')
        return walk_string(w);
    if (c == '-' || json_is_digit(c))
        return walk_number(w);
    return walk_word(w);
}

static bool walk_key(struct walk *w)
{
    if (*w->at == '}' && w->expected == EXPECT_MEMBER)
        return leave(w);
    if (*w->at == '}')
        return fail(w, "a key is expected after the comma before this }");
    if (*w->at != '"')
        return fail(w, "a key in double quotes is expected here");
    w->expected = EXPECT_COLON;
    return walk_string(w);
}

static bool walk_more(struct walk *w)
{
    bool object = w->objects & 1;
    if (!w->depth)
        return fail(w, "nothing may follow the end of the configuration");
    if (*w->at == (object ? '}' : ']'))
        return leave(w);
    if (*w->at != ',')
        return fail(w, object ? "a comma or } is expected here"
                              : "a comma or ] is expected here");
    w->expected = object ? EXPECT_KEY : EXPECT_VALUE;
    w->at++;
    return true;
}

static bool walk_token(struct walk *w)
{
    switch (w->expected) {
    case EXPECT_VALUE:
    case EXPECT_ELEMENT:
        return walk_value(w);
    case EXPECT_KEY:
    case EXPECT_MEMBER:
        return walk_key(w);
    case EXPECT_MORE:
        return walk_more(w);
    case EXPECT_COLON:
        break;
    }
    if (*w->at != ':')
        return fail(w, "a colon is expected between a key and its value");
    w->expected = EXPECT_VALUE;
    w->at++;
    return true;
}

static bool walk_text(struct walk *w)
{
    for (;;) {
        if (!skip_blanks(w))
            return false;
        if (w->at == w->end)
            break;
        if (!walk_token(w))
            return false;
    }
    if (w->expected == EXPECT_MORE && !w->depth)
        return true;
    return fail(
        w, "the configuration ends too early: something is not closed, or it is empty");
}

int config_json_read(jf_bytes text, cJSON **out, struct config_error *error)
{
    struct walk w = { .source = text, .error = error };
    if (text.len > CONFIG_TEXT_MAX)
        return config_refuse(error, "the configuration is longer than 4 MiB");
    AUTO_FREE char *copy = xdup(text);
    w.text = w.at = copy;
    w.end = copy + text.len;
    if (has_mark(text))
        memset(copy, ' ', 3); /* a byte order mark, as some editors leave it */
    if (!walk_text(&w))
        return JF_E_INVALID;

    const char *stop = copy;
    cJSON *tree = cJSON_ParseWithLengthOpts(copy, text.len + 1, &stop, true);
    if (!tree) {
        fail_at(&w, stop, "a text with half a surrogate pair, or a number too long");
        return JF_E_INVALID;
    }
    *out = tree;
    return JF_OK;
}
