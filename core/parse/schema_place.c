/* Room for "/..." is kept free at the front, for the step that does not fit. */
#include "core/parse/schema_place.h"

#include <stdio.h>
#include <string.h>

#include "core/parse/json_scan.h"

#define CUT "/..."
#define CUT_LEN (sizeof(CUT) - 1)

static void prepend(struct schema_place *place, const char *text, size_t len)
{
    place->at -= len;
    memcpy(place->text + place->at, text, len);
}

/* A NUL would end the pointer. */
static bool is_tellable(jf_bytes name, size_t *len)
{
    *len = 1 + name.len;
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '\0')
            return false;
        *len += name.ptr[i] == '~' || name.ptr[i] == '/';
    }
    return true;
}

void schema_place_name(struct schema_place *place, jf_bytes name)
{
    size_t len;
    if (place->full)
        return;
    if (!is_tellable(name, &len) || len > place->at - CUT_LEN) {
        place->full = true;
        prepend(place, CUT, CUT_LEN);
        return;
    }
    for (size_t i = name.len; i-- > 0;) {
        if (name.ptr[i] == '~')
            prepend(place, "~0", 2);
        else if (name.ptr[i] == '/')
            prepend(place, "~1", 2);
        else
            prepend(place, name.ptr + i, 1);
    }
    prepend(place, "/", 1);
}

void schema_place_index(struct schema_place *place, uint64_t index)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)index);
    schema_place_name(place, jf_view(digits, (size_t)len));
}

void schema_place_written(struct schema_place *place, const char *at, const char *end)
{
    char decoded[SCHEMA_PLACE_MAX];
    struct json_text text = { decoded, sizeof(decoded), 0 };
    if (json_unescape(at, end, &text))
        schema_place_name(place, jf_view(decoded, text.len));
    else
        schema_place_name(place, jf_view("\0", 1));
}

void schema_place_take(const struct schema_place *place, char out[SCHEMA_PLACE_MAX])
{
    size_t len = sizeof(place->text) - 1 - place->at;
    memcpy(out, place->text + place->at, len);
    out[len] = '\0';
}
