/* Outbound frames: what is in them, how large they are, and who is told of their end. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/list.h"
#include "core/net/frame.h"

static const size_t edges[] = { 0,   1,     2,     124,   125,   126,    127,
                                128, 65534, 65535, 65536, 65537, 131072, 200000 };
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static char *pattern(size_t len)
{
    char *text = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(i * 31 + i / 251);
    return text;
}

/* What a reader makes of it, by RFC 6455 alone. */
struct part {
    uint8_t first;
    size_t header, len;
};

static struct part read_part(const uint8_t *at)
{
    struct part part = { at[0], 2, at[1] };
    size_t octets = at[1] == 126 ? 2 : at[1] == 127 ? 8 : 0;
    assert_true(at[1] < 128); /* a server does not mask */
    if (octets)
        part.len = 0;
    for (size_t i = 0; i < octets; i++)
        part.len = part.len << 8 | at[2 + i];
    part.header += octets;
    return part;
}

/* Joins what is in the frame, checks its form, and returns in how many parts it came. */
static size_t join(const struct frame *frame, uint8_t opcode, size_t fragment, char *out,
                   size_t *out_len)
{
    size_t parts = 0, at = 0;
    bool fin = false;
    *out_len = 0;
    while (at < frame->len) {
        struct part part = read_part(frame->bytes + at);
        assert_false(fin);
        assert_int_equal(part.first & 0x7f, parts ? 0 : opcode);
        assert_true(part.len <= fragment);
        fin = part.first & 0x80;
        memcpy(out + *out_len, frame->bytes + at + part.header, part.len);
        *out_len += part.len;
        at += part.header + part.len;
        parts++;
    }
    assert_true(fin);
    assert_int_equal(at, frame->len);
    return parts;
}

static void check_round_trip(size_t len, size_t fragment)
{
    char *body = pattern(len), *joined = malloc(len + 1);
    size_t joined_len;
    struct frame *frame = frame_new(JF_BINARY, jf_view(body, len), fragment);
    assert_non_null(frame);
    assert_int_equal(frame->len, frame_size(len, fragment));
    size_t parts = join(frame, JF_BINARY, fragment, joined, &joined_len);
    assert_int_equal(parts, len ? (len + fragment - 1) / fragment : 1);
    assert_int_equal(joined_len, len);
    assert_memory_equal(body, joined, len);
    frame_unref(frame);
    free(body);
    free(joined);
}

static void a_message_in_one_frame_is_header_and_body(void **state)
{
    (void)state;
    struct frame *frame = frame_new(JF_TEXT, jf_str("hello"), 100);
    assert_int_equal(frame->len, 7);
    assert_memory_equal(frame->bytes, "\x81\x05hello", 7);
    assert_int_equal(frame->refs, 1);
    assert_false(frame->control);
    assert_null(frame->note);
    frame_unref(frame);
}

static void the_length_takes_the_shortest_form(void **state)
{
    (void)state;
    assert_int_equal(frame_size(0, 1 << 20), 2);
    assert_int_equal(frame_size(125, 1 << 20), 2 + 125);
    assert_int_equal(frame_size(126, 1 << 20), 4 + 126);
    assert_int_equal(frame_size(65535, 1 << 20), 4 + 65535);
    assert_int_equal(frame_size(65536, 1 << 20), 10 + 65536);
}

static void every_length_and_fragment_joins_to_the_same(void **state)
{
    (void)state;
    static const size_t fragments[] = { 125, 126, 127, 1000, 65535, 65536, 1 << 20 };
    for (size_t i = 0; i < EDGES; i++) {
        for (size_t k = 0; k < sizeof(fragments) / sizeof(fragments[0]); k++)
            check_round_trip(edges[i], fragments[k]);
    }
    for (size_t len = 0; len < 20; len++) {
        for (size_t fragment = 1; fragment < 8; fragment++)
            check_round_trip(len, fragment);
    }
}

static void a_body_as_long_as_a_fragment_is_not_fragmented(void **state)
{
    (void)state;
    struct frame *frame = frame_new(JF_TEXT, jf_str("abcd"), 4);
    assert_int_equal(frame->len, 6);
    assert_int_equal(frame->bytes[0], 0x81);
    frame_unref(frame);
    frame = frame_new(JF_TEXT, jf_str("abcde"), 4); /* and no empty last part either */
    assert_memory_equal(frame->bytes,
                        "\x01\x04"
                        "abcd\x80\x01"
                        "e",
                        9);
    assert_int_equal(frame->len, 9);
    frame_unref(frame);
}

static void an_empty_body_without_a_pointer_is_a_frame(void **state)
{
    (void)state;
    struct frame *frame = frame_new(JF_BINARY, jf_view(NULL, 0), 16);
    assert_int_equal(frame->len, 2);
    assert_memory_equal(frame->bytes, "\x82\x00", 2);
    frame_unref(frame);
}

static void raw_octets_stay_as_they_are(void **state)
{
    (void)state;
    struct frame *frame = frame_new_raw(jf_view("a\0\xff", 3));
    assert_int_equal(frame->len, 3);
    assert_memory_equal(frame->bytes, "a\0\xff", 3);
    frame_unref(frame);
}

struct witness {
    struct frame_note note;
    int status, calls;
};

static void on_settled(struct frame_note *note, int status)
{
    struct witness *witness = CONTAINER_OF(note, struct witness, note);
    witness->status = status;
    witness->calls++;
}

static void only_the_last_reference_tells_the_note(void **state)
{
    (void)state;
    struct witness witness = { { on_settled }, 0, 0 };
    struct frame *frame = frame_new(JF_TEXT, jf_str("x"), 16);
    frame->note = &witness.note;
    frame_ref(frame);
    frame_ref(frame);
    frame_unref(frame);
    frame_unref(frame);
    assert_int_equal(witness.calls, 0);
    frame_unref(frame);
    assert_int_equal(witness.calls, 1);
    assert_int_equal(witness.status, JF_E_GONE);
    frame_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_in_one_frame_is_header_and_body),
        cmocka_unit_test(the_length_takes_the_shortest_form),
        cmocka_unit_test(every_length_and_fragment_joins_to_the_same),
        cmocka_unit_test(a_body_as_long_as_a_fragment_is_not_fragmented),
        cmocka_unit_test(an_empty_body_without_a_pointer_is_a_frame),
        cmocka_unit_test(raw_octets_stay_as_they_are),
        cmocka_unit_test(only_the_last_reference_tells_the_note),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
