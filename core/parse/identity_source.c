/* Headers by any case, parameters by theirs. */
#include "core/parse/identity_source.h"

#include "core/base/bytes.h"

static bool take(jf_bytes *text, const char *start)
{
    size_t len = strlen(start);
    if (text->len <= len || memcmp(text->ptr, start, len) != 0)
        return false;
    *text = bytes_from(*text, len);
    return true;
}

bool identity_source_read(jf_bytes text, struct identity_source *out)
{
    bool header = take(&text, "route.request.header.");
    if (!header && !take(&text, "route.request.querystring."))
        return false;
    *out = (struct identity_source){ header, text };
    return true;
}

bool identity_source_is_there(const struct identity_source *source,
                              const struct jf_pair *headers, size_t header_count,
                              const struct jf_pair *query, size_t query_count)
{
    const struct jf_pair *pairs = source->header ? headers : query;
    size_t count = source->header ? header_count : query_count;
    for (size_t i = 0; i < count; i++) {
        bool same = source->header ? bytes_same_nocase(pairs[i].name, source->name)
                                   : jf_same(pairs[i].name, source->name);
        if (same)
            return pairs[i].value.len > 0;
    }
    return false;
}
