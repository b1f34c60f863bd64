/* Schema: the schema's text, a newline, a body, all of them a stranger's.
 *
 * Beside that, both are read by cJSON and written anew, and what it reads of that is judged
 * by the plainest reading of the keywords on its trees; the two must agree. In what cJSON
 * writes, numbers are the decimals that its doubles stand for, so that the two may be
 * compared by doubles. Between a stranger's text and cJSON's lie its liberties (byte order
 * marks, 01, control characters), about which nothing is claimed. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/parse/schema.h"
#include "tests/fuzz/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- The reference -------------------------------------------------------------- */

static const cJSON *keyword(const cJSON *schema, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(schema, name);
}

static bool is_integer(const cJSON *value)
{
    char text[64];
    return cJSON_PrintPreallocated((cJSON *)(uintptr_t)value, text, sizeof(text), 0) &&
           !strpbrk(text, ".eE");
}

static bool has_type(const cJSON *value, const char *name)
{
    return (cJSON_IsNull(value) && strcmp(name, "null") == 0) ||
           (cJSON_IsBool(value) && strcmp(name, "boolean") == 0) ||
           (cJSON_IsNumber(value) && strcmp(name, "number") == 0) ||
           (cJSON_IsNumber(value) && strcmp(name, "integer") == 0 && is_integer(value)) ||
           (cJSON_IsString(value) && strcmp(name, "string") == 0) ||
           (cJSON_IsArray(value) && strcmp(name, "array") == 0) ||
           (cJSON_IsObject(value) && strcmp(name, "object") == 0);
}

static bool type_fits(const cJSON *type, const cJSON *value)
{
    if (!type || cJSON_IsString(type))
        return !type || has_type(value, type->valuestring);
    for (const cJSON *name = type->child; name; name = name->next) {
        if (has_type(value, name->valuestring))
            return true;
    }
    return false;
}

static bool same_scalar(const cJSON *a, const cJSON *b)
{
    if (cJSON_IsNumber(a) && cJSON_IsNumber(b))
        return a->valuedouble == b->valuedouble;
    if (cJSON_IsString(a) && cJSON_IsString(b))
        return strcmp(a->valuestring, b->valuestring) == 0;
    return (a->type & 0xff) == (b->type & 0xff) && !cJSON_IsObject(a) && !cJSON_IsArray(a);
}

static bool values_fit(const cJSON *schema, const cJSON *value)
{
    const cJSON *listed = keyword(schema, "enum"), *constant = keyword(schema, "const");
    bool found = !listed;
    for (const cJSON *item = listed ? listed->child : NULL; item; item = item->next)
        found = found || same_scalar(item, value);
    return found && (!constant || same_scalar(constant, value));
}

static bool bounds_fit(const cJSON *schema, double value)
{
    const cJSON *min = keyword(schema, "minimum"), *max = keyword(schema, "maximum");
    const cJSON *above = keyword(schema, "exclusiveMinimum");
    const cJSON *below = keyword(schema, "exclusiveMaximum");
    above = cJSON_IsTrue(above) ? min : cJSON_IsFalse(above) ? NULL : above;
    below = cJSON_IsTrue(below) ? max : cJSON_IsFalse(below) ? NULL : below;
    return (!min || value >= min->valuedouble) && (!max || value <= max->valuedouble) &&
           (!above || value > above->valuedouble) && (!below || value < below->valuedouble);
}

static bool count_fits(const cJSON *schema, const char *min, const char *max, size_t count)
{
    const cJSON *least = keyword(schema, min), *most = keyword(schema, max);
    return (!least || (double)count >= least->valuedouble) &&
           (!most || (double)count <= most->valuedouble);
}

static size_t code_points(const char *text)
{
    size_t count = 0;
    for (; *text; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static bool tree_fits(const cJSON *schema, const cJSON *value);

static bool elements_fit(const cJSON *schema, const cJSON *array)
{
    const cJSON *rule = keyword(schema, "items");
    for (const cJSON *item = array->child; item; item = item->next) {
        if (rule && !tree_fits(rule, item))
            return false;
    }
    return count_fits(schema, "minItems", "maxItems", (size_t)cJSON_GetArraySize(array));
}

static unsigned times(const cJSON *object, const char *name)
{
    unsigned count = 0;
    for (const cJSON *member = object->child; member; member = member->next)
        count += strcmp(member->string, name) == 0;
    return count;
}

static bool required_fit(const cJSON *schema, const cJSON *object)
{
    const cJSON *required = keyword(schema, "required");
    for (const cJSON *name = required ? required->child : NULL; name; name = name->next) {
        if (times(object, name->valuestring) != 1)
            return false;
    }
    return true;
}

static bool members_fit(const cJSON *schema, const cJSON *object)
{
    const cJSON *named = keyword(schema, "properties");
    const cJSON *other = keyword(schema, "additionalProperties");
    for (const cJSON *member = object->child; member; member = member->next) {
        const cJSON *rule = named ? keyword(named, member->string) : NULL;
        if (rule && times(object, member->string) != 1)
            return false;
        if (!rule)
            rule = other;
        if (rule && !tree_fits(rule, member))
            return false;
    }
    return required_fit(schema, object) &&
           count_fits(schema, "minProperties", "maxProperties",
                      (size_t)cJSON_GetArraySize(object));
}

static bool tree_fits(const cJSON *schema, const cJSON *value)
{
    if (cJSON_IsBool(schema))
        return cJSON_IsTrue(schema);
    if (!type_fits(keyword(schema, "type"), value) || !values_fit(schema, value))
        return false;
    if (cJSON_IsNumber(value))
        return bounds_fit(schema, value->valuedouble);
    if (cJSON_IsString(value))
        return count_fits(schema, "minLength", "maxLength",
                          code_points(value->valuestring));
    if (cJSON_IsArray(value))
        return elements_fit(schema, value);
    return !cJSON_IsObject(value) || members_fit(schema, value);
}

/* ---- The target ----------------------------------------------------------------- */

static void is_told(const char place[SCHEMA_PLACE_MAX])
{
    CHECK(memchr(place, '\0', SCHEMA_PLACE_MAX));
    CHECK(place[0] == '\0' || place[0] == '/');
}

/* NULL: it is none. */
static struct schema *compiled(jf_bytes text)
{
    struct schema *schema = NULL;
    struct schema_error error = { "unset", "" };
    if (schema_compile(text, &schema, &error) == JF_OK)
        return schema;
    CHECK(!schema && error.text[0]);
    CHECK(memchr(error.text, '\0', sizeof(error.text)));
    is_told(error.place);
    return NULL;
}

static void any_texts(jf_bytes text, jf_bytes body)
{
    struct schema *schema = compiled(text);
    struct schema_problem why = { "unset", NULL };
    if (!schema)
        return;
    bool fits = schema_fits(schema, body, &why);
    CHECK(fits == schema_fits(schema, body, NULL));
    CHECK(fits == !why.keyword);
    if (!fits)
        is_told(why.place);
    schema_free(schema);
}

/* What cJSON writes of what it reads, and reads of that; twice, since its first reading may
 * know more of a number than it writes. NULL: it reads nothing. */
static cJSON *settled(jf_bytes text, char **out)
{
    cJSON *tree = cJSON_ParseWithLength(text.ptr, text.len);
    *out = NULL;
    for (int i = 0; tree && i < 2; i++) {
        free(*out);
        *out = cJSON_PrintUnformatted(tree);
        cJSON_Delete(tree);
        tree = *out ? cJSON_Parse(*out) : NULL;
    }
    return tree;
}

static void compare(const cJSON *rules, const char *text, const cJSON *tree,
                    const char *body)
{
    struct schema *schema = compiled(jf_str(text));
    if (!schema)
        return;
    bool expected = tree_depth(tree) <= SCHEMA_LEVELS_MAX && tree_fits(rules, tree);
    CHECK(schema_fits(schema, jf_str(body), NULL) == expected);
    schema_free(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jf_bytes input = jf_view(data, size);
    size_t newline = bytes_find(input, '\n');
    jf_bytes text = jf_view(data, newline), body = bytes_from(input, newline + 1);
    any_texts(text, body);
    char *rules_text, *tree_text;
    cJSON *rules = settled(text, &rules_text), *tree = settled(body, &tree_text);
    if (rules && tree)
        compare(rules, rules_text, tree, tree_text);
    cJSON_Delete(rules);
    cJSON_Delete(tree);
    free(rules_text);
    free(tree_text);
    return 0;
}
