/*
 * outbox - what waits to be written to one connection.
 *
 * A ring of references to frames, one of which lies inside the connection, so that the
 * usual single message costs no allocation and an idle connection holds nothing. Bounded
 * in octets by its user. [home worker]
 */
#ifndef JF_NET_OUTBOX_H
#define JF_NET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct frame;
struct wire;

struct outbox_entry {
    struct frame *frame;
    size_t sent; /* octets of it that the kernel has */
};

/* Embedded in a connection, hence the body. Zeroed: empty. */
struct outbox {
    struct outbox_entry one;
    struct outbox_entry *ring; /* NULL: `one` is all there is */
    uint32_t head, count, capacity;
    size_t bytes; /* not yet written */
};

/* Queue the frame from octet `sent` on; takes over the caller's reference. */
void outbox_push(struct outbox *box, struct frame *frame, size_t sent);

/* Move all of `from` to the end of `box`. */
void outbox_append(struct outbox *box, struct outbox *from);

/* Write what the wire takes, in as few calls as it can. JF_OK: all of it is written.
 * JF_E_FULL: some waits for the wire. JF_E_GONE: the peer is. */
int outbox_write(struct outbox *box, struct wire *wire);

/* Drop the oldest frame of which nothing is written yet and that is no control frame;
 * false if there is none. */
bool outbox_drop_oldest(struct outbox *box);

/* Let go of everything. */
void outbox_clear(struct outbox *box);

#endif
