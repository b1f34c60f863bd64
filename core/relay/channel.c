/* What both ends of a channel must agree on. */
#include "core/relay/channel.h"

#include <stdio.h>

static jf_bytes name(const char *prefix, const char *kind, uint16_t node,
                     char text[CHANNEL_MAX])
{
    int len = snprintf(text, CHANNEL_MAX, "%.64s%s:%u", prefix, kind, node);
    return jf_view(text, (size_t)len);
}

jf_bytes channel_of_node(const char *prefix, uint16_t node, char text[CHANNEL_MAX])
{
    return name(prefix, "to", node, text);
}

jf_bytes channel_key(const char *prefix, const char *key, char text[CHANNEL_MAX])
{
    int len = snprintf(text, CHANNEL_MAX, "%.64s%s", prefix, key);
    return jf_view(text, (size_t)len);
}

jf_bytes channel_of_all(const char *prefix, char text[CHANNEL_MAX])
{
    return channel_key(prefix, "to:all", text);
}

jf_bytes channel_alive_key(const char *prefix, uint16_t node, char text[CHANNEL_MAX])
{
    return name(prefix, "alive", node, text);
}
