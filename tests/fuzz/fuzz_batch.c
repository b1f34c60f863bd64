/* Batches of letters: whatever the octets, they are refused and nothing is touched, or they
 * are exactly what writing the letters that were read down again gives. */
#include "core/base/memory.h"
#include "core/relay/batch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t write_letter(uint8_t *out, jf_bytes letter)
{
    batch_write_length(out, (uint32_t)letter.len);
    if (letter.len)
        memcpy(out + BATCH_LETTER_HEAD, letter.ptr, letter.len);
    return BATCH_LETTER_HEAD + letter.len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct batch batch, before;
    jf_bytes letter;
    memset(&batch, 0x5a, sizeof(batch));
    before = batch;
    if (batch_read(jf_view(data, size), &batch) != JF_OK) {
        CHECK(memcmp(&batch, &before, sizeof(batch)) == 0);
        return 0;
    }
    AUTO_FREE uint8_t *again = xalloc(size);
    size_t len = BATCH_HEAD, count = 0;
    batch_write_head(again, &batch.from);
    for (; batch_next(&batch, &letter); count++) {
        CHECK(len + BATCH_LETTER_HEAD + letter.len <= size);
        len += write_letter(again + len, letter);
    }
    CHECK(count > 0 && len == size && memcmp(again, data, size) == 0);
    return 0;
}
