/* Cut at the first "/@", then word by word. */
#include "core/parse/manage_path.h"

#include "core/base/bytes.h"

/* Takes the part up to the next "/" off the front of `rest`, and that "/"; in two steps, so
 * that no length can wrap around, over which gcc worries when it sees the whole program. */
static jf_bytes next_part(jf_bytes *rest)
{
    size_t len = bytes_find(*rest, '/');
    jf_bytes part = { rest->ptr, len };
    *rest = bytes_from(bytes_from(*rest, len), 1);
    return part;
}

static bool read_connection(jf_bytes rest, struct manage_path *out)
{
    out->what = MANAGE_CONNECTION;
    out->name = next_part(&rest);
    if (!out->name.len || !rest.len)
        return out->name.len > 0;
    out->what = MANAGE_ATTRIBUTE;
    jf_bytes word = next_part(&rest);
    out->attribute = rest;
    return bytes_eq(word, "attributes") && rest.len;
}

static bool read_whole(enum manage_what what, jf_bytes rest, struct manage_path *out)
{
    out->what = what;
    return !rest.len;
}

bool manage_path_read(jf_bytes path, struct manage_path *out)
{
    size_t at = 0;
    while (at + 1 < path.len && !(path.ptr[at] == '/' && path.ptr[at + 1] == '@'))
        at++;
    jf_bytes rest = bytes_from(path, at + 1);
    *out = (struct manage_path){ .prefix = { path.ptr, at } };
    jf_bytes word = next_part(&rest);
    if (bytes_eq(word, "@connections"))
        return rest.len ? read_connection(rest, out)
                        : read_whole(MANAGE_CONNECTIONS, rest, out);
    if (bytes_eq(word, "@broadcast"))
        return read_whole(MANAGE_BROADCAST, rest, out);
    if (bytes_eq(word, "@batch"))
        return read_whole(MANAGE_BATCH, rest, out);
    out->what = MANAGE_GROUP;
    out->name = rest;
    return bytes_eq(word, "@groups") && rest.len;
}
