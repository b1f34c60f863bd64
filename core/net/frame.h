/*
 * frame - outbound octets, framed once, counted at home.
 *
 * A broadcast is one frame in many outboxes. The count is a plain integer, since a frame
 * never leaves its worker; what crosses to another is a copy. [home worker]
 */
#ifndef JF_NET_FRAME_H
#define JF_NET_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

/* Somebody wants to know what became of one frame; embedded by them, hence the body. */
struct frame_note {
    /* JF_OK: handed to the kernel to its last octet. JF_E_GONE: it never will be. Called
     * once, possibly from inside the call that gave the frame away. */
    void (*settled)(struct frame_note *note, int status);
};

/* Walked by the outbox, hence the body. */
struct frame {
    uint32_t refs;
    uint32_t len;
    bool control; /* never dropped for a slow reader */
    struct frame_note *note;
    uint8_t bytes[];
};

/* One message, in frames of at most `fragment` octets of payload. NULL: no memory. The
 * caller holds one reference. */
struct frame *frame_new(uint32_t opcode, jf_bytes body, size_t fragment);

/* Octets as they are, no WebSocket framing: a handshake's answer. Aborts without memory,
 * since it is small. */
struct frame *frame_new_raw(jf_bytes octets);

/* Room for `len` octets that the caller writes. NULL: no memory. */
struct frame *frame_new_empty(size_t len);

/* The octets frame_new() needs for such a body. */
size_t frame_size(size_t body_len, size_t fragment);

static inline void frame_ref(struct frame *frame)
{
    frame->refs++;
}

/* NULL is accepted. */
void frame_unref(struct frame *frame);

#endif
