/* What the tests of signatures share: a recorded request, in memory of its exact size so
 * that a sanitizer sees a step too far; changed by one thing, and checked. */
#ifndef JF_TEST_SIGNED_H
#define JF_TEST_SIGNED_H

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/credentials/clock.h"
#include "core/credentials/sigv4.h"
#include "tests/unit/credentials/vector.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define SUITE_TIME 1440938160 /* 2015-08-30T12:36:00Z */
#define COPIES 256

static struct sigv4 *checker;
static struct verdict verdict;
static struct request request;
static struct jf_pair headers[200];
static char *copies[COPIES];
static size_t copy_count;

static inline jf_bytes copied(const char *ptr, size_t len)
{
    char *copy = malloc(len ? len : 1);
    assert_true(copy_count < COPIES);
    if (len)
        memcpy(copy, ptr, len);
    copies[copy_count++] = copy;
    return jf_view(copy, len);
}

static inline jf_bytes copied_text(const char *text)
{
    return copied(text, strlen(text));
}

static inline void forget_request(void)
{
    while (copy_count)
        free(copies[--copy_count]);
    memset(&request, 0, sizeof(request));
}

static inline void add_header(const char *name, const char *value)
{
    headers[request.header_count++] =
        (struct jf_pair){ copied_text(name), copied_text(value) };
}

#define TAKE(vectors, name) take_vector(find_vector(vectors, COUNT(vectors), name))
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static inline const struct vector *find_vector(const struct vector *vectors, size_t count,
                                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(vectors[i].name, name) == 0)
            return &vectors[i];
    }
    fail_msg("there is no vector %s", name);
    return NULL;
}

static inline void take_vector(const struct vector *vector)
{
    forget_request();
    request.headers = headers;
    request.method = copied_text(vector->method);
    request.path = copied_text(vector->path);
    request.query = copied_text(vector->query);
    request.body = copied_text(vector->body);
    for (size_t i = 0; vector->headers[i].name; i++)
        add_header(vector->headers[i].name, vector->headers[i].value);
}

static inline struct jf_pair *header_called(const char *name)
{
    for (size_t i = 0; i < request.header_count; i++) {
        if (bytes_eq_nocase(headers[i].name, name))
            return &headers[i];
    }
    fail_msg("there is no header %s", name);
    return NULL;
}

static inline void set_header(const char *name, const char *value)
{
    header_called(name)->value = copied_text(value);
}

static inline void drop_header(const char *name)
{
    struct jf_pair *dropped = header_called(name);
    *dropped = headers[--request.header_count];
}

/* Another checker, with these keys. */
static inline void open_checker(const struct sigv4_key *keys, size_t count,
                                const char *region, const char *service)
{
    const char *why = NULL;
    sigv4_free(checker);
    checker = NULL;
    if (sigv4_new(keys, count, jf_str(region), jf_str(service), &checker, &why) != JF_OK)
        fail_msg("%s", why);
}

/* With the key of the vectors. */
static inline void open_usual(const char *service)
{
    struct sigv4_key key = { .access_key_id = jf_str("AKIDEXAMPLE"),
                             .secret_access_key = jf_str(SECRET) };
    open_checker(&key, 1, "", service);
}

static inline int close_checker(void **state)
{
    (void)state;
    forget_request();
    sigv4_free(checker);
    checker = NULL;
    return 0;
}

static inline void passes_at(int64_t now)
{
    if (!sigv4_check(checker, &request, now, &verdict))
        fail_msg("%s: %.*s", verdict_name(verdict.kind),
                 BYTES_FMT(verdict_message(&verdict)));
    assert_int_equal(verdict.kind, VERDICT_PASS);
    assert_true(bytes_eq(verdict.who, "AKIDEXAMPLE"));
    assert_int_equal(verdict.len, 0);
}

static inline void fails_at(int64_t now, enum verdict_kind kind)
{
    assert_false(sigv4_check(checker, &request, now, &verdict));
    if (verdict.kind != kind)
        fail_msg("%s, not %s: %.*s", verdict_name(verdict.kind), verdict_name(kind),
                 BYTES_FMT(verdict_message(&verdict)));
    assert_int_equal(verdict.who.len, 0);
}

static inline void says(const char *text)
{
    jf_bytes message = verdict_message(&verdict);
    if (!bytes_eq(message, text))
        fail_msg("\"%.*s\" is not \"%s\"", BYTES_FMT(message), text);
}

static inline void begins(const char *text)
{
    jf_bytes message = verdict_message(&verdict);
    size_t len = strlen(text);
    if (message.len < len || memcmp(message.ptr, text, len) != 0)
        fail_msg("\"%.*s\" does not begin with \"%s\"", BYTES_FMT(message), text);
}

#endif
