/* Frames. The first octet chooses limits and the next two how the rest, the wire, is cut.
 * Whole or cut, the reader must tell the story that a slow and simple model tells: the same
 * messages, control frames and failure, in the same order. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/parse/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was said, as octets to compare: a kind, a number, a length, a text, and again. */
struct story {
    uint8_t *bytes;
    size_t len, cap;
    uint8_t *message; /* the one not finished yet */
    size_t message_len;
    bool over; /* closed or failed */
};

static void story_init(struct story *story, size_t size)
{
    *story = (struct story){ .cap = 4 * size + 64 };
    story->bytes = xalloc(story->cap);
    story->message = xalloc(size + 4); /* as many more as end a code point */
}

static void story_fini(struct story *story)
{
    free(story->bytes);
    free(story->message);
}

static void tell(struct story *story, char kind, unsigned number, const uint8_t *text,
                 size_t len)
{
    CHECK(story->len + 16 + len <= story->cap);
    uint8_t *at = story->bytes + story->len;
    uint32_t numbers[3] = { (uint8_t)kind, number, (uint32_t)len };
    memcpy(at, numbers, sizeof(numbers));
    if (len)
        memcpy(at + sizeof(numbers), text, len);
    story->len += sizeof(numbers) + len;
    story->over = kind == 'F' || kind == 'C';
}

static void tell_message(struct story *story, unsigned opcode)
{
    tell(story, 'M', opcode, story->message, story->message_len);
    story->message_len = 0;
}

/* ---- The model ---------------------------------------------------------- */

/* By decoding: how many ones lead, the code point, and was it the shortest way to say it?
 */
static bool is_text(const uint8_t *bytes, size_t len)
{
    static const uint32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
    for (size_t at = 0; at < len;) {
        size_t more = 0;
        uint32_t point = bytes[at++];
        if (point >= 0x80) {
            while (more < 4 && (point << more & 0x40))
                more++;
            if (more < 1 || more > 3 || more > len - at)
                return false;
            point &= 0x3fu >> more;
        }
        for (size_t i = 0; i < more; i++, at++) {
            if ((bytes[at] & 0xc0) != 0x80)
                return false;
            point = point << 6 | (bytes[at] & 0x3fu);
        }
        if (point < smallest[more] || point > 0x10ffff || (point >> 11) == 0x1b)
            return false;
    }
    return true;
}

/* Can this become a text? Something that ends a code point is tried; the lowest or the
 * highest continuation fits wherever any does. `bytes` has room for it. */
static bool begins_text(uint8_t *bytes, size_t len)
{
    bool found = is_text(bytes, len);
    for (size_t more = 1; more <= 3 && !found; more++) {
        memset(bytes + len, 0x80, more);
        found = is_text(bytes, len + more);
        memset(bytes + len, 0xbf, more);
        found = found || is_text(bytes, len + more);
    }
    return found;
}

static bool may_close_with(unsigned code)
{
    static const uint16_t codes[] = { 1000, 1001, 1002, 1003, 1007, 1008,
                                      1009, 1010, 1011, 1012, 1013, 1014 };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] == code)
            return true;
    }
    return code / 1000 == 3 || code / 1000 == 4;
}

struct model {
    const struct ws_limits *limits;
    struct story *story;
    unsigned open; /* opcode of the message begun; 0: none */
};

static bool rules_kept(const struct model *model, unsigned first, unsigned second)
{
    unsigned opcode = first & 15, length = second & 127;
    if ((first & 0x70) || !(second & 0x80))
        return false;
    if (opcode >= 8)
        return opcode <= 10 && (first & 0x80) && length <= 125;
    return opcode <= 2 && (opcode == 0) == (model->open != 0);
}

static void model_control(struct model *model, unsigned opcode, const uint8_t *payload,
                          size_t len)
{
    unsigned code = len < 2 ? 0 : payload[0] * 256u + payload[1];
    if (opcode != 8)
        tell(model->story, opcode == 9 ? 'P' : 'p', 0, payload, len);
    else if (len == 0)
        tell(model->story, 'C', 1005, NULL, 0);
    else if (!may_close_with(code))
        tell(model->story, 'F', 1002, NULL, 0);
    else if (!is_text(payload + 2, len - 2))
        tell(model->story, 'F', 1007, NULL, 0);
    else
        tell(model->story, 'C', code, payload + 2, len - 2);
}

/* What of a data frame's payload is there. */
static void model_data(struct model *model, const uint8_t *payload, size_t len, bool last)
{
    struct story *story = model->story;
    if (len)
        memcpy(story->message + story->message_len, payload, len);
    story->message_len += len;
    if (model->open == 1 && !(last ? is_text(story->message, story->message_len)
                                   : begins_text(story->message, story->message_len)))
        tell(story, 'F', 1007, NULL, 0);
    else if (last)
        tell_message(story, model->open);
    if (last)
        model->open = 0;
}

static unsigned data_fault(struct model *model, unsigned opcode, uint64_t length)
{
    if (length > model->limits->frame_bytes)
        return 1009;
    if (model->story->message_len + length > model->limits->message_bytes)
        return 1009;
    if (opcode == 2 && model->limits->refuse_binary)
        return 1003;
    if (opcode)
        model->open = opcode;
    return 0;
}

/* One frame; returns its length, or 0 if that was all. */
static size_t model_frame(struct model *model, const uint8_t *in, size_t len)
{
    if (len < 2)
        return 0;
    unsigned opcode = in[0] & 15, small = in[1] & 127, fault;
    size_t extra = small == 126 ? 2 : small == 127 ? 8 : 0, header = 6 + extra;
    uint64_t length = extra ? 0 : small;
    if (!rules_kept(model, in[0], in[1])) {
        tell(model->story, 'F', 1002, NULL, 0);
        return 0;
    }
    if (len < header)
        return 0;
    for (size_t i = 0; i < extra; i++)
        length = length * 256 + in[2 + i];
    fault = (extra && length < 126) || (extra == 8 && length < 65536) || length >> 63 ? 1002
            : opcode < 8 ? data_fault(model, opcode, length)
                         : 0;
    if (fault) {
        tell(model->story, 'F', fault, NULL, 0);
        return 0;
    }

    bool whole = length <= len - header;
    size_t have = whole ? (size_t)length : len - header;
    uint8_t *payload = xalloc(have);
    for (size_t i = 0; i < have; i++)
        payload[i] = in[header + i] ^ in[header - 4 + i % 4];
    if (opcode < 8)
        model_data(model, payload, have, whole && (in[0] & 0x80));
    else if (whole)
        model_control(model, opcode, payload, have);
    free(payload);
    return whole ? header + have : 0;
}

/* ---- The reader --------------------------------------------------------- */

struct listener {
    struct story *story;
    struct ws_reader reader;
    uint64_t to_come; /* as the last piece of the frame said */
    bool open;        /* between first and last */
};

static void hear_data(struct listener *listener, const struct ws_piece *piece)
{
    struct story *story = listener->story;
    CHECK(piece->first == !listener->open);
    CHECK(piece->opcode == WS_OP_TEXT || piece->opcode == WS_OP_BINARY);
    CHECK(!piece->last || piece->to_come == 0);
    CHECK(!listener->to_come || listener->to_come == piece->to_come + piece->len);
    listener->to_come = piece->to_come;
    listener->open = !piece->last;
    if (piece->len)
        memcpy(story->message + story->message_len, piece->data, piece->len);
    story->message_len += piece->len;
    if (piece->last)
        tell_message(story, piece->opcode);
}

static void hear(struct listener *listener, const struct ws_piece *piece)
{
    struct story *story = listener->story;
    switch (piece->kind) {
    case WS_MORE:
        break;
    case WS_DATA:
        hear_data(listener, piece);
        break;
    case WS_PING:
    case WS_PONG:
        tell(story, piece->kind == WS_PING ? 'P' : 'p', 0, piece->data, piece->len);
        break;
    case WS_CLOSE:
        tell(story, 'C', piece->code, piece->data, piece->len);
        break;
    case WS_FAIL:
        CHECK(piece->reason && strlen(piece->reason) <= WS_REASON_MAX);
        CHECK(listener->reader.failed);
        tell(story, 'F', piece->code, NULL, 0);
        break;
    }
}

static bool lies_in(const struct ws_piece *piece, const uint8_t *from, size_t len)
{
    return piece->data >= from && piece->data + piece->len <= from + len;
}

/* Read all of one cut of the wire. */
static void listen(struct listener *listener, const struct ws_limits *limits, uint8_t *in,
                   size_t len)
{
    struct ws_piece piece;
    const struct ws_reader *reader = &listener->reader;
    size_t at = 0;
    do {
        size_t taken = ws_read(&listener->reader, limits, in + at, len - at, &piece);
        CHECK(taken <= len - at);
        CHECK(taken || piece.kind == WS_MORE);
        if (piece.kind != WS_MORE && piece.len)
            CHECK(lies_in(&piece, in + at, taken) ||
                  lies_in(&piece, reader->held, sizeof(reader->held)));
        hear(listener, &piece);
        at += taken;
    } while (piece.kind != WS_MORE && !listener->story->over);
    CHECK(at == len || piece.kind == WS_CLOSE);
    if (piece.kind == WS_FAIL) {
        CHECK(ws_read(&listener->reader, limits, in, len, &piece) == len);
        CHECK(piece.kind == WS_FAIL && piece.code && piece.reason);
    }
}

/* The wire in cuts of 1 to `longest`, each in memory of its own size. */
static void listen_to_cuts(struct story *story, const struct ws_limits *limits,
                           const uint8_t *wire, size_t len, size_t longest, unsigned seed)
{
    struct listener listener = { .story = story };
    for (size_t at = 0; at < len && !story->over;) {
        seed = seed * 1103515245u + 12345u;
        size_t cut = 1 + (seed >> 16) % longest;
        cut = cut < len - at ? cut : len - at;
        uint8_t *in = xalloc(cut);
        memcpy(in, wire + at, cut);
        listen(&listener, limits, in, cut);
        free(in);
        at += cut;
    }
}

static void same_story(const struct story *a, const struct story *b)
{
    CHECK(a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
    if (a->over) /* what came of a message before its fault depends on the cut */
        return;
    CHECK(a->message_len == b->message_len);
    CHECK(!a->message_len || memcmp(a->message, b->message, a->message_len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t sizes[][2] = {
        { 1 << 20, 1 << 20 }, { 300, 1000 }, { 20, 10 }, { UINT64_MAX, UINT64_MAX }
    };
    struct story expected, heard;
    if (size < 3)
        return 0;
    const uint64_t *bounds = sizes[data[0] >> 1 & 3];
    struct ws_limits limits = { bounds[0], bounds[1], data[0] & 1 };
    unsigned seed = data[1] * 256u + data[2];
    const size_t longest[] = { size, 1, 2 + data[1] % 30, 300 };
    data += 3;
    size -= 3;

    story_init(&expected, size);
    struct model model = { &limits, &expected, 0 };
    size_t at = 0, taken;
    while (!expected.over && (taken = model_frame(&model, data + at, size - at)))
        at += taken;
    for (size_t i = 0; i < sizeof(longest) / sizeof(longest[0]); i++) {
        story_init(&heard, size);
        if (i == 0) {
            struct listener listener = { .story = &heard };
            uint8_t *in = xalloc(size);
            memcpy(in, data, size);
            listen(&listener, &limits, in, size);
            free(in);
        } else {
            listen_to_cuts(&heard, &limits, data, size, longest[i], seed);
        }
        same_story(&expected, &heard);
        story_fini(&heard);
    }
    story_fini(&expected);
    return 0;
}
