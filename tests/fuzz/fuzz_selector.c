/* Selector: an expression, a newline, a body, all of them a stranger's.
 *
 * The body is also picked from with "$request.body.action" and compared with what cJSON
 * makes of it: where cJSON sees no JSON, nothing is selected; and of cJSON's own, canonical
 * print of the tree, the key is what the tree says. Between the two lie cJSON's liberties
 * (byte order marks, 01, 1., control characters), about which nothing is claimed. */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/parse/selector.h"
#include "tests/fuzz/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct selector *action, *braced;

static void setup(void)
{
    struct selector_error error;
    if (action)
        return;
    CHECK(selector_compile(jf_str("$request.body.action"), &action, &error) == JF_OK);
    CHECK(selector_compile(jf_str("${request.body['action']}"), &braced, &error) == JF_OK);
}

static bool within(jf_bytes inner, const char *outer, size_t len)
{
    return inner.ptr >= outer && inner.ptr + inner.len <= outer + len;
}

static void any_expression(jf_bytes expression, jf_bytes body)
{
    struct selector *selector = NULL;
    struct selector_error error = { SIZE_MAX, NULL };
    char scratch[SELECTOR_KEY_MAX];
    jf_bytes out = { NULL, SIZE_MAX };
    int status = selector_compile(expression, &selector, &error);
    if (status != JF_OK) {
        CHECK(status == JF_E_INVALID && !selector);
        CHECK(error.text && *error.text && error.at <= expression.len);
        return;
    }
    status = selector_pick(selector, body, scratch, &out);
    if (status == JF_OK)
        CHECK(out.len <= SELECTOR_KEY_MAX);
    else
        CHECK(status == JF_E_NOT_FOUND && out.len == SIZE_MAX);
    selector_free(selector);
}

/* Where cJSON is stricter than the grammar: half surrogate pairs, numbers of more than 63
 * characters. \u0000 ends its strings early. */
static bool beyond_cjson(jf_bytes body)
{
    size_t digits = 0;
    for (size_t i = 0; i < body.len; i++) {
        const char *at = body.ptr + i;
        digits = isdigit((unsigned char)*at) || strchr("+-.eE", *at) ? digits + 1 : 0;
        if (digits > 60)
            return true;
        if (body.len - i < 6 || at[0] != '\\' || at[1] != 'u')
            continue;
        if (tolower((unsigned char)at[2]) == 'd' || memcmp(at + 2, "0000", 4) == 0)
            return true;
    }
    return false;
}

static const cJSON *last_action(const cJSON *tree)
{
    const cJSON *last = NULL;
    for (const cJSON *child = tree->child; child; child = child->next) {
        if (strcmp(child->string, "action") == 0)
            last = child;
    }
    return last;
}

static bool has_object(const cJSON *array)
{
    for (const cJSON *child = array->child; child; child = child->next) {
        if (cJSON_IsObject(child) || has_object(child))
            return true;
    }
    return false;
}

/* cJSON prints what is too large for it as null. */
static void same_number(double expected, jf_bytes out)
{
    char text[64] = "";
    CHECK(out.len < sizeof(text));
    if (out.len)
        memcpy(text, out.ptr, out.len);
    double value = strtod(text, NULL);
    if (isinf(expected))
        CHECK(out.len == 0 || value == expected);
    else
        CHECK(fabs(value - expected) <= fabs(expected) * 1e-14);
}

/* `out` was picked from a text that is exactly `tree`. */
static void same_as_tree(const cJSON *tree, int status, jf_bytes out)
{
    const cJSON *value = cJSON_IsObject(tree) ? last_action(tree) : NULL;
    if (!cJSON_IsObject(tree) || tree_depth(tree) > SELECTOR_DEPTH_MAX) {
        CHECK(status == JF_E_NOT_FOUND);
    } else if (cJSON_IsObject(value) || (cJSON_IsArray(value) && has_object(value))) {
        CHECK(status == JF_E_NOT_FOUND);
    } else if (cJSON_IsString(value)) {
        CHECK((status == JF_OK) == (strlen(value->valuestring) <= SELECTOR_KEY_MAX));
        CHECK(status != JF_OK || bytes_eq(out, value->valuestring));
    } else if (cJSON_IsArray(value)) {
        CHECK(status != JF_OK ||
              (out.len >= 2 && out.ptr[0] == '[' && out.ptr[out.len - 1] == ']'));
    } else {
        CHECK(status == JF_OK);
        if (!value || cJSON_IsNull(value))
            CHECK(out.len == 0);
        else if (cJSON_IsBool(value))
            CHECK(bytes_eq(out, cJSON_IsTrue(value) ? "true" : "false"));
        else
            same_number(value->valuedouble, out);
    }
}

static void compare(jf_bytes body)
{
    char scratch[SELECTOR_KEY_MAX], other[SELECTOR_KEY_MAX];
    jf_bytes out = { NULL, 0 }, again = { NULL, 0 };
    int status = selector_pick(action, body, scratch, &out);
    CHECK(selector_pick(braced, body, other, &again) == status && jf_same(out, again));
    if (status == JF_OK && out.len)
        CHECK(within(out, body.ptr, body.len) || within(out, scratch, sizeof(scratch)));
    if (beyond_cjson(body))
        return;

    const char *end = NULL;
    cJSON *tree = cJSON_ParseWithLengthOpts(body.ptr, body.len, &end, false);
    while (tree && end < body.ptr + body.len && strchr(" \t\r\n", *end) && *end)
        end++;
    if (!tree || end != body.ptr + body.len) {
        CHECK(status == JF_E_NOT_FOUND);
    } else {
        if (status == JF_OK)
            same_as_tree(tree, status, out);
        char *canonical = cJSON_PrintUnformatted(tree);
        status = selector_pick(action, jf_str(canonical), scratch, &out);
        same_as_tree(tree, status, out);
        cJSON_free(canonical);
    }
    cJSON_Delete(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    setup();
    jf_bytes input = jf_view(data, size);
    jf_bytes expression = { input.ptr, bytes_find(input, '\n') };
    jf_bytes rest = bytes_from(input, expression.len + 1);
    /* In memory of its own size, so that a read past its end is seen. */
    char *body = malloc(rest.len ? rest.len : 1);
    if (rest.len)
        memcpy(body, rest.ptr, rest.len);
    any_expression(expression, jf_view(body, rest.len));
    compare(jf_view(body, rest.len));
    free(body);
    return 0;
}
