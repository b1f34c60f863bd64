/* Batches: what is written is read, and nothing else is. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/relay/batch.h"

static const struct batch_from from = { .node = 0x1234, .fence = 0x0102030405060708 };

static size_t write_batch(uint8_t *out, const char *const *letters, size_t count)
{
    size_t len = BATCH_HEAD;
    batch_write_head(out, &from);
    for (size_t i = 0; i < count; i++) {
        size_t letter = strlen(letters[i]);
        batch_write_length(out + len, (uint32_t)letter);
        memcpy(out + len + BATCH_LETTER_HEAD, letters[i], letter);
        len += BATCH_LETTER_HEAD + letter;
    }
    return len;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const letters[] = { "one", "", "three and more" };
    uint8_t octets[128];
    struct batch batch;
    jf_bytes letter;
    size_t len = write_batch(octets, letters, 3);
    assert_int_equal(batch_read(jf_view(octets, len), &batch), JF_OK);
    assert_int_equal(batch.from.node, from.node);
    assert_true(batch.from.fence == from.fence);
    for (size_t i = 0; i < 3; i++) {
        assert_true(batch_next(&batch, &letter));
        assert_true(bytes_eq(letter, letters[i]));
    }
    assert_false(batch_next(&batch, &letter));
}

static void the_octets_are_those_of_the_picture(void **state)
{
    (void)state;
    static const char *const letters[] = { "x" };
    static const char expected[] = "JFB\1\x12\x34\1\2\3\4\5\6\7\10\0\0\0\1x";
    uint8_t octets[64];
    assert_int_equal(write_batch(octets, letters, 1), sizeof(expected) - 1);
    assert_memory_equal(octets, expected, sizeof(expected) - 1);
}

static void what_is_cut_or_has_more_is_refused(void **state)
{
    (void)state;
    static const char *const letters[] = { "one", "two" };
    uint8_t octets[128] = { 0 };
    struct batch batch;
    size_t len = write_batch(octets, letters, 2);
    size_t first = BATCH_HEAD + BATCH_LETTER_HEAD + 3; /* that much is a batch of its own */
    for (size_t cut = 0; cut <= len + 3; cut++) {
        int expected = cut == first || cut == len ? JF_OK : JF_E_INVALID;
        assert_int_equal(batch_read(jf_view(octets, cut), &batch), expected);
    }
    assert_int_equal(batch_read(jf_view(NULL, 0), &batch), JF_E_INVALID);
}

static void another_version_and_another_magic_are_refused(void **state)
{
    (void)state;
    static const char *const letters[] = { "one" };
    uint8_t octets[64];
    struct batch batch;
    size_t len = write_batch(octets, letters, 1);
    for (size_t i = 0; i < 4; i++) {
        octets[i] ^= 1;
        assert_int_equal(batch_read(jf_view(octets, len), &batch), JF_E_INVALID);
        octets[i] ^= 1;
    }
}

static void a_letter_that_claims_to_be_huge_is_refused(void **state)
{
    (void)state;
    uint8_t octets[BATCH_HEAD + BATCH_LETTER_HEAD + 4] = { 0 };
    struct batch batch;
    batch_write_head(octets, &from);
    batch_write_length(octets + BATCH_HEAD, UINT32_MAX);
    assert_int_equal(batch_read(jf_view(octets, sizeof(octets)), &batch), JF_E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_octets_are_those_of_the_picture),
        cmocka_unit_test(what_is_cut_or_has_more_is_refused),
        cmocka_unit_test(another_version_and_another_magic_are_refused),
        cmocka_unit_test(a_letter_that_claims_to_be_huge_is_refused),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
