/* Numbers as JSON writes them, compared as the decimals they are: against known pairs, and
 * against doubles where those are exact. */
#include "tests/unit/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse/decimal.h"

/* Copied to memory of its exact size, so the sanitizer sees a read past the end. */
static int compared(const char *a, const char *b)
{
    size_t of_a = strlen(a), of_b = strlen(b);
    char *copy_a = malloc(of_a), *copy_b = malloc(of_b);
    struct decimal left, right;
    memcpy(copy_a, a, of_a);
    memcpy(copy_b, b, of_b);
    decimal_read(copy_a, copy_a + of_a, &left);
    decimal_read(copy_b, copy_b + of_b, &right);
    int order = decimal_compare(&left, &right);
    assert_int_equal(decimal_compare(&right, &left) > 0, order < 0);
    assert_int_equal(decimal_compare(&right, &left) < 0, order > 0);
    free(copy_a);
    free(copy_b);
    return (order > 0) - (order < 0);
}

static void one_value_has_many_texts(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        { "0", "-0" },          { "0", "0.000" },
        { "0", "0e99" },        { "0", "-0.0E-7" },
        { "1", "1.0" },         { "1", "1e0" },
        { "1", "10e-1" },       { "1", "0.1e1" },
        { "1", "0.001E+3" },    { "-1", "-1.000" },
        { "1200", "1.2e3" },    { "0.012", "1.2e-2" },
        { "0.012", "12e-3" },   { "100", "1e2" },
        { "10.5", "1.05e1" },   { "10.50", "105e-1" },
        { "1e400", "10e399" },  { "1e-400", "0.1e-399" },
        { "1e00000", "1e-00" }, { "1e0000000000000000000000002", "100" },
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        if (compared(same[i][0], same[i][1]) != 0)
            fail_msg("%s is %s", same[i][0], same[i][1]);
    }
}

static void neighbours_that_doubles_confuse_are_told_apart(void **state)
{
    (void)state;
    static const char *const ordered[][2] = {
        { "9007199254740992", "9007199254740993" },
        { "-9007199254740993", "-9007199254740992" },
        { "0.1", "0.10000000000000000000000001" },
        { "0.0999999999999999999999999999", "0.1" },
        { "1e308", "1e309" },
        { "1e309", "2e309" },
        { "-2e309", "-1e309" },
        { "1e-400", "2e-400" },
        { "0", "1e-400" },
        { "-1e-400", "0" },
        { "18446744073709551615", "18446744073709551616" },
        { "99", "100" },
        { "-100", "-99" },
        { "9.99", "10" },
        { "-1", "1" },
        { "1e5", "1e999999999999999999999999999" },
        { "1e-999999999999999999999999999", "1e-5" },
    };
    for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
        if (compared(ordered[i][0], ordered[i][1]) >= 0)
            fail_msg("%s is less than %s", ordered[i][0], ordered[i][1]);
    }
}

/* All digits from a small alphabet, so that many pairs are equal or close. */
static void the_order_is_that_of_doubles_where_these_are_exact(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (int round = 0; round < 200000; round++) {
        char text[2][32];
        double value[2];
        for (int i = 0; i < 2; i++) {
            random = random * 1103515245u + 12345u;
            int whole = (int)(random >> 16) % 40 - 20, part = (int)(random >> 8) % 8;
            int exponent = (int)(random >> 24) % 5;
            snprintf(text[i], sizeof(text[i]), "%s%d.%03de%d", whole < 0 ? "-" : "",
                     abs(whole), part * 125, exponent);
            value[i] = strtod(text[i], NULL);
        }
        int expected = (value[0] > value[1]) - (value[0] < value[1]);
        if (compared(text[0], text[1]) != expected)
            fail_msg("%s and %s", text[0], text[1]);
    }
}

static bool is_integer(const char *text)
{
    return decimal_is_integer(text, text + strlen(text));
}

static void an_integer_is_written_as_one(void **state)
{
    (void)state;
    assert_true(is_integer("0"));
    assert_true(is_integer("-12345678901234567890123"));
    assert_false(is_integer("1.0"));
    assert_false(is_integer("1e2"));
    assert_false(is_integer("1E+2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_has_many_texts),
        cmocka_unit_test(neighbours_that_doubles_confuse_are_told_apart),
        cmocka_unit_test(the_order_is_that_of_doubles_where_these_are_exact),
        cmocka_unit_test(an_integer_is_written_as_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
