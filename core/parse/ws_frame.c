/* RFC 6455, section 5, as a state machine without memory of its own: a header is read from
 * the input where it lies whole in it and collected in `held` where it does not; payload is
 * unmasked in place. */
#include "core/parse/ws_frame.h"

#include <string.h>

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define MASKED 0x80
#define LENGTH 0x7f
#define LENGTH_16 126
#define LENGTH_64 127

bool ws_close_code_valid(uint32_t code)
{
    if (code >= 3000 && code <= 4999)
        return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != WS_CLOSE_NO_STATUS &&
           code != WS_CLOSE_ABNORMAL;
}

static void fail(struct ws_reader *reader, struct ws_piece *out, uint16_t code,
                 const char *reason)
{
    reader->failed = true;
    *out = (struct ws_piece){ .kind = WS_FAIL, .code = code, .reason = reason };
}

/* ---- Headers ------------------------------------------------------------ */

static bool is_control(uint8_t opcode)
{
    return opcode >= WS_OP_CLOSE;
}

static size_t header_size(uint8_t second)
{
    size_t length = second & LENGTH;
    size_t mask = second & MASKED ? 4 : 0;
    return 2 + mask + (length == LENGTH_16 ? 2 : length == LENGTH_64 ? 8 : 0);
}

/* What the first two octets give away. NULL: nothing wrong. */
static const char *first_octets_fault(const struct ws_reader *reader, uint8_t first,
                                      uint8_t second)
{
    uint8_t opcode = first & OPCODE;
    if (first & RESERVED)
        return "reserved bits are set";
    if (!(second & MASKED))
        return "a client's frame must be masked";
    if (opcode > WS_OP_PONG || (opcode > WS_OP_BINARY && opcode < WS_OP_CLOSE))
        return "reserved opcode";
    if (is_control(opcode)) {
        if (!(first & FIN))
            return "a control frame must not be fragmented";
        if ((second & LENGTH) > WS_CONTROL_MAX)
            return "a control frame is at most 125 octets";
        return NULL;
    }
    if (opcode == WS_OP_CONTINUATION && !reader->message_opcode)
        return "nothing to continue";
    if (opcode != WS_OP_CONTINUATION && reader->message_opcode)
        return "a message is not finished yet";
    return NULL;
}

static uint64_t big_endian(const uint8_t *at, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++)
        value = value << 8 | at[i];
    return value;
}

/* NULL with *length; or what is wrong with it. */
static const char *read_length(const uint8_t *header, uint64_t *length)
{
    uint8_t small = header[1] & LENGTH;
    *length = small;
    if (small == LENGTH_16) {
        *length = big_endian(header + 2, 2);
        if (*length < LENGTH_16)
            return "the length is not in its shortest form";
    } else if (small == LENGTH_64) {
        *length = big_endian(header + 2, 8);
        if (*length >> 63)
            return "the length has its highest bit set";
        if (*length <= UINT16_MAX)
            return "the length is not in its shortest form";
    }
    return NULL;
}

static bool within_limits(struct ws_reader *reader, const struct ws_limits *limits,
                          uint64_t length, struct ws_piece *out)
{
    if (length > limits->frame_bytes) {
        fail(reader, out, WS_CLOSE_TOO_BIG, "the frame is too big");
        return false;
    }
    if (length > limits->message_bytes ||
        reader->message_bytes > limits->message_bytes - length) {
        fail(reader, out, WS_CLOSE_TOO_BIG, "the message is too big");
        return false;
    }
    return true;
}

static bool begin_data(struct ws_reader *reader, const struct ws_limits *limits,
                       uint64_t length, struct ws_piece *out)
{
    if (!within_limits(reader, limits, length, out))
        return false;
    if (reader->opcode != WS_OP_CONTINUATION) {
        if (reader->opcode == WS_OP_BINARY && limits->refuse_binary) {
            fail(reader, out, WS_CLOSE_UNSUPPORTED, "binary messages are not accepted");
            return false;
        }
        reader->message_opcode = reader->opcode;
        reader->utf8 = (struct utf8){ 0 };
        reader->first = true;
    }
    reader->message_bytes += length;
    return true;
}

/* A whole header. False: it was wrong, and *out says so. */
static bool begin_frame(struct ws_reader *reader, const struct ws_limits *limits,
                        const uint8_t *header, size_t size, struct ws_piece *out)
{
    uint64_t length;
    const char *fault = read_length(header, &length);
    if (fault) {
        fail(reader, out, WS_CLOSE_PROTOCOL, fault);
        return false;
    }
    reader->fin = header[0] & FIN;
    reader->opcode = header[0] & OPCODE;
    memcpy(reader->mask, header + size - 4, 4);
    reader->mask_at = 0;
    reader->left = length;
    reader->in_payload = true;
    reader->have = 0;
    return is_control(reader->opcode) || begin_data(reader, limits, length, out);
}

/* Collect a header that arrives in parts. Returns what it took of the input. */
static size_t collect_header(struct ws_reader *reader, const struct ws_limits *limits,
                             const uint8_t *in, size_t len, struct ws_piece *out)
{
    size_t taken = 0;
    while (taken < len) {
        reader->held[reader->have++] = in[taken++];
        if (reader->have < 2)
            continue;
        if (reader->have == 2) {
            const char *fault =
                first_octets_fault(reader, reader->held[0], reader->held[1]);
            if (fault) {
                fail(reader, out, WS_CLOSE_PROTOCOL, fault);
                break;
            }
        }
        size_t size = header_size(reader->held[1]);
        if (reader->have == size) {
            begin_frame(reader, limits, reader->held, size, out);
            break;
        }
    }
    return taken;
}

static size_t read_header(struct ws_reader *reader, const struct ws_limits *limits,
                          const uint8_t *in, size_t len, struct ws_piece *out)
{
    if (reader->have || len < 2 || len < header_size(in[1]))
        return collect_header(reader, limits, in, len, out);
    size_t size = header_size(in[1]);
    const char *fault = first_octets_fault(reader, in[0], in[1]);
    if (fault)
        fail(reader, out, WS_CLOSE_PROTOCOL, fault);
    else
        begin_frame(reader, limits, in, size, out);
    return size;
}

/* ---- Payload ------------------------------------------------------------ */

static void unmask(struct ws_reader *reader, uint8_t *bytes, size_t len)
{
    uint8_t key[8];
    for (unsigned i = 0; i < 8; i++)
        key[i] = reader->mask[(reader->mask_at + i) & 3];
    uint64_t wide;
    memcpy(&wide, key, 8);
    size_t at = 0;
    for (; at + 8 <= len; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, 8);
        word ^= wide;
        memcpy(bytes + at, &word, 8);
    }
    for (; at < len; at++)
        bytes[at] ^= key[at & 7];
    reader->mask_at = (uint8_t)((reader->mask_at + len) & 3);
}

/* The part of the payload that is here, unmasked. */
static size_t take_payload(struct ws_reader *reader, uint8_t *in, size_t len)
{
    size_t take = len < reader->left ? len : (size_t)reader->left;
    unmask(reader, in, take);
    reader->left -= take;
    if (!reader->left)
        reader->in_payload = false;
    return take;
}

static size_t read_data(struct ws_reader *reader, uint8_t *in, size_t len,
                        struct ws_piece *out)
{
    size_t take = take_payload(reader, in, len);
    bool ends = !reader->in_payload && reader->fin;
    bool text = reader->message_opcode == WS_OP_TEXT;
    if (text &&
        (!utf8_feed(&reader->utf8, in, take) || (ends && !utf8_complete(&reader->utf8)))) {
        fail(reader, out, WS_CLOSE_INVALID_DATA, "the text is not UTF-8");
        return take;
    }
    *out = (struct ws_piece){
        .kind = WS_DATA,
        .data = in,
        .len = take,
        .opcode = reader->message_opcode,
        .first = reader->first,
        .last = ends,
        .to_come = reader->left,
    };
    reader->first = false;
    if (ends) {
        reader->message_opcode = 0;
        reader->message_bytes = 0;
    }
    return take;
}

static void read_close(struct ws_reader *reader, uint8_t *payload, size_t len,
                       struct ws_piece *out)
{
    struct utf8 utf8 = { 0 };
    if (len == 0) {
        *out = (struct ws_piece){ .kind = WS_CLOSE, .code = WS_CLOSE_NO_STATUS };
        return;
    }
    uint16_t code = len < 2 ? 0 : (uint16_t)big_endian(payload, 2);
    if (!ws_close_code_valid(code)) {
        fail(reader, out, WS_CLOSE_PROTOCOL, "the close code is not valid");
    } else if (!utf8_feed(&utf8, payload + 2, len - 2) || !utf8_complete(&utf8)) {
        fail(reader, out, WS_CLOSE_INVALID_DATA, "the close reason is not UTF-8");
    } else {
        *out = (struct ws_piece){
            .kind = WS_CLOSE, .code = code, .data = payload + 2, .len = len - 2
        };
    }
}

static void finish_control(struct ws_reader *reader, uint8_t *payload, size_t len,
                           struct ws_piece *out)
{
    reader->have = 0;
    if (reader->opcode == WS_OP_CLOSE) {
        read_close(reader, payload, len, out);
        return;
    }
    *out = (struct ws_piece){
        .kind = reader->opcode == WS_OP_PING ? WS_PING : WS_PONG,
        .data = payload,
        .len = len,
    };
}

/* Told as a whole; its payload is collected if it comes in parts. */
static size_t read_control(struct ws_reader *reader, uint8_t *in, size_t len,
                           struct ws_piece *out)
{
    size_t take = take_payload(reader, in, len);
    if (!reader->have && !reader->in_payload) {
        finish_control(reader, in, take, out);
        return take;
    }
    memcpy(reader->held + reader->have, in, take);
    reader->have = (uint8_t)(reader->have + take);
    if (!reader->in_payload)
        finish_control(reader, reader->held, reader->have, out);
    return take;
}

size_t ws_read(struct ws_reader *reader, const struct ws_limits *limits, uint8_t *in,
               size_t len, struct ws_piece *out)
{
    size_t taken = 0;
    if (reader->failed) {
        fail(reader, out, WS_CLOSE_PROTOCOL, "the connection has failed already");
        return len;
    }
    out->kind = WS_MORE;
    if (!reader->in_payload) {
        taken = read_header(reader, limits, in, len, out);
        if (out->kind == WS_FAIL)
            return len;
        if (!reader->in_payload)
            return taken;
    }
    if (taken == len && reader->left)
        return taken;
    if (is_control(reader->opcode))
        taken += read_control(reader, in + taken, len - taken, out);
    else
        taken += read_data(reader, in + taken, len - taken, out);
    return out->kind == WS_FAIL ? len : taken;
}

/* ---- Out ---------------------------------------------------------------- */

size_t ws_write_header(uint8_t out[WS_HEADER_MAX], enum ws_opcode opcode, bool fin,
                       size_t payload_len)
{
    out[0] = (uint8_t)((fin ? FIN : 0) | opcode);
    if (payload_len < LENGTH_16) {
        out[1] = (uint8_t)payload_len;
        return 2;
    }
    size_t octets = payload_len <= UINT16_MAX ? 2 : 8;
    out[1] = octets == 2 ? LENGTH_16 : LENGTH_64;
    for (size_t i = 0; i < octets; i++)
        out[2 + i] = (uint8_t)((uint64_t)payload_len >> (8 * (octets - 1 - i)));
    return 2 + octets;
}
