/* Letters: whatever the octets, they are refused and nothing is touched, or they are
 * exactly what writing the letter that was read down again gives. */
#include "core/base/memory.h"
#include "core/relay/letter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct letter letter, before;
    uint8_t head[LETTER_HEAD];
    jf_bytes pieces[LETTER_PIECES];
    memset(&letter, 0x5a, sizeof(letter));
    before = letter;
    if (letter_read(jf_view(data, size), &letter) != JF_OK) {
        CHECK(memcmp(&letter, &before, sizeof(letter)) == 0);
        return 0;
    }
    size_t count = letter_write(&letter, head, pieces), at = 0;
    for (size_t i = 0; i < count; i++) {
        CHECK(pieces[i].len && pieces[i].len <= size - at);
        CHECK(memcmp(pieces[i].ptr, data + at, pieces[i].len) == 0);
        at += pieces[i].len;
    }
    CHECK(at == size);
    return 0;
}
