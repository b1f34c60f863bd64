/* Usage plans, API keys, and stages that ask for one; ceilings by what an authorizer said.
 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/parse/config_talk.h"

#define VALUE "0123456789abcdefghij"
#define OTHER "another-key-of-20-characters"
/* sha256sum of VALUE */
#define SHA256 "6bc14bdc4517a7a682c6910de2e2946eb8e1ecd04090728fef6d092a7ceb62c5"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define TEN(x) x x x x x x x x x x
#define PLANS "\"usage_plans\":{\"free\":{},\"paid\":{}}"
#define KEYS(text) "{" PLANS ",\"api_keys\":{" text "}}"
#define STAGE(text) "{" PLANS ",\"stages\":{\"prod\":{\"plugins\":[\"a.so\"]," text "}}}"
#define CEILINGS(text) STAGE("\"rates\":{\"connections\":{" text "}}")

static const struct config_rates *rates_of(const struct config *config)
{
    return &config->stages[0].rates;
}

static void a_plan_limits_what_it_names(void **state)
{
    (void)state;
    struct config *config =
        parsed("{\"usage_plans\":{\"free\":{\"connects\":\"1/5\",\"messages\":\"10/20\","
               "\"bytes\":\"0.5/200000\",\"connections\":1000000,\"quota\":1000000000},"
               "\"Paid_2-b\":{}}}");
    const struct config_usage_plan *free_plan = &config->usage_plans[0];
    const struct config_usage_plan *paid = &config->usage_plans[1];
    assert_int_equal(config->usage_plan_count, 2);
    assert_string_equal(free_plan->name, "free");
    assert_int_equal(free_plan->connects.per_second_milli, 1000);
    assert_int_equal(free_plan->connects.burst, 5);
    assert_int_equal(free_plan->messages.per_second_milli, 10000);
    assert_int_equal(free_plan->messages.burst, 20);
    assert_int_equal(free_plan->bytes.per_second_milli, 500);
    assert_int_equal(free_plan->bytes.burst, 200000);
    assert_int_equal(free_plan->connections, 1000000);
    assert_int_equal(free_plan->quota, 1000000000);
    assert_string_equal(paid->name, "Paid_2-b");
    assert_int_equal(paid->connects.burst, 0);
    assert_int_equal(paid->messages.burst, 0);
    assert_int_equal(paid->bytes.burst, 0);
    assert_int_equal(paid->connections, 0);
    assert_int_equal(paid->quota, 0);
    config_free(config);
}

static void what_a_plan_says_has_bounds(void **state)
{
    (void)state;
#define PLAN(text) "{\"usage_plans\":{\"free\":{" text "}}}"
    check_refused(PLAN("\"connects\":\"1\""), "usage_plans.free.connects", "10/20");
    check_refused(PLAN("\"messages\":5"), "usage_plans.free.messages", "not a number");
    check_refused(PLAN("\"bytes\":\"0/1\""), "usage_plans.free.bytes", "how many");
    check_refused(PLAN("\"connections\":0"), "usage_plans.free.connections",
                  "1 .. 1000000,");
    check_refused(PLAN("\"connections\":1000001"), "usage_plans.free.connections",
                  "1 .. 1000000,");
    check_refused(PLAN("\"quota\":0"), "usage_plans.free.quota", "1 .. 1000000000,");
    check_refused(PLAN("\"quota\":1000000001"), "usage_plans.free.quota",
                  "1 .. 1000000000,");
    check_refused(PLAN("\"quota\":1.5"), "usage_plans.free.quota", "whole number");
    check_refused(PLAN("\"quota\":\"1\""), "usage_plans.free.quota", "not a text");
    check_refused(PLAN("\"message\":\"1/1\""), "usage_plans.free.message",
                  "did you mean \"messages\"");
    check_refused(PLAN("\"quota\":1,\"quota\":1"), "usage_plans.free.quota", "twice");
    check_refused("{\"usage_plans\":{\"a\":{},\"a\":{}}}", "usage_plans.a", "twice");
    check_refused("{\"usage_plans\":{\"a\":1}}", "usage_plans.a", "must be an object");
    check_refused("{\"usage_plans\":[]}", "usage_plans", "must be an object");
    check_refused("{\"usage_plans\":{},\"usage_plans\":{}}", "usage_plans", "twice");
#undef PLAN
}

static void names_are_plain(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "", "a b", "a.b", "a/b", "\\u00e4", TEN("1234567")
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "{\"usage_plans\":{\"%s\":{}}}", wrong[i]);
        check_refused(text, "usage_plans", "a plan's name is");
        if (strcmp(wrong[i], "a.b") == 0)
            continue;
        snprintf(text, sizeof(text), "{\"api_keys\":{\"%s\":{}}}", wrong[i]);
        check_refused(text, "api_keys", "a key's id is");
    }
}

static void of_a_key_only_the_digest_is_kept(void **state)
{
    (void)state;
    struct config *config =
        parsed(KEYS("\"device.7\":{\"value\":\"" VALUE "\",\"plan\":\"paid\"},"
                    "\"d-8\":{\"enabled\":false,\"plan\":\"free\",\"sha256\":"
                    "\"00000000000000000000000000000000"
                    "0000000000000000000000000000aBcD\"}"));
    uint8_t digest[CONFIG_DIGEST];
    config_key_digest(jf_str(VALUE), digest);
    assert_int_equal(config->api_key_count, 2);
    assert_string_equal(config->api_keys[0].id, "device.7");
    assert_memory_equal(config->api_keys[0].digest, digest, sizeof(digest));
    assert_int_equal(config->api_keys[0].plan, 1);
    assert_true(config->api_keys[0].enabled);
    memset(digest, 0, sizeof(digest));
    digest[30] = 0xab;
    digest[31] = 0xcd;
    assert_string_equal(config->api_keys[1].id, "d-8");
    assert_memory_equal(config->api_keys[1].digest, digest, sizeof(digest));
    assert_int_equal(config->api_keys[1].plan, 0);
    assert_false(config->api_keys[1].enabled);
    config_free(config);
}

static void a_key_is_whole(void **state)
{
    (void)state;
    check_refused(KEYS("\"a\":{\"plan\":\"free\"}"), "api_keys.a",
                  "needs a \"value\" or a \"sha256\"");
    check_refused(KEYS("\"a\":{\"value\":\"" VALUE "\"}"), "api_keys.a",
                  "needs a \"plan\"");
    check_refused(KEYS("\"a\":{\"value\":\"" VALUE "\",\"sha256\":\"" ZEROS "\"}"),
                  "api_keys.a", "choose one");
    check_refused(KEYS("\"a\":{\"plan\":\"gold\"}"), "api_keys.a.plan",
                  "usage_plans has no gold");
    check_refused(KEYS("\"a\":{\"plan\":1}"), "api_keys.a.plan", "not a number");
    check_refused(KEYS("\"a\":{\"enabled\":1}"), "api_keys.a.enabled",
                  "true or false, not a number");
    check_refused(KEYS("\"a\":{\"enable\":true}"), "api_keys.a.enable",
                  "did you mean \"enabled\"");
    check_refused(KEYS("\"a\":\"b\""), "api_keys.a", "must be an object");
    check_refused("{\"api_keys\":[]}", "api_keys", "must be an object");
}

/* Nor is it repeated. */
static void a_value_that_is_wrong_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "0123456789abcdefghi",        "0123456789 abcdefghij",
        "0123456789\\tabcdefghij",    "0123456789abcdefghi\\u007f",
        "0123456789abcdefghi\\u00e4", TEN("1234567890123"),
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char text[300];
        struct config *config = NULL;
        struct config_error error;
        snprintf(text, sizeof(text), KEYS("\"a\":{\"value\":\"%s\",\"plan\":\"free\"}"),
                 wrong[i]);
        check_refused(text, "api_keys.a.value", "20 to 128 visible ASCII characters");
        assert_int_equal(config_parse(jf_str(text), NULL, &config, &error), JF_E_INVALID);
        assert_null(strstr(error.text, "123"));
    }
    check_refused(KEYS("\"a\":{\"value\":\"\"}"), "api_keys.a.value", "empty");
    check_refused(KEYS("\"a\":{\"value\":7}"), "api_keys.a.value", "not a number");
}

static void values_of_both_lengths_are_fine(void **state)
{
    (void)state;
    config_free(parsed(
        KEYS("\"a\":{\"plan\":\"free\",\"value\":\"!~345678901234567890\"},"
             "\"b\":{\"plan\":\"free\",\"value\":\"" TEN("123456789012") "12345678\"}")));
}

static void a_digest_is_64_hexadecimal_digits(void **state)
{
    (void)state;
    check_refused(KEYS("\"a\":{\"sha256\":\"" ZEROS "0\"}"), "api_keys.a.sha256",
                  "must be 64 hex");
    check_refused(KEYS("\"a\":{\"sha256\":\"00\"}"), "api_keys.a.sha256", "must be 64 hex");
    check_refused(KEYS("\"a\":{\"sha256\":\"g000000000000000000000000000000000000000000000"
                       "000000000000000000\"}"),
                  "api_keys.a.sha256", "must be 64 hex");
    check_refused(KEYS("\"a\":{\"sha256\":0}"), "api_keys.a.sha256", "not a number");
}

static void two_keys_differ(void **state)
{
    (void)state;
#define FREE(id, how) "\"" id "\":{\"plan\":\"free\"," how "}"
    check_refused(
        KEYS(FREE("a", "\"value\":\"" VALUE "\"") "," FREE(
            "b", "\"value\":\"" OTHER "\"") "," FREE("c", "\"value\":\"" VALUE "\"")),
        "api_keys.c: has the same value as", "\"a\"");
    check_refused(KEYS(FREE("a", "\"sha256\":\"" ZEROS
                                 "\"") "," FREE("b", "\"sha256\":\"" ZEROS "\"")),
                  "api_keys.b: has the same value as", "\"a\"");
    check_refused(KEYS(FREE("a", "\"value\":\"" VALUE
                                 "\"") "," FREE("b", "\"sha256\":\"" SHA256 "\"")),
                  "api_keys.b: has the same value as", "\"a\"");
    check_refused(
        KEYS(FREE("a", "\"value\":\"" VALUE "\"") "," FREE("a", "\"value\":\"" OTHER "\"")),
        "api_keys.a", "given twice");
#undef FREE
}

static void a_stage_names_plans_and_where_keys_are(void **state)
{
    (void)state;
    struct config *config = parsed(STAGE("\"usage_plans\":[\"paid\",\"free\"]"));
    assert_int_equal(config->stages[0].plan_count, 2);
    assert_int_equal(config->stages[0].plans[0], 1);
    assert_int_equal(config->stages[0].plans[1], 0);
    assert_int_equal(config->stages[0].api_key_source, API_KEY_HEADER);
    config_free(config);
    config = parsed(STAGE("\"api_key\":\"$context.authorizer.usageIdentifierKey\","
                          "\"usage_plans\":[\"free\"]"));
    assert_int_equal(config->stages[0].api_key_source, API_KEY_AUTHORIZER);
    config_free(config);
    config = parsed(STAGE("\"api_key\":\"$request.header.x-api-key\","
                          "\"usage_plans\":[\"free\"]"));
    assert_int_equal(config->stages[0].api_key_source, API_KEY_HEADER);
    config_free(config);
    config = parsed(STAGE("\"rates\":{}"));
    assert_int_equal(config->stages[0].plan_count, 0);
    config_free(config);
}

static void a_stage_that_asks_for_no_known_plan_is_refused(void **state)
{
    (void)state;
    check_refused(STAGE("\"usage_plans\":[\"free\",\"gold\"]"),
                  "stages.prod.usage_plans[1]", "usage_plans has no gold");
    check_refused(STAGE("\"usage_plans\":[\"free\",\"free\"]"),
                  "stages.prod.usage_plans[1]", "twice");
    check_refused(STAGE("\"usage_plans\":[]"), "stages.prod.usage_plans", "nobody");
    check_refused(STAGE("\"usage_plans\":[1]"), "stages.prod.usage_plans[0]",
                  "not a number");
    check_refused(STAGE("\"usage_plans\":{}"), "stages.prod.usage_plans",
                  "must be an array");
    check_refused(STAGE("\"api_key\":\"$request.header.x-api-key\""), "stages.prod.api_key",
                  "\"usage_plans\"");
    check_refused(STAGE("\"api_key\":\"$request.header.key\""), "stages.prod.api_key",
                  "must be one of $request.header.x-api-key, $context.authorizer.");
    check_refused("{\"usage_plans\":{},\"plugins\":[\"a.so\"],\"api_key\":\"x\"}",
                  "api_key", "did you mean");
}

static void the_order_in_the_file_does_not_matter(void **state)
{
    (void)state;
    struct config *config =
        parsed("{\"stages\":{\"prod\":{\"usage_plans\":[\"b\"],\"plugins\":[\"a.so\"]}},"
               "\"api_keys\":{\"k\":{\"value\":\"" VALUE "\",\"plan\":\"b\"}},"
               "\"usage_plans\":{\"a\":{},\"b\":{}}}");
    assert_int_equal(config->stages[0].plans[0], 1);
    assert_int_equal(config->api_keys[0].plan, 1);
    assert_int_equal(config->usage_plan_count, 2);
    config_free(config);
}

static void ceilings_go_by_what_the_authorizer_said(void **state)
{
    (void)state;
    struct config *config = parsed(CEILINGS("\"authorizer.principalId\":5,\"address\":50,"
                                            "\"authorizer.a.b c\":1000000"));
    const struct config_rates *rates = rates_of(config);
    assert_int_equal(rates->connections_per_address, 50);
    assert_int_equal(rates->ceiling_count, 2);
    assert_string_equal(rates->ceilings[0].name, "principalId");
    assert_int_equal(rates->ceilings[0].connections, 5);
    assert_string_equal(rates->ceilings[1].name, "a.b c");
    assert_int_equal(rates->ceilings[1].connections, 1000000);
    assert_false(rates->global);
    config_free(config);
}

static void a_ceiling_has_a_name_and_bounds(void **state)
{
    (void)state;
#define LONG TEN(TEN("12")) "12345678901234567890123456789012345678901234567890123456"
    struct config *config = parsed(CEILINGS("\"authorizer." LONG "\":1"));
    assert_int_equal(strlen(rates_of(config)->ceilings[0].name), 256);
    config_free(config);
    check_refused(CEILINGS("\"authorizer." LONG "7\":1"), "stages.prod.rates.connections[",
                  "1 to 256 octets");
    check_refused(CEILINGS("\"authorizer.\":1"), "authorizer.", "1 to 256 octets");
    check_refused(CEILINGS("\"authorizer.a\":0"), "authorizer.a", "1 to 1e+06");
    check_refused(CEILINGS("\"authorizer.a\":1,\"authorizer.a\":1"), "authorizer.a",
                  "twice");
    check_refused(CEILINGS("\"principal\":1"), "stages.prod.rates.connections.principal",
                  "known here are address, authorizer.NAME");
#undef LONG
}

static void whether_nodes_count_together_is_said(void **state)
{
    (void)state;
    struct config *config = parsed(STAGE("\"rates\":{\"global\":true}"));
    assert_true(rates_of(config)->global);
    config_free(config);
    config = parsed(STAGE("\"rates\":{\"global\":false}"));
    assert_false(rates_of(config)->global);
    config_free(config);
    check_refused(STAGE("\"rates\":{\"global\":1}"), "stages.prod.rates.global",
                  "true or false");
    check_refused(STAGE("\"rates\":{\"globl\":1}"), "stages.prod.rates.globl", "global");
}

/* ---- Many --------------------------------------------------------------- */

struct text {
    char *text;
    size_t size;
    FILE *to;
};

static FILE *begin(struct text *text, const char *head)
{
    text->to = open_memstream(&text->text, &text->size);
    fputs(head, text->to);
    return text->to;
}

static void end(struct text *text, const char *tail)
{
    fputs(tail, text->to);
    fclose(text->to);
}

static void write_keys(struct text *text, unsigned count)
{
    FILE *to = begin(text, "{" PLANS ",\"api_keys\":{");
    for (unsigned i = 0; i < count; i++)
        fprintf(to, "%s\n\"device-%u\": { \"sha256\": \"%064x\", \"plan\": \"paid\" }",
                i ? "," : "", i, i);
    end(text, "}}");
}

static void ten_thousand_keys_fit_and_no_more(void **state)
{
    (void)state;
    struct text text;
    write_keys(&text, 10000);
    struct config *config = parsed(text.text);
    assert_int_equal(config->api_key_count, 10000);
    assert_string_equal(config->api_keys[9999].id, "device-9999");
    config_free(config);
    free(text.text);
    write_keys(&text, 10001);
    check_refused(text.text, "api_keys", "more than 10000");
    free(text.text);
}

static void a_hundred_plans_fit_and_no_more(void **state)
{
    (void)state;
    for (unsigned count = 100; count <= 101; count++) {
        struct text text;
        FILE *to = begin(&text, "{\"usage_plans\":{");
        for (unsigned i = 0; i < count; i++)
            fprintf(to, "%s\"p%u\":{}", i ? "," : "", i);
        end(&text, "}}");
        if (count == 100)
            config_free(parsed(text.text));
        else
            check_refused(text.text, "usage_plans.p100", "more than 100");
        free(text.text);
    }
}

static void sixteen_ceilings_fit_and_no_more(void **state)
{
    (void)state;
    for (unsigned count = 16; count <= 17; count++) {
        struct text text;
        FILE *to = begin(&text, "{\"stages\":{\"prod\":{\"rates\":{\"connections\":{");
        fputs("\"address\":1", to);
        for (unsigned i = 0; i < count; i++)
            fprintf(to, ",\"authorizer.a%u\":1", i);
        end(&text, "}}}}}");
        if (count == 16)
            config_free(parsed(text.text));
        else
            check_refused(text.text, "authorizer.a16", "more than 16");
        free(text.text);
    }
}

static void all_of_it_may_change_while_the_host_runs(void **state)
{
    (void)state;
    struct config_error error;
    struct config *old =
        parsed("{\"usage_plans\":{\"a\":{}},\"api_keys\":{\"k\":{\"value\":\"" VALUE
               "\",\"plan\":\"a\"}},\"stages\":{\"prod\":{\"usage_plans\":[\"a\"]}}}");
    struct config *new = parsed(CEILINGS("\"authorizer.a\":1"));
    assert_int_equal(config_check_change(old, new, &error), JF_OK);
    assert_int_equal(config_check_change(new, old, &error), JF_OK);
    config_free(old);
    config_free(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_limits_what_it_names),
        cmocka_unit_test(what_a_plan_says_has_bounds),
        cmocka_unit_test(names_are_plain),
        cmocka_unit_test(of_a_key_only_the_digest_is_kept),
        cmocka_unit_test(a_key_is_whole),
        cmocka_unit_test(a_value_that_is_wrong_is_refused),
        cmocka_unit_test(values_of_both_lengths_are_fine),
        cmocka_unit_test(a_digest_is_64_hexadecimal_digits),
        cmocka_unit_test(two_keys_differ),
        cmocka_unit_test(a_stage_names_plans_and_where_keys_are),
        cmocka_unit_test(a_stage_that_asks_for_no_known_plan_is_refused),
        cmocka_unit_test(the_order_in_the_file_does_not_matter),
        cmocka_unit_test(ceilings_go_by_what_the_authorizer_said),
        cmocka_unit_test(a_ceiling_has_a_name_and_bounds),
        cmocka_unit_test(whether_nodes_count_together_is_said),
        cmocka_unit_test(ten_thousand_keys_fit_and_no_more),
        cmocka_unit_test(a_hundred_plans_fit_and_no_more),
        cmocka_unit_test(sixteen_ceilings_fit_and_no_more),
        cmocka_unit_test(all_of_it_may_change_while_the_host_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
