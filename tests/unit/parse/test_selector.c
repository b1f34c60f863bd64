/* Selectors: what AWS's table says, what strangers send, and what authors mistype. Bodies
 * are copied to memory of their exact size, so the sanitizer sees a read past the end. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/selector.h"

#define ACTION "$request.body.action"

static struct selector *compiled(const char *expression)
{
    struct selector *selector = NULL;
    struct selector_error error = { 0, "no error" };
    if (selector_compile(jf_str(expression), &selector, &error) != JF_OK)
        fail_msg("%s: %s at %zu", expression, error.text, error.at);
    return selector;
}

/* The key as a string, or NULL if the body selects nothing. */
static const char *picked_bytes(const char *expression, jf_bytes body)
{
    static char key[SELECTOR_KEY_MAX + 1];
    char scratch[SELECTOR_KEY_MAX];
    struct selector *selector = compiled(expression);
    char *copy = malloc(body.len ? body.len : 1);
    jf_bytes out = { "untouched", 9 };
    memcpy(copy, body.ptr, body.len);
    int status = selector_pick(selector, jf_view(copy, body.len), scratch, &out);
    if (status == JF_OK) {
        assert_true(out.len <= SELECTOR_KEY_MAX);
        if (out.len)
            memcpy(key, out.ptr, out.len);
        key[out.len] = '\0';
    } else {
        assert_int_equal(status, JF_E_NOT_FOUND);
        assert_string_equal(out.ptr, "untouched");
    }
    free(copy);
    selector_free(selector);
    return status == JF_OK ? key : NULL;
}

static const char *picked(const char *expression, const char *body)
{
    return picked_bytes(expression, jf_str(body));
}

static void the_table_of_the_developer_guide(void **state)
{
    (void)state;
    const char *body = "{\"service\":\"chat\",\"action\":\"join\","
                       "\"data\":{\"room\":\"room1234\"}}";
    assert_string_equal(picked("$request.body.action", body), "join");
    assert_string_equal(picked("${request.body.action}", body), "join");
    assert_string_equal(picked("request.body.action", body), "join");
    assert_string_equal(picked("${request.body.service}/${request.body.action}", body),
                        "chat/join");
    assert_string_equal(picked("${request.body.action}-${request.body.invalidPath}", body),
                        "join-");
    assert_string_equal(picked("action", body), "action");
    assert_string_equal(picked("\\$default", body), "$default");
    assert_string_equal(picked("$request.body.data.room", body), "room1234");
}

static void the_common_case_is_a_view_of_the_body(void **state)
{
    (void)state;
    const char *body = " {\"p\":1,\"action\" : \"say\"} ";
    char scratch[SELECTOR_KEY_MAX];
    jf_bytes out;
    struct selector *selector = compiled(ACTION);
    assert_int_equal(selector_pick(selector, jf_str(body), scratch, &out), JF_OK);
    assert_ptr_equal(out.ptr, strstr(body, "say"));
    assert_int_equal(out.len, 3);
    selector_free(selector);
}

static void a_static_expression_needs_no_body(void **state)
{
    (void)state;
    assert_string_equal(picked("join", ""), "join");
    assert_string_equal(picked("join", "not json"), "join");
    assert_string_equal(picked("a\\b \\$5 {x} request.body", "[]"),
                        "a\\b $5 {x} request.body");
}

static void values_are_stringified_as_aws_does(void **state)
{
    (void)state;
    assert_string_equal(picked(ACTION, "{\"action\":5}"), "5");
    assert_string_equal(picked(ACTION, "{\"action\":-1.50E+2}"), "-1.50E+2");
    assert_string_equal(picked(ACTION, "{\"action\":true}"), "true");
    assert_string_equal(picked(ACTION, "{\"action\":false}"), "false");
    assert_string_equal(picked(ACTION, "{\"action\":null}"), "");
    assert_string_equal(picked(ACTION, "{\"action\":\"\"}"), "");
    assert_string_equal(picked(ACTION, "{}"), "");
    assert_null(picked(ACTION, "{\"action\":{}}"));
    assert_null(picked("x${request.body.action}", "{\"action\":{\"a\":1}}"));
}

static void arrays_become_lists(void **state)
{
    (void)state;
    assert_string_equal(picked(ACTION, "{\"action\":[]}"), "[]");
    assert_string_equal(picked(ACTION, "{\"action\":[\"a\",\"b\"]}"), "[a, b]");
    assert_string_equal(
        picked(ACTION, "{\"action\": [ 1 ,true,\t[ \"x\\n\" , [ ] ],null ]}"),
        "[1, true, [x\n, []], null]");
    assert_null(picked(ACTION, "{\"action\":[1,{}]}"));
    assert_null(picked(ACTION, "{\"action\":[\"\\ud800\"]}"));
}

static void paths_go_by_names_and_indexes(void **state)
{
    (void)state;
    const char *body = "{\"items\":[{\"kind\":\"a\"},{\"kind\":\"b\"}],\"0\":\"zero\","
                       "\"@type\":\"t\",\"it's\":\"q\",\"grid\":[[1,2],[3,4]]}";
    assert_string_equal(picked("$request.body.items[0].kind", body), "a");
    assert_string_equal(picked("${request.body.items[1].kind}!", body), "b!");
    assert_string_equal(picked("$request.body.items[2].kind", body), "");
    assert_string_equal(picked("$request.body['items'][1][\"kind\"]", body), "b");
    assert_string_equal(picked("$request.body['@type']", body), "t");
    assert_string_equal(picked("request.body['it\\'s']", body), "q");
    assert_string_equal(picked("$request.body.0", body), "zero");
    assert_string_equal(picked("$request.body[0]", body), "");
    assert_string_equal(picked("$request.body.items.0", body), "");
    assert_string_equal(picked("$request.body.grid[1][0]", body), "3");
    assert_string_equal(picked("$request.body.items[4294967295]", body), "");
    assert_string_equal(picked("$request.body.grid.x.y", body), "");
}

static void a_variable_ends_where_its_name_does(void **state)
{
    (void)state;
    const char *body = "{\"a\":\"1\",\"b\":\"2\",\"a-b\":\"3\"}";
    assert_string_equal(picked("$request.body.a/$request.body.b", body), "1/2");
    assert_string_equal(picked("$request.body.a$request.body.b", body), "12");
    assert_string_equal(picked("$request.body.a-b", body), "3");
    assert_string_equal(picked("${request.body.a}-b", body), "1-b");
    assert_string_equal(picked("\\$$request.body.a\\$", body), "$1$");
    assert_string_equal(picked("$request.body.a $request.body.a", body), "1 1");
}

static void eight_variables_are_picked_in_one_walk(void **state)
{
    (void)state;
    assert_string_equal(
        picked("$request.body.a$request.body.b$request.body.c$request.body.d"
               "$request.body.a$request.body.o.a$request.body.l[1]$request.body.o['b']",
               "{\"l\":[0,5],\"o\":{\"b\":8,\"a\":6},\"d\":4,\"c\":3,\"b\":2,\"a\":1}"),
        "12341658");
    assert_null(picked("$request.body.o/$request.body.o.a", "{\"o\":{\"a\":1}}"));
}

static void the_last_duplicate_wins_even_with_less_in_it(void **state)
{
    (void)state;
    assert_string_equal(picked(ACTION, "{\"action\":\"a\",\"action\":\"b\"}"), "b");
    assert_string_equal(picked(ACTION, "{\"action\":\"a\",\"action\":null}"), "");
    assert_string_equal(picked(ACTION, "{\"action\":{},\"\\u0061ction\":\"b\"}"), "b");
    assert_string_equal(picked("$request.body.a.b", "{\"a\":{\"b\":1},\"a\":{}}"), "");
    assert_string_equal(picked("$request.body.a.b", "{\"a\":{\"b\":1},\"a\":3}"), "");
    assert_string_equal(picked("$request.body.a[0].b", "{\"a\":[{\"b\":1}],\"a\":[]}"), "");
    assert_string_equal(picked("$request.body.a.b", "{\"a\":3,\"a\":{\"b\":1,\"b\":2}}"),
                        "2");
}

static void names_are_exact(void **state)
{
    (void)state;
    assert_string_equal(picked(ACTION, "{\"Action\":\"a\"}"), "");
    assert_string_equal(picked(ACTION, "{\"action \":\"a\",\"actio\":1,\"actions\":2}"),
                        "");
    assert_string_equal(picked(ACTION, "{\"x\":{\"action\":\"a\"},\"y\":[{\"action\":1}]}"),
                        "");
    assert_string_equal(picked("$request.body.\xc3\xa4", "{\"\\u00e4\":\"a\"}"), "a");
    assert_string_equal(picked(ACTION, "{\"\\ud800action\":1,\"action\\u0000\":2}"), "");
}

static void escapes_are_undone(void **state)
{
    (void)state;
    assert_string_equal(picked(ACTION, "{\"action\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}"),
                        "\"\\/\b\f\n\r\t");
    assert_string_equal(picked(ACTION, "{\"action\":\"a\\u0041\\u00e9\\u20aC!\"}"),
                        "aA\xc3\xa9\xe2\x82\xac!");
    assert_string_equal(picked(ACTION, "{\"action\":\"\\ud83d\\ude00\\uDBFF\\uDFFF\"}"),
                        "\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf");
}

static void half_a_surrogate_pair_is_no_key_but_may_be_elsewhere(void **state)
{
    (void)state;
    assert_null(picked(ACTION, "{\"action\":\"\\ud83d\"}"));
    assert_null(picked(ACTION, "{\"action\":\"\\ud83dx\"}"));
    assert_null(picked(ACTION, "{\"action\":\"\\ud83d\\n\"}"));
    assert_null(picked(ACTION, "{\"action\":\"\\ud83d\\u0041\"}"));
    assert_null(picked(ACTION, "{\"action\":\"\\ude00\\ud83d\"}"));
    assert_string_equal(picked(ACTION, "{\"action\":\"say\",\"text\":\"\\ud83d\"}"), "say");
}

static void what_is_not_json_selects_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        " ",
        "hello",
        "{",
        "{}x",
        "{} {}",
        "[]",
        "\"action\"",
        "5",
        "null",
        "{]",
        "}",
        "{\"action\":\"a\"",
        "{\"action\":\"a\",}",
        "{\"action\":\"a\"\"b\":1}",
        "{,}",
        "{\"action\"}",
        "{\"action\":}",
        "{action:\"a\"}",
        "{'action':'a'}",
        "{\"action\" \"a\"}",
        "{\"action\":\"a\"}}",
        "{\"action\":\"a",
        "{\"action\":\"a\\",
        "{\"action\":\"a\\\"}",
        "{\"action\":\"\\x\"}",
        "{\"action\":\"\\u12g4\"}",
        "{\"action\":\"\\u123",
        "{\"a",
        "{\"action\":\"a\nb\"}",
        "{\"action\":\"a\",\"p\":\"0123456789\t\"}",
        "\xef\xbb\xbf{}",
        "{\"action\":01}",
        "{\"action\":+1}",
        "{\"action\":1.}",
        "{\"action\":.5}",
        "{\"action\":-}",
        "{\"action\":1e}",
        "{\"action\":1e+}",
        "{\"action\":1.e5}",
        "{\"action\":0x1}",
        "{\"action\":NaN}",
        "{\"action\":-Infinity}",
        "{\"action\":tru}",
        "{\"action\":truex}",
        "{\"action\":nul",
        "{\"action\":True}",
        "{\"action\":[1,]}",
        "{\"action\":[1 2]}",
        "{\"action\":[,]}",
        "{\"action\":[1}",
        "{\"action\":[",
        "{\"a\":1",
        "{\"action\":\"a\"}/**/",
        "{/**/}",
        "{\"action\":\"a\"}\v",
        "{\"action\":1,,\"b\":2}",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        if (picked(ACTION, bodies[i]))
            fail_msg("picked \"%s\" from %s", picked(ACTION, bodies[i]), bodies[i]);
    }
    assert_null(picked_bytes(ACTION, jf_view("{\"action\":\"a\"}\0", 15)));
    assert_null(picked_bytes(ACTION, jf_view("{\"action\":\"a\0\"}", 15)));
    assert_null(picked_bytes(ACTION, jf_view("{\"action\":\"0123456789abcde\0\"}", 29)));
}

/* Every beginning of a body is no body, whatever token it ends in. */
static void a_cut_body_selects_nothing(void **state)
{
    (void)state;
    const char *body =
        "{\"action\":\"join\",\"l\":[1.5e-3,true,null,{\"k\":\"\\u00e4\\n\"}],"
        "\"long\":\"0123456789012345678901234567890123456789\"}";
    assert_string_equal(picked(ACTION, body), "join");
    for (size_t len = 0; len < strlen(body); len++)
        assert_null(picked_bytes(ACTION, jf_view(body, len)));
}

/* A bad octet at every place of a string longer than the widest step of the scan. */
static void long_strings_are_checked_to_the_last_octet(void **state)
{
    (void)state;
    char body[160];
    for (size_t len = 0; len < 100; len++) {
        for (size_t bad = 0; bad <= len; bad++) {
            int head = snprintf(body, sizeof(body), "{\"action\":\"a\",\"t\":\"%0*d\"}",
                                (int)len + 1, 0);
            assert_string_equal(picked(ACTION, body), "a");
            body[head - 3 - (int)bad] = bad % 2 ? '\x1f' : '\\';
            if (bad % 2 == 0)
                body[head - 2 - (int)bad] = bad ? 'x' : '"';
            assert_null(picked(ACTION, body));
        }
    }
}

static void depth_is_bounded(void **state)
{
    (void)state;
    char body[4 * SELECTOR_DEPTH_MAX + 64];
    for (int depth = SELECTOR_DEPTH_MAX - 2; depth <= SELECTOR_DEPTH_MAX + 2; depth++) {
        int len = snprintf(body, sizeof(body), "{\"action\":\"a\",\"d\":");
        memset(body + len, '[', (size_t)depth - 1); /* the root is one */
        memset(body + len + depth - 1, ']', (size_t)depth - 1);
        strcpy(body + len + 2 * (depth - 1), "}");
        const char *key = picked(ACTION, body);
        assert_true((key != NULL) == (depth <= SELECTOR_DEPTH_MAX));
    }
    static char bomb[1 << 20];
    memset(bomb, '[', sizeof(bomb));
    memcpy(bomb, "{\"a\":", 5);
    assert_null(picked_bytes(ACTION, jf_view(bomb, sizeof(bomb))));
}

static void a_path_may_be_as_deep_as_a_body(void **state)
{
    (void)state;
    char path[16 + 3 * (SELECTOR_DEPTH_MAX + 1)] = "$request.body", body[8 * 80] = "";
    for (int i = 0; i < SELECTOR_DEPTH_MAX; i++) {
        strcat(path, ".a");
        strcat(body, "{\"a\":");
    }
    strcat(body, "\"deep\"");
    for (int i = 0; i < SELECTOR_DEPTH_MAX; i++)
        strcat(body, "}");
    assert_string_equal(picked(path, body), "deep");
    struct selector *selector;
    struct selector_error error;
    strcat(path, ".a");
    assert_int_equal(selector_compile(jf_str(path), &selector, &error), JF_E_INVALID);
}

static void too_long_keys_select_nothing(void **state)
{
    (void)state;
    char body[SELECTOR_KEY_MAX + 64];
    for (int len = SELECTOR_KEY_MAX - 1; len <= SELECTOR_KEY_MAX + 1; len++) {
        snprintf(body, sizeof(body), "{\"action\":\"%0*d\"}", len, 0);
        assert_true((picked(ACTION, body) != NULL) == (len <= SELECTOR_KEY_MAX));
        assert_true((picked("${request.body.action}/", body) != NULL) ==
                    (len + 1 <= SELECTOR_KEY_MAX));
        snprintf(body, sizeof(body), "{\"action\":[\"%0*d\"]}", len, 0);
        assert_true((picked(ACTION, body) != NULL) == (len + 2 <= SELECTOR_KEY_MAX));
        snprintf(body, sizeof(body), "{\"action\":\"%0*d\\n\"}", len, 0);
        assert_true((picked(ACTION, body) != NULL) == (len + 1 <= SELECTOR_KEY_MAX));
    }
}

static void wrong_expressions_are_refused_at_the_character(void **state)
{
    (void)state;
    static const struct {
        const char *expression;
        size_t at;
        const char *says;
    } wrong[] = {
        { "", 0, "empty" },
        { "$", 0, "stray" },
        { "a$", 1, "stray" },
        { "a$ b", 1, "stray" },
        { "$$request.body.a", 0, "stray" },
        { "$default", 1, "unknown variable" },
        { "$request.header.x", 1, "unknown variable" },
        { "x${context.routeKey}", 3, "request.body" },
        { "${}", 2, "unknown variable" },
        { "$request.bodyguard", 1, "unknown variable" },
        { "$request.body", 1, "whole body" },
        { "${request.body}", 2, "whole body" },
        { "request.body", 0, "whole body" },
        { "request.body.a/b", 14, "stand alone" },
        { "${request.body.a", 0, "never closed" },
        { "xy${", 2, "never closed" },
        { "${request.body.a b}", 16, "unexpected" },
        { "${request.body.a$}", 16, "unexpected" },
        { "$request.body.", 14, "empty step" },
        { "$request.body.a.", 16, "empty step" },
        { "${request.body.a.}", 17, "empty step" },
        { "$request.body..a", 14, ".." },
        { "$request.body.*", 14, "wildcard" },
        { "$request.body[*]", 14, "wildcard" },
        { "$request.body[?(@.a)]", 14, "filter" },
        { "$request.body.a[1:2]", 17, "slice" },
        { "$request.body.a[:2]", 16, "slice" },
        { "$request.body.a[-1]", 16, "negative" },
        { "$request.body.a['x','y']", 19, "union" },
        { "$request.body.a[1,2]", 17, "union" },
        { "$request.body.a[", 15, "never closed" },
        { "$request.body.a[1", 15, "never closed" },
        { "$request.body.a['x'", 15, "never closed" },
        { "$request.body.a['x", 16, "quote" },
        { "$request.body.a['x\\'", 16, "quote" },
        { "$request.body.a['x\\", 16, "quote" },
        { "$request.body.a['']", 16, "empty step" },
        { "$request.body.a[b]", 16, "index" },
        { "$request.body.a[]", 16, "index" },
        { "$request.body.a[1x]", 17, "closing bracket" },
        { "$request.body.a[4294967296]", 16, "too large" },
        { "$request.body.a[99999999999999999999999]", 16, "too large" },
        { "$request.body.a.length()", 22, "functions" },
        { "\xc3\xa4\xe2\x82\xac$", 2, "stray" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct selector *selector = NULL;
        struct selector_error error = { 99, "no error" };
        jf_bytes expression = jf_str(wrong[i].expression);
        int status = selector_compile(expression, &selector, &error);
        if (status != JF_E_INVALID || error.at != wrong[i].at ||
            !strstr(error.text, wrong[i].says))
            fail_msg("%s: %d at %zu: %s", wrong[i].expression, status, error.at,
                     error.text);
        assert_null(selector);
    }
}

static void variables_and_length_have_limits(void **state)
{
    (void)state;
    char text[SELECTOR_KEY_MAX + 2] = "";
    struct selector *selector;
    struct selector_error error;
    for (int i = 0; i < 9; i++)
        strcat(text, "$request.body.a/");
    assert_int_equal(selector_compile(jf_str(text), &selector, &error), JF_E_INVALID);
    assert_int_equal(error.at, 8 * 16 + 1);
    assert_non_null(strstr(error.text, "8 variables"));

    memset(text, 'x', SELECTOR_KEY_MAX + 1);
    assert_int_equal(
        selector_compile(jf_view(text, SELECTOR_KEY_MAX + 1), &selector, &error),
        JF_E_INVALID);
    assert_int_equal(selector_compile(jf_view(text, SELECTOR_KEY_MAX), &selector, &error),
                     JF_OK);
    selector_free(selector);
    selector_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_of_the_developer_guide),
        cmocka_unit_test(the_common_case_is_a_view_of_the_body),
        cmocka_unit_test(a_static_expression_needs_no_body),
        cmocka_unit_test(values_are_stringified_as_aws_does),
        cmocka_unit_test(arrays_become_lists),
        cmocka_unit_test(paths_go_by_names_and_indexes),
        cmocka_unit_test(a_variable_ends_where_its_name_does),
        cmocka_unit_test(eight_variables_are_picked_in_one_walk),
        cmocka_unit_test(the_last_duplicate_wins_even_with_less_in_it),
        cmocka_unit_test(names_are_exact),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(half_a_surrogate_pair_is_no_key_but_may_be_elsewhere),
        cmocka_unit_test(what_is_not_json_selects_nothing),
        cmocka_unit_test(a_cut_body_selects_nothing),
        cmocka_unit_test(long_strings_are_checked_to_the_last_octet),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(a_path_may_be_as_deep_as_a_body),
        cmocka_unit_test(too_long_keys_select_nothing),
        cmocka_unit_test(wrong_expressions_are_refused_at_the_character),
        cmocka_unit_test(variables_and_length_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
