/* Frames: what the reader says of a wire must not depend on the pieces it arrives in.
 *
 * The first octet of the input chooses limits, the second the pieces; the rest is the wire.
 * It is read whole, in pieces, and octet by octet, and each reading is written down: whole
 * messages, control frames, the failure. A message that never ends is not compared, since
 * how much of it was told before a failure is the pieces' business. */
#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "core/base/memory.h"
#include "core/parse/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
    uint8_t *bytes;
    size_t len, room;
};

struct ear {
    struct ws_reader reader;
    struct text message, told;
    uint64_t to_come;
    uint8_t opcode; /* of the message that is open; 0: none */
    bool failed;
};

static void append(struct text *text, const void *bytes, size_t len)
{
    if (len > text->room - text->len) {
        text->room = 2 * text->room + len;
        text->bytes = xrealloc(text->bytes, text->room);
    }
    if (len)
        memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

static void tell(struct ear *ear, const struct ws_piece *piece, const void *bytes,
                 size_t len)
{
    uint64_t facts[] = { piece->kind, piece->kind == WS_DATA ? piece->opcode : 0, len };
    append(&ear->told, facts, sizeof(facts));
    append(&ear->told, bytes, len);
}

static void hear_data(struct ear *ear, const struct ws_limits *limits,
                      const struct ws_piece *piece)
{
    struct utf8 utf8 = { 0 };
    CHECK(piece->opcode == WS_OP_TEXT || piece->opcode == WS_OP_BINARY);
    CHECK(piece->first == !ear->opcode);
    CHECK(piece->first || piece->opcode == ear->opcode);
    CHECK(!ear->to_come || ear->to_come == piece->len + piece->to_come);
    CHECK(!piece->last || !piece->to_come);
    CHECK(piece->len + piece->to_come <= limits->frame_bytes);
    CHECK(piece->opcode == WS_OP_TEXT || !limits->refuse_binary);
    ear->opcode = piece->opcode;
    ear->to_come = piece->to_come;
    append(&ear->message, piece->data, piece->len);
    CHECK(ear->message.len + piece->to_come <= limits->message_bytes);
    if (!piece->last)
        return;
    if (piece->opcode == WS_OP_TEXT)
        CHECK(utf8_feed(&utf8, ear->message.bytes, ear->message.len) &&
              utf8_complete(&utf8));
    tell(ear, piece, ear->message.bytes, ear->message.len);
    ear->message.len = 0;
    ear->opcode = 0;
}

static void hear_close(struct ear *ear, const struct ws_piece *piece)
{
    struct utf8 utf8 = { 0 };
    CHECK(piece->len <= WS_REASON_MAX);
    CHECK(ws_close_code_valid(piece->code) ||
          (piece->code == WS_CLOSE_NO_STATUS && !piece->len));
    CHECK(utf8_feed(&utf8, piece->data, piece->len) && utf8_complete(&utf8));
    append(&ear->told, &piece->code, sizeof(piece->code));
    tell(ear, piece, piece->data, piece->len);
}

static void hear_fail(struct ear *ear, const struct ws_piece *piece)
{
    CHECK(piece->code == WS_CLOSE_PROTOCOL || piece->code == WS_CLOSE_UNSUPPORTED ||
          piece->code == WS_CLOSE_INVALID_DATA || piece->code == WS_CLOSE_TOO_BIG);
    CHECK(!piece->len && piece->reason);
    append(&ear->told, &piece->code, sizeof(piece->code));
    tell(ear, piece, piece->reason, strlen(piece->reason));
    ear->failed = true;
}

static void hear(struct ear *ear, const struct ws_limits *limits,
                 const struct ws_piece *piece)
{
    switch (piece->kind) {
    case WS_MORE:
        break;
    case WS_DATA:
        hear_data(ear, limits, piece);
        break;
    case WS_PING:
    case WS_PONG:
        CHECK(piece->len <= WS_CONTROL_MAX);
        tell(ear, piece, piece->data, piece->len);
        break;
    case WS_CLOSE:
        hear_close(ear, piece);
        break;
    case WS_FAIL:
        hear_fail(ear, piece);
        break;
    }
}

static bool inside(const struct ws_piece *piece, const uint8_t *from, size_t len)
{
    return piece->data >= from && piece->data + piece->len <= from + len;
}

static void feed(struct ear *ear, const struct ws_limits *limits, const uint8_t *bytes,
                 size_t len)
{
    uint8_t *copy = xalloc(len);
    struct ws_piece piece = { .kind = WS_DATA };
    size_t at = 0;
    memcpy(copy, bytes, len);
    while (piece.kind != WS_MORE && piece.kind != WS_FAIL) {
        piece = (struct ws_piece){ .kind = WS_FAIL };
        size_t taken = ws_read(&ear->reader, limits, copy + at, len - at, &piece);
        CHECK(taken <= len - at);
        CHECK(!piece.len || inside(&piece, copy + at, taken) ||
              inside(&piece, ear->reader.held, sizeof(ear->reader.held)));
        at += taken;
        if (!ear->failed)
            hear(ear, limits, &piece);
        CHECK(!ear->failed || piece.kind == WS_FAIL);
    }
    CHECK(at == len);
    free(copy);
}

/* Pieces of 1 to 2^n octets, n changing too; `seed` 0: all of one octet. */
static size_t next_piece(uint32_t *seed, size_t left)
{
    size_t len = 1;
    if (*seed) {
        *seed = *seed * 1664525u + 1013904223u;
        len += (*seed >> 8) & ((1u << (*seed >> 28)) - 1);
    }
    return len < left ? len : left;
}

static void read_wire(struct ear *ear, const struct ws_limits *limits, const uint8_t *wire,
                      size_t len, uint32_t seed)
{
    for (size_t at = 0; at < len;) {
        size_t piece = next_piece(&seed, len - at);
        feed(ear, limits, wire + at, piece);
        at += piece;
    }
}

static void same(const struct ear *one, const struct ear *two)
{
    CHECK(one->failed == two->failed);
    CHECK(one->told.len == two->told.len);
    CHECK(!one->told.len || memcmp(one->told.bytes, two->told.bytes, one->told.len) == 0);
}

static void ear_fini(struct ear *ear)
{
    free(ear->message.bytes);
    free(ear->told.bytes);
}

static struct ws_limits limits_from(uint8_t choice)
{
    static const uint64_t sizes[] = { UINT64_MAX, 1 << 20, 130, 8 };
    return (struct ws_limits){
        .refuse_binary = choice & 1,
        .frame_bytes = sizes[choice >> 1 & 3],
        .message_bytes = sizes[choice >> 3 & 3],
    };
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    struct ws_limits limits = limits_from(data[0]);
    struct ear whole = { 0 }, pieces = { 0 }, octets = { 0 };
    feed(&whole, &limits, data + 2, size - 2);
    read_wire(&pieces, &limits, data + 2, size - 2, data[1] + 1u);
    read_wire(&octets, &limits, data + 2, size - 2, 0);
    same(&whole, &pieces);
    same(&whole, &octets);
    ear_fini(&whole);
    ear_fini(&pieces);
    ear_fini(&octets);
    return 0;
}
