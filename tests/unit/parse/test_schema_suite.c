/* Cases of the official JSON Schema test suite, drafts 4 and 6, for the keywords we have. A
 * group is a schema, the bodies that fit it, and those that do not. Left out is what lists
 * objects or arrays in enum or const, and what differs between the drafts where
 * core/parse/schema.h says which one it follows. */
#include "tests/unit/test.h"

#include "tests/unit/parse/schema_talk.h"

#define BODIES_MAX 16

struct group {
    const char *schema;
    const char *fit[BODIES_MAX], *misfit[BODIES_MAX];
};

static void hold(const struct group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct schema *schema = compiled(groups[i].schema);
        for (const char *const *body = groups[i].fit; *body; body++) {
            struct schema_problem why;
            if (!fits(schema, jf_str(*body), &why))
                fail_msg("%s: %s: %s at %s", groups[i].schema, *body, why.keyword,
                         why.place);
        }
        for (const char *const *body = groups[i].misfit; *body; body++) {
            if (fits(schema, jf_str(*body), NULL))
                fail_msg("%s: %s fits", groups[i].schema, *body);
        }
        schema_free(schema);
    }
}

#define HOLD(groups) hold(groups, sizeof(groups) / sizeof((groups)[0]))

static void types(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"type\":\"integer\"}",
          { "1", "-1", "0" },
          { "1.1", "\"foo\"", "\"1\"", "{}", "[]", "true", "null" } },
        { "{\"type\":\"number\"}",
          { "1", "1.0", "1.1" },
          { "\"foo\"", "\"1\"", "{}", "[]", "true", "null" } },
        { "{\"type\":\"string\"}",
          { "\"foo\"", "\"1\"", "\"\"" },
          { "1", "1.1", "{}", "[]", "true", "null" } },
        { "{\"type\":\"object\"}",
          { "{}" },
          { "1", "1.1", "\"foo\"", "[]", "true", "null" } },
        { "{\"type\":\"array\"}",
          { "[]" },
          { "1", "1.1", "\"foo\"", "{}", "true", "null" } },
        { "{\"type\":\"boolean\"}",
          { "true", "false" },
          { "1", "0", "1.1", "\"foo\"", "\"\"", "{}", "[]", "null" } },
        { "{\"type\":\"null\"}",
          { "null" },
          { "1", "1.1", "0", "\"foo\"", "\"\"", "{}", "[]", "true", "false" } },
        { "{\"type\":[\"integer\",\"string\"]}",
          { "1", "\"foo\"" },
          { "1.1", "{}", "[]", "true", "null" } },
        { "{\"type\":[\"string\"]}", { "\"foo\"" }, { "123" } },
        { "{\"type\":[\"array\",\"object\"]}",
          { "[1,2,3]", "{\"foo\":123}" },
          { "123", "\"foo\"", "null" } },
        { "{\"type\":[\"array\",\"object\",\"null\"]}",
          { "[1,2,3]", "{\"foo\":123}", "null" },
          { "123", "\"foo\"" } },
    };
    HOLD(groups);
}

/* Draft 4 with its optional "zeroTerminatedFloats": some languages do not distinguish
 * between different types of numeric value. We do. */
static void a_number_with_a_fraction_is_no_integer(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"type\":\"integer\"}", { "1" }, { "1.0", "1e2", "0.0" } },
    };
    HOLD(groups);
}

static void listed_values(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"enum\":[1,2,3]}",
          { "1", "1.0", "3" },
          { "4", "\"1\"", "[1]", "{}", "true" } },
        { "{\"enum\":[6,\"foo\",true]}", { "6", "\"foo\"", "true" }, { "null", "false" } },
        { "{\"enum\":[6,null]}", { "null", "6" }, { "\"test\"" } },
        { "{\"type\":\"object\",\"properties\":{\"foo\":{\"enum\":[\"foo\"]},"
          "\"bar\":{\"enum\":[\"bar\"]}},\"required\":[\"bar\"]}",
          { "{\"foo\":\"foo\",\"bar\":\"bar\"}", "{\"bar\":\"bar\"}" },
          { "{\"foo\":\"foot\",\"bar\":\"bar\"}", "{\"foo\":\"foo\",\"bar\":\"bart\"}",
            "{\"foo\":\"foo\"}", "{}" } },
        { "{\"enum\":[\"foo\\nbar\",\"foo\\rbar\"]}",
          { "\"foo\\nbar\"", "\"foo\\rbar\"", "\"foo\\u000abar\"" },
          { "\"abc\"", "\"foo\\tbar\"" } },
        { "{\"enum\":[false]}", { "false" }, { "0", "0.0", "[false]" } },
        { "{\"enum\":[true]}", { "true" }, { "1", "1.0", "[true]" } },
        { "{\"enum\":[0]}", { "0", "0.0", "-0" }, { "false", "[0]" } },
        { "{\"enum\":[1]}", { "1", "1.0" }, { "true", "[1]" } },
        { "{\"enum\":[\"hello\\u0000there\"]}",
          { "\"hello\\u0000there\"" },
          { "\"hellothere\"", "\"hello\"" } },
    };
    HOLD(groups);
}

static void constants(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"const\":2}", { "2", "2.0" }, { "5", "\"a\"", "[2]", "{}" } },
        { "{\"const\":null}", { "null" }, { "0", "false", "\"\"" } },
        { "{\"const\":false}", { "false" }, { "0", "0.0" } },
        { "{\"const\":true}", { "true" }, { "1", "1.0" } },
        { "{\"const\":0}", { "0", "0.0", "-0" }, { "false", "{}", "[]", "\"\"" } },
        { "{\"const\":1}", { "1", "1.0" }, { "true" } },
        { "{\"const\":-2.0}", { "-2", "-2.0" }, { "2", "2.0", "-2.00001" } },
        { "{\"const\":9007199254740992}",
          { "9007199254740992", "9007199254740992.0" },
          { "9007199254740991", "9007199254740993", "9007199254740991.0" } },
        { "{\"const\":\"hello\\u0000there\"}",
          { "\"hello\\u0000there\"" },
          { "\"hellothere\"" } },
    };
    HOLD(groups);
}

static void bounds_of_numbers(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"minimum\":1.1}", { "2.6", "1.1", "\"x\"" }, { "0.6" } },
        { "{\"minimum\":-2}", { "-1", "0", "-2", "-2.0", "\"x\"" }, { "-2.0001", "-3" } },
        { "{\"maximum\":3.0}", { "2.6", "3.0", "\"x\"" }, { "3.5" } },
        { "{\"maximum\":300}", { "299.97", "300", "300.00" }, { "300.5" } },
        { "{\"minimum\":1.1,\"exclusiveMinimum\":true}", { "1.2" }, { "1.1" } },
        { "{\"minimum\":1.1,\"exclusiveMinimum\":false}", { "1.1" }, { "1.0" } },
        { "{\"maximum\":3.0,\"exclusiveMaximum\":true}", { "2.2" }, { "3.0" } },
        { "{\"exclusiveMaximum\":false,\"maximum\":3.0}", { "3.0" }, { "3.1" } },
        { "{\"exclusiveMinimum\":1.1}", { "1.2", "\"x\"" }, { "1.1", "0.6" } },
        { "{\"exclusiveMaximum\":3.0}", { "2.2", "\"x\"" }, { "3.0", "3.5" } },
        { "{\"type\":\"integer\"}",
          { "12345678910111213141516171819202122232425" },
          { NULL } },
        { "{\"maximum\":18446744073709551615}", { "18446744073709551600" }, { NULL } },
        { "{\"exclusiveMaximum\":972783798187987123879878123.18878137}",
          { NULL },
          { "972783798187987123879878123.188781371" } },
        { "{\"minimum\":-18446744073709551615}", { "-18446744073709551600" }, { NULL } },
        { "{\"exclusiveMinimum\":-972783798187987123879878123.18878137}",
          { NULL },
          { "-972783798187987123879878123.188781371" } },
    };
    HOLD(groups);
}

static void lengths_of_strings(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"minLength\":2}",
          { "\"foo\"", "\"fo\"", "1" },
          { "\"f\"", "\"\"", "\"\xf0\x9f\x92\xa9\"", "\"\\ud83d\\udca9\"" } },
        { "{\"maxLength\":2}",
          { "\"f\"", "\"fo\"", "100", "\"\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\"",
            "\"\\ud83d\\udca9\\ud83d\\udca9\"", "\"\\n\\u00e4\"" },
          { "\"foo\"", "\"\\n\\n\\n\"", "\"\xc3\xa4\xc3\xa4\xc3\xa4\"" } },
    };
    HOLD(groups);
}

static void arrays(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"minItems\":1}", { "[1,2]", "[1]", "\"\"" }, { "[]" } },
        { "{\"maxItems\":2}", { "[1]", "[1,2]", "[]", "\"foobar\"" }, { "[1,2,3]" } },
        { "{\"items\":{\"type\":\"integer\"}}",
          { "[1,2,3]", "[]", "{\"foo\":\"bar\"}", "{\"0\":\"invalid\",\"length\":1}" },
          { "[1,\"x\"]" } },
        { "{\"items\":true}", { "[1,\"foo\",true]", "[]" }, { NULL } },
        { "{\"items\":false}", { "[]" }, { "[1,\"foo\",true]" } },
        { "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"array\","
          "\"items\":{\"type\":\"array\",\"items\":{\"type\":\"number\"}}}}}",
          { "[[[[1]],[[2],[3]]],[[[4],[5],[6]]]]" },
          { "[[[[\"1\"]],[[2],[3]]],[[[4],[5],[6]]]]", "[[[1],[2],[3]],[[4],[5],[6]]]" } },
        { "{\"items\":{\"type\":\"null\"}}", { "[null]" }, { "[0]" } },
    };
    HOLD(groups);
}

static void members(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"properties\":{\"foo\":{\"type\":\"integer\"},\"bar\":{\"type\":\"string\"}}}",
          { "{\"foo\":1,\"bar\":\"baz\"}", "{\"quux\":[]}", "[]", "12", "{}" },
          { "{\"foo\":1,\"bar\":{}}", "{\"foo\":[],\"bar\":{}}" } },
        { "{\"properties\":{\"foo\":true,\"bar\":false}}",
          { "{}", "{\"foo\":1}" },
          { "{\"bar\":2}", "{\"foo\":1,\"bar\":2}" } },
        { "{\"properties\":{\"foo\\nbar\":{\"type\":\"number\"},\"foo\\\"bar\":{\"type\":"
          "\"number\"},\"foo\\\\bar\":{\"type\":\"number\"},\"foo\\tbar\":{\"type\":"
          "\"number\"}}}",
          { "{\"foo\\nbar\":1,\"foo\\\"bar\":1,\"foo\\\\bar\":1,\"foo\\u0009bar\":1}" },
          { "{\"foo\\nbar\":\"1\"}", "{\"foo\\\"bar\":\"1\"}", "{\"foo\\u005cbar\":\"1\"}",
            "{\"foo\\u0009bar\":\"1\"}" } },
        { "{\"properties\":{\"foo\":{\"type\":\"null\"}}}",
          { "{\"foo\":null}" },
          { NULL } },
        { "{\"properties\":{\"__proto__\":{\"type\":\"number\"},\"toString\":{"
          "\"properties\":"
          "{\"length\":{\"type\":\"string\"}}},\"constructor\":{\"type\":\"number\"}}}",
          { "[]", "12", "{}",
            "{\"__proto__\":12,\"toString\":{\"length\":\"foo\"},"
            "\"constructor\":37}" },
          { "{\"__proto__\":\"foo\"}", "{\"toString\":{\"length\":37}}",
            "{\"constructor\":{\"length\":37}}" } },
        { "{\"properties\":{\"foo\":{},\"bar\":{}},\"required\":[\"foo\"]}",
          { "{\"foo\":1}", "[]", "\"\"", "12" },
          { "{\"bar\":1}" } },
        { "{\"properties\":{\"foo\":{}}}", { "{}" }, { NULL } },
        { "{\"properties\":{\"foo\":{}},\"required\":[]}", { "{}" }, { NULL } },
        { "{\"required\":[\"foo\\nbar\",\"foo\\\"bar\",\"foo\\\\bar\",\"foo\\rbar\"]}",
          { "{\"foo\\nbar\":1,\"foo\\\"bar\":1,\"foo\\\\bar\":1,\"foo\\rbar\":1}" },
          { "{\"foo\\nbar\":\"1\",\"foo\\\"bar\":\"1\"}" } },
    };
    HOLD(groups);
}

static void further_members(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"properties\":{\"foo\":{},\"bar\":{}},\"additionalProperties\":false}",
          { "{\"foo\":1}", "[1,2,3]", "\"foobarbaz\"" },
          { "{\"foo\":1,\"bar\":2,\"quux\":\"boom\"}" } },
        { "{\"properties\":{\"foo\":{},\"bar\":{}},\"additionalProperties\":{\"type\":"
          "\"boolean\"}}",
          { "{\"foo\":1}", "{\"foo\":1,\"bar\":2,\"quux\":true}" },
          { "{\"foo\":1,\"bar\":2,\"quux\":12}" } },
        { "{\"additionalProperties\":{\"type\":\"boolean\"}}",
          { "{\"foo\":true}" },
          { "{\"foo\":1}" } },
        { "{\"properties\":{\"foo\":{},\"bar\":{}}}",
          { "{\"foo\":1,\"bar\":2,\"quux\":true}" },
          { NULL } },
        { "{\"additionalProperties\":{\"type\":\"null\"}}",
          { "{\"foo\":null}" },
          { NULL } },
        { "{\"minProperties\":1}",
          { "{\"foo\":1,\"bar\":2}", "{\"foo\":1}", "[]", "\"\"", "12" },
          { "{}" } },
        { "{\"maxProperties\":2}",
          { "{\"foo\":1}", "{\"foo\":1,\"bar\":2}", "[1,2,3]", "\"foobar\"", "12" },
          { "{\"foo\":1,\"bar\":2,\"baz\":3}" } },
        { "{\"maxProperties\":0}", { "{}" }, { "{\"foo\":1}" } },
    };
    HOLD(groups);
}

static void schemas_that_are_words(void **state)
{
    (void)state;
    static const char *const bodies[] = { "1",     "\"foo\"",   "true",
                                          "false", "null",      "{\"foo\":\"\"}",
                                          "{}",    "[\"foo\"]", "[]" };
    struct schema *all = compiled("true"), *none = compiled("false");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_true(fits(all, jf_str(bodies[i]), NULL));
        assert_false(fits(none, jf_str(bodies[i]), NULL));
    }
    schema_free(all);
    schema_free(none);
}

static void a_default_changes_nothing(void **state)
{
    (void)state;
    static const struct group groups[] = {
        { "{\"properties\":{\"foo\":{\"type\":\"integer\",\"default\":[]}}}",
          { "{\"foo\":13}", "{}" },
          { "{\"foo\":[]}" } },
        { "{\"type\":\"object\",\"properties\":{\"alpha\":{\"type\":\"number\",\"maximum\":"
          "3,"
          "\"default\":5}}}",
          { "{\"alpha\":1}", "{}" },
          { "{\"alpha\":5}" } },
    };
    HOLD(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(a_number_with_a_fraction_is_no_integer),
        cmocka_unit_test(listed_values),
        cmocka_unit_test(constants),
        cmocka_unit_test(bounds_of_numbers),
        cmocka_unit_test(lengths_of_strings),
        cmocka_unit_test(arrays),
        cmocka_unit_test(members),
        cmocka_unit_test(further_members),
        cmocka_unit_test(schemas_that_are_words),
        cmocka_unit_test(a_default_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
