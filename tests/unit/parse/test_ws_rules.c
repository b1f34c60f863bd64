/* Frames: every rule a client can break, and the limits. */
#include "tests/unit/parse/ws_talk.h"

/* ---- Broken rules ------------------------------------------------------- */

static void an_unmasked_frame_fails(void **state)
{
    (void)state;
    static const uint8_t firsts[] = { TEXT, BINARY, WS_OP_TEXT, CLOSE, PING, PONG };
    for (size_t i = 0; i < sizeof(firsts); i++) {
        uint8_t header[2] = { firsts[i], 5 };
        begin();
        put(header, 2);
        says("fail 1002: a client's frame must be masked");
        put("Hello", 5);
        says("fail 1002: a client's frame must be masked");
    }
    begin();
    put("\x81\x7f", 2); /* known from two octets of ten */
    says("fail 1002: a client's frame must be masked");
    begin();
    put("\x81\x00", 2);
    says("fail 1002: a client's frame must be masked");
}

static void reserved_bits_fail(void **state)
{
    (void)state;
    static const uint8_t opcodes[] = { TEXT, BINARY, LAST, CLOSE, PING, PONG, WS_OP_TEXT };
    for (unsigned bits = 0x10; bits <= 0x70; bits += 0x10) {
        for (size_t i = 0; i < sizeof(opcodes); i++) {
            begin();
            frame((uint8_t)(opcodes[i] | bits), "x");
            says("fail 1002: reserved bits are set");
        }
    }
}

static void reserved_opcodes_fail(void **state)
{
    (void)state;
    static const uint8_t opcodes[] = { 3, 4, 5, 6, 7, 11, 12, 13, 14, 15 };
    for (size_t i = 0; i < sizeof(opcodes); i++) {
        begin();
        frame((uint8_t)(FIN | opcodes[i]), "x");
        says("fail 1002: reserved opcode");
        begin();
        frame(opcodes[i], "");
        says("fail 1002: reserved opcode");
    }
}

static void a_fragmented_control_frame_fails(void **state)
{
    (void)state;
    for (uint8_t opcode = WS_OP_CLOSE; opcode <= WS_OP_PONG; opcode++) {
        begin();
        frame(opcode, "x");
        says("fail 1002: a control frame must not be fragmented");
    }
}

static void a_control_frame_above_125_octets_fails(void **state)
{
    (void)state;
    static const uint8_t firsts[] = { CLOSE, PING, PONG };
    char payload[126];
    memset(payload, 'p', sizeof(payload));
    for (size_t i = 0; i < 3; i++) {
        begin();
        frame_of(firsts[i], payload, 126);
        says("fail 1002: a control frame is at most 125 octets");
        begin();
        put_header(firsts[i], 1, 2); /* and not by a longer form either */
        says("fail 1002: a control frame is at most 125 octets");
        begin();
        put_header(firsts[i], 1, 8);
        says("fail 1002: a control frame is at most 125 octets");
    }
}

static void a_length_not_in_its_shortest_form_fails(void **state)
{
    (void)state;
    static const uint64_t lengths[] = { 0, 1, 125 }, longer[] = { 0, 125, 126, 65535 };
    for (size_t i = 0; i < 3; i++) {
        begin();
        put_header(TEXT, lengths[i], 2);
        says("fail 1002: the length is not in its shortest form");
    }
    for (size_t i = 0; i < 4; i++) {
        begin();
        put_header(TEXT, longer[i], 8);
        says("fail 1002: the length is not in its shortest form");
    }
}

static void a_length_with_its_highest_bit_fails(void **state)
{
    (void)state;
    begin();
    put_header(BINARY, 1ull << 63, 8);
    says("fail 1002: the length has its highest bit set");
    begin();
    put_header(BINARY, UINT64_MAX, 8);
    says("fail 1002: the length has its highest bit set");
}

static void fragments_out_of_order_fail(void **state)
{
    (void)state;
    begin();
    frame(LAST, "x");
    says("fail 1002: there is no message to continue");
    begin();
    frame(TEXT, "done");
    frame(MORE, "x");
    says("text(done) fail 1002: there is no message to continue");
    begin();
    frame(WS_OP_TEXT, "one");
    frame(TEXT, "two");
    says("fail 1002: a message begins inside another");
    begin();
    frame(WS_OP_BINARY, "one");
    frame(LAST, "two");
    frame(WS_OP_TEXT, "");
    frame(BINARY, "");
    says("binary(onetwo) fail 1002: a message begins inside another");
}

static void close_codes_that_must_not_be_sent_fail(void **state)
{
    (void)state;
    static const uint16_t codes[] = { 0,    1,    999,  1004, 1005, 1006, 1015,
                                      1016, 1100, 2000, 2999, 5000, 9999, 65535 };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        begin();
        close_frame(codes[i], "bye");
        says("fail 1002: the close code is not valid");
        assert_false(ws_close_code_valid(codes[i]));
    }
    assert_false(ws_close_code_valid(65536 + 1000));
    assert_false(ws_close_code_valid(UINT32_MAX));
}

static void close_codes_are_those_of_the_registry(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 70000; code++) {
        bool good = (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 &&
                     code != 1006) ||
                    (code >= 3000 && code <= 4999);
        assert_int_equal(ws_close_code_valid(code), good);
    }
}

static void half_a_close_code_fails(void **state)
{
    (void)state;
    begin();
    frame(CLOSE, "\x03");
    says("fail 1002: the close frame has half a code");
}

static void a_close_reason_that_is_not_utf8_fails(void **state)
{
    (void)state;
    static const char *const reasons[] = { "\xff", "caf\xe9", "\xc0\x80", "\xed\xa0\x80",
                                           "cut \xe2\x82" };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        begin();
        close_frame(1000, reasons[i]);
        says("fail 1007: the close reason is not UTF-8");
    }
}

static void a_text_that_is_not_utf8_fails(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\xff",         "caf\xe9 au lait",  "\xc0\xaf",
        "\xed\xa0\x80", "\xf4\x90\x80\x80", "cut \xe2\x82"
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        begin();
        frame(TEXT, texts[i]);
        says("fail 1007: the text is not UTF-8");
        begin();
        frame(WS_OP_TEXT, "begins ");
        frame(LAST, texts[i]);
        says("fail 1007: the text is not UTF-8");
    }
}

/* Autobahn 6.4: not when the frame or the message is complete, but at once. */
static void a_hopeless_text_fails_before_it_is_complete(void **state)
{
    (void)state;
    begin();
    put_header(WS_OP_TEXT, 100, 0);
    put_masked("ab\xf4\x90", 4);
    says("fail 1007: the text is not UTF-8");
}

static void a_text_cut_in_a_character_fails_at_the_end_of_the_message(void **state)
{
    (void)state;
    begin();
    frame(WS_OP_TEXT, "\xe2");
    frame(MORE, "\x82");
    frame(PING, "still fine");
    frame(LAST, "");
    says("ping(still fine) fail 1007: the text is not UTF-8");
}

/* ---- Limits ------------------------------------------------------------- */

static void a_frame_above_the_limit_fails_at_its_header(void **state)
{
    (void)state;
    begin();
    limits.frame_bytes = 10;
    frame(TEXT, "0123456789");
    says("text(0123456789)");
    put_header(TEXT, 11, 0);
    says("text(0123456789) fail 1009: the frame is too big");
    begin();
    limits.frame_bytes = 10;
    put_header(WS_OP_TEXT, 1000, 2);
    says("fail 1009: the frame is too big");
    begin();
    put_header(BINARY, INT64_MAX, 8);
    says("fail 1009: the frame is too big");
}

static void a_message_above_the_limit_fails_at_the_header_that_makes_it_so(void **state)
{
    (void)state;
    begin();
    limits.message_bytes = 10;
    frame(WS_OP_TEXT, "01234");
    frame(MORE, "56789");
    frame(LAST, "");
    frame(BINARY, "9876543210"); /* each message counts for itself */
    frame(WS_OP_BINARY, "0123456789");
    put_header(LAST, 1, 0);
    says("text(0123456789) binary(9876543210) fail 1009: the message is too big");
    begin();
    limits.message_bytes = 10;
    put_header(TEXT, 11, 0);
    says("fail 1009: the message is too big");
}

static void lengths_that_would_overflow_the_sum_fail(void **state)
{
    (void)state;
    begin();
    limits = (struct ws_limits){ .frame_bytes = UINT64_MAX, .message_bytes = INT64_MAX };
    frame(WS_OP_BINARY, "x");
    put_header(LAST, INT64_MAX, 8);
    says("fail 1009: the message is too big");
    begin();
    limits = (struct ws_limits){ .frame_bytes = UINT64_MAX, .message_bytes = 5 };
    frame(WS_OP_BINARY, "x");
    put_header(MORE, INT64_MAX, 8);
    says("fail 1009: the message is too big");
}

/* The limits may shrink under a message that has begun. */
static void limits_below_what_has_come_already_fail(void **state)
{
    (void)state;
    struct ear *ear = calloc(1, sizeof(*ear));
    begin();
    frame(WS_OP_TEXT, "0123456789");
    feed(ear, wire, wire_len);
    begin();
    limits.message_bytes = 5;
    frame(LAST, "x");
    feed(ear, wire, wire_len);
    assert_string_equal(ear->told, "fail 1009: the message is too big");
    free(ear);
}

static void control_frames_have_no_other_limit(void **state)
{
    (void)state;
    begin();
    limits = (struct ws_limits){ 0 };
    frame(PING, "p");
    close_frame(1000, "bye");
    frame(TEXT, "");
    frame(TEXT, "x");
    says("ping(p) close 1000(bye) text() fail 1009: the frame is too big");
}

static void binary_is_refused_if_it_is_to_be(void **state)
{
    (void)state;
    begin();
    limits.refuse_binary = true;
    frame(TEXT, "text");
    frame(PING, "\x01");
    frame(WS_OP_TEXT, "te");
    frame(LAST, "xt");
    put_header(BINARY, 100, 0);
    says("text(text) ping(\x01) text(text) fail 1003: binary messages are not accepted");
    begin();
    limits.refuse_binary = true;
    frame(WS_OP_BINARY, "");
    says("fail 1003: binary messages are not accepted");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unmasked_frame_fails),
        cmocka_unit_test(reserved_bits_fail),
        cmocka_unit_test(reserved_opcodes_fail),
        cmocka_unit_test(a_fragmented_control_frame_fails),
        cmocka_unit_test(a_control_frame_above_125_octets_fails),
        cmocka_unit_test(a_length_not_in_its_shortest_form_fails),
        cmocka_unit_test(a_length_with_its_highest_bit_fails),
        cmocka_unit_test(fragments_out_of_order_fail),
        cmocka_unit_test(close_codes_that_must_not_be_sent_fail),
        cmocka_unit_test(close_codes_are_those_of_the_registry),
        cmocka_unit_test(half_a_close_code_fails),
        cmocka_unit_test(a_close_reason_that_is_not_utf8_fails),
        cmocka_unit_test(a_text_that_is_not_utf8_fails),
        cmocka_unit_test(a_hopeless_text_fails_before_it_is_complete),
        cmocka_unit_test(a_text_cut_in_a_character_fails_at_the_end_of_the_message),
        cmocka_unit_test(a_frame_above_the_limit_fails_at_its_header),
        cmocka_unit_test(a_message_above_the_limit_fails_at_the_header_that_makes_it_so),
        cmocka_unit_test(lengths_that_would_overflow_the_sum_fail),
        cmocka_unit_test(limits_below_what_has_come_already_fail),
        cmocka_unit_test(control_frames_have_no_other_limit),
        cmocka_unit_test(binary_is_refused_if_it_is_to_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
