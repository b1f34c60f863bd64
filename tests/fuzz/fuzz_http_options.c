/* Options of the plugin for backends: a complaint of one line, or integrations that are
 * whole. */
#include <string.h>

#include "core/base/check.h"
#include "plugins/http/http_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_options options;
    char complaint[256] = "";
    if (http_options_read(jf_view(data, size), &options, complaint, sizeof(complaint)) <
        0) {
        CHECK(complaint[0] && !options.integrations);
        return 0;
    }
    CHECK(options.count);
    for (size_t i = 0; i < options.count; i++) {
        const struct http_integration *it = &options.integrations[i];
        CHECK(it->index == i && it->route[0] && it->concurrency && it->timeout_ms);
        CHECK(it->kind == HTTP_REDIS_STREAM ? it->stream != NULL : it->url.count > 0);
    }
    http_options_fini(&options);
    return 0;
}
