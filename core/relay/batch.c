/* Cutting and joining of batches. What comes from Redis may be anything, so a batch is
 * looked through to its end before a letter of it is believed. */
#include "core/relay/batch.h"

#include <string.h>

#include "core/base/bytes.h"

static const uint8_t magic[3] = { 'J', 'F', 'B' };

static void put(uint8_t *out, uint64_t number, size_t octets)
{
    for (size_t i = octets; i-- > 0; number >>= 8)
        out[i] = (uint8_t)number;
}

static uint64_t get(const char *in, size_t octets)
{
    uint64_t number = 0;
    for (size_t i = 0; i < octets; i++)
        number = number << 8 | (uint8_t)in[i];
    return number;
}

void batch_write_head(uint8_t out[BATCH_HEAD], const struct batch_from *from)
{
    memcpy(out, magic, sizeof(magic));
    out[3] = BATCH_VERSION;
    put(out + 4, from->node, 2);
    put(out + 6, from->fence, 8);
}

void batch_write_length(uint8_t out[BATCH_LETTER_HEAD], uint32_t len)
{
    put(out, len, BATCH_LETTER_HEAD);
}

bool batch_next(struct batch *batch, jf_bytes *letter)
{
    jf_bytes rest = batch->rest;
    if (rest.len < BATCH_LETTER_HEAD)
        return false;
    size_t len = (size_t)get(rest.ptr, BATCH_LETTER_HEAD);
    rest.ptr += BATCH_LETTER_HEAD;
    rest.len -= BATCH_LETTER_HEAD;
    if (len > rest.len)
        return false;
    *letter = jf_view(rest.ptr, len);
    batch->rest = jf_view(rest.ptr + len, rest.len - len);
    return true;
}

int batch_read(jf_bytes octets, struct batch *out)
{
    if (octets.len < BATCH_HEAD || memcmp(octets.ptr, magic, sizeof(magic)) != 0 ||
        octets.ptr[3] != BATCH_VERSION)
        return JF_E_INVALID;
    struct batch batch = { .from = { .node = (uint16_t)get(octets.ptr + 4, 2),
                                     .fence = get(octets.ptr + 6, 8) },
                           .rest = bytes_from(octets, BATCH_HEAD) };
    struct batch look = batch;
    jf_bytes letter;
    if (!batch_next(&look, &letter))
        return JF_E_INVALID;
    while (batch_next(&look, &letter))
        continue;
    if (look.rest.len)
        return JF_E_INVALID;
    *out = batch;
    return JF_OK;
}
