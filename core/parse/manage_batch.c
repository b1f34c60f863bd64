/* cJSON reads it, whose tree stays as long as the views of its strings. */
#include "core/parse/manage_batch.h"

#include <cjson/cJSON.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/utf8.h"

static int refuse(const char **why, const char *text)
{
    *why = text;
    return JF_E_INVALID;
}

static int read_ids(const cJSON *root, struct manage_batch *out, const char **why)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "connectionIds");
    const cJSON *item;
    if (!cJSON_IsArray(list))
        return refuse(why, "connectionIds must be an array of strings");
    int count = cJSON_GetArraySize(list);
    if (count > MANAGE_BATCH_MAX)
        return refuse(why, "connectionIds has more than 1000 ids");
    out->ids = xcalloc((size_t)count + 1, sizeof(*out->ids));
    cJSON_ArrayForEach(item, list)
    {
        if (!cJSON_IsString(item))
            return refuse(why, "connectionIds must be an array of strings");
        out->ids[out->count++] = jf_str(item->valuestring);
    }
    return JF_OK;
}

static int digit_of(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                 "0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* RFC 4648, 4; the padding may be left out. */
static int decode(jf_bytes text, struct manage_batch *out, const char **why)
{
    uint32_t bits = 0;
    unsigned have = 0;
    while (text.len && text.ptr[text.len - 1] == '=')
        text.len--;
    out->decoded = xalloc(text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (digit < 0)
            return refuse(why, "data is not base64");
        bits = bits << 6 | (uint32_t)digit;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out->decoded[len++] = (char)(bits >> have);
        }
    }
    out->data = jf_view(out->decoded, len);
    out->opcode = JF_BINARY;
    return JF_OK;
}

/* As an octet or as \u0000: cJSON ends the string there. */
static bool has_nul(jf_bytes body)
{
    for (size_t i = 0; i < body.len; i++) {
        if (!body.ptr[i])
            return true;
        if (body.ptr[i] != '\\')
            continue;
        jf_bytes rest = bytes_from(body, i + 1);
        if (rest.len >= 5 && memcmp(rest.ptr, "u0000", 5) == 0)
            return true;
        i++; /* whatever it escapes is not looked at */
    }
    return false;
}

static int read_data(const cJSON *root, struct manage_batch *out, const char **why)
{
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
    const cJSON *encoded = cJSON_GetObjectItemCaseSensitive(root, "isBase64Encoded");
    if (!cJSON_IsString(data))
        return refuse(why, "data must be a string");
    if (encoded && !cJSON_IsBool(encoded))
        return refuse(why, "isBase64Encoded must be true or false");
    out->opcode = JF_TEXT;
    out->data = jf_str(data->valuestring);
    if (cJSON_IsTrue(encoded))
        return decode(out->data, out, why);
    return utf8_is_text(out->data) ? JF_OK : refuse(why, "data is not UTF-8");
}

int manage_batch_read(jf_bytes body, struct manage_batch *out, const char **why)
{
    struct manage_batch batch = { 0 };
    if (has_nul(body))
        return refuse(why, "a NUL cannot be in here; send it with isBase64Encoded");
    cJSON *root = cJSON_ParseWithLength(body.ptr ? body.ptr : "", body.len);
    batch.memory = root;
    int status = JF_OK;
    if (!cJSON_IsObject(root))
        status = refuse(why, "the body must be a JSON object");
    if (status == JF_OK)
        status = read_ids(root, &batch, why);
    if (status == JF_OK)
        status = read_data(root, &batch, why);
    if (status == JF_OK)
        *out = batch;
    else
        manage_batch_fini(&batch);
    return status;
}

void manage_batch_fini(struct manage_batch *batch)
{
    cJSON_Delete(batch->memory);
    free(batch->ids);
    free(batch->decoded);
}
