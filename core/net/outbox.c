/* Many small frames are copied together, since that is cheaper than an iovec each below
 * some hundred octets; large ones are written from where they are. */
#include "core/net/outbox.h"

#include "core/base/memory.h"
#include "core/net/frame.h"
#include "core/net/wire.h"

#define COPY_MAX 512      /* a frame up to this size is copied */
#define COPY_BUFFER 16384 /* ... into a buffer of this size */
#define PARTS_MAX 64      /* iovecs per write */

static struct outbox_entry *entry_at(struct outbox *box, uint32_t index)
{
    if (!box->ring)
        return &box->one;
    return &box->ring[(box->head + index) & (box->capacity - 1)];
}

static void grow(struct outbox *box)
{
    uint32_t capacity = box->capacity ? box->capacity * 2 : 16;
    struct outbox_entry *ring = xalloc(capacity * sizeof(*ring));
    for (uint32_t i = 0; i < box->count; i++)
        ring[i] = *entry_at(box, i);
    free(box->ring);
    box->ring = ring;
    box->head = 0;
    box->capacity = capacity;
}

void outbox_push(struct outbox *box, struct frame *frame, size_t sent)
{
    if (box->count == (box->ring ? box->capacity : 1))
        grow(box);
    *entry_at(box, box->count++) = (struct outbox_entry){ frame, sent };
    box->bytes += frame->len - sent;
}

static void shrink(struct outbox *box)
{
    if (!box->ring)
        return;
    free(box->ring);
    box->ring = NULL;
    box->head = box->capacity = 0;
}

void outbox_append(struct outbox *box, struct outbox *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        struct outbox_entry *entry = entry_at(from, i);
        outbox_push(box, entry->frame, entry->sent);
    }
    free(from->ring);
    *from = (struct outbox){ 0 };
}

static void pop(struct outbox *box, int status)
{
    struct frame *frame = entry_at(box, 0)->frame;
    if (box->ring)
        box->head = (box->head + 1) & (box->capacity - 1);
    box->count--;
    if (frame->note && status == JF_OK) {
        struct frame_note *note = frame->note;
        frame->note = NULL;
        note->settled(note, JF_OK);
    }
    frame_unref(frame);
}

/* `taken` octets left; let go of the frames that are complete. */
static void advance(struct outbox *box, size_t taken)
{
    box->bytes -= taken;
    while (box->count) {
        struct outbox_entry *first = entry_at(box, 0);
        size_t left = first->frame->len - first->sent;
        if (taken < left) {
            first->sent += taken;
            return;
        }
        taken -= left;
        pop(box, JF_OK);
    }
}

struct gather {
    struct iovec parts[PARTS_MAX];
    int count;
    size_t copied, total;
    uint8_t copy[COPY_BUFFER];
};

static void add_part(struct gather *g, uint8_t *from, size_t len)
{
    struct iovec *last = g->count ? &g->parts[g->count - 1] : NULL;
    if (last && (uint8_t *)last->iov_base + last->iov_len == from) {
        last->iov_len += len;
        return;
    }
    g->parts[g->count++] = (struct iovec){ from, len };
}

/* False: it is full. */
static bool add_entry(struct gather *g, const struct outbox_entry *entry)
{
    uint8_t *from = entry->frame->bytes + entry->sent;
    size_t len = entry->frame->len - entry->sent;
    if (g->count == PARTS_MAX)
        return false;
    if (len <= COPY_MAX) {
        if (len > COPY_BUFFER - g->copied)
            return false;
        memcpy(g->copy + g->copied, from, len);
        from = g->copy + g->copied;
        g->copied += len;
    }
    add_part(g, from, len);
    g->total += len;
    return true;
}

static size_t gather_all(struct outbox *box, size_t max, struct gather *g)
{
    g->count = 0;
    g->copied = g->total = 0;
    for (uint32_t i = 0; i < box->count && g->total < max; i++) {
        if (!add_entry(g, entry_at(box, i)))
            break;
    }
    return g->total;
}

/* A lone frame goes out from where it is, whatever its size. */
static ssize_t write_one(struct outbox *box, struct wire *wire, size_t *offered)
{
    struct outbox_entry *entry = entry_at(box, 0);
    struct iovec part = { entry->frame->bytes + entry->sent,
                          entry->frame->len - entry->sent };
    *offered = part.iov_len;
    return wire->kind->write(wire, &part, 1);
}

static ssize_t write_many(struct outbox *box, struct wire *wire, size_t *offered)
{
    struct gather gather;
    *offered = gather_all(box, wire->kind->write_max, &gather);
    return wire->kind->write(wire, gather.parts, gather.count);
}

int outbox_write(struct outbox *box, struct wire *wire)
{
    while (box->count) {
        size_t offered;
        ssize_t taken = box->count == 1 ? write_one(box, wire, &offered)
                                        : write_many(box, wire, &offered);
        if (taken < 0)
            return JF_E_GONE;
        advance(box, (size_t)taken);
        if ((size_t)taken < offered)
            return JF_E_FULL;
    }
    shrink(box);
    return JF_OK;
}

bool outbox_drop_oldest(struct outbox *box)
{
    for (uint32_t i = 0; i < box->count; i++) {
        struct outbox_entry *entry = entry_at(box, i);
        if (entry->sent || entry->frame->control)
            continue;
        struct frame *victim = entry->frame;
        for (; i + 1 < box->count; i++)
            *entry_at(box, i) = *entry_at(box, i + 1);
        box->count--;
        box->bytes -= victim->len;
        frame_unref(victim);
        return true;
    }
    return false;
}

void outbox_clear(struct outbox *box)
{
    while (box->count)
        pop(box, JF_E_GONE);
    shrink(box);
    box->bytes = 0;
}
