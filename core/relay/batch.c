/* Cutting and joining of batches. What comes from Redis may be anything, so a batch is
 * looked through to its end before a letter of it is believed. */
#include "core/relay/batch.h"

#include <string.h>

#include "core/base/bytes.h"

static const uint8_t magic[3] = { 'J', 'F', 'B' };

void batch_write_head(uint8_t out[BATCH_HEAD], const struct batch_from *from)
{
    memcpy(out, magic, sizeof(magic));
    out[3] = BATCH_VERSION;
    bytes_put_number(out + 4, from->node, 2);
    bytes_put_number(out + 6, from->fence, 8);
}

void batch_write_length(uint8_t out[BATCH_LETTER_HEAD], uint32_t len)
{
    bytes_put_number(out, len, BATCH_LETTER_HEAD);
}

bool batch_next(struct batch *batch, jf_bytes *letter)
{
    jf_bytes rest = batch->rest;
    if (rest.len < BATCH_LETTER_HEAD)
        return false;
    size_t len = (size_t)bytes_get_number(rest.ptr, BATCH_LETTER_HEAD);
    rest = bytes_from(rest, BATCH_LETTER_HEAD);
    if (len > rest.len)
        return false;
    *letter = jf_view(rest.ptr, len);
    batch->rest = bytes_from(rest, len);
    return true;
}

int batch_read(jf_bytes octets, struct batch *out)
{
    if (octets.len < BATCH_HEAD || memcmp(octets.ptr, magic, sizeof(magic)) != 0 ||
        octets.ptr[3] != BATCH_VERSION)
        return JF_E_INVALID;
    struct batch batch = { .from = { .node = (uint16_t)bytes_get_number(octets.ptr + 4, 2),
                                     .fence = bytes_get_number(octets.ptr + 6, 8) },
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
