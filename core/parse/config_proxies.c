/* Reads "proxies": an array of addresses and ranges of them. */
#include "core/parse/config_proxies.h"

#include "core/base/memory.h"

#define PROXIES_MAX 256

static bool read_proxy(struct config_reader *r, const cJSON *node)
{
    const char *text = NULL;
    char quoted[LOG_QUOTED_MAX];
    struct config *config = r->config;
    struct ip_range range;
    if (!reader_text(r, node, &text))
        return false;
    if (ip_range_parse(jf_str(text), &range) < 0)
        return reader_fail(r,
                           "must be an address such as 192.0.2.1 or 2001:db8::1, or a "
                           "range such as 10.0.0.0/8 with no bit set behind the prefix, "
                           "not %s",
                           reader_shown(text, quoted));
    if (config->proxy_count == PROXIES_MAX)
        return reader_fail(r, "there are more than %d", PROXIES_MAX);
    size_t size = (config->proxy_count + 1) * sizeof(*config->proxies);
    config->proxies = xrealloc(config->proxies, size);
    config->proxies[config->proxy_count++] = range;
    return true;
}

bool proxies_read(struct config_reader *r, const cJSON *node)
{
    const cJSON *child;
    unsigned index = 0;
    if (!cJSON_IsArray(node))
        return reader_fail(r, "must be an array, not %s", reader_type_name(node));
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend_element(r, index++);
        if (!read_proxy(r, child))
            return false;
        reader_climb(r, mark);
    }
    return true;
}
