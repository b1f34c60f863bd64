/* The words of a redirection. The last colon is the one before the port, since an IPv6
 * address stands without brackets. */
#include "core/relay/redirect.h"

#include "core/base/bytes.h"

#define SLOT_MAX 16383

static jf_bytes next_word(jf_bytes *rest)
{
    jf_bytes word = *rest;
    word.len = bytes_find(word, ' ');
    *rest = bytes_from(*rest, word.len + 1);
    return word;
}

static bool is_host(jf_bytes host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (host.ptr[i] <= ' ' || host.ptr[i] > '~')
            return false;
    }
    return host.len < REDIRECT_HOST_MAX;
}

int redirect_read(jf_bytes error, struct redirect *out)
{
    jf_bytes kind = next_word(&error), slot = next_word(&error), host = error;
    uint64_t number, port;
    while (host.len && host.ptr[host.len - 1] != ':')
        host.len--;
    if (!bytes_eq(kind, "MOVED") || !bytes_number(slot, SLOT_MAX, &number) || !host.len ||
        !bytes_number(bytes_from(error, host.len), UINT16_MAX, &port) || !port)
        return JF_E_INVALID;
    host.len--;
    if (bytes_eq(host, "?")) /* it does not know its own address */
        host.len = 0;
    if (!is_host(host))
        return JF_E_INVALID;
    if (host.len)
        memcpy(out->host, host.ptr, host.len);
    out->host[host.len] = '\0';
    out->port = (uint16_t)port;
    return JF_OK;
}
