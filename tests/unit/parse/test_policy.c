/* Policies of authorizers: AWS's own examples, what wins, what is no policy, and what
 * becomes of the context. Texts are copied to memory of their exact size, so the sanitizer
 * sees a read past the end. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/policy.h"

#define ARN "arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/$connect"
#define API "arn:aws:execute-api:us-east-1:123456789012:abcdef123/"
#define STATEMENT(effect, resource)                                                        \
    "{\"Action\":\"execute-api:Invoke\",\"Effect\":\"" effect "\",\"Resource\":" resource  \
    "}"
#define DOCUMENT(statements)                                                               \
    "\"policyDocument\":{\"Version\":\"2012-10-17\",\"Statement\":" statements "}"
#define ANSWER(statements) "{\"principalId\":\"me\"," DOCUMENT(statements) "}"
#define ALLOWED DOCUMENT("[" STATEMENT("Allow", "\"*\"") "]")

static int read_bytes(jf_bytes text, struct policy_answer *out, char why[POLICY_WHY_MAX])
{
    char *copy = malloc(text.len ? text.len : 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    int status = policy_read(jf_view(copy, text.len), jf_str(ARN), out, why);
    free(copy);
    return status;
}

static struct policy_answer read_good(const char *text)
{
    struct policy_answer answer = { 0 };
    char why[POLICY_WHY_MAX];
    if (read_bytes(jf_str(text), &answer, why) != JF_OK)
        fail_msg("%s: %s", text, why);
    return answer;
}

static void assert_allow(const char *text, bool allow)
{
    struct policy_answer answer = read_good(text);
    if (answer.allow != allow)
        fail_msg("%s: %s", text, answer.allow ? "allowed" : "denied");
    policy_fini(&answer);
}

static void assert_junk(const char *text, const char *part)
{
    struct policy_answer answer = { .context_count = 77 };
    char why[POLICY_WHY_MAX] = "";
    if (read_bytes(jf_str(text), &answer, why) != JF_E_INVALID)
        fail_msg("%s is taken", text);
    assert_int_equal(answer.context_count, 77);
    if (!strstr(why, part))
        fail_msg("%s: %s", text, why);
}

/* "Output from an API Gateway Lambda authorizer" and the WebSocket example beside it. */
static void the_answer_of_the_developer_guide(void **state)
{
    (void)state;
    struct policy_answer answer = read_good(
        "{\n  \"principalId\": \"yyyyyyyy\",\n  \"policyDocument\": {\n"
        "    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n      {\n"
        "        \"Action\": \"execute-api:Invoke\",\n        \"Effect\": \"Allow\",\n"
        "        \"Resource\": \"" ARN "\"\n      }\n    ]\n  },\n"
        "  \"context\": {\n    \"stringKey\": \"value\",\n    \"numberKey\": \"1\",\n"
        "    \"booleanKey\": \"true\"\n  },\n"
        "  \"usageIdentifierKey\": \"{api-key}\"\n}\n");
    assert_true(answer.allow);
    assert_true(bytes_eq(answer.principal, "yyyyyyyy"));
    assert_true(bytes_eq(answer.usage_key, "{api-key}"));
    assert_int_equal(answer.context_count, 3);
    assert_true(bytes_eq(answer.context[0].name, "stringKey"));
    assert_true(bytes_eq(answer.context[2].value, "true"));
    policy_fini(&answer);
}

static void resources_match_with_wildcards(void **state)
{
    (void)state;
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" ARN "\"") "]"), true);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "test/*\"") "]"), true);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "*\"") "]"), true);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"arn:aws:execute-api:*\"") "]"), true);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "t?st/$connec?\"") "]"), true);
    assert_allow(ANSWER("[" STATEMENT("Allow", "[\"x\",\"" ARN "\"]") "]"), true);
    /* Written for a REST API: a method and a path. */
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "test/*/*\"") "]"), false);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "test/GET/\"") "]"), false);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "prod/*\"") "]"), false);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "TEST/*\"") "]"), false);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"\"") "]"), false);
    assert_allow(ANSWER("[" STATEMENT("Allow", "[]") "]"), false);
}

static void actions_ignore_case(void **state)
{
    (void)state;
    static const struct {
        const char *action;
        bool allow;
    } known[] = {
        { "\"execute-api:Invoke\"", true },
        { "\"execute-api:invoke\"", true },
        { "\"EXECUTE-API:*\"", true },
        { "\"*\"", true },
        { "\"execute-api:In?oke\"", true },
        { "[\"s3:*\",\"execute-api:Invoke\"]", true },
        { "\"execute-api:InvokeX\"", false },
        { "\"execute-api\"", false },
        { "\"execute-api:ManageConnections\"", false },
        { "[\"s3:*\"]", false },
        { "[]", false },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text),
                 "{\"principalId\":\"\",\"policyDocument\":{\"Statement\":{\"Action\":%s,"
                 "\"Effect\":\"Allow\",\"Resource\":\"*\"}}}",
                 known[i].action);
        assert_allow(text, known[i].allow);
    }
}

static void a_deny_wins_and_silence_denies(void **state)
{
    (void)state;
    assert_allow(ANSWER("[]"), false);
    assert_allow(ANSWER("[" STATEMENT("Deny", "\"*\"") "]"), false);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"*\"") "," STATEMENT("Deny", "\"*\"") "]"),
                 false);
    assert_allow(ANSWER("[" STATEMENT("Deny", "\"*\"") "," STATEMENT("Allow", "\"*\"") "]"),
                 false);
    assert_allow(ANSWER("[" STATEMENT("Deny", "\"" API "prod/*\"") "," STATEMENT(
                     "Allow", "\"*\"") "]"),
                 true);
    assert_allow(ANSWER("[" STATEMENT("Allow", "\"" API "prod/*\"") "," STATEMENT(
                     "Allow", "\"*\"") "]"),
                 true);
}

/* The parts of a statement may come in any order, and be written with escapes. */
static void the_spelling_of_json_makes_no_difference(void **state)
{
    (void)state;
    assert_allow("{\"policyDocument\":{\"Statement\":{\"Resource\":\"*\",\"Sid\":\"a\","
                 "\"Action\":\"*\",\"Effect\":\"\\u0041llow\"},\"Id\":\"x\",\"Version\":"
                 "\"2008-10-17\"},\"more\":[{}],\"princip\\u0061lId\":\"a\"}",
                 true);
    assert_allow(
        "{\"principalId\":\"a\",\"usageIdentifierKey\":null,\"context\":null," ALLOWED "}",
        true);
}

static void the_context_becomes_text(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        { "text", "a\"\xc3\xa4\n" }, { "empty", "" },
        { "whole", "42" },           { "large", "9007199254740993" },
        { "fraction", "-1.50e+3" },  { "yes", "true" },
        { "no", "false" },           { "", "no name" },
    };
    struct policy_answer answer = read_good(
        "{\"principalId\":\"\\u00e4\",\"context\":{\"text\":\"a\\\"\xc3\xa4\\n\",\"empty\":"
        "\"\",\"whole\":42,\"large\":9007199254740993,\"fraction\":-1.50e+3,\"yes\":true,"
        "\"nothing\":null,\"no\":false,\"\":\"no name\"}," ALLOWED "}");
    size_t count = sizeof(expected) / sizeof(expected[0]);
    assert_int_equal(answer.context_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(bytes_eq(answer.context[i].name, expected[i][0]));
        assert_true(bytes_eq(answer.context[i].value, expected[i][1]));
    }
    assert_true(bytes_eq(answer.principal, "\xc3\xa4"));
    assert_null(answer.usage_key.ptr);
    policy_fini(&answer);
}

static void junk_is_told_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } known[] = {
        { "{}", "principalId: is missing" },
        { "{\"principalId\":\"a\"}", "policyDocument: is missing" },
        { "{" ALLOWED "}", "principalId: is missing" },
        { "{\"principalId\":null," ALLOWED "}", "principalId: a text" },
        { "{\"principalId\":7," ALLOWED "}", "principalId: a text" },
        { "{\"principalId\":\"a\",\"principalId\":\"b\"," ALLOWED "}", "comes twice" },
        { "{\"principalId\":\"a\",\"policyDocument\":null}", "policyDocument: an object" },
        { "{\"principalId\":\"a\",\"policyDocument\":{}}", "Statement: is missing" },
        { "{\"principalId\":\"a\",\"policyDocument\":{\"Statement\":\"x\"}}",
          "Statement: an object" },
        { ANSWER("[[]]"), "Statement: an object" },
        { ANSWER("[{}]"), "Effect: is missing" },
        { ANSWER("{\"Effect\":\"Allow\",\"Resource\":\"*\"}"), "Action: is missing" },
        { ANSWER("{\"Effect\":\"Allow\",\"Action\":\"*\"}"), "Resource: is missing" },
        { ANSWER("[" STATEMENT("allow", "\"*\"") "]"), "Effect: must be" },
        { ANSWER("[" STATEMENT("Allow", "7") "]"), "Resource: a text" },
        { ANSWER("[" STATEMENT("Allow", "[\"*\",null]") "]"), "Resource: a text" },
        { ANSWER("[" STATEMENT("Deny", "\"${aws:x}\"") "]"), "variables" },
        { ANSWER("{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\",\"Condition\":{"
                 "}}"),
          "Condition: is not supported" },
        { ANSWER("{\"Effect\":\"Deny\",\"Action\":\"*\",\"NotResource\":\"*\"}"),
          "NotResource: is not supported" },
        { ANSWER("{\"Effect\":\"Deny\",\"Effect\":\"Allow\",\"Action\":\"*\"}"),
          "Effect: comes twice" },
        { "{\"principalId\":\"a\",\"policyDocument\":{\"Version\":\"2012\",\"Statement\":[]"
          "}}",
          "Version: must be" },
        { "{\"principalId\":\"a\",\"policyDocument\":{\"statement\":[]}}",
          "statement: is not supported" },
        { "{\"principalId\":\"a\",\"context\":{\"a\":{}}," ALLOWED "}", "a: is neither" },
        { "{\"principalId\":\"a\",\"context\":{\"a\":[1]}," ALLOWED "}", "a: is neither" },
        { "{\"principalId\":\"a\",\"context\":[]," ALLOWED "}", "context: an object" },
        { "{\"principalId\":\"a\",\"context\":{\"a\":1,\"\\u0061\":2}," ALLOWED "}",
          "a: comes twice" },
        { "{\"principalId\":\"a\",\"usageIdentifierKey\":1," ALLOWED "}",
          "usageIdentifierKey: a text" },
        { "{\"principalId\":\"\\ud800\"," ALLOWED "}", "surrogate" },
        { "{\"principalId\":\"\xff\"," ALLOWED "}", "UTF-8" },
        { "", "empty" },
        { "null", "an object is expected" },
        { "\"Unauthorized\"", "an object is expected" },
        { "[]", "an object is expected" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_junk(known[i].text, known[i].part);
}

static void what_is_cut_is_no_answer(void **state)
{
    (void)state;
    const char *text =
        "{\"principalId\":\"a\\u00e4\",\"x\":[1],\"context\":{\"a\":-1.5,\"b\":"
        "true,\"c\":null}," ALLOWED ",\"usageIdentifierKey\":\"k\"} ";
    for (size_t len = 0; len < strlen(text) - 1; len++) {
        struct policy_answer answer;
        char why[POLICY_WHY_MAX];
        assert_int_equal(read_bytes(jf_view(text, len), &answer, why), JF_E_INVALID);
        assert_true(strlen(why) > 0);
    }
    assert_allow(text, true);
    assert_junk(ANSWER("[]") "x", "no JSON");
    assert_junk(ANSWER("[") "", "an object is expected");
}

static void an_answer_is_bounded(void **state)
{
    (void)state;
    char text[POLICY_TEXT_MAX + 2], why[POLICY_WHY_MAX];
    struct policy_answer answer;
    memset(text, ' ', sizeof(text));
    memcpy(text, ANSWER("[]"), sizeof(ANSWER("[]")) - 1);
    assert_int_equal(read_bytes(jf_view(text, POLICY_TEXT_MAX), &answer, why), JF_OK);
    policy_fini(&answer);
    assert_int_equal(read_bytes(jf_view(text, POLICY_TEXT_MAX + 1), &answer, why),
                     JF_E_INVALID);
    for (int count = POLICY_CONTEXT_MAX; count <= POLICY_CONTEXT_MAX + 1; count++) {
        char *at = text + sprintf(text, "{\"principalId\":\"a\"," ALLOWED ",\"context\":{");
        for (int i = 0; i < count; i++)
            at += sprintf(at, "%s\"%d\":%d", i ? "," : "", i, i);
        strcpy(at, "}}");
        int status = read_bytes(jf_str(text), &answer, why);
        assert_int_equal(status, count > POLICY_CONTEXT_MAX ? JF_E_INVALID : JF_OK);
        if (status == JF_OK)
            policy_fini(&answer);
    }
}

static void patterns_are_those_of_policies(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text;
        bool match;
    } known[] = {
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "*", "a/b:c", true },
        { "?", "", false },
        { "?", "a", true },
        { "?", "ab", false },
        { "a*", "a", true },
        { "*a", "ba", true },
        { "*a", "ab", false },
        { "a*c", "abbbc", true },
        { "a*c", "abbbd", false },
        { "a*b*c", "a1b2b3c", true },
        { "a**c", "ac", true },
        { "*?*", "", false },
        { "*?*", "x", true },
        { "?*?", "x", false },
        { "?*?", "xy", true },
        { "a.c", "abc", false },
        { "[a]", "a", false },
        { "A", "a", false },
        { "*aab", "aaaab", true },
        { "**", "x", true },
        { "a*", "", false },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (policy_matches(jf_str(known[i].pattern), jf_str(known[i].text), false) !=
            known[i].match)
            fail_msg("%s and %s", known[i].pattern, known[i].text);
    }
    assert_true(policy_matches(jf_str("A*C"), jf_str("abc"), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_answer_of_the_developer_guide),
        cmocka_unit_test(resources_match_with_wildcards),
        cmocka_unit_test(actions_ignore_case),
        cmocka_unit_test(a_deny_wins_and_silence_denies),
        cmocka_unit_test(the_spelling_of_json_makes_no_difference),
        cmocka_unit_test(the_context_becomes_text),
        cmocka_unit_test(junk_is_told_in_words),
        cmocka_unit_test(what_is_cut_is_no_answer),
        cmocka_unit_test(an_answer_is_bounded),
        cmocka_unit_test(patterns_are_those_of_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
