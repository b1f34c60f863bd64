/* Policies: a pattern, a newline, an authorizer's answer.
 *
 * The pattern is compared with the plainest matcher there is, on the ARN and on its own
 * text. The answer is also read by cJSON, written anew and judged on the tree: where both
 * find a policy, they let the same people in. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/parse/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARN "arn:aws:execute-api:eu-central-1:1:a/test/$connect"

/* ---- The reference -------------------------------------------------------------- */

static bool plain_match(const char *pattern, const char *text, bool ignore_case)
{
    if (*pattern == '*')
        return plain_match(pattern + 1, text, ignore_case) ||
               (*text && plain_match(pattern, text + 1, ignore_case));
    if (!*pattern || !*text)
        return *pattern == *text;
    bool same = *pattern == '?' || *pattern == *text ||
                (ignore_case && bytes_lower_char(*pattern) == bytes_lower_char(*text));
    return same && plain_match(pattern + 1, text + 1, ignore_case);
}

/* A plain matcher takes its time with many stars. */
static bool is_simple(const char *pattern)
{
    unsigned stars = 0;
    for (const char *at = pattern; *at; at++)
        stars += *at == '*';
    return stars < 4 && strlen(pattern) < 100;
}

static void compare_match(jf_bytes pattern)
{
    char text[100];
    if (!pattern.len || pattern.len >= sizeof(text) ||
        memchr(pattern.ptr, '\0', pattern.len))
        return;
    memcpy(text, pattern.ptr, pattern.len);
    text[pattern.len] = '\0';
    if (!is_simple(text))
        return;
    for (int ignore_case = 0; ignore_case < 2; ignore_case++) {
        CHECK(policy_matches(pattern, jf_str(ARN), ignore_case) ==
              plain_match(text, ARN, ignore_case));
        CHECK(policy_matches(pattern, pattern, ignore_case));
        CHECK(policy_matches(jf_str("a*?b*"), pattern, ignore_case) ==
              plain_match("a*?b*", text, ignore_case));
    }
}

static bool any_matches(const cJSON *patterns, const char *text, bool ignore_case)
{
    if (cJSON_IsString(patterns))
        return policy_matches(jf_str(patterns->valuestring), jf_str(text), ignore_case);
    for (const cJSON *item = patterns->child; item; item = item->next) {
        if (any_matches(item, text, ignore_case))
            return true;
    }
    return false;
}

static void judge(const cJSON *statement, bool *allowed, bool *denied)
{
    const cJSON *effect = cJSON_GetObjectItemCaseSensitive(statement, "Effect");
    const cJSON *action = cJSON_GetObjectItemCaseSensitive(statement, "Action");
    const cJSON *resource = cJSON_GetObjectItemCaseSensitive(statement, "Resource");
    if (!any_matches(action, "execute-api:Invoke", true) ||
        !any_matches(resource, ARN, false))
        return;
    *(strcmp(effect->valuestring, "Deny") == 0 ? denied : allowed) = true;
}

static bool tree_allows(const cJSON *tree)
{
    const cJSON *document = cJSON_GetObjectItemCaseSensitive(tree, "policyDocument");
    const cJSON *statements = cJSON_GetObjectItemCaseSensitive(document, "Statement");
    bool allowed = false, denied = false;
    if (cJSON_IsObject(statements))
        judge(statements, &allowed, &denied);
    else
        for (const cJSON *item = statements->child; item; item = item->next)
            judge(item, &allowed, &denied);
    return allowed && !denied;
}

/* ---- The target ----------------------------------------------------------------- */

static bool within(jf_bytes view, const char *memory, size_t len)
{
    return view.ptr >= memory && view.ptr + view.len <= memory + len;
}

/* False: it is none. */
static bool read_answer(jf_bytes text, bool *allow)
{
    struct policy_answer answer = { .context_count = SIZE_MAX };
    char why[POLICY_WHY_MAX] = "";
    if (policy_read(text, jf_str(ARN), &answer, why) != JF_OK) {
        CHECK(answer.context_count == SIZE_MAX);
        CHECK(why[0] && memchr(why, '\0', sizeof(why)));
        return false;
    }
    CHECK(answer.context_count <= POLICY_CONTEXT_MAX);
    CHECK(within(answer.principal, answer.memory, text.len));
    CHECK(!answer.usage_key.ptr || within(answer.usage_key, answer.memory, text.len));
    for (size_t i = 0; i < answer.context_count; i++) {
        CHECK(within(answer.context[i].name, answer.memory, text.len));
        CHECK(within(answer.context[i].value, answer.memory, text.len));
    }
    *allow = answer.allow;
    policy_fini(&answer);
    CHECK(!answer.memory);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jf_bytes input = jf_view(data, size);
    size_t newline = bytes_find(input, '\n');
    jf_bytes text = bytes_from(input, newline + 1);
    bool allow, again;
    compare_match(jf_view(data, newline));
    read_answer(text, &allow);
    cJSON *tree = cJSON_ParseWithLength(text.ptr, text.len);
    char *anew = tree ? cJSON_PrintUnformatted(tree) : NULL;
    if (anew && read_answer(jf_str(anew), &again))
        CHECK(again == tree_allows(tree));
    cJSON_Delete(tree);
    free(anew);
    return 0;
}
