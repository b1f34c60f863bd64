/* Management requests: a path, a newline, the body of a batch. */
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/parse/manage_batch.h"
#include "core/parse/manage_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within(jf_bytes inner, jf_bytes outer)
{
    return !inner.len ||
           (inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len);
}

static void any_path(jf_bytes path)
{
    struct manage_path out;
    if (!manage_path_read(path, &out))
        return;
    CHECK(within(out.prefix, path) && within(out.name, path) &&
          within(out.attribute, path));
    bool named = out.what == MANAGE_CONNECTION || out.what == MANAGE_ATTRIBUTE ||
                 out.what == MANAGE_GROUP;
    CHECK(named == (out.name.len > 0));
    CHECK((out.what == MANAGE_ATTRIBUTE) == (out.attribute.len > 0));
}

static void any_batch(jf_bytes body)
{
    struct manage_batch out;
    const char *why = NULL;
    if (manage_batch_read(body, &out, &why) < 0) {
        CHECK(why && *why);
        return;
    }
    CHECK(out.count <= MANAGE_BATCH_MAX);
    CHECK(out.opcode == JF_TEXT || out.opcode == JF_BINARY);
    CHECK(out.data.len <= body.len);
    manage_batch_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jf_bytes input = jf_view(data, size);
    jf_bytes path = { input.ptr, bytes_find(input, '\n') };
    jf_bytes rest = bytes_from(input, path.len + 1);
    char *body = malloc(rest.len ? rest.len : 1);
    if (rest.len)
        memcpy(body, rest.ptr, rest.len);
    any_path(path);
    any_batch(jf_view(body, rest.len));
    free(body);
    return 0;
}
