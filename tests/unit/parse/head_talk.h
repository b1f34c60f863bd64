/* What the tests of request heads share: a head is parsed, or refused with a status and a
 * reason. Heads are copied to memory of their exact size, so a sanitizer sees a read past
 * their end. */
#ifndef JF_TEST_HEAD_TALK_H
#define JF_TEST_HEAD_TALK_H

#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/head.h"

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: h\r\n"

static struct head head;
static char *copy;

static inline void done(void)
{
    head_fini(&head);
    free(copy);
    copy = NULL;
}

static inline int parse(const char *bytes, size_t len, unsigned *status, const char **why)
{
    done();
    copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    return head_parse(copy, len, &head, status, why);
}

static inline void refused_bytes(const char *bytes, size_t len, unsigned expected,
                                 const char *reason)
{
    unsigned status = 0;
    const char *why = "nothing";
    assert_int_equal(parse(bytes, len, &status, &why), JF_E_INVALID);
    assert_int_equal(status, expected);
    assert_string_equal(why, reason);
    assert_null(head.headers);
    assert_null(head.query);
    done();
}

static inline void refused(const char *text, unsigned expected, const char *reason)
{
    refused_bytes(text, strlen(text), expected, reason);
}

static inline void read_head(const char *text)
{
    unsigned status = 0;
    const char *why = "nothing";
    if (parse(text, strlen(text), &status, &why) != JF_OK)
        fail_msg("%u %s: %s", status, why, text);
    assert_int_equal(status, 0);
}

static inline void read_target(const char *target)
{
    char text[1000];
    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    read_head(text);
}

static inline void refused_target(const char *target, const char *reason)
{
    char text[1000];
    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    refused(text, 400, reason);
}

static inline void is(jf_bytes view, const char *text)
{
    if (!bytes_eq(view, text))
        fail_msg("\"%.*s\" is not \"%s\"", BYTES_FMT(view), text);
}

#endif
