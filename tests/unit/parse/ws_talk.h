/* A client and a listener for the tests of frames.
 *
 * begin(), then frame() and its kin put on the wire what a client sends, and says()
 * compares what the reader makes of it with what it should: of the whole, octet by octet,
 * and of every split in two, all from memory of the exact size. */
#ifndef JF_TEST_WS_TALK_H
#define JF_TEST_WS_TALK_H

#include "tests/unit/test.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse/ws_frame.h"

#define FIN 0x80
#define TEXT (FIN | WS_OP_TEXT)
#define BINARY (FIN | WS_OP_BINARY)
#define MORE WS_OP_CONTINUATION
#define LAST (FIN | WS_OP_CONTINUATION)
#define CLOSE (FIN | WS_OP_CLOSE)
#define PING (FIN | WS_OP_PING)
#define PONG (FIN | WS_OP_PONG)
#define WIRE_MAX 300000
#define LONG 200 /* from here on a body is told by its length */

static uint8_t wire[WIRE_MAX];
static size_t wire_len;
static struct ws_limits limits;

/* ---- What a client sends ------------------------------------------------ */

static inline void begin(void)
{
    wire_len = 0;
    limits = (struct ws_limits){ .frame_bytes = WIRE_MAX, .message_bytes = WIRE_MAX };
}

static inline void put(const void *bytes, size_t len)
{
    assert_true(len <= WIRE_MAX - wire_len);
    if (len)
        memcpy(wire + wire_len, bytes, len);
    wire_len += len;
}

/* A masked header whose length takes `octets` (0, 2 or 8) more. */
static inline void put_header(uint8_t first, uint64_t len, unsigned octets)
{
    uint8_t header[10] = { first, (uint8_t)(FIN | (octets == 0   ? len
                                                   : octets == 2 ? 126
                                                                 : 127)) };
    for (unsigned i = 0; i < octets; i++)
        header[2 + i] = (uint8_t)(len >> (8 * (octets - 1 - i)));
    put(header, 2 + octets);
    put("\x11\xa2\x7c\xe3", 4);
}

static inline void put_masked(const void *payload, size_t len)
{
    const uint8_t *bytes = payload, *mask = wire + wire_len - 4;
    for (size_t i = 0; i < len; i++) {
        uint8_t c = bytes[i] ^ mask[i % 4];
        put(&c, 1);
    }
}

static inline void frame_of(uint8_t first, const void *payload, size_t len)
{
    put_header(first, len, len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8);
    put_masked(payload, len);
}

static inline void frame(uint8_t first, const char *payload)
{
    frame_of(first, payload, strlen(payload));
}

static inline void close_frame(unsigned code, const char *reason)
{
    char payload[WS_CONTROL_MAX] = { (char)(code >> 8), (char)code };
    memcpy(payload + 2, reason, strlen(reason));
    frame_of(CLOSE, payload, 2 + strlen(reason));
}

/* ---- What a reader makes of it ------------------------------------------ */

struct ear {
    struct ws_reader reader;
    bool failed, open;
    uint8_t opcode;
    uint64_t to_come;
    char message[LONG + 1];
    size_t message_len;
    char told[1000];
    size_t told_len;
};

__attribute__((format(printf, 2, 3))) static inline void tell(struct ear *ear,
                                                              const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(ear->told + ear->told_len, sizeof(ear->told) - ear->told_len,
                        format, args);
    va_end(args);
    assert_in_range(len, 0, sizeof(ear->told) - ear->told_len - 1);
    ear->told_len += (size_t)len;
}

static inline void hear_data(struct ear *ear, const struct ws_piece *piece)
{
    assert_int_equal(piece->first, !ear->open);
    assert_true(piece->first || piece->opcode == ear->opcode);
    assert_true(!ear->to_come || ear->to_come == piece->len + piece->to_come);
    ear->to_come = piece->to_come;
    ear->open = true;
    ear->opcode = piece->opcode;
    for (size_t i = 0; i < piece->len && ear->message_len + i < LONG; i++)
        ear->message[ear->message_len + i] = (char)piece->data[i];
    ear->message_len += piece->len;
    if (!piece->last)
        return;
    assert_int_equal(piece->to_come, 0);
    tell(ear, piece->opcode == WS_OP_TEXT ? "text" : "binary");
    if (ear->message_len < LONG)
        tell(ear, "(%.*s) ", (int)ear->message_len, ear->message);
    else
        tell(ear, "[%zu] ", ear->message_len);
    ear->message_len = 0;
    ear->open = false;
}

static inline void hear(struct ear *ear, const struct ws_piece *piece)
{
    const char *text = piece->len ? (const char *)piece->data : "";
    int len = (int)piece->len;
    switch (piece->kind) {
    case WS_MORE:
        break;
    case WS_DATA:
        hear_data(ear, piece);
        break;
    case WS_PING:
        tell(ear, "ping(%.*s) ", len, text);
        break;
    case WS_PONG:
        tell(ear, "pong(%.*s) ", len, text);
        break;
    case WS_CLOSE:
        tell(ear, "close %u(%.*s) ", piece->code, len, text);
        break;
    case WS_FAIL:
        assert_true(strlen(piece->reason) <= WS_REASON_MAX);
        tell(ear, "fail %u: %s", piece->code, piece->reason);
        ear->failed = true;
        break;
    }
}

static inline bool inside(const struct ws_piece *piece, const void *from, size_t len)
{
    const uint8_t *start = from;
    return piece->data >= start && piece->data + piece->len <= start + len;
}

static inline void feed(struct ear *ear, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    size_t at = 0;
    struct ws_piece piece = { .kind = WS_DATA };
    memcpy(copy, bytes, len);
    while (piece.kind != WS_MORE && !ear->failed) {
        piece = (struct ws_piece){ .kind = WS_FAIL };
        at += ws_read(&ear->reader, &limits, copy + at, len - at, &piece);
        assert_true(at <= len);
        assert_true(!piece.len || inside(&piece, copy, len) ||
                    inside(&piece, ear->reader.held, sizeof(ear->reader.held)));
        hear(ear, &piece);
        if (piece.kind == WS_MORE || piece.kind == WS_FAIL)
            assert_int_equal(at, len);
    }
    free(copy);
}

/* The whole in pieces of `step`, but the first one of `first`. */
static inline void same(const char *expected, size_t first, size_t step)
{
    struct ear *ear = calloc(1, sizeof(*ear));
    feed(ear, wire, first);
    for (size_t at = first; at < wire_len && !ear->failed; at += step)
        feed(ear, wire + at, step < wire_len - at ? step : wire_len - at);
    if (ear->told_len && ear->told[ear->told_len - 1] == ' ')
        ear->told[ear->told_len - 1] = '\0';
    assert_string_equal(ear->told, expected);
    free(ear);
}

static inline void says(const char *expected)
{
    same(expected, wire_len, 1);
    same(expected, 0, 1);
    same(expected, 0, 3);
    same(expected, 1, 1000);
    for (size_t at = 0; wire_len <= 400 && at <= wire_len; at++)
        same(expected, at, wire_len);
}

#endif
