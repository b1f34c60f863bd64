/* A frame whose header is all there is read where it lies; only headers and control frames
 * that come in pieces are gathered in the reader. What to do about a broken rule, and how
 * pieces become messages, is decided elsewhere. */
#include "core/parse/ws_frame.h"

#include <string.h>

#include "core/base/bytes.h"

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define CONTROL 0x08 /* the bit that all control opcodes have */
#define MASKED 0x80
#define LENGTH 0x7f
#define LENGTH_16 126
#define LENGTH_64 127

/* Say that a rule was broken; false, for the caller to return. */
static bool fail(struct ws_reader *reader, struct ws_piece *out, enum ws_close code,
                 const char *reason)
{
    reader->failed = true;
    *out = (struct ws_piece){ .kind = WS_FAIL, .code = (uint16_t)code, .reason = reason };
    return false;
}

/* Of a masked frame, by its second octet. */
static inline size_t header_size(uint8_t second)
{
    unsigned length = second & LENGTH;
    return length < LENGTH_16 ? 6 : length == LENGTH_16 ? 8 : 14;
}

/* Which rule the first two octets break; NULL: none. */
static const char *broken_rule(const struct ws_reader *reader, uint8_t first,
                               uint8_t second)
{
    unsigned opcode = first & OPCODE;
    if (first & RESERVED)
        return "reserved bits are set";
    if (!(second & MASKED))
        return "a client's frame must be masked";
    if (opcode & CONTROL) {
        if (opcode > WS_OP_PONG)
            return "reserved opcode";
        if (!(first & FIN))
            return "a control frame must not be fragmented";
        return (second & LENGTH) > WS_CONTROL_MAX ? "a control frame is at most 125 octets"
                                                  : NULL;
    }
    if (opcode > WS_OP_BINARY)
        return "reserved opcode";
    if (opcode == WS_OP_CONTINUATION)
        return reader->message_opcode ? NULL : "there is no message to continue";
    return reader->message_opcode ? "a message begins inside another" : NULL;
}

/* The payload's length; which rule it breaks, or NULL. */
static const char *read_length(const uint8_t *header, uint64_t *out)
{
    uint64_t length = header[1] & LENGTH;
    uint64_t shortest = 0;
    if (length == LENGTH_16) {
        length = bytes_get_number(header + 2, 2);
        shortest = LENGTH_16;
    } else if (length == LENGTH_64) {
        length = bytes_get_number(header + 2, 8);
        shortest = UINT16_MAX + 1;
    }
    if (length < shortest)
        return "the length is not in its shortest form";
    if (length > INT64_MAX)
        return "the length has its highest bit set";
    *out = length;
    return NULL;
}

static bool begin_data(struct ws_reader *reader, const struct ws_limits *limits,
                       struct ws_piece *out)
{
    uint64_t length = reader->left;
    if (reader->opcode != WS_OP_CONTINUATION) {
        reader->message_opcode = reader->opcode;
        reader->message_bytes = 0;
        reader->utf8 = (struct utf8){ 0 };
        reader->first = true;
    }
    if (length > limits->frame_bytes)
        return fail(reader, out, WS_CLOSE_TOO_BIG, "the frame is too big");
    if (length > limits->message_bytes ||
        reader->message_bytes > limits->message_bytes - length)
        return fail(reader, out, WS_CLOSE_TOO_BIG, "the message is too big");
    if (reader->opcode == WS_OP_BINARY && limits->refuse_binary)
        return fail(reader, out, WS_CLOSE_UNSUPPORTED, "binary messages are not accepted");
    reader->message_bytes += length;
    return true;
}

/* A whole header; false: it breaks a rule, and *out says which. */
static bool begin_frame(struct ws_reader *reader, const struct ws_limits *limits,
                        const uint8_t *header, struct ws_piece *out)
{
    const char *reason = broken_rule(reader, header[0], header[1]);
    if (!reason)
        reason = read_length(header, &reader->left);
    if (reason)
        return fail(reader, out, WS_CLOSE_PROTOCOL, reason);

    reader->opcode = header[0] & OPCODE;
    reader->fin = header[0] & FIN;
    memcpy(reader->mask, header + header_size(header[1]) - 4, 4);
    reader->in_payload = true;
    reader->have = 0;
    return (reader->opcode & CONTROL) || begin_data(reader, limits, out);
}

/* A header that comes in pieces: gather it, and refuse it as soon as its first two octets
 * say so. Returns what was taken. */
static size_t gather_header(struct ws_reader *reader, const struct ws_limits *limits,
                            const uint8_t *in, size_t len, struct ws_piece *out)
{
    size_t taken = 0, size = 2;
    for (;;) {
        if (reader->have >= 2)
            size = header_size(reader->held[1]);
        if (reader->have == size || taken == len)
            break;
        reader->held[reader->have++] = in[taken++];
    }
    if (reader->have == size && size > 2) {
        begin_frame(reader, limits, reader->held, out);
    } else if (reader->have >= 2) {
        const char *reason = broken_rule(reader, reader->held[0], reader->held[1]);
        if (reason)
            fail(reader, out, WS_CLOSE_PROTOCOL, reason);
    }
    return taken;
}

static size_t take_header(struct ws_reader *reader, const struct ws_limits *limits,
                          const uint8_t *in, size_t len, struct ws_piece *out)
{
    if (reader->have || len < 2 || len < header_size(in[1]))
        return gather_header(reader, limits, in, len, out);
    size_t size = header_size(in[1]);
    begin_frame(reader, limits, in, out);
    return size;
}

static inline void unmask_word(uint8_t *at, uint64_t key)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    word ^= key;
    memcpy(at, &word, sizeof(word));
}

static void unmask(uint8_t *data, size_t len, const uint8_t mask[4])
{
    uint32_t half;
    memcpy(&half, mask, sizeof(half));
    uint64_t key =
        (uint64_t)half << 32 | half; /* both halves alike, so in any byte order */
    size_t at = 0;
    for (; at + 32 <= len; at += 32) {
        unmask_word(data + at, key);
        unmask_word(data + at + 8, key);
        unmask_word(data + at + 16, key);
        unmask_word(data + at + 24, key);
    }
    for (; at + 8 <= len; at += 8)
        unmask_word(data + at, key);
    for (; at < len; at++)
        data[at] ^= mask[at & 3];
}

/* Turn the mask by what was just unmasked with it. */
static void turn_mask(uint8_t mask[4], size_t by)
{
    uint8_t old[4];
    memcpy(old, mask, sizeof(old));
    for (size_t i = 0; i < 4; i++)
        mask[i] = old[(i + by) & 3];
}

static void read_close(struct ws_reader *reader, uint8_t *data, size_t len,
                       struct ws_piece *out)
{
    out->kind = WS_CLOSE;
    out->code = WS_CLOSE_NO_STATUS;
    if (len == 0)
        return;
    if (len == 1) {
        fail(reader, out, WS_CLOSE_PROTOCOL, "the close frame has half a code");
        return;
    }
    out->code = (uint16_t)bytes_get_number(data, 2);
    out->data = data + 2;
    out->len = len - 2;
    if (!ws_close_code_valid(out->code))
        fail(reader, out, WS_CLOSE_PROTOCOL, "the close code is not valid");
    else if (!utf8_is_text(jf_view(out->data, out->len)))
        fail(reader, out, WS_CLOSE_INVALID_DATA, "the close reason is not UTF-8");
}

static size_t take_control(struct ws_reader *reader, uint8_t *in, size_t len,
                           struct ws_piece *out)
{
    size_t take = len < reader->left ? len : (size_t)reader->left;
    size_t size = take;
    uint8_t *data = in;
    if (reader->have || take < reader->left) {
        memcpy(reader->held + reader->have, in, take);
        reader->have = (uint8_t)(reader->have + take);
        data = reader->held;
        size = reader->have;
    }
    reader->left -= take;
    if (reader->left)
        return take;

    reader->in_payload = false;
    reader->have = 0;
    unmask(data, size, reader->mask);
    out->kind = reader->opcode == WS_OP_PING ? WS_PING : WS_PONG;
    out->data = data;
    out->len = size;
    if (reader->opcode == WS_OP_CLOSE)
        read_close(reader, data, size, out);
    return take;
}

/* Is the text still a text, and is it whole at the end of its message? */
static bool text_holds(struct ws_reader *reader, const uint8_t *data, size_t len, bool last)
{
    return utf8_feed(&reader->utf8, data, len) && (!last || utf8_complete(&reader->utf8));
}

static size_t take_data(struct ws_reader *reader, uint8_t *in, size_t len,
                        struct ws_piece *out)
{
    size_t take = len < reader->left ? len : (size_t)reader->left;
    if (!take && reader->left)
        return 0;
    unmask(in, take, reader->mask);
    reader->left -= take;
    bool last = reader->fin && !reader->left;
    uint8_t opcode = reader->message_opcode;
    if (opcode == WS_OP_TEXT && !text_holds(reader, in, take, last)) {
        fail(reader, out, WS_CLOSE_INVALID_DATA, "the text is not UTF-8");
        return take;
    }

    *out = (struct ws_piece){ .kind = WS_DATA,
                              .data = in,
                              .len = take,
                              .opcode = opcode,
                              .first = reader->first,
                              .last = last,
                              .to_come = reader->left };
    reader->first = false;
    if (reader->left)
        turn_mask(reader->mask, take);
    else
        reader->in_payload = false;
    if (last)
        reader->message_opcode = 0;
    return take;
}

size_t ws_read(struct ws_reader *reader, const struct ws_limits *limits, uint8_t *in,
               size_t len, struct ws_piece *out)
{
    size_t taken = 0;
    *out = (struct ws_piece){ .kind = WS_MORE };
    if (reader->failed) {
        fail(reader, out, WS_CLOSE_PROTOCOL, "the connection has failed already");
        return len;
    }
    if (!len)
        return 0;
    if (!reader->in_payload)
        taken = take_header(reader, limits, in, len, out);
    if (reader->in_payload && !reader->failed) {
        if (reader->opcode & CONTROL)
            taken += take_control(reader, in + taken, len - taken, out);
        else
            taken += take_data(reader, in + taken, len - taken, out);
    }
    return reader->failed ? len : taken;
}

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
    bytes_put_number(out + 2, payload_len, octets);
    return 2 + octets;
}

bool ws_close_code_valid(uint32_t code)
{
    if (code >= 3000)
        return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}
