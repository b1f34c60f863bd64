/* What the tests of schemas have in common. Texts are copied to memory of their exact size,
 * so the sanitizer sees a read past the end. */
#ifndef JF_SCHEMA_TALK_H
#define JF_SCHEMA_TALK_H

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/schema.h"

static inline char *copy_of(jf_bytes text)
{
    char *copy = malloc(text.len ? text.len : 1);
    memcpy(copy, text.ptr, text.len);
    return copy;
}

static inline struct schema *compiled(const char *text)
{
    struct schema *schema = NULL;
    struct schema_error error = { "no place", "no error" };
    char *copy = copy_of(jf_str(text));
    if (schema_compile(jf_view(copy, strlen(text)), &schema, &error) != JF_OK)
        fail_msg("%s: %s at %s", text, error.text, error.place);
    free(copy);
    return schema;
}

static inline bool fits(const struct schema *schema, jf_bytes body,
                        struct schema_problem *why)
{
    char *copy = copy_of(body);
    bool good = schema_fits(schema, jf_view(copy, body.len), why);
    assert_int_equal(schema_fits(schema, jf_view(copy, body.len), NULL), good);
    free(copy);
    return good;
}

/* `keyword` is NULL if the body fits. */
static inline void assert_problem_bytes(const char *text, jf_bytes body,
                                        const char *keyword, const char *place)
{
    struct schema *schema = compiled(text);
    struct schema_problem why = { "", NULL };
    bool good = fits(schema, body, &why);
    if (good != !keyword)
        fail_msg("%s: %.*s: %s at %s", text, BYTES_FMT(body), good ? "fits" : why.keyword,
                 why.place);
    if (keyword && (strcmp(why.keyword, keyword) != 0 || strcmp(why.place, place) != 0))
        fail_msg("%s: %.*s: %s at \"%s\"", text, BYTES_FMT(body), why.keyword, why.place);
    schema_free(schema);
}

static inline void assert_problem(const char *text, const char *body, const char *keyword,
                                  const char *place)
{
    assert_problem_bytes(text, jf_str(body), keyword, place);
}

static inline void assert_fits(const char *text, const char *body)
{
    assert_problem(text, body, NULL, NULL);
}

#endif
