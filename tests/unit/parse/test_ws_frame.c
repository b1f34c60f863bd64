/* Frames: what is heard when no rule is broken, and the headers that are written. */
#include "tests/unit/parse/ws_talk.h"

/* ---- What is fine ------------------------------------------------------- */

static void the_examples_of_the_rfc_are_heard(void **state)
{
    (void)state;
    begin();
    put("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
    put("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
    says("text(Hello) pong(Hello)");
}

static void valid_close_codes_are_heard(void **state)
{
    (void)state;
    static const uint16_t codes[] = { 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010,
                                      1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999 };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        char expected[40];
        (void)snprintf(expected, sizeof(expected), "close %u(bye \xe2\x82\xac)", codes[i]);
        begin();
        close_frame(codes[i], "bye \xe2\x82\xac");
        says(expected);
    }
    begin();
    close_frame(1000, "");
    says("close 1000()");
}

static void a_close_without_a_code_is_heard_as_1005(void **state)
{
    (void)state;
    begin();
    frame(CLOSE, "");
    says("close 1005()");
}

static void control_frames_hold_up_to_125_octets(void **state)
{
    (void)state;
    char payload[126] = "", expected[500];
    memset(payload, 'p', 125);
    begin();
    frame(PING, payload);
    frame(PONG, payload);
    close_frame(4000, payload + 2);
    (void)snprintf(expected, sizeof(expected), "ping(%s) pong(%s) close 4000(%s)", payload,
                   payload, payload + 2);
    says(expected);
}

static void control_frames_come_between_fragments(void **state)
{
    (void)state;
    begin();
    frame(WS_OP_TEXT, "one ");
    frame(PING, "a longer payload than the fragments");
    frame(MORE, "two ");
    frame(PONG, "");
    frame(PING, "");
    frame(LAST, "three");
    frame(WS_OP_BINARY, "");
    close_frame(1001, "off");
    says("ping(a longer payload than the fragments) pong() ping() text(one two three) "
         "close 1001(off)");
}

static void empty_messages_are_messages(void **state)
{
    (void)state;
    begin();
    frame(TEXT, "");
    frame(BINARY, "");
    frame(WS_OP_TEXT, "");
    frame(MORE, "");
    frame(LAST, "");
    frame(WS_OP_BINARY, "");
    frame(LAST, "end");
    says("text() binary() text() binary(end)");
}

static void a_character_may_be_cut_by_frames(void **state)
{
    (void)state;
    begin();
    frame(WS_OP_TEXT, "\xf0");
    frame(MORE, "\x9f");
    frame(PING, "\xff"); /* no text, and none of the message */
    frame(MORE, "\x98");
    frame(LAST, "\x80!");
    frame(TEXT, "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5");
    says("ping(\xff) text(\xf0\x9f\x98\x80!) "
         "text(\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5)");
}

static void binary_messages_may_hold_anything(void **state)
{
    (void)state;
    begin();
    frame(BINARY, "\xff\xfe\xc0\x80");
    frame(WS_OP_BINARY, "\xe2");
    frame(LAST, "\x82");
    frame(TEXT, "\xe2\x82\xac");
    says("binary(\xff\xfe\xc0\x80) binary(\xe2\x82) text(\xe2\x82\xac)");
}

static void lengths_at_the_edges_of_their_forms_are_read(void **state)
{
    (void)state;
    static const size_t lengths[] = { 200, 65535, 65536, 65537 };
    static char payload[65537];
    memset(payload, 'x', sizeof(payload));
    for (size_t i = 0; i < 4; i++) {
        char expected[40];
        begin();
        frame_of(i % 2 ? TEXT : BINARY, payload, lengths[i]);
        frame(PING, "next");
        (void)snprintf(expected, sizeof(expected), "%s[%zu] ping(next)",
                       i % 2 ? "text" : "binary", lengths[i]);
        says(expected);
    }
}

/* Payload is unmasked by 8 and by 32: every length, in every split, at any alignment. */
static void the_mask_goes_on_where_it_was(void **state)
{
    (void)state;
    char payload[65] = "";
    for (size_t len = 0; len < 64; len++) {
        char expected[200];
        payload[len] = (char)('0' + len);
        begin();
        frame(BINARY, payload);
        frame(TEXT, payload);
        (void)snprintf(expected, sizeof(expected), "binary(%s) text(%s)", payload, payload);
        says(expected);
        same(expected, 6, 7);
        same(expected, 9, 11);
    }
}

static void a_piece_says_where_in_the_message_it_lies(void **state)
{
    (void)state;
    struct ws_reader reader = { 0 };
    struct ws_piece piece;
    begin();
    frame(WS_OP_TEXT, "abcdef");
    frame(LAST, "gh");
    assert_int_equal(ws_read(&reader, &limits, wire, 6, &piece), 6);
    assert_int_equal(piece.kind, WS_MORE);
    assert_int_equal(ws_read(&reader, &limits, wire + 6, 2, &piece), 2);
    assert_int_equal(piece.kind, WS_DATA);
    assert_true(piece.first && !piece.last && piece.len == 2 && piece.to_come == 4);
    assert_ptr_equal(piece.data, wire + 6);
    assert_int_equal(ws_read(&reader, &limits, wire + 8, wire_len - 8, &piece), 4);
    assert_true(!piece.first && !piece.last && piece.len == 4 && piece.to_come == 0);
    assert_int_equal(ws_read(&reader, &limits, wire + 12, wire_len - 12, &piece), 8);
    assert_true(!piece.first && piece.last && piece.len == 2 && piece.to_come == 0);
    assert_int_equal(piece.opcode, WS_OP_TEXT);
    assert_int_equal(ws_read(&reader, &limits, wire + wire_len, 0, &piece), 0);
    assert_int_equal(piece.kind, WS_MORE);
}

static void after_a_failure_everything_is_swallowed(void **state)
{
    (void)state;
    struct ws_reader reader = { 0 };
    struct ws_piece piece;
    begin();
    frame(LAST, "nothing to continue");
    frame(TEXT, "fine");
    assert_int_equal(ws_read(&reader, &limits, wire, wire_len, &piece), wire_len);
    assert_int_equal(piece.kind, WS_FAIL);
    begin();
    frame(TEXT, "fine");
    for (int i = 0; i < 3; i++) {
        piece = (struct ws_piece){ .kind = WS_DATA, .len = 1 };
        assert_int_equal(ws_read(&reader, &limits, wire, wire_len, &piece), wire_len);
        assert_int_equal(piece.kind, WS_FAIL);
        assert_true(piece.len == 0 && piece.reason);
    }
}

/* ---- Out ---------------------------------------------------------------- */

static void writes(uint8_t first, size_t len, const char *expected, size_t size)
{
    uint8_t out[WS_HEADER_MAX];
    enum ws_opcode opcode = first & 0x0f;
    assert_int_equal(ws_write_header(out, opcode, first & FIN, len), size);
    assert_memory_equal(out, expected, size);
}

static void headers_are_written_in_their_shortest_form(void **state)
{
    (void)state;
    writes(TEXT, 0, "\x81\x00", 2);
    writes(WS_OP_BINARY, 5, "\x02\x05", 2);
    writes(LAST, 125, "\x80\x7d", 2);
    writes(TEXT, 126, "\x81\x7e\x00\x7e", 4);
    writes(MORE, 256, "\x00\x7e\x01\x00", 4);
    writes(BINARY, 65535, "\x82\x7e\xff\xff", 4);
    writes(BINARY, 65536, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
    writes(PING, 4, "\x89\x04", 2);
    writes(CLOSE, 2, "\x88\x02", 2);
#if SIZE_MAX > UINT32_MAX
    writes(TEXT, 0x0102030405060708, "\x81\x7f\x01\x02\x03\x04\x05\x06\x07\x08", 10);
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc_are_heard),
        cmocka_unit_test(valid_close_codes_are_heard),
        cmocka_unit_test(a_close_without_a_code_is_heard_as_1005),
        cmocka_unit_test(control_frames_hold_up_to_125_octets),
        cmocka_unit_test(control_frames_come_between_fragments),
        cmocka_unit_test(empty_messages_are_messages),
        cmocka_unit_test(a_character_may_be_cut_by_frames),
        cmocka_unit_test(binary_messages_may_hold_anything),
        cmocka_unit_test(lengths_at_the_edges_of_their_forms_are_read),
        cmocka_unit_test(the_mask_goes_on_where_it_was),
        cmocka_unit_test(a_piece_says_where_in_the_message_it_lies),
        cmocka_unit_test(after_a_failure_everything_is_swallowed),
        cmocka_unit_test(headers_are_written_in_their_shortest_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
