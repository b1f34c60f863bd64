/*
 * batch - letters of one turn from one node to another, as the octets that travel.
 *
 *      octet  0      3       4      6                14
 *            +------+-------+------+----------------+--------+--------+--------+---
 *            | JFB  |version| node | fence          | length | letter | length | ...
 *            +------+-------+------+----------------+--------+--------+--------+---
 *                                    numbers in network byte order, lengths of 4 octets
 *
 * There is at least one letter, and a letter may be empty. Pure. [any thread]
 */
#ifndef JF_RELAY_BATCH_H
#define JF_RELAY_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define BATCH_VERSION 1
#define BATCH_HEAD 14
#define BATCH_LETTER_HEAD 4

/* Who writes: a node, and which of those that have had its number. */
struct batch_from {
    uint16_t node;
    uint64_t fence; /* the later has the larger one */
};

struct batch {
    struct batch_from from;
    jf_bytes rest; /* not yet read */
};

void batch_write_head(uint8_t out[BATCH_HEAD], const struct batch_from *from);
void batch_write_length(uint8_t out[BATCH_LETTER_HEAD], uint32_t len);

/* JF_E_INVALID unless all of it is as above, and of this version. The views are into
 * `octets`. */
int batch_read(jf_bytes octets, struct batch *out);

/* The next letter; false when there is no more. */
bool batch_next(struct batch *batch, jf_bytes *letter);

#endif
