/* UTF-8: the table of RFC 3629 against a decoder that knows only its definition, whole and
 * in every split. */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/parse/utf8.h"

/* What the octets would be, decoded one by one. No table, only arithmetic: the value that
 * the bits say must be one whose shortest form has this length, and a scalar value. */
static bool is_utf8(const uint8_t *bytes, size_t len)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    for (size_t at = 0; at < len;) {
        uint8_t lead = bytes[at];
        size_t size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 4;
        uint32_t value = size == 1 ? lead : lead & (0x7fu >> size);
        if (size == 4 && lead >> 3 != 30)
            return false;
        if (len - at < size)
            return false;
        for (size_t i = 1; i < size; i++) {
            if (bytes[at + i] >> 6 != 2)
                return false;
            value = value << 6 | (bytes[at + i] & 63);
        }
        if (value < smallest[size] || value > 0x10ffff || (value >> 11) == 0x1b)
            return false;
        at += size;
    }
    return true;
}

/* Pieces are copied to memory of their own size, so a sanitizer sees a read past one. */
static bool fed(struct utf8 *state, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (len)
        memcpy(copy, bytes, len);
    bool fine = utf8_feed(state, copy, len);
    free(copy);
    return fine;
}

static bool whole(const uint8_t *bytes, size_t len)
{
    struct utf8 state = { 0 };
    return fed(&state, bytes, len) && utf8_complete(&state);
}

static bool text(const char *bytes)
{
    return whole((const uint8_t *)bytes, strlen(bytes));
}

/* May these octets be the beginning of a text? */
static bool may_begin(const char *bytes)
{
    struct utf8 state = { 0 };
    return fed(&state, (const uint8_t *)bytes, strlen(bytes));
}

static void overlong_forms_are_refused(void **state)
{
    (void)state;
    assert_false(text("\xc0\x80"));
    assert_false(text("\xc0\xaf"));
    assert_false(text("\xc1\xbf"));
    assert_false(text("\xe0\x80\xaf"));
    assert_false(text("\xe0\x9f\xbf"));
    assert_false(text("\xf0\x80\x80\xaf"));
    assert_false(text("\xf0\x8f\xbf\xbf"));
    assert_false(text("\xf8\x80\x80\x80\xaf"));
    assert_false(text("\xfc\x80\x80\x80\x80\xaf"));
    assert_true(text("\xc2\x80"));
    assert_true(text("\xe0\xa0\x80"));
    assert_true(text("\xf0\x90\x80\x80"));
}

static void surrogates_are_refused_and_their_neighbours_are_not(void **state)
{
    (void)state;
    assert_false(text("\xed\xa0\x80"));
    assert_false(text("\xed\xaf\xbf"));
    assert_false(text("\xed\xb0\x80"));
    assert_false(text("\xed\xbf\xbf"));
    assert_false(text("\xed\xa0\x80\xed\xb0\x80")); /* CESU-8 */
    assert_true(text("\xed\x9f\xbf"));
    assert_true(text("\xee\x80\x80"));
}

static void nothing_lies_above_10ffff(void **state)
{
    (void)state;
    assert_true(text("\xf4\x8f\xbf\xbf"));
    assert_false(text("\xf4\x90\x80\x80"));
    assert_false(text("\xf5\x80\x80\x80"));
    assert_false(text("\xf7\xbf\xbf\xbf"));
    assert_false(text("\xfb\xbf\xbf\xbf\xbf"));
    assert_false(text("\xfe"));
    assert_false(text("\xff"));
}

static void noncharacters_and_byte_order_marks_are_text(void **state)
{
    (void)state;
    assert_true(text("\xef\xbb\xbf"));
    assert_true(text("\xef\xbf\xbe"));
    assert_true(text("\xef\xbf\xbf"));
    assert_true(whole((const uint8_t *)"a\0b", 3));
    assert_true(text(""));
}

static void a_continuation_octet_alone_is_refused(void **state)
{
    (void)state;
    assert_false(text("\x80"));
    assert_false(text("\xbf"));
    assert_false(text("a\x80"));
    assert_false(text("\xc3\xa4\xa4"));
}

/* A character ends early: at the end of the text, or before another one. */
static void a_cut_character_is_incomplete_or_refused(void **state)
{
    (void)state;
    static const char *const cut[] = { "\xc3", "\xe2",     "\xe2\x82",
                                       "\xf0", "\xf0\x9f", "\xf0\x9f\x98" };
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        char followed[8];
        assert_true(may_begin(cut[i]));
        assert_false(text(cut[i]));
        (void)strcat(strcpy(followed, cut[i]), "a");
        assert_false(may_begin(followed));
        (void)strcat(strcpy(followed, cut[i]), "\xc3");
        assert_false(may_begin(followed));
    }
}

/* Autobahn 6.4: the octet that makes it impossible is the one that is refused. */
static void it_fails_at_the_first_octet_that_cannot_be(void **state)
{
    (void)state;
    static const char *const hopeless[] = { "\xc0",     "\xc1",     "\xf5",
                                            "\xff",     "\xe0\x9f", "\xed\xa0",
                                            "\xf0\x8f", "\xf4\x90", "\xf4\x8f\xc0" };
    for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
        char before[4] = "";
        assert_false(may_begin(hopeless[i]));
        memcpy(before, hopeless[i], strlen(hopeless[i]) - 1);
        assert_true(may_begin(before));
    }
}

/* All of one and two octets, and all of three and four that begin with a lead octet: the
 * edges of each range for what follows. */
static void every_short_sequence_is_what_its_definition_says(void **state)
{
    (void)state;
    static const uint8_t edges[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                     0xa0, 0xbf, 0xc0, 0xc2, 0xe0, 0xf0, 0xff };
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            uint8_t bytes[4] = { (uint8_t)a, (uint8_t)b };
            assert_int_equal(whole(bytes, 1), is_utf8(bytes, 1));
            assert_int_equal(whole(bytes, 2), is_utf8(bytes, 2));
            for (size_t c = 0; a >= 0xc0 && c < sizeof(edges) * sizeof(edges); c++) {
                bytes[2] = edges[c / sizeof(edges)];
                bytes[3] = edges[c % sizeof(edges)];
                struct utf8 three = { 0 }, four = { 0 };
                bool fine = utf8_feed(&three, bytes, 3) && utf8_complete(&three);
                assert_int_equal(fine, is_utf8(bytes, 3));
                fine = utf8_feed(&four, bytes, 4) && utf8_complete(&four);
                assert_int_equal(fine, is_utf8(bytes, 4));
            }
        }
    }
}

static size_t encode(uint32_t value, uint8_t out[4])
{
    size_t size = value < 0x80 ? 1 : value < 0x800 ? 2 : value < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = size; i > 1; i--) {
        out[i - 1] = (uint8_t)(0x80 | (value & 63));
        value >>= 6;
    }
    out[0] = (uint8_t)(lead[size] | value);
    return size;
}

static void every_scalar_value_is_text_and_no_surrogate_is(void **state)
{
    (void)state;
    for (uint32_t value = 0; value <= 0x10ffff; value++) {
        uint8_t bytes[4];
        size_t len = encode(value, bytes);
        if (utf8_is_text(jf_view(bytes, len)) == (value >= 0xd800 && value <= 0xdfff))
            fail_msg("U+%04X", value);
    }
}

/* ASCII is skipped by 8 and by 32 octets: what is wrong may lie anywhere in such a run. */
static void one_wrong_octet_is_found_wherever_it_lies(void **state)
{
    (void)state;
    for (size_t len = 1; len <= 100; len++) {
        for (size_t at = 0; at < len; at++) {
            uint8_t bytes[100];
            memset(bytes, 'a', len);
            assert_true(whole(bytes, len));
            bytes[at] = 0x80;
            assert_false(whole(bytes, len));
            bytes[at] = 0xc3;
            assert_false(whole(bytes, len));
        }
    }
}

static void no_split_changes_the_answer(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "ab\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z",
        "twelve octets\xc3\xa9 and \xe4\xb8\xad, \xf4\x8f\xbf\xbf then ASCII for a while",
        "abcdefgh\xf0\x9f\x98\x80ijklmnop",
        "\xce\xba\xe1\xbd\xb9\xcf\x83\xed\xa0\x80 edited",
        "abc\xf4\x90\x80\x80",
        "abcdefghi\xe2\x82",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const uint8_t *bytes = (const uint8_t *)texts[i];
        size_t len = strlen(texts[i]);
        bool expected = is_utf8(bytes, len);
        for (size_t one = 0; one <= len; one++) {
            for (size_t two = one; two <= len; two++) {
                struct utf8 utf8 = { 0 };
                bool fine = fed(&utf8, bytes, one) && fed(&utf8, bytes + one, two - one) &&
                            fed(&utf8, bytes + two, len - two) && utf8_complete(&utf8);
                assert_int_equal(fine, expected);
            }
        }
    }
}

static void what_failed_stays_failed(void **state)
{
    (void)state;
    static const char *const hopeless[] = { "\xff", "a\x80", "\xe0\x9f", "\xc3\xc3" };
    for (size_t i = 0; i < sizeof(hopeless) / sizeof(hopeless[0]); i++) {
        struct utf8 utf8 = { 0 };
        assert_false(fed(&utf8, (const uint8_t *)hopeless[i], strlen(hopeless[i])));
        assert_false(utf8_complete(&utf8));
        assert_false(fed(&utf8, (const uint8_t *)"a", 1));
        assert_false(fed(&utf8, (const uint8_t *)"\xbf", 1));
    }
}

static void the_end_is_between_characters_only(void **state)
{
    (void)state;
    const uint8_t *smile = (const uint8_t *)"\xf0\x9f\x98\x80";
    struct utf8 utf8 = { 0 };
    assert_true(utf8_complete(&utf8));
    assert_true(utf8_feed(&utf8, NULL, 0));
    for (size_t i = 0; i < 4; i++) {
        assert_true(utf8_feed(&utf8, smile + i, 1));
        assert_true(utf8_feed(&utf8, NULL, 0));
        assert_int_equal(utf8_complete(&utf8), i == 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlong_forms_are_refused),
        cmocka_unit_test(surrogates_are_refused_and_their_neighbours_are_not),
        cmocka_unit_test(nothing_lies_above_10ffff),
        cmocka_unit_test(noncharacters_and_byte_order_marks_are_text),
        cmocka_unit_test(a_continuation_octet_alone_is_refused),
        cmocka_unit_test(a_cut_character_is_incomplete_or_refused),
        cmocka_unit_test(it_fails_at_the_first_octet_that_cannot_be),
        cmocka_unit_test(every_short_sequence_is_what_its_definition_says),
        cmocka_unit_test(every_scalar_value_is_text_and_no_surrogate_is),
        cmocka_unit_test(one_wrong_octet_is_found_wherever_it_lies),
        cmocka_unit_test(no_split_changes_the_answer),
        cmocka_unit_test(what_failed_stays_failed),
        cmocka_unit_test(the_end_is_between_characters_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
