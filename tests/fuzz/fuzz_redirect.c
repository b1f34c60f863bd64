/* Redirections: whatever the octets, they are refused and nothing is touched, or they name
 * a host that can be looked up and a port. */
#include "core/base/memory.h"
#include "core/relay/redirect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redirect redirect, before;
    memset(&redirect, 0x5a, sizeof(redirect));
    before = redirect;
    if (redirect_read(jf_view(data, size), &redirect) != JF_OK) {
        CHECK(memcmp(&redirect, &before, sizeof(redirect)) == 0);
        return 0;
    }
    size_t len = strnlen(redirect.host, sizeof(redirect.host));
    CHECK(len < sizeof(redirect.host) && redirect.port);
    for (size_t i = 0; i < len; i++)
        CHECK(redirect.host[i] > ' ' && redirect.host[i] <= '~');
    return 0;
}
