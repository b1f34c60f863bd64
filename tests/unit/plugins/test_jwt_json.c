/* JSON for tokens: what two parsers could read in two ways is refused. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "plugins/jwt/json_strict.h"

static bool valid(const char *text)
{
    return json_strict_is_valid(jf_str(text));
}

static void what_rfc_8259_allows_is_valid(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{}",
        "[]",
        "0",
        "-0",
        "-0.5e+10",
        "1E5",
        "true",
        "null",
        "\"\"",
        " \t\r\n{ \"a\" : [ 1 , { } , [ ] , \"x\" ] , \"b\" : false } \n",
        "[[[]],{\"a\":{\"b\":[]}}]",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20aC\\ud83d\\ude00\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"",
        "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
        "1e999",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_true(valid(texts[i]));
}

static void what_it_does_not_allow_is_not(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "}",
        "[",
        "]",
        "{]",
        "[}",
        "[1,]",
        "{\"a\":1,}",
        "[,1]",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":}",
        "{a:1}",
        "{1:2}",
        "{\"a\":1 \"b\":2}",
        "{\"a\"}",
        "{,}",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "0x1",
        "1_000",
        "--1",
        "NaN",
        "Infinity",
        "tru",
        "truee",
        "True",
        "nul",
        "{}{}",
        "{} x",
        "1 2",
        "[]]",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\t\"",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ude00\"",
        "/**/1",
        "1//",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(valid(texts[i]));
}

static void octets_that_are_no_utf8_are_not(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\"\x80\"",
        "\"\xc0\x80\"",
        "\"\xc1\xbf\"",
        "\"\xc3\"",
        "\"\xe0\x80\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xe2\x82\"",
        "\"\xf0\x80\x80\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf5\x80\x80\x80\"",
        "\"\xff\"",
        "\"\xe2\x82",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_false(valid(texts[i]));
}

static void a_nul_is_refused_in_whatever_guise(void **state)
{
    (void)state;
    assert_false(valid("\"admin\\u0000x\""));
    assert_false(valid("{\"a\\u0000\":1}"));
    assert_true(valid("\"\\\\u0000\"")); /* a backslash, and the letter u */
    assert_false(json_strict_is_valid(jf_view("\"a\0b\"", 5)));
    assert_false(json_strict_is_valid(jf_view("1\0", 2)));
    assert_false(json_strict_is_valid(jf_view("\0", 1)));
    assert_false(json_strict_is_valid(jf_view("\"\\\0\"", 4)));
}

/* `depth` times `open`, a zero, and the brackets that close. */
static bool nested_is_valid(size_t depth, const char *open, char close)
{
    size_t len = strlen(open);
    char *text = calloc(1, depth * (len + 1) + 2);
    assert_non_null(text);
    for (size_t i = 0; i < depth; i++)
        memcpy(text + i * len, open, len);
    text[depth * len] = '0';
    memset(text + depth * len + 1, close, depth);
    bool good = valid(text);
    free(text);
    return good;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_true(nested_is_valid(JSON_DEPTH_MAX, "[", ']'));
    assert_false(nested_is_valid(JSON_DEPTH_MAX + 1, "[", ']'));
    assert_true(nested_is_valid(JSON_DEPTH_MAX, "{\"a\":", '}'));
    assert_false(nested_is_valid(JSON_DEPTH_MAX + 1, "{\"a\":", '}'));
    assert_false(nested_is_valid(100000, "[", ']'));
}

static int read_text(const char *text, struct json_object *out)
{
    return json_strict_object(jf_str(text), out);
}

static void members_keep_the_text_of_their_values(void **state)
{
    (void)state;
    struct json_object object;
    assert_int_equal(read_text(" { \"a\" : 12345678901234567890 ,\"b\":[1, {\"c\":2}] , "
                               "\"d\":\"x\\ny\"\n}",
                               &object),
                     JF_OK);
    assert_int_equal(object.count, 3);
    assert_true(jf_same(object.values[0], jf_str("12345678901234567890")));
    assert_true(jf_same(object.values[1], jf_str("[1, {\"c\":2}]")));
    assert_true(jf_same(object.values[2], jf_str("\"x\\ny\"")));
    assert_string_equal(object.tree->child->next->next->valuestring, "x\ny");
    json_strict_free(&object);
    json_strict_free(&object);
    json_strict_free(NULL);
}

static void a_member_that_stands_there_twice_is_refused(void **state)
{
    (void)state;
    struct json_object object;
    assert_int_equal(read_text("{\"a\":1,\"b\":2,\"a\":1}", &object), JF_E_INVALID);
    assert_int_equal(read_text("{\"alg\":1,\"\\u0061lg\":2}", &object), JF_E_INVALID);
    assert_int_equal(read_text("{\"\":1,\"\":2}", &object), JF_E_INVALID);
    assert_int_equal(read_text("{\"a\":1,\"A\":2}", &object), JF_OK);
    json_strict_free(&object);
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    struct json_object object;
    static const char *const texts[] = { "[]", "1", "\"{}\"", "null", "", "[{}]", "{}{}" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(read_text(texts[i], &object), JF_E_INVALID);
    assert_int_equal(read_text("{}", &object), JF_OK);
    assert_int_equal(object.count, 0);
    json_strict_free(&object);
}

static int read_members(size_t count)
{
    char text[4096] = "{";
    struct json_object object;
    size_t len = 1;
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\"m%zu\":%zu",
                                i ? "," : "", i, i);
    text[len] = '}';
    int status = read_text(text, &object);
    if (status == JF_OK)
        json_strict_free(&object);
    return status;
}

static void members_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(read_members(JSON_MEMBERS_MAX), JF_OK);
    assert_int_equal(read_members(JSON_MEMBERS_MAX + 1), JF_E_TOO_BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_rfc_8259_allows_is_valid),
        cmocka_unit_test(what_it_does_not_allow_is_not),
        cmocka_unit_test(octets_that_are_no_utf8_are_not),
        cmocka_unit_test(a_nul_is_refused_in_whatever_guise),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(members_keep_the_text_of_their_values),
        cmocka_unit_test(a_member_that_stands_there_twice_is_refused),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(members_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
