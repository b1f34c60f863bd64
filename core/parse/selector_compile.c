/* Compiling: an expression's text to parts and steps, or an error that says at which
 * character. It accepts names and indexes and refuses the rest of JSONPath aloud, so that
 * an expression never quietly means something else than its author thinks. */
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/selector_parts.h"

#define ROOT "request.body"

struct compiler {
    jf_bytes source;
    size_t at;
    struct selector *selector;
    size_t text_used, step_used;
    struct selector_error *error;
};

/* The places are octets here and characters in the error. */
static bool fail_at(struct compiler *c, size_t at, const char *text)
{
    size_t characters = 0;
    for (size_t i = 0; i < at; i++)
        characters += ((unsigned char)c->source.ptr[i] & 0xc0) != 0x80;
    *c->error = (struct selector_error){ characters, text };
    return false;
}

static bool fail(struct compiler *c, const char *text)
{
    return fail_at(c, c->at, text);
}

/* The octet `ahead` of here; NUL at the end, which no rule below looks for. */
static char peek(const struct compiler *c, size_t ahead)
{
    return ahead < c->source.len - c->at ? c->source.ptr[c->at + ahead] : '\0';
}

static bool at_end(const struct compiler *c)
{
    return c->at == c->source.len;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || (unsigned char)c >= 0x80;
}

static void add_text(struct compiler *c, char octet)
{
    c->selector->text[c->text_used++] = octet;
}

static bool add_step(struct compiler *c, struct selector_variable *variable,
                     struct selector_step step)
{
    if (variable->step_count == SELECTOR_DEPTH_MAX)
        return fail(c, "a path has 64 steps at most");
    variable->steps[variable->step_count++] = step;
    c->step_used++;
    return true;
}

/* ".name", at the name. */
static bool compile_name(struct compiler *c, struct selector_variable *variable)
{
    const char *name = c->selector->text + c->text_used;
    size_t from = c->at;
    if (peek(c, 0) == '.')
        return fail(c, "descent with .. is not supported: only names and indexes are");
    if (peek(c, 0) == '*')
        return fail(c, "wildcards are not supported: only names and indexes are");
    for (; is_name_char(peek(c, 0)); c->at++)
        add_text(c, peek(c, 0));
    if (c->at == from)
        return fail(c,
                    "an empty step: a name must follow the dot (letters, digits, _ and -; "
                    "others as ['name'])");
    struct selector_step step = { { name, c->at - from }, 0 };
    return add_step(c, variable, step);
}

/* ['name'], at the quote. A backslash takes the next character as it is. */
static bool compile_quoted(struct compiler *c, struct selector_variable *variable)
{
    const char *name = c->selector->text + c->text_used;
    char quote = peek(c, 0);
    size_t open = c->at++, len = 0;
    for (; !at_end(c) && peek(c, 0) != quote; c->at++, len++) {
        if (peek(c, 0) == '\\' && c->at + 1 < c->source.len)
            c->at++;
        add_text(c, peek(c, 0));
    }
    if (at_end(c))
        return fail_at(c, open, "this quote is never closed");
    if (!len)
        return fail_at(c, open, "an empty step: a name must stand between the quotes");
    c->at++;
    struct selector_step step = { { name, len }, 0 };
    return add_step(c, variable, step);
}

/* [0], at the digit. */
static bool compile_index(struct compiler *c, struct selector_variable *variable)
{
    size_t from = c->at;
    uint64_t index = 0;
    for (; peek(c, 0) >= '0' && peek(c, 0) <= '9'; c->at++) {
        index = index * 10 + (uint64_t)(peek(c, 0) - '0');
        if (index > UINT32_MAX)
            return fail_at(c, from, "this index is too large");
    }
    struct selector_step step = { { NULL, 0 }, (uint32_t)index };
    return add_step(c, variable, step);
}

static const char *bracket_complaint(char c)
{
    switch (c) {
    case '*':
        return "wildcards are not supported: only names and indexes are";
    case '?':
    case '(':
        return "filters are not supported: only names and indexes are";
    case ':':
        return "slices are not supported: only names and indexes are";
    case '-':
        return "an index counts from the start: it cannot be negative";
    case ',':
        return "unions are not supported: one name or index to a bracket";
    default:
        return NULL;
    }
}

/* At the bracket. */
static bool compile_bracket(struct compiler *c, struct selector_variable *variable)
{
    size_t open = c->at++;
    char first = peek(c, 0);
    bool good;
    if (first == '\'' || first == '"')
        good = compile_quoted(c, variable);
    else if (first >= '0' && first <= '9')
        good = compile_index(c, variable);
    else if (at_end(c))
        return fail_at(c, open, "this bracket is never closed");
    else if (bracket_complaint(first))
        return fail(c, bracket_complaint(first));
    else
        return fail(c, "an index or a quoted name must follow the bracket");
    if (!good)
        return false;
    if (peek(c, 0) == ']') {
        c->at++;
        return true;
    }
    if (at_end(c))
        return fail_at(c, open, "this bracket is never closed");
    return fail(c, bracket_complaint(peek(c, 0)) ? bracket_complaint(peek(c, 0))
                                                 : "a closing bracket is expected here");
}

/* Everything after "request.body", at its first step. */
static bool compile_path(struct compiler *c, struct selector_variable *variable)
{
    for (;;) {
        bool good;
        if (peek(c, 0) == '.') {
            c->at++;
            good = compile_name(c, variable);
        } else if (peek(c, 0) == '[') {
            good = compile_bracket(c, variable);
        } else if (peek(c, 0) == '(') {
            return fail(c, "functions are not supported: only names and indexes are");
        } else {
            return true;
        }
        if (!good)
            return false;
    }
}

/* At "request.body", or whatever stands in its place. */
static bool compile_root(struct compiler *c)
{
    jf_bytes rest = bytes_from(c->source, c->at);
    size_t len = sizeof(ROOT) - 1;
    if (rest.len < len || memcmp(rest.ptr, ROOT, len) != 0 || is_name_char(peek(c, len)))
        return fail(c, "unknown variable: the only one is request.body, with a path into "
                       "it (a literal dollar is \\$)");
    if (peek(c, len) != '.' && peek(c, len) != '[')
        return fail(c, "the whole body is no route key: name a part of it, as in "
                       "$request.body.action");
    c->at += len;
    return true;
}

static bool add_variable(struct compiler *c)
{
    struct selector *selector = c->selector;
    if (selector->variable_count == SELECTOR_VARIABLES)
        return fail(c, "an expression has 8 variables at most");
    unsigned index = selector->variable_count++;
    struct selector_variable *variable = &selector->variables[index];
    variable->steps = selector->steps + c->step_used;
    selector->parts[selector->part_count++].variable = (int)index;
    if (!compile_root(c) || !compile_path(c, variable))
        return false;
    selector->arrives[variable->step_count] |= (uint8_t)(1u << index);
    return true;
}

/* At the dollar. */
static bool compile_variable(struct compiler *c)
{
    size_t dollar = c->at++;
    bool braced = peek(c, 0) == '{';
    if (braced)
        c->at++;
    else if (!is_name_char(peek(c, 0)))
        return fail_at(c, dollar,
                       "a stray $: a variable must follow it (a literal dollar is "
                       "\\$)");
    if (braced && at_end(c))
        return fail_at(c, dollar, "this ${ is never closed");
    if (!add_variable(c))
        return false;
    if (!braced)
        return true;
    if (at_end(c))
        return fail_at(c, dollar, "this ${ is never closed");
    if (peek(c, 0) != '}')
        return fail(c, "unexpected in a path: a dot, a bracket or the closing } must stand "
                       "here");
    c->at++;
    return true;
}

/* Up to the next variable; "\$" is a dollar. */
static void compile_literal(struct compiler *c)
{
    struct selector_part *part = &c->selector->parts[c->selector->part_count++];
    part->variable = -1;
    part->literal.ptr = c->selector->text + c->text_used;
    for (; !at_end(c) && peek(c, 0) != '$'; c->at++) {
        if (peek(c, 0) == '\\' && peek(c, 1) == '$')
            c->at++;
        add_text(c, peek(c, 0));
        part->literal.len++;
    }
}

/* The console stores "request.body.x" for "$request.body.x"; then it is all there is. */
static bool is_bare_path(jf_bytes source)
{
    size_t len = sizeof(ROOT) - 1;
    return source.len >= len && memcmp(source.ptr, ROOT, len) == 0 &&
           (source.len == len || source.ptr[len] == '.' || source.ptr[len] == '[');
}

static bool compile(struct compiler *c)
{
    if (!c->source.len)
        return fail(c, "the expression is empty");
    if (c->source.len > SELECTOR_KEY_MAX)
        return fail_at(c, SELECTOR_KEY_MAX, "the expression is too long");
    if (is_bare_path(c->source)) {
        if (!add_variable(c))
            return false;
        return at_end(c) || fail(c, "a path without its dollar must stand alone: write "
                                    "${request.body...} to add text or variables");
    }
    while (!at_end(c)) {
        if (peek(c, 0) != '$')
            compile_literal(c);
        else if (!compile_variable(c))
            return false;
    }
    return true;
}

int selector_compile(jf_bytes expression, struct selector **out,
                     struct selector_error *error)
{
    struct compiler c = { .source = expression, .error = error };
    /* No text is longer than its source, no step shorter than two characters. */
    size_t room = expression.len < SELECTOR_KEY_MAX ? expression.len : SELECTOR_KEY_MAX;
    c.selector = xnew(struct selector);
    c.selector->text = xalloc(room + 1);
    c.selector->steps = xcalloc(room / 2 + 1, sizeof(struct selector_step));
    if (!compile(&c)) {
        selector_free(c.selector);
        return JF_E_INVALID;
    }
    *out = c.selector;
    return JF_OK;
}

void selector_free(struct selector *selector)
{
    if (!selector)
        return;
    free(selector->steps);
    free(selector->text);
    free(selector);
}
