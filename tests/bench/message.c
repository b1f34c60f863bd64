/* Payloads and masked frames, made once per run: while it measures, the load generator only
 * sends what lies ready. */
#include "tests/bench/message.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/load.h"

size_t message_frame(uint8_t *out, unsigned opcode, const uint8_t *payload, size_t len)
{
    static const uint8_t mask[4] = { 0x12, 0x34, 0x56, 0x78 };
    size_t at = 0;
    out[at++] = (uint8_t)(0x80 | opcode);
    if (len < 126) {
        out[at++] = (uint8_t)(0x80 | len);
    } else {
        out[at++] = 0x80 | 126;
        out[at++] = (uint8_t)(len >> 8);
        out[at++] = (uint8_t)len;
    }
    memcpy(out + at, mask, sizeof(mask));
    at += sizeof(mask);
    for (size_t i = 0; i < len; i++)
        out[at++] = payload[i] ^ mask[i % 4];
    return at;
}

void message_payload(const char *action, uint8_t *out, size_t size)
{
    char start[64];
    int len = snprintf(start, sizeof(start), "{\"action\":\"%s\"", action);
    size_t at = (size_t)len;
    if (size <= at || size > UINT16_MAX)
        load_die("a payload has %zu to %d octets", at + 1, UINT16_MAX);
    memset(out, ' ', size);
    memcpy(out, start, at);
    if (size >= at + sizeof(",\"p\":\"\"}") - 1) {
        memcpy(out + at, ",\"p\":\"", 6);
        memset(out + at + 6, 'x', size - at - 8);
        out[size - 2] = '"';
    }
    out[size - 1] = '}';
}
