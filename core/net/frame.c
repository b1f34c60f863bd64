/* Builds outbound frames. How they are queued is the outbox's affair. */
#include "core/net/frame.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/ws_frame.h"

struct frame *frame_new_empty(size_t len)
{
    struct frame *frame = try_alloc(sizeof(*frame) + len);
    if (!frame)
        return NULL;
    *frame = (struct frame){ .refs = 1, .len = (uint32_t)len };
    return frame;
}

static size_t header_size(size_t len)
{
    return len < 126 ? 2 : len < 65536 ? 4 : 10;
}

size_t frame_size(size_t body_len, size_t fragment)
{
    size_t size = 0;
    while (body_len > fragment) {
        size += header_size(fragment) + fragment;
        body_len -= fragment;
    }
    return size + header_size(body_len) + body_len;
}

struct frame *frame_new(uint32_t opcode, jf_bytes body, size_t fragment)
{
    struct frame *frame = frame_new_empty(frame_size(body.len, fragment));
    if (!frame)
        return NULL;
    uint8_t *at = frame->bytes;
    enum ws_opcode kind = (enum ws_opcode)opcode;
    do {
        size_t take = body.len < fragment ? body.len : fragment;
        at += ws_write_header(at, kind, take == body.len, take);
        if (take)
            memcpy(at, body.ptr, take);
        at += take;
        body = bytes_from(body, take);
        kind = WS_OP_CONTINUATION;
    } while (body.len);
    return frame;
}

struct frame *frame_new_raw(jf_bytes octets)
{
    struct frame *frame = frame_new_empty(octets.len);
    CHECK(frame);
    memcpy(frame->bytes, octets.ptr, octets.len);
    return frame;
}

void frame_unref(struct frame *frame)
{
    if (!frame || --frame->refs)
        return;
    if (frame->note)
        frame->note->settled(frame->note, JF_E_GONE);
    free(frame);
}
