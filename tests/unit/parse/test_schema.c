/* Schemas: what is refused at the start, what does not fit and where that is told to be,
 * and what strangers send. The official suite's cases are in test_schema_suite.c. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdio.h>

#include "tests/unit/parse/schema_talk.h"

#define CHAT                                                                               \
    "{\"type\":\"object\",\"required\":[\"action\",\"text\"],\"additionalProperties\":"    \
    "false,\"properties\":{\"action\":{\"const\":\"say\"},\"text\":{\"type\":\"string\","  \
    "\"minLength\":1,\"maxLength\":20},\"to\":{\"type\":\"array\",\"maxItems\":3,"         \
    "\"items\":{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"integer\","         \
    "\"minimum\":1}},\"required\":[\"id\"]}}}}"

/* ---- Compiling ------------------------------------------------------------------ */

static void assert_refused(const char *text, const char *place, const char *part)
{
    struct schema *schema = NULL;
    struct schema_error error = { "no place", "no error" };
    char *copy = copy_of(jf_str(text));
    int status = schema_compile(jf_view(copy, strlen(text)), &schema, &error);
    free(copy);
    if (status == JF_OK)
        fail_msg("%s is taken", text);
    assert_int_equal(status, JF_E_INVALID);
    assert_null(schema);
    if (strcmp(error.place, place) != 0 || !strstr(error.text, part))
        fail_msg("%s: %s at %s", text, error.text, error.place);
}

static void every_other_keyword_is_refused_by_name_and_place(void **state)
{
    (void)state;
    static const char *const others[] = {
        "$ref",
        "pattern",
        "format",
        "oneOf",
        "anyOf",
        "allOf",
        "not",
        "patternProperties",
        "dependencies",
        "uniqueItems",
        "multipleOf",
        "additionalItems",
        "contains",
        "propertyNames",
        "if",
        "$defs",
        "$comment",
        "Type",
        "",
        "nullable",
        "type ",
        "readOnly",
        "prefixItems",
        "dependentRequired",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char text[200], place[100], part[100];
        snprintf(text, sizeof(text),
                 "{\"properties\":{\"a\":{\"items\":{\"type\":\"string\",\"%s\":1}}}}",
                 others[i]);
        snprintf(place, sizeof(place), "/properties/a/items/%s", others[i]);
        snprintf(part, sizeof(part), "\"%s\" is not supported", others[i]);
        assert_refused(text, place, part);
    }
}

static void annotations_are_passed_over(void **state)
{
    (void)state;
    assert_fits(
        "{\"$schema\":\"http://json-schema.org/draft-04/schema#\",\"$id\":\"x\","
        "\"id\":\"y\",\"title\":\"T\",\"description\":\"D\",\"default\":{\"a\":[1]},"
        "\"examples\":[{}],\"definitions\":{\"a\":{\"pattern\":\"x\"}}}",
        "[1]");
    assert_refused("{\"title\":}", "/title", "no JSON");
}

static void values_of_the_wrong_kind_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *part;
    } wrong[] = {
        { "{\"type\":\"strnig\"}", "/type", "no type has this name" },
        { "{\"type\":\"any\"}", "/type", "no type has this name" },
        { "{\"type\":[]}", "/type", "no type is listed" },
        { "{\"type\":[\"string\",7]}", "/type/1", "a text is expected" },
        { "{\"type\":7}", "/type", "a list is expected" },
        { "{\"required\":\"a\"}", "/required", "a list is expected" },
        { "{\"required\":true}", "/required", "a list is expected" },
        { "{\"required\":[\"a\",1]}", "/required/1", "a text is expected" },
        { "{\"properties\":[]}", "/properties", "an object is expected" },
        { "{\"properties\":{\"a/b~c\":7}}", "/properties/a~1b~0c", "a schema is expected" },
        { "{\"properties\":{\"a\":{},\"b\":{},\"a\":{\"type\":\"null\"}}}", "/properties/a",
          "twice" },
        { "{\"properties\":{\"a\":{},\"\\u0061\":{}}}", "/properties/a", "twice" },
        { "{\"additionalProperties\":\"no\"}", "/additionalProperties",
          "a schema is expected" },
        { "{\"items\":[{}]}", "/items", "a list of schemas" },
        { "{\"enum\":[]}", "/enum", "nothing is listed" },
        { "{\"enum\":1}", "/enum", "a list is expected" },
        { "{\"enum\":[1,{}]}", "/enum/1", "compared" },
        { "{\"const\":[]}", "/const", "compared" },
        { "{\"const\":\"\\ud800\"}", "/const", "surrogate" },
        { "{\"minimum\":\"1\"}", "/minimum", "a number is expected" },
        { "{\"minimum\":1e1000000000000}", "/minimum", "too many digits" },
        { "{\"exclusiveMinimum\":true}", "/exclusiveMinimum", "beside it" },
        { "{\"exclusiveMaximum\":true,\"minimum\":1}", "/exclusiveMaximum", "beside it" },
        { "{\"exclusiveMinimum\":\"x\"}", "/exclusiveMinimum", "a number is expected" },
        { "{\"minLength\":-1}", "/minLength", "a whole number" },
        { "{\"minLength\":1.5}", "/minLength", "a whole number" },
        { "{\"maxItems\":4294967296}", "/maxItems", "a whole number" },
        { "{\"maxItems\":\"4\"}", "/maxItems", "a whole number" },
        { "{\"type\":\"null\",\"type\":\"null\"}", "/type", "twice" },
        { "7", "", "a schema is expected" },
        { "\"string\"", "", "a schema is expected" },
        { "[]", "", "a schema is expected" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_refused(wrong[i].text, wrong[i].place, wrong[i].part);
}

static void what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{\"type\"",
        "{\"type\":",
        "{\"type\":\"null\"",
        "{\"type\":\"null\",}",
        "{} x",
        "{}{}",
        "{\"items\":{}",
        "{\"enum\":[1",
        "{\"enum\":[1,]}",
        "{\"enum\":[nul]}",
        "{\"enum\":[01]}",
        "{\"enum\":[1 2]}",
        "{\"minimum\":1.}",
        "{\"minimum\":-}",
        "{'type':1}",
        "{\"type\" \"null\"}",
        "{\"default\":[}}",
        "{\"required\":[\"a\"",
        "{\"properties\":{\"a\":",
        "{\"properties\":{\"a\"}}",
        "true false",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct schema *schema = NULL;
        struct schema_error error = { "", "" };
        char *copy = copy_of(jf_str(texts[i]));
        jf_bytes text = jf_view(copy, strlen(texts[i]));
        if (schema_compile(text, &schema, &error) != JF_E_INVALID)
            fail_msg("%s is taken", texts[i]);
        assert_true(strlen(error.text) > 0);
        free(copy);
    }
    assert_refused("{\"title\":\"\xff\"}", "", "UTF-8");
}

static void schemas_are_bounded(void **state)
{
    (void)state;
    struct schema *schema = NULL;
    struct schema_error error;
    char *large = malloc(SCHEMA_TEXT_MAX + 1);
    memset(large, ' ', SCHEMA_TEXT_MAX + 1);
    memcpy(large, "{}", 2);
    assert_int_equal(schema_compile(jf_view(large, SCHEMA_TEXT_MAX), &schema, &error),
                     JF_OK);
    schema_free(schema);
    assert_int_equal(schema_compile(jf_view(large, SCHEMA_TEXT_MAX + 1), &schema, &error),
                     JF_E_INVALID);
    assert_non_null(strstr(error.text, "64 KiB"));
    for (size_t depth = SCHEMA_DEPTH_MAX; depth <= SCHEMA_DEPTH_MAX + 1; depth++) {
        char *at = large;
        for (size_t i = 1; i < depth; i++)
            at = stpcpy(at, "{\"items\":");
        at = stpcpy(at, "{\"type\":\"null\"}");
        at = (char *)memset(at, '}', depth - 1) + depth - 1;
        int status = schema_compile(jf_view(large, (size_t)(at - large)), &schema, &error);
        assert_int_equal(status, depth > SCHEMA_DEPTH_MAX ? JF_E_INVALID : JF_OK);
        if (status == JF_OK)
            schema_free(schema);
    }
    assert_non_null(strstr(error.text, "deeper"));
    assert_int_equal(strncmp(error.place, "/.../items/items", 16), 0);
    free(large);
}

static void a_name_is_bounded(void **state)
{
    (void)state;
    char text[SCHEMA_NAME_MAX + 64];
    for (int len = SCHEMA_NAME_MAX; len <= SCHEMA_NAME_MAX + 1; len++) {
        struct schema *schema = NULL;
        struct schema_error error;
        snprintf(text, sizeof(text), "{\"required\":[\"%0*d\"]}", len, 0);
        int status = schema_compile(jf_str(text), &schema, &error);
        assert_int_equal(status, len > SCHEMA_NAME_MAX ? JF_E_INVALID : JF_OK);
        if (status == JF_OK)
            schema_free(schema);
    }
}

/* ---- Telling what does not fit -------------------------------------------------- */

static void a_problem_has_a_place_and_a_keyword(void **state)
{
    (void)state;
    assert_fits(CHAT, " { \"action\" : \"say\" , \"text\" : \"hi\" , \"to\" : [ ] } ");
    assert_fits(CHAT, "{\"to\":[{\"id\":1},{\"x\":[],\"id\":2}],\"text\":\"hi\","
                      "\"\\u0061ction\":\"s\\u0061y\"}");
    assert_problem(CHAT, "[]", "type", "");
    assert_problem(CHAT, "{\"action\":\"say\"}", "required", "/text");
    assert_problem(CHAT, "{\"action\":\"shout\"}", "const", "/action");
    assert_problem(CHAT, "{\"text\":\"\"}", "minLength", "/text");
    assert_problem(CHAT, "{\"text\":\"123456789012345678901\"}", "maxLength", "/text");
    assert_problem(CHAT, "{\"text\":null}", "type", "/text");
    assert_problem(CHAT, "{\"txet\":1}", "additionalProperties", "/txet");
    assert_problem(CHAT, "{\"to\":[{\"id\":1},{\"id\":0}]}", "minimum", "/to/1/id");
    assert_problem(CHAT, "{\"to\":[{\"id\":1},{}]}", "required", "/to/1/id");
    assert_problem(CHAT, "{\"to\":[{\"id\":1.0}]}", "type", "/to/0/id");
    assert_problem(CHAT, "{\"to\":[{\"id\":1},{\"id\":1},{\"id\":1},{\"id\":1}]}",
                   "maxItems", "/to");
    assert_problem("{\"properties\":{\"a\":false}}", "{\"a\":1}", "false", "/a");
    assert_problem("{\"minItems\":2}", "[1]", "minItems", "");
    assert_problem("{\"minProperties\":2}", "{\"a\":1}", "minProperties", "");
    assert_problem("{\"maxProperties\":0}", "{\"a\":1}", "maxProperties", "");
    assert_problem("{\"enum\":[1]}", "{}", "enum", "");
    assert_problem("{\"const\":1,\"enum\":[1,2]}", "2", "const", "");
    assert_problem("{\"minimum\":1,\"exclusiveMinimum\":true}", "1", "exclusiveMinimum",
                   "");
    assert_problem("{\"maximum\":1,\"exclusiveMaximum\":true}", "1", "exclusiveMaximum",
                   "");
    assert_problem("{\"maximum\":1,\"exclusiveMaximum\":true}", "2", "maximum", "");
}

static void names_in_a_place_are_escaped_and_bounded(void **state)
{
    (void)state;
    const char *closed = "{\"additionalProperties\":{\"additionalProperties\":false}}";
    char body[400], place[200];
    assert_problem(closed, "{\"a/b\":{\"c~\\u00e4\":1}}", "additionalProperties",
                   "/a~1b/c~0\xc3\xa4");
    assert_problem(closed, "{\"\":{\"\\ud800\":1}}", "additionalProperties", "/...");
    assert_problem(closed, "{\"a\":{\"x\\u0000y\":1}}", "additionalProperties", "/...");
    snprintf(body, sizeof(body), "{\"a\":{\"%0200d\":1}}", 0);
    assert_problem(closed, body, "additionalProperties", "/...");
    snprintf(body, sizeof(body), "{\"%0200d\":{\"b\":1}}", 0);
    assert_problem(closed, body, "additionalProperties", "/.../b");
    snprintf(body, sizeof(body), "{\"%0152d\":{\"b\":1}}", 0);
    snprintf(place, sizeof(place), "/%0152d/b", 0);
    assert_problem(closed, body, "additionalProperties", place);
}

static void a_named_member_may_come_only_once(void **state)
{
    (void)state;
    const char *schema = "{\"properties\":{\"a\":{}},\"required\":[\"b\"]}";
    assert_problem(schema, "{\"b\":1,\"a\":1,\"a\":1}", "duplicate", "/a");
    assert_problem(schema, "{\"b\":1,\"b\":1}", "duplicate", "/b");
    assert_problem(schema, "{\"b\":1,\"\\u0062\":1}", "duplicate", "/b");
    assert_fits(schema, "{\"b\":1,\"c\":1,\"c\":2}");
    assert_problem("{\"additionalProperties\":{\"type\":\"null\"}}", "{\"c\":1,\"c\":null}",
                   "type", "/c");
    /* In each object anew, also in one within another that is not done yet. */
    assert_fits("{\"properties\":{\"l\":{\"items\":{\"properties\":{\"a\":{},\"b\":{}}}}}}",
                "{\"l\":[{\"a\":1,\"b\":2},{\"b\":1,\"a\":2}]}");
    assert_problem("{\"properties\":{\"a\":{\"properties\":{\"a\":{},\"b\":{}}},\"b\":{}}}",
                   "{\"a\":{\"b\":1,\"a\":2},\"b\":3,\"a\":{}}", "duplicate", "/a");
}

static void required_members_need_not_be_described(void **state)
{
    (void)state;
    assert_problem("{\"required\":[\"a\"],\"additionalProperties\":false}", "{\"a\":1}",
                   "additionalProperties", "/a");
    assert_problem("{\"required\":[\"a\"],\"additionalProperties\":{\"type\":\"null\"}}",
                   "{\"a\":1}", "type", "/a");
    assert_fits("{\"required\":[\"a\",\"a\"],\"properties\":{\"a\":{\"type\":\"null\"}}}",
                "{\"a\":null}");
}

/* ---- Strangers ------------------------------------------------------------------ */

static void what_is_no_json_does_not_fit(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",           " ",         "{",
        "}",          "{]",        "[1,]",
        "{\"a\":1,}", "{\"a\"}",   "{\"a\" 1}",
        "{\"a\":}",   "{,}",       "[,]",
        "tru",        "nul",       "01",
        "1.",         "-",         "+1",
        ".5",         "1e",        "\"",
        "\"\\x\"",    "\"\\u12\"", "\"\n\"",
        "{} {}",      "1 2",       "{\"a\":1",
        "[1",         "[1 2]",     "{\"a\":1 \"b\":2}",
        "NaN",        "'a'",       "\xef\xbb\xbf{}",
        "{a:1}",      "[\"a\":1]", "{\"a\":[}",
    };
    static const char *const schemas[] = {
        "{}",
        "true",
        "{\"minimum\":0,\"minLength\":0,\"minItems\":0,\"minProperties\":0}",
        "{\"properties\":{\"a\":{\"minimum\":0}},\"items\":{\"minimum\":0}}",
        "{\"type\":[\"null\",\"boolean\",\"number\",\"string\",\"array\",\"object\"]}",
    };
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        struct schema *schema = compiled(schemas[i]);
        for (size_t k = 0; k < sizeof(bodies) / sizeof(bodies[0]); k++) {
            struct schema_problem why;
            if (fits(schema, jf_str(bodies[k]), &why))
                fail_msg("%s: %s fits", schemas[i], bodies[k]);
            if (strcmp(why.keyword, "json") != 0)
                fail_msg("%s: %s: %s", schemas[i], bodies[k], why.keyword);
        }
        assert_false(fits(schema, jf_view("{}\0", 3), NULL));
        assert_false(schema_fits(schema, jf_view(NULL, 0), NULL));
        schema_free(schema);
    }
}

static void deep_bodies_do_not_fit(void **state)
{
    (void)state;
    static const char *const schemas[] = {
        "{}",
        "{\"minItems\":0}",
        "{\"items\":{\"items\":{\"items\":{\"items\":{\"minItems\":0}}}}}",
    };
    enum { HUGE_DEPTH = 1000000 };
    char *body = malloc(2 * HUGE_DEPTH);
    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        struct schema *schema = compiled(schemas[i]);
        for (size_t depth = SCHEMA_LEVELS_MAX - 1; depth <= SCHEMA_LEVELS_MAX + 1;
             depth++) {
            memset(body, '[', depth);
            memset(body + depth, ']', depth);
            assert_int_equal(fits(schema, jf_view(body, 2 * depth), NULL),
                             depth <= SCHEMA_LEVELS_MAX);
        }
        memset(body, '[', HUGE_DEPTH);
        memset(body + HUGE_DEPTH, ']', HUGE_DEPTH);
        assert_false(fits(schema, jf_view(body, 2 * HUGE_DEPTH), NULL));
        schema_free(schema);
    }
    free(body);
}

/* As deep as a schema may describe, each level with a name that is noted. */
static void all_levels_note_what_they_have_seen(void **state)
{
    (void)state;
    char text[1000] = "{\"type\":\"null\"}", body[1000] = "null", twice[1000] = "null";
    for (int i = 1; i < SCHEMA_DEPTH_MAX; i++) {
        char inner[1000];
        snprintf(inner, sizeof(inner), "%s", text);
        snprintf(text, sizeof(text), "{\"properties\":{\"a\":%.900s,\"b\":{}}}", inner);
        snprintf(inner, sizeof(inner), "%s", body);
        snprintf(body, sizeof(body), "{\"b\":0,\"a\":%.900s}", inner);
        snprintf(inner, sizeof(inner), "%s", twice);
        snprintf(twice, sizeof(twice), "{\"a\":%.900s,\"b\":%d%s}", inner, i,
                 i == SCHEMA_DEPTH_MAX - 1 ? ",\"a\":0" : "");
    }
    assert_fits(text, body);
    assert_problem(text, twice, "duplicate", "/a");
}

/* Names that the schema has by the thousand, and messages with all of them. */
static void many_members_are_found_in_any_order(void **state)
{
    (void)state;
    enum { COUNT = 3000, STEP = 1009 };
    char *text = malloc(SCHEMA_TEXT_MAX), *at = text + sprintf(text, "{\"properties\":{");
    for (int i = 0; i < COUNT; i++)
        at += sprintf(at, "%s\"m%d\":{}", i ? "," : "", i);
    at += sprintf(at, "},\"required\":[");
    for (int i = 0; i < COUNT; i += 2)
        at += sprintf(at, "%s\"m%d\"", i ? "," : "", i);
    strcpy(at, "],\"additionalProperties\":false}");
    struct schema *schema = compiled(text);
    for (int missing = -1; missing < 200; missing += 50) {
        struct schema_problem why = { "", "" };
        at = text + sprintf(text, "{");
        for (int i = 0; i < COUNT; i++) {
            int member = (int)((long)i * STEP % COUNT);
            if (member != missing)
                at += sprintf(at, "%s\"m%d\":%d", at[-1] == '{' ? "" : ",", member, i);
        }
        strcpy(at, "}");
        bool good = fits(schema, jf_str(text), &why);
        assert_int_equal(good, missing < 0 || missing % 2);
        if (!good) {
            char place[16];
            snprintf(place, sizeof(place), "/m%d", missing);
            assert_string_equal(why.place, place);
        }
    }
    schema_free(schema);
    free(text);
}

static void lengths_are_counted_in_code_points(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        unsigned length;
    } known[] = {
        { "\"\"", 0 },
        { "\"abcdefghijklmnopqrstuvwxyz\"", 26 },
        { "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80x\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
          7 },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\"", 9 },
        { "\"\\ud83d\\ude00\"", 1 },
        { "\"\xac\xac\xac\xac\xac\xac\xac\xac\xac\xac\"", 0 }, /* in a binary message */
        { "\"\xac\xac\xac\xac\xac\xac\xac\xac\xac\xac\xac\xac\xac"
          "a\\n\"",
          2 },
        { "\"a\\uD83D\\uDE00b\\ud83d\\ude00\"", 4 },
        { "\"\\ud83d\"", 1 },
        { "\"\\ud83d\\ud83d\\ude00\"", 2 },
        { "\"\\ude00\\ud83d\"", 2 },
        { "\"\\ud83dxude00\"", 7 },
        { "\"\\\\ud83d\\\\ude00\"", 12 },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char text[80];
        unsigned length = known[i].length;
        snprintf(text, sizeof(text), "{\"minLength\":%u,\"maxLength\":%u}", length, length);
        assert_fits(text, known[i].body);
        snprintf(text, sizeof(text), "{\"minLength\":%u}", length + 1);
        assert_problem(text, known[i].body, "minLength", "");
        if (length) {
            snprintf(text, sizeof(text), "{\"maxLength\":%u}", length - 1);
            assert_problem(text, known[i].body, "maxLength", "");
        }
    }
}

static void long_escaped_texts_are_nobodys(void **state)
{
    (void)state;
    char body[4000];
    snprintf(body, sizeof(body), "{\"\\u0061%02000d\":1}", 0);
    assert_fits("{\"properties\":{\"a\":false}}", body);
    snprintf(body, sizeof(body), "\"\\u0061%02000d\"", 0);
    assert_problem("{\"enum\":[\"a\"]}", body, "enum", "");
    assert_problem("{\"const\":\"a\"}", body, "const", "");
    assert_problem("{\"const\":\"a\"}", "\"\\ud800\"", "const", "");
}

/* Every prefix of a message that fits is none that fits. */
static void a_message_that_is_cut_does_not_fit(void **state)
{
    (void)state;
    const char *body = "{\"action\":\"say\",\"text\":\"\\u00e4\\ud83d\\ude00\",\"to\":"
                       "[{\"id\":17,\"o\":{\"n\":[null,true,-1.5e+7,\"x\"]}}]}";
    struct schema *schema = compiled(CHAT);
    for (size_t len = 0; len <= strlen(body); len++)
        assert_int_equal(fits(schema, jf_view(body, len), NULL), len == strlen(body));
    schema_free(schema);
}

static void *check_often(void *data)
{
    const struct schema *schema = data;
    struct schema_problem why;
    for (int i = 0; i < 2000; i++) {
        bool good =
            schema_fits(schema, jf_str("{\"text\":\"a\",\"action\":\"say\"}"), NULL);
        bool bad = schema_fits(schema, jf_str("{\"text\":\"a\"}"), &why);
        if (!good || bad || strcmp(why.place, "/action") != 0)
            return data;
    }
    return NULL;
}

static void threads_share_a_schema(void **state)
{
    (void)state;
    struct schema *schema = compiled(CHAT);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, check_often, schema), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_other_keyword_is_refused_by_name_and_place),
        cmocka_unit_test(annotations_are_passed_over),
        cmocka_unit_test(values_of_the_wrong_kind_are_refused),
        cmocka_unit_test(what_is_no_json_is_refused),
        cmocka_unit_test(schemas_are_bounded),
        cmocka_unit_test(a_name_is_bounded),
        cmocka_unit_test(a_problem_has_a_place_and_a_keyword),
        cmocka_unit_test(names_in_a_place_are_escaped_and_bounded),
        cmocka_unit_test(a_named_member_may_come_only_once),
        cmocka_unit_test(required_members_need_not_be_described),
        cmocka_unit_test(what_is_no_json_does_not_fit),
        cmocka_unit_test(deep_bodies_do_not_fit),
        cmocka_unit_test(all_levels_note_what_they_have_seen),
        cmocka_unit_test(many_members_are_found_in_any_order),
        cmocka_unit_test(lengths_are_counted_in_code_points),
        cmocka_unit_test(long_escaped_texts_are_nobodys),
        cmocka_unit_test(a_message_that_is_cut_does_not_fit),
        cmocka_unit_test(threads_share_a_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
