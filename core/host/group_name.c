#include "core/host/group_name.h"

#include "core/base/bytes.h"

int group_name_make(jf_bytes stage, jf_bytes group, struct group_name *out)
{
    char *at = out->text;
    if (!group.len || group.len > STORE_NAME_MAX)
        return JF_E_INVALID;
    bytes_keep(stage, &at);
    *at++ = '/';
    bytes_keep(group, &at);
    out->bytes = jf_view(out->text, (size_t)(at - out->text));
    return JF_OK;
}
