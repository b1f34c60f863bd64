/*
 * parcel - a batch on its way out: while it waits it grows, and once it has left, it is
 * what the answer is about. [home thread]
 */
#ifndef JF_RELAY_PARCEL_H
#define JF_RELAY_PARCEL_H

#include <stdbool.h>

#include "core/base/list.h"
#include "core/redis/redis_link.h"
#include "core/relay/batch.h"
#include "core/relay/letter.h"

struct relay_out;

enum parcel_to { PARCEL_TO_NODE, PARCEL_TO_GROUP, PARCEL_TO_ALL };

/* Read by relay_out on every letter, hence the body. */
struct parcel {
    struct redis_call call;
    struct relay_out *out;
    struct list_node node_link; /* while it waits */
    enum parcel_to to;
    uint16_t node;   /* PARCEL_TO_NODE */
    jf_bytes group;  /* PARCEL_TO_GROUP; a copy of its own */
    uint64_t series; /* direct parcels of the same series may pass each other */
    struct batch_from from;
    uint64_t first, last; /* numbers of the questions in it; 0: there are none */
    size_t letters;
    uint8_t *octets; /* NULL: they have left */
    size_t len, capacity;
};

/* An empty batch; NULL: no memory. */
struct parcel *parcel_new(enum parcel_to to, jf_bytes group, const struct batch_from *from);
void parcel_free(struct parcel *parcel);

/* False: no memory, and it is as before. */
bool parcel_add(struct parcel *parcel, const struct letter *letter);

void parcel_drop_octets(struct parcel *parcel); /* its length stays */

/* What a letter takes in a batch. */
size_t parcel_size_of(const struct letter *letter);

#endif
