/* Which hosts and base paths a configuration may name. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "tests/unit/parse/config_talk.h"

#define DOMAINS(text)                                                                      \
    "{\"stages\":{\"prod\":{\"plugins\":[\"a.so\"]}},\"domains\":{" text "}}"
#define TEN(x) x x x x x x x x x x

static void hosts_and_base_paths_are_read(void **state)
{
    (void)state;
    struct config *config =
        parsed(DOMAINS("\"Chat.Example.com\":{\"/\":\"prod\",\"/v2/a$-_.+!*'()\":\"prod\"},"
                       "\"[::1]\":{},\"192.0.2.1\":{\"/x\":\"prod\"}"));
    assert_int_equal(config->domain_count, 3);
    assert_string_equal(config->domains[0].host, "chat.example.com");
    assert_int_equal(config->domains[0].mapping_count, 2);
    assert_string_equal(config->domains[0].mappings[0].path, "");
    assert_string_equal(config->domains[0].mappings[0].stage, "prod");
    assert_string_equal(config->domains[0].mappings[1].path, "/v2/a$-_.+!*'()");
    assert_int_equal(config->domains[1].mapping_count, 0);
    config_free(config);
}

static void a_host_has_no_port_and_no_path(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "a:80",
        "a/b",
        "a b",
        "*.a",
        "a..b",
        ".a",
        "a.",
        "[::1",
        "[::1]:80",
        "[]",
        "http://a",
        "\\u00e4.example",
        TEN(TEN("abc")),
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[600];
        snprintf(text, sizeof(text), DOMAINS("\"%s\":{\"/\":\"prod\"}"), wrong[i]);
        check_refused(text, "domains", "must be the name of a host");
    }
}

static void a_base_path_is_made_of_plain_parts(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",          "v2",    "/v2/",
        "//",        "/a//b", "/.",
        "/..",       "/a/..", "/a?b",
        "/a b",      "/%41",  "/@connections",
        "/a\\u00e4", "/a:b",  "/" TEN(TEN("abc")),
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[600];
        snprintf(text, sizeof(text), DOMAINS("\"a.example\":{\"%s\":\"prod\"}"), wrong[i]);
        check_refused(text, "domains", "a base path is");
    }
    config_free(parsed(DOMAINS("\"a\":{\"/.well-known/...\":\"prod\"}")));
}

static void what_is_said_twice_is_refused(void **state)
{
    (void)state;
    check_refused(DOMAINS("\"a.example\":{},\"A.example\":{}"), "domains", "given twice");
    check_refused(DOMAINS("\"a\":{\"/\":\"prod\",\"/\":\"prod\"}"), "domains.a",
                  "given twice");
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    check_refused("{\"plugins\":[\"a.so\"],\"domains\":[]}", "domains",
                  "must be an object");
    check_refused(DOMAINS("\"a\":\"prod\""), "domains.a", "must be an object");
    check_refused(DOMAINS("\"a\":{\"/\":1}"), "domains.a", "must be a text");
    check_refused(DOMAINS("\"a\":{\"/\":\"\"}"), "domains.a", "must not be empty");
}

static void base_paths_of_a_host_have_a_bound(void **state)
{
    (void)state;
    char list[8192] = "", text[9000];
    for (int i = 0; i < 201; i++)
        snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s\"/v%d\":\"prod\"",
                 i ? "," : "", i);
    snprintf(text, sizeof(text), DOMAINS("\"a\":{%s}"), list);
    check_refused(text, "/v200", "more than 200");
    *strrchr(list, ',') = '\0';
    snprintf(text, sizeof(text), DOMAINS("\"a\":{%s}"), list);
    check_fit(text);
}

static void there_must_be_a_stage_behind_it(void **state)
{
    (void)state;
    check_unfit(DOMAINS("\"a\":{\"/v2\":\"beta\"}"),
                "domains[\"a\"][\"/v2\"]: there is no stage \"beta\"");
    check_unfit(DOMAINS("\"a\":{\"/\":\"$default\"}"),
                "domains[\"a\"][\"/\"]: there is no");
    check_fit(DOMAINS("\"a\":{\"/\":\"prod\"}"));
    check_fit("{\"domains\":{\"a\":{\"/v1\":\"$default\"}},\"plugins\":[\"a.so\"]}");
}

/* Nor does an error show what a terminal would obey. */
static void what_no_stage_can_be_called_is_refused(void **state)
{
    (void)state;
    check_refused(DOMAINS("\"a\":{\"/v2\":\"be\\u007fta\"}"), "domains.a./v2",
                  "must be the name of a stage");
    check_refused(DOMAINS("\"a\":{\"/\":\"$else\"}"), "domains.a./",
                  "must be the name of a stage");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_base_paths_are_read),
        cmocka_unit_test(a_host_has_no_port_and_no_path),
        cmocka_unit_test(a_base_path_is_made_of_plain_parts),
        cmocka_unit_test(what_is_said_twice_is_refused),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(base_paths_of_a_host_have_a_bound),
        cmocka_unit_test(there_must_be_a_stage_behind_it),
        cmocka_unit_test(what_no_stage_can_be_called_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
