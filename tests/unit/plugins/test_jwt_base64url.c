/* base64url: each sequence of octets has one text, and everything else is refused. */
#include "tests/unit/test.h"

#include "plugins/jwt/base64url.h"

static bool decodes(const char *text, const char *octets)
{
    unsigned char got[64];
    size_t len;
    return base64url_decode(jf_str(text), got, sizeof(got), &len) &&
           jf_same(jf_view(got, len), jf_str(octets));
}

static bool refuses(jf_bytes text)
{
    unsigned char got[64];
    size_t len = 4711;
    return !base64url_decode(text, got, sizeof(got), &len) && len == 4711;
}

static void the_vectors_of_rfc_4648_decode_without_their_padding(void **state)
{
    (void)state;
    assert_true(decodes("", ""));
    assert_true(decodes("Zg", "f"));
    assert_true(decodes("Zm8", "fo"));
    assert_true(decodes("Zm9v", "foo"));
    assert_true(decodes("Zm9vYg", "foob"));
    assert_true(decodes("Zm9vYmE", "fooba"));
    assert_true(decodes("Zm9vYmFy", "foobar"));
    assert_true(decodes("-_8", "\xfb\xff"));
}

static void padding_space_and_the_other_alphabet_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = { "Zg==", "Zm8=", "Zg=", "+/8", " Zg",         "Zg ",
                                         "Zg\n", "Z g",  "=",   ".",   "Zm9v\r\nYmFy" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_true(refuses(jf_str(texts[i])));
    assert_true(refuses(jf_view("Zg\0", 3)));
    assert_true(refuses(jf_view("\0\0", 2)));
}

static void a_length_that_no_octets_have_is_refused(void **state)
{
    (void)state;
    assert_true(refuses(jf_str("A")));
    assert_true(refuses(jf_str("Zm9vA")));
}

static void bits_that_are_left_over_must_be_zero(void **state)
{
    (void)state;
    assert_true(decodes("Zg", "f"));
    assert_true(refuses(jf_str("Zh")));
    assert_true(refuses(jf_str("Zv")));
    assert_true(refuses(jf_str("Zm9")));
    assert_true(refuses(jf_str("Zm-")));
}

static void what_does_not_fit_is_refused_before_a_word_is_written(void **state)
{
    (void)state;
    unsigned char room[3] = { 'x', 'y', 'z' };
    size_t len = 0;
    assert_false(base64url_decode(jf_str("Zm9v"), room, 2, &len));
    assert_memory_equal(room, "xyz", 3);
    assert_true(base64url_decode(jf_str("Zm8"), room, 2, &len));
    assert_memory_equal(room, "foz", 3);
    assert_int_equal(len, 2);
}

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* All texts of two letters: 256 are octets, and each octet comes out once. */
static void of_all_texts_of_two_letters_one_in_sixteen_is_right(void **state)
{
    (void)state;
    bool seen[256] = { false };
    unsigned right = 0;
    for (unsigned i = 0; i < 64 * 64; i++) {
        char text[2] = { alphabet[i / 64], alphabet[i % 64] };
        unsigned char octet;
        size_t len;
        if (!base64url_decode(jf_view(text, 2), &octet, 1, &len))
            continue;
        assert_int_equal(len, 1);
        assert_false(seen[octet]);
        seen[octet] = true;
        right++;
    }
    assert_int_equal(right, 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_decode_without_their_padding),
        cmocka_unit_test(padding_space_and_the_other_alphabet_are_refused),
        cmocka_unit_test(a_length_that_no_octets_have_is_refused),
        cmocka_unit_test(bits_that_are_left_over_must_be_zero),
        cmocka_unit_test(what_does_not_fit_is_refused_before_a_word_is_written),
        cmocka_unit_test(of_all_texts_of_two_letters_one_in_sixteen_is_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
