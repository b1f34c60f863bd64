/*
 * ws_frame - RFC 6455 frames in and out, as a pure state machine.
 *
 * In: the reader is fed whatever the wire brought and says what it is, piece by piece,
 * without copying and without allocating: payload is unmasked in place. It enforces every
 * MUST a server has to enforce on a client's frames: masking, reserved bits and opcodes,
 * minimal length encoding is checked too, control frames unfragmented and at most 125
 * octets, the order of fragments, close codes, UTF-8 of texts and close reasons (fail
 * fast), and the two size limits. Out: a header. Joining pieces to messages is net/conn's.
 * [any thread, one at a time per reader]
 */
#ifndef JF_PARSE_WS_FRAME_H
#define JF_PARSE_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse/utf8.h"

enum ws_opcode {
    WS_OP_CONTINUATION = 0,
    WS_OP_TEXT = 1,
    WS_OP_BINARY = 2,
    WS_OP_CLOSE = 8,
    WS_OP_PING = 9,
    WS_OP_PONG = 10
};

/* RFC 6455, section 7.4.1. */
enum ws_close {
    WS_CLOSE_NORMAL = 1000,
    WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL = 1002,
    WS_CLOSE_UNSUPPORTED = 1003,
    WS_CLOSE_NO_STATUS = 1005, /* never on the wire: the close frame had no code */
    WS_CLOSE_ABNORMAL = 1006,  /* never on the wire: there was no close frame */
    WS_CLOSE_INVALID_DATA = 1007,
    WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009,
    WS_CLOSE_INTERNAL = 1011
};

#define WS_CONTROL_MAX 125
#define WS_REASON_MAX 123
#define WS_HEADER_MAX 10 /* of a server's frame */

struct ws_limits {
    uint64_t frame_bytes;   /* payload of one frame; 1009 above it */
    uint64_t message_bytes; /* payload of one message; 1009 above it */
    bool refuse_binary;     /* 1003 for a binary message, as AWS does */
};

/* Embedded in a connection, hence the body. Zeroed: before the first frame. */
struct ws_reader {
    uint64_t left;          /* payload of the current frame still to come */
    uint64_t message_bytes; /* payload of the current message so far, announced included */
    struct utf8 utf8;
    uint8_t mask[4];        /* turned: mask[0] is for the next octet */
    uint8_t opcode;         /* of the current frame */
    uint8_t message_opcode; /* of the message being joined; 0: none */
    bool fin, in_payload, first, failed;
    uint8_t have;                      /* octets in `held` */
    uint8_t held[14 + WS_CONTROL_MAX]; /* a header, or a control frame's payload */
};

enum ws_kind {
    WS_MORE, /* everything was taken and says nothing yet */
    WS_DATA, /* a part of a message */
    WS_PING, /* a whole control frame, its payload in data */
    WS_PONG,
    WS_CLOSE, /* a whole close frame: code, and the reason in data */
    WS_FAIL   /* the client broke a rule: close with code; feed nothing more */
};

struct ws_piece {
    enum ws_kind kind;
    uint8_t *data; /* into the input or the reader; until the next call */
    size_t len;
    uint16_t code;      /* CLOSE: WS_CLOSE_NO_STATUS if it had none. FAIL: what to send */
    uint8_t opcode;     /* DATA: WS_OP_TEXT or WS_OP_BINARY, of the message */
    bool first, last;   /* DATA: of the message; both for the usual one-frame message */
    uint64_t to_come;   /* DATA: payload of this frame not yet seen, to size a buffer by */
    const char *reason; /* FAIL: which rule, for the log and the close frame */
};

/* Say one thing about the `len` octets at `in` (which it may rewrite) and return how many
 * of them that took. Call again with the rest until WS_MORE or WS_FAIL; an empty message
 * is a WS_DATA of length 0. */
size_t ws_read(struct ws_reader *reader, const struct ws_limits *limits, uint8_t *in,
               size_t len, struct ws_piece *out);

/* Write the header of an unmasked frame; returns its length, at most WS_HEADER_MAX. */
size_t ws_write_header(uint8_t out[WS_HEADER_MAX], enum ws_opcode opcode, bool fin,
                       size_t payload_len);

/* May this code stand in a close frame (RFC 6455, section 7.4; the IANA registry's
 * 1012 to 1014 included)? */
bool ws_close_code_valid(uint32_t code);

#endif
