/* A field that is asked for is known from then on; so what is left over was misspelt. */
#include "http_fields.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "http_text.h"

int http_wrong(struct http_reading *r, const char *field, const char *why)
{
    if (r->status < 0)
        return r->status;
    r->status = JF_E_INVALID;
    snprintf(r->complaint, r->complaint_size, "options: %.60s%s%s%s%.60s: %s", r->where,
             r->inside ? "." : "", r->inside ? r->inside : "", field ? "." : "",
             field ? field : "", why);
    return r->status;
}

static const cJSON *ask(struct http_reading *r, const char *name)
{
    if (r->asked_count < HTTP_FIELDS_MAX)
        r->asked[r->asked_count++] = name;
    const cJSON *field = cJSON_GetObjectItemCaseSensitive(r->object, name);
    if (!field && r->defaults)
        field = cJSON_GetObjectItemCaseSensitive(r->defaults, name);
    return field;
}

const char *http_text_field(struct http_reading *r, const char *name, const char *otherwise)
{
    const cJSON *field = ask(r, name);
    if (!field)
        return otherwise;
    if (cJSON_IsString(field))
        return field->valuestring;
    http_wrong(r, name, "it is not a text");
    return otherwise;
}

char *http_copied_field(struct http_reading *r, const char *name, const char *otherwise)
{
    const char *text = http_text_field(r, name, otherwise);
    char *copy = text ? http_text_copy(jf_str(text)) : NULL;
    if (text && !copy)
        http_wrong(r, name, "no memory");
    return copy;
}

bool http_bool_field(struct http_reading *r, const char *name, bool otherwise)
{
    const cJSON *field = ask(r, name);
    if (field && !cJSON_IsBool(field))
        http_wrong(r, name, "it is not true or false");
    return cJSON_IsBool(field) ? cJSON_IsTrue(field) : otherwise;
}

uint32_t http_number_field(struct http_reading *r, const char *name, uint32_t min,
                           uint32_t max, uint32_t otherwise)
{
    char why[80];
    const cJSON *field = ask(r, name);
    if (!field)
        return otherwise;
    double value = cJSON_IsNumber(field) ? field->valuedouble : -1;
    if (value >= min && value <= max && value == (double)(uint32_t)value)
        return (uint32_t)value;
    snprintf(why, sizeof(why), "it is not a whole number from %u to %u", min, max);
    http_wrong(r, name, why);
    return otherwise;
}

bool http_enter_field(struct http_reading *r, const char *name, struct http_reading *inside)
{
    const cJSON *field = ask(r, name);
    if (!field || r->status < 0)
        return false;
    if (!cJSON_IsObject(field)) {
        http_wrong(r, name, "it is not an object");
        return false;
    }
    *inside = (struct http_reading){ .object = field,
                                     .where = r->where,
                                     .inside = name,
                                     .complaint = r->complaint,
                                     .complaint_size = r->complaint_size };
    return true;
}

int http_leave_field(struct http_reading *r, struct http_reading *inside)
{
    if (inside->status == JF_OK)
        http_refuse_unknown(inside);
    r->status = inside->status;
    return r->status;
}

int http_refuse_unknown(struct http_reading *r)
{
    const cJSON *field;
    cJSON_ArrayForEach(field, r->object)
    {
        bool known = false;
        for (size_t i = 0; i < r->asked_count; i++)
            known = known || strcmp(r->asked[i], field->string) == 0;
        if (!known)
            return http_wrong(r, field->string, "there is no such option");
    }
    return r->status;
}
