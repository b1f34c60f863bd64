/* What a stage says of itself besides its plugins. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "tests/unit/parse/config_talk.h"

#define STAGE(rest) "{\"stages\":{\"prod\":{\"plugins\":[\"a.so\"]," rest "}}}"
#define TEN(x) x x x x x x x x x x

static void what_events_tell_of_a_stage_is_read(void **state)
{
    (void)state;
    struct config *config = parsed(STAGE("\"api_id\":\"a1b2c3d4e5\",\"variables\":"
                                         "{\"table\":\"chat\",\"Table_2\":\"\"}"));
    const struct config_stage *stage = &config->stages[0];
    assert_string_equal(stage->api_id, "a1b2c3d4e5");
    assert_int_equal(stage->variable_count, 2);
    assert_string_equal(stage->variables[0].name, "table");
    assert_string_equal(stage->variables[0].value, "chat");
    assert_string_equal(stage->variables[1].name, "Table_2");
    assert_string_equal(stage->variables[1].value, "");
    config_free(config);
}

static void without_a_word_of_it_an_id_is_the_usual_one(void **state)
{
    (void)state;
    struct config *config = parsed("{\"plugins\":[\"a.so\"]}");
    assert_string_equal(config->stages[0].api_id, "jackfield0");
    assert_int_equal(config->stages[0].variable_count, 0);
    config_add_plugin(config, "b.so");
    assert_string_equal(config->stages[0].api_id, "jackfield0");
    config_free(config);
}

static void an_id_is_one_plain_word(void **state)
{
    (void)state;
    static const char *const wrong[] = { "\"a b\"", "\"a/b\"", "\"\\u00e4\"",
                                         "\"\"",    "7",       "\"" TEN("1234567") "\"" };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), STAGE("\"api_id\":%s"), wrong[i]);
        check_refused(text, "stages.prod.api_id: ", "");
    }
}

static void variables_are_named_as_on_aws(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "a-b", "a b", "", "a.b", TEN("1234567"), "\\u00e4"
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[256];
        snprintf(text, sizeof(text), STAGE("\"variables\":{\"%s\":\"v\"}"), wrong[i]);
        check_refused(text, "stages.prod.variables", "letters, digits and _");
    }
    check_refused(STAGE("\"variables\":{\"a\":\"1\",\"a\":\"2\"}"),
                  "stages.prod.variables.a", "given twice");
    check_refused(STAGE("\"variables\":{\"a\":1}"), "stages.prod.variables.a",
                  "must be a text, not a number");
    check_refused(STAGE("\"variables\":[]"), "stages.prod.variables", "must be an object");
}

static void variables_have_bounds(void **state)
{
    (void)state;
    char text[8192], value[514];
    memset(value, 'v', 513);
    value[513] = '\0';
    snprintf(text, sizeof(text), STAGE("\"variables\":{\"a\":\"%s\"}"), value);
    check_refused(text, "stages.prod.variables.a", "longer than 512");
    snprintf(text, sizeof(text), STAGE("\"variables\":{\"a\":\"%s\"}"), value + 1);
    config_free(parsed(text));

    char list[4096] = "";
    for (int i = 0; i < 101; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s\"v%d\":\"\"",
                 i ? "," : "", i);
    snprintf(text, sizeof(text), STAGE("\"variables\":{%s}"), list);
    check_refused(text, "stages.prod.variables.v100", "more than 100");
    *strrchr(list, ',') = '\0';
    snprintf(text, sizeof(text), STAGE("\"variables\":{%s}"), list);
    struct config *config = parsed(text);
    assert_int_equal(config->stages[0].variable_count, 100);
    config_free(config);
}

static void routes_are_two_way_by_name_or_all_or_none(void **state)
{
    (void)state;
    struct config *config =
        parsed(STAGE("\"two_way\":[\"ping\",\"$default\",\"$connect\"]"));
    assert_int_equal(config->stages[0].two_way, TWO_WAY_SOME);
    assert_int_equal(config->stages[0].two_way_count, 3);
    assert_string_equal(config->stages[0].two_way_keys[1], "$default");
    config_free(config);
    config = parsed(STAGE("\"two_way\":true"));
    assert_int_equal(config->stages[0].two_way, TWO_WAY_ALL);
    config_free(config);
    config = parsed(STAGE("\"two_way\":false"));
    assert_int_equal(config->stages[0].two_way, TWO_WAY_NONE);
    config_free(config);
    config = parsed(STAGE("\"two_way\":[]"));
    assert_int_equal(config->stages[0].two_way, TWO_WAY_SOME);
    config_free(config);
    config = parsed(STAGE("\"api_id\":\"x\""));
    assert_int_equal(config->stages[0].two_way, TWO_WAY_UNSAID);
    config_free(config);
}

static void two_way_routes_are_keys_given_once(void **state)
{
    (void)state;
    check_refused(STAGE("\"two_way\":\"ping\""),
                  "stages.prod.two_way: ", "an array of route");
    check_refused(STAGE("\"two_way\":[7]"), "stages.prod.two_way[0]", "must be a text");
    check_refused(STAGE("\"two_way\":[\"\"]"), "stages.prod.two_way[0]", "not be empty");
    check_refused(STAGE("\"two_way\":[\"a\",\"a\"]"), "stages.prod.two_way[1]", "twice");
    check_refused(STAGE("\"two_way\":[\"$disconnect\"]"), "stages.prod.two_way[0]", "gone");
    char list[4096] = "", text[5000];
    for (int i = 0; i < 301; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s\"r%d\"",
                 i ? "," : "", i);
    snprintf(text, sizeof(text), STAGE("\"two_way\":[%s]"), list);
    check_refused(text, "stages.prod.two_way[300]", "more than 300");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_events_tell_of_a_stage_is_read),
        cmocka_unit_test(without_a_word_of_it_an_id_is_the_usual_one),
        cmocka_unit_test(an_id_is_one_plain_word),
        cmocka_unit_test(variables_are_named_as_on_aws),
        cmocka_unit_test(variables_have_bounds),
        cmocka_unit_test(routes_are_two_way_by_name_or_all_or_none),
        cmocka_unit_test(two_way_routes_are_keys_given_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
