/* One walk over the text. Statements are judged as they are read, so none is kept; what is
 * kept is copied, unescaped, to memory as large as the text. */
#include "core/parse/policy.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/json_scan.h"
#include "core/parse/json_skip.h"
#include "core/parse/utf8.h"

#define ACTION "execute-api:Invoke"

struct reader {
    const char *at, *end;
    struct json_text kept;
    jf_bytes arn;
    bool allowed, denied;
    struct policy_answer *answer;
    char *why;
};

/* A statement so far. */
struct statement {
    bool deny, action_matches, resource_matches;
};

/* Reads the value of a member, at its first character. */
typedef bool read_fn(struct reader *r, void *data, jf_bytes name);

struct field {
    const char *name;
    read_fn *read;
};

/* False, for the caller to return; the first reason stays. */
static bool fail(struct reader *r, const char *why, jf_bytes name)
{
    int shown = name.len < 40 ? (int)name.len : 40;
    if (!*r->why)
        snprintf(r->why, POLICY_WHY_MAX, "%.*s%s%s", shown, name.len ? name.ptr : "",
                 name.len ? ": " : "", why);
    return false;
}

/* ---- Matching ------------------------------------------------------------------- */

static inline bool same_char(char a, char b, bool ignore_case)
{
    return a == b || (ignore_case && bytes_lower_char(a) == bytes_lower_char(b));
}

/* Only the last star is ever gone back to: what an earlier one could take, it can. */
bool policy_matches(jf_bytes pattern, jf_bytes text, bool ignore_case)
{
    size_t p = 0, t = 0, star = SIZE_MAX, taken = 0;
    while (t < text.len) {
        if (p < pattern.len && pattern.ptr[p] == '*') {
            star = p++;
            taken = t;
        } else if (p < pattern.len &&
                   (pattern.ptr[p] == '?' ||
                    same_char(pattern.ptr[p], text.ptr[t], ignore_case))) {
            p++;
            t++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            t = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.ptr[p] == '*')
        p++;
    return p == pattern.len;
}

/* ---- JSON ----------------------------------------------------------------------- */

static bool at_char(const struct reader *r, char c)
{
    return r->at < r->end && *r->at == c;
}

static void skip_blanks(struct reader *r)
{
    r->at = json_blanks(r->at, r->end);
}

static bool skip_value(struct reader *r, void *data, jf_bytes name)
{
    (void)data;
    (void)name;
    r->at = json_skip(r->at, r->end, JSON_SKIP_LEVELS);
    return r->at != NULL;
}

static bool read_string(struct reader *r, jf_bytes about, jf_bytes *out)
{
    bool escaped;
    if (!at_char(r, '"'))
        return fail(r, "a text is expected", about);
    const char *close = json_string(r->at + 1, r->end, &escaped);
    if (!close)
        return false;
    size_t from = r->kept.len;
    if (!json_unescape(r->at + 1, close, &r->kept))
        return fail(r, "half a surrogate pair is no character", about);
    *out = jf_view(r->kept.to + from, r->kept.len - from);
    r->at = close + 1;
    return true;
}

/* After a value: at the next one, or behind the bracket if that was the last. */
static bool to_next(struct reader *r, char closing, bool *more)
{
    skip_blanks(r);
    *more = at_char(r, ',');
    if (!*more && !at_char(r, closing))
        return false;
    r->at++;
    if (*more)
        skip_blanks(r);
    return true;
}

/* At the first value in a bracket; false: there is none, and we are behind it. */
static bool enter(struct reader *r, char closing)
{
    r->at++;
    skip_blanks(r);
    if (!at_char(r, closing))
        return true;
    r->at++;
    return false;
}

static bool each_member(struct reader *r, jf_bytes about, read_fn *read, void *data)
{
    if (!at_char(r, '{'))
        return fail(r, "an object is expected", about);
    for (bool more = enter(r, '}'); more;) {
        jf_bytes name;
        if (!read_string(r, about, &name))
            return false;
        skip_blanks(r);
        if (!at_char(r, ':'))
            return false;
        r->at++;
        skip_blanks(r);
        if (!read(r, data, name) || !to_next(r, '}', &more))
            return false;
    }
    return true;
}

/* A list of values, or one that stands for a list of one. */
static bool each_or_one(struct reader *r, jf_bytes about, read_fn *read, void *data)
{
    if (!at_char(r, '['))
        return read(r, data, about);
    for (bool more = enter(r, ']'); more;) {
        if (!read(r, data, about) || !to_next(r, ']', &more))
            return false;
    }
    return true;
}

/* An object of known members. */
struct known {
    const struct field *fields;
    unsigned count, seen;
    bool others; /* may there be more? */
    void *data;
};

static bool known_member(struct reader *r, void *data, jf_bytes name)
{
    struct known *known = data;
    for (unsigned i = 0; i < known->count; i++) {
        if (!bytes_eq(name, known->fields[i].name))
            continue;
        if (known->seen & 1u << i)
            return fail(r, "comes twice", name);
        known->seen |= 1u << i;
        return known->fields[i].read(r, known->data, name);
    }
    return known->others ? skip_value(r, NULL, name)
                         : fail(r, "is not supported in a policy", name);
}

/* The first `needed` of the fields must be there. */
static bool read_known(struct reader *r, jf_bytes about, struct known *known,
                       unsigned needed)
{
    if (!each_member(r, about, known_member, known))
        return false;
    for (unsigned i = 0; i < needed; i++) {
        if (!(known->seen & 1u << i))
            return fail(r, "is missing", jf_str(known->fields[i].name));
    }
    return true;
}

/* ---- The policy ----------------------------------------------------------------- */

static bool read_effect(struct reader *r, void *data, jf_bytes name)
{
    struct statement *statement = data;
    jf_bytes effect;
    if (!read_string(r, name, &effect))
        return false;
    statement->deny = bytes_eq(effect, "Deny");
    return statement->deny || bytes_eq(effect, "Allow") ||
           fail(r, "must be Allow or Deny", name);
}

/* A variable that is not replaced might be a Deny that is not kept. */
static bool read_pattern(struct reader *r, jf_bytes name, jf_bytes *out)
{
    if (!read_string(r, name, out))
        return false;
    return !memmem(out->ptr, out->len, "${", 2) ||
           fail(r, "variables are not supported in a policy", name);
}

static bool one_action(struct reader *r, void *data, jf_bytes name)
{
    struct statement *statement = data;
    jf_bytes pattern;
    if (!read_pattern(r, name, &pattern))
        return false;
    if (policy_matches(pattern, jf_str(ACTION), true))
        statement->action_matches = true;
    return true;
}

static bool read_actions(struct reader *r, void *data, jf_bytes name)
{
    return each_or_one(r, name, one_action, data);
}

static bool one_resource(struct reader *r, void *data, jf_bytes name)
{
    struct statement *statement = data;
    jf_bytes pattern;
    if (!read_pattern(r, name, &pattern))
        return false;
    if (policy_matches(pattern, r->arn, false))
        statement->resource_matches = true;
    return true;
}

static bool read_resources(struct reader *r, void *data, jf_bytes name)
{
    return each_or_one(r, name, one_resource, data);
}

static bool one_statement(struct reader *r, void *data, jf_bytes name)
{
    static const struct field fields[] = {
        { "Effect", read_effect },
        { "Action", read_actions },
        { "Resource", read_resources },
        { "Sid", skip_value },
    };
    struct statement statement = { false, false, false };
    struct known known = { fields, 4, 0, false, &statement };
    (void)data;
    if (!read_known(r, name, &known, 3))
        return false;
    if (statement.action_matches && statement.resource_matches) {
        r->denied = r->denied || statement.deny;
        r->allowed = r->allowed || !statement.deny;
    }
    return true;
}

static bool read_statements(struct reader *r, void *data, jf_bytes name)
{
    return each_or_one(r, name, one_statement, data);
}

static bool read_version(struct reader *r, void *data, jf_bytes name)
{
    jf_bytes version;
    (void)data;
    if (!read_string(r, name, &version))
        return false;
    return bytes_eq(version, "2012-10-17") || bytes_eq(version, "2008-10-17") ||
           fail(r, "must be 2012-10-17 or 2008-10-17", name);
}

static bool read_document(struct reader *r, void *data, jf_bytes name)
{
    static const struct field fields[] = {
        { "Statement", read_statements },
        { "Version", read_version },
        { "Id", skip_value },
    };
    struct known known = { fields, 3, 0, false, data };
    return read_known(r, name, &known, 1);
}

/* ---- What is beside it ---------------------------------------------------------- */

static bool read_principal(struct reader *r, void *data, jf_bytes name)
{
    (void)data;
    return read_string(r, name, &r->answer->principal);
}

static bool read_usage_key(struct reader *r, void *data, jf_bytes name)
{
    const char *behind = json_word(r->at, r->end, "null");
    (void)data;
    if (!behind)
        return read_string(r, name, &r->answer->usage_key);
    r->at = behind;
    return true;
}

/* A number, true or false as written; null is no value. */
static bool read_bare(struct reader *r, jf_bytes *out)
{
    const char *from = r->at;
    bool is_null = at_char(r, 'n');
    if (!skip_value(r, NULL, jf_view(NULL, 0)))
        return false;
    size_t at = r->kept.len;
    json_append(&r->kept, from, (size_t)(r->at - from));
    *out = is_null ? jf_view(NULL, 0) : jf_view(r->kept.to + at, r->kept.len - at);
    return true;
}

static bool is_new(const struct policy_answer *answer, jf_bytes name)
{
    for (size_t i = 0; i < answer->context_count; i++) {
        if (jf_same(answer->context[i].name, name))
            return false;
    }
    return true;
}

static bool one_pair(struct reader *r, void *data, jf_bytes name)
{
    struct policy_answer *answer = r->answer;
    struct jf_pair pair = { name, { NULL, 0 } };
    (void)data;
    if (at_char(r, '{') || at_char(r, '['))
        return fail(r, "is neither a text nor a number, true or false", name);
    if (at_char(r, '"') ? !read_string(r, name, &pair.value) : !read_bare(r, &pair.value))
        return false;
    if (!pair.value.ptr)
        return true;
    if (answer->context_count == POLICY_CONTEXT_MAX)
        return fail(r, "is one too many: a context has 256 members", name);
    if (!is_new(answer, name))
        return fail(r, "comes twice", name);
    answer->context[answer->context_count++] = pair;
    return true;
}

static bool read_context(struct reader *r, void *data, jf_bytes name)
{
    const char *behind = json_word(r->at, r->end, "null");
    if (!behind)
        return each_member(r, name, one_pair, data);
    r->at = behind;
    return true;
}

/* ---- The whole ------------------------------------------------------------------ */

static bool read_answer(struct reader *r)
{
    static const struct field fields[] = {
        { "principalId", read_principal },
        { "policyDocument", read_document },
        { "context", read_context },
        { "usageIdentifierKey", read_usage_key },
    };
    struct known known = { fields, 4, 0, true, NULL };
    skip_blanks(r);
    if (!read_known(r, jf_view(NULL, 0), &known, 2))
        return false;
    skip_blanks(r);
    return r->at == r->end;
}

static int refuse(char why[POLICY_WHY_MAX], const char *reason)
{
    snprintf(why, POLICY_WHY_MAX, "%s", reason);
    return JF_E_INVALID;
}

int policy_read(jf_bytes text, jf_bytes arn, struct policy_answer *out,
                char why[POLICY_WHY_MAX])
{
    if (!text.len)
        return refuse(why, "the answer is empty");
    if (text.len > POLICY_TEXT_MAX)
        return refuse(why, "the answer is longer than 8 KiB");
    if (!utf8_is_text(text))
        return refuse(why, "the answer is not UTF-8");
    struct policy_answer answer = { .memory = xalloc(text.len) };
    answer.context = xcalloc(POLICY_CONTEXT_MAX, sizeof(*answer.context));
    struct reader r = { .at = text.ptr,
                        .end = text.ptr + text.len,
                        .kept = { answer.memory, text.len, 0 },
                        .arn = arn,
                        .answer = &answer,
                        .why = why };
    why[0] = '\0';
    if (!read_answer(&r)) {
        fail(&r, "the answer is no JSON, or nested too deep", jf_view(NULL, 0));
        policy_fini(&answer);
        return JF_E_INVALID;
    }
    answer.allow = r.allowed && !r.denied;
    *out = answer;
    return JF_OK;
}

void policy_fini(struct policy_answer *answer)
{
    free(answer->context);
    free(answer->memory);
    *answer = (struct policy_answer){ 0 };
}
