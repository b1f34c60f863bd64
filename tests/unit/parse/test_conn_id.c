/* Connection ids: the octets say where, the text is the only text they have. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/base/node_number.h"
#include "core/parse/conn_id.h"

/* The text of sdk/jackfield.h, worked out by hand. */
#define KNOWN "JC1dgf9yoAMCK-g="
static const uint8_t known[11] = { 0x24, 0x2d, 0x5d, 0x81, 0xff, 0x72,
                                   0xa0, 0x03, 0x02, 0x2b, 0xe8 };

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int parsed(const char *text, size_t len, jf_conn_id *id)
{
    return conn_id_from_text(jf_view(text, len), id);
}

static void refused(const char *text, size_t len)
{
    jf_conn_id id, before;
    memset(&id, 0x5a, sizeof(id));
    before = id;
    assert_int_equal(parsed(text, len, &id), JF_E_INVALID);
    assert_true(conn_id_eq(id, before));
}

static void the_known_text_is_the_known_octets(void **state)
{
    (void)state;
    jf_conn_id id;
    char text[JF_CONN_ID_TEXT + 1];
    assert_int_equal(parsed(KNOWN, JF_CONN_ID_TEXT, &id), JF_OK);
    assert_memory_equal(id.octet, known, sizeof(known));
    conn_id_to_text(id, text);
    assert_string_equal(text, KNOWN);
    assert_int_equal(conn_id_node(id), 0x242d);
    assert_int_equal(conn_id_worker(id), 0x5d);
    assert_int_equal(conn_id_slot(id), 0x81ff72);
}

static void no_node_has_ids_that_command_lines_take_for_options(void **state)
{
    (void)state;
    char text[JF_CONN_ID_TEXT + 1];
    conn_id_to_text(conn_id_make(NODE_NUMBERS, 0, 0), text);
    assert_int_equal(text[0], '-');
    conn_id_to_text(conn_id_make(NODE_NUMBERS - 1, 255, CONN_ID_SLOTS - 1), text);
    assert_int_equal(text[0], '9');
    for (int i = 0; i < 200000; i++)
        assert_in_range(node_number_pick(), 1, NODE_NUMBERS - 1);
}

static void only_sixteen_characters_are_an_id(void **state)
{
    (void)state;
    refused(NULL, 0);
    refused("=", 1);
    refused(KNOWN, JF_CONN_ID_TEXT - 1);
    refused(KNOWN "=", JF_CONN_ID_TEXT + 1);
    refused(KNOWN, JF_CONN_ID_TEXT + 1); /* its NUL */
    refused(KNOWN KNOWN, 2 * JF_CONN_ID_TEXT);
    refused(" JC1dgf9yoAMCK-g", 16);
}

static void the_last_character_is_padding_and_no_other_is(void **state)
{
    (void)state;
    refused("JC1dgf9yoAMCK-gA", 16);
    refused("JC1dgf9yoAMCK-g\0", 16);
    refused("JC1dgf9yoAMCK-==", 16);
    refused("=C1dgf9yoAMCK-g=", 16);
    refused("================", 16);
}

static void every_octet_outside_the_alphabet_is_refused_everywhere(void **state)
{
    (void)state;
    for (int at = 0; at < JF_CONN_ID_TEXT - 1; at++) {
        for (int c = 0; c < 256; c++) {
            char text[] = KNOWN;
            text[at] = (char)c;
            if (c == 0 || !strchr(alphabet, c))
                refused(text, JF_CONN_ID_TEXT);
        }
    }
}

static void the_other_base64_is_refused(void **state)
{
    (void)state;
    refused("JC1dgf9yoAMCK+g=", 16);
    refused("JC1dgf9yoAMCK/g=", 16);
}

/* Two bits are left over: of four neighbouring last characters one has them zero. */
static void bits_no_id_has_are_refused(void **state)
{
    (void)state;
    for (int value = 0; value < 64; value++) {
        char text[] = KNOWN, again[JF_CONN_ID_TEXT + 1];
        jf_conn_id id;
        text[14] = alphabet[value];
        if (value % 4) {
            refused(text, JF_CONN_ID_TEXT);
            continue;
        }
        assert_int_equal(parsed(text, JF_CONN_ID_TEXT, &id), JF_OK);
        conn_id_to_text(id, again);
        assert_string_equal(again, text);
    }
}

static void every_octet_survives_its_text(void **state)
{
    (void)state;
    for (int at = 0; at < 11; at++) {
        for (int c = 0; c < 256; c++) {
            jf_conn_id id, again;
            char text[JF_CONN_ID_TEXT + 1];
            memcpy(id.octet, known, sizeof(known));
            id.octet[at] = (uint8_t)c;
            conn_id_to_text(id, text);
            assert_int_equal(strlen(text), JF_CONN_ID_TEXT);
            assert_int_equal(parsed(text, JF_CONN_ID_TEXT, &again), JF_OK);
            assert_true(conn_id_eq(id, again));
        }
    }
}

static void what_goes_in_comes_out_at_the_edges(void **state)
{
    (void)state;
    static const uint32_t slots[] = { 0, 1, 0xff, 0x100, 0xabcdef, CONN_ID_SLOTS - 1 };
    static const uint16_t nodes[] = { 0, 1, 0x100, 0x1234, UINT16_MAX };
    static const uint8_t workers[] = { 0, 1, 127, CONN_ID_WORKERS - 1 };
    for (size_t n = 0; n < 5; n++) {
        for (size_t s = 0; s < 6; s++) {
            jf_conn_id id = conn_id_make(nodes[n], workers[n % 4], slots[s]);
            assert_int_equal(conn_id_node(id), nodes[n]);
            assert_int_equal(conn_id_worker(id), workers[n % 4]);
            assert_int_equal(conn_id_slot(id), slots[s]);
        }
    }
}

static void all_zeros_and_all_ones_are_ids(void **state)
{
    (void)state;
    jf_conn_id zeros = { { 0 } }, ones;
    char text[JF_CONN_ID_TEXT + 1];
    memset(&ones, 0xff, sizeof(ones));
    conn_id_to_text(zeros, text);
    assert_string_equal(text, "AAAAAAAAAAAAAAA=");
    conn_id_to_text(ones, text);
    assert_string_equal(text, "______________8=");
    assert_false(conn_id_eq(zeros, ones));
}

/* The slot is reused, the salt is not: forty bits, so twice the same is a fault. */
static void two_ids_of_one_slot_differ(void **state)
{
    (void)state;
    jf_conn_id ids[64];
    for (int i = 0; i < 64; i++) {
        ids[i] = conn_id_make(1, 2, 3);
        for (int j = 0; j < i; j++)
            assert_false(conn_id_eq(ids[i], ids[j]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_known_text_is_the_known_octets),
        cmocka_unit_test(no_node_has_ids_that_command_lines_take_for_options),
        cmocka_unit_test(only_sixteen_characters_are_an_id),
        cmocka_unit_test(the_last_character_is_padding_and_no_other_is),
        cmocka_unit_test(every_octet_outside_the_alphabet_is_refused_everywhere),
        cmocka_unit_test(the_other_base64_is_refused),
        cmocka_unit_test(bits_no_id_has_are_refused),
        cmocka_unit_test(every_octet_survives_its_text),
        cmocka_unit_test(what_goes_in_comes_out_at_the_edges),
        cmocka_unit_test(all_zeros_and_all_ones_are_ids),
        cmocka_unit_test(two_ids_of_one_slot_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
