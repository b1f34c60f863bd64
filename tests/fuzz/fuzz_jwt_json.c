/* JSON for tokens: what is valid here, cJSON reads to its end, and the text of each
 * member's value is that member's value. */
#include "core/base/check.h"
#include "plugins/jwt/json_strict.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_value(const cJSON *json, jf_bytes text)
{
    CHECK(json_strict_is_valid(text));
    cJSON *again = cJSON_ParseWithLength(text.ptr, text.len);
    CHECK(again);
    CHECK((again->type & 0xff) == (json->type & 0xff));
    CHECK(!cJSON_IsString(json) || strcmp(again->valuestring, json->valuestring) == 0);
    cJSON_Delete(again);
}

static void check_object(const struct json_object *object)
{
    size_t count = 0;
    CHECK(cJSON_IsObject(object->tree));
    for (const cJSON *json = object->tree->child; json; json = json->next, count++) {
        CHECK(count < object->count && json->string);
        CHECK(cJSON_GetObjectItemCaseSensitive(object->tree, json->string) == json);
        check_value(json, object->values[count]);
    }
    CHECK(count == object->count);
}

/* A number of 64 characters or more is the one thing that cJSON does not take. */
static bool has_long_number(jf_bytes text)
{
    size_t run = 0;
    for (size_t i = 0; i < text.len && run < 64; i++)
        run = text.ptr[i] && strchr("0123456789+-eE.", text.ptr[i]) ? run + 1 : 0;
    return run >= 64;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jf_bytes text = jf_view(data, size);
    struct json_object object;
    if (json_strict_is_valid(text)) {
        CHECK(!memchr(data, '\0', size));
        cJSON *tree = cJSON_ParseWithLength(text.ptr, text.len);
        CHECK(tree || has_long_number(text));
        cJSON_Delete(tree);
    }
    if (json_strict_object(text, &object) == JF_OK) {
        CHECK(json_strict_is_valid(text));
        check_object(&object);
        json_strict_free(&object);
    }
    return 0;
}
