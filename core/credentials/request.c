/* Looks things up in a request where they lie, and decodes nothing. */
#include "core/credentials/request.h"

#include "core/base/bytes.h"

size_t request_header(const struct request *request, const char *name, jf_bytes *out)
{
    size_t count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!bytes_eq_nocase(request->headers[i].name, name))
            continue;
        *out = request->headers[i].value;
        count++;
    }
    return count;
}

bool request_next_parameter(jf_bytes *rest, struct jf_pair *out)
{
    jf_bytes text = { 0 };
    while (!text.len && rest->len) {
        text = jf_view(rest->ptr, bytes_find(*rest, '&'));
        *rest = bytes_from(*rest, text.len + 1);
    }
    size_t equals = bytes_find(text, '=');
    out->name = jf_view(text.ptr, equals);
    out->value = bytes_from(text, equals + 1);
    return text.len > 0;
}

size_t request_parameter(const struct request *request, const char *name, jf_bytes *out)
{
    size_t count = 0;
    jf_bytes rest = request->query;
    struct jf_pair pair;
    while (request_next_parameter(&rest, &pair)) {
        if (!bytes_eq(pair.name, name))
            continue;
        *out = pair.value;
        count++;
    }
    return count;
}
