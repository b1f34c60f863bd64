/* One value is passed, all of it checked, and nothing behind it is read. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/parse/json_skip.h"

/* How many octets the value has; -1: there is none. */
static int skipped(const char *text, unsigned levels)
{
    size_t len = strlen(text);
    char *copy = malloc(len ? len : 1);
    memcpy(copy, text, len);
    const char *end = json_skip(copy, copy + len, levels);
    int octets = end ? (int)(end - copy) : -1;
    free(copy);
    return octets;
}

static void whole_values_are_passed(void **state)
{
    (void)state;
    static const char *const values[] = {
        "{}",
        "[]",
        "[[]]",
        "{\"a\":{}}",
        "\"a\\\"b\"",
        "-1.5e3",
        "true",
        "false",
        "null",
        "[ 1 , \"two\" , [ ] , { } ]",
        "{ \"a\" : [ { \"b\" : 1 } , 2 ] , \"c\" : null }",
        "[[1],[2,[3]],{\"a\":[],\"b\":{}}]",
        "[\"]\",\"}\"]",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (skipped(values[i], 4) != (int)strlen(values[i]))
            fail_msg("%s", values[i]);
    }
}

static void what_is_behind_it_stays(void **state)
{
    (void)state;
    assert_int_equal(skipped("{} ]", 4), 2);
    assert_int_equal(skipped("[1]]", 4), 3);
    assert_int_equal(skipped("1,2", 4), 1);
    assert_int_equal(skipped("truest", 4), 4);
}

static void what_is_no_value_is_refused(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",         " ",        "{",         "[",          "}",         "]",       "{]",
        "[}",       "[1",       "[1,",       "[1,]",       "[,1]",      "[1 2]",   "{\"a\"",
        "{\"a\":",  "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{\"a\" 1}", "{a:1}",   "{1:1}",
        "{\"a\":}", "[[1]",     "[{]}",      "{\"a\":[}]", "\"",        "\"\\x\"", "tru",
        "-",        "[1,2,",    "{,}",       "[\"a\":1]",  "{\"a\",1}",
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (skipped(values[i], 8) != -1)
            fail_msg("%s", values[i]);
    }
}

static void deeper_levels_are_refused(void **state)
{
    (void)state;
    char text[2 * 65 + 1];
    assert_int_equal(skipped("1", 0), 1);
    assert_int_equal(skipped("[]", 0), -1);
    assert_int_equal(skipped("[]", 1), 2);
    assert_int_equal(skipped("[{}]", 1), -1);
    assert_int_equal(skipped("[[],[]]", 2), 7);
    for (int depth = 63; depth <= 65; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(skipped(text, JSON_SKIP_LEVELS), depth <= 64 ? 2 * depth : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_values_are_passed),
        cmocka_unit_test(what_is_behind_it_stays),
        cmocka_unit_test(what_is_no_value_is_refused),
        cmocka_unit_test(deeper_levels_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
