/*
 * letter - all that one node says to another.
 *
 *      octet  0      1       2      3        4      6        10       18         22
 *            +------+-------+------+--------+------+--------+--------+----------+------+---
 *            | kind | place | verb | opcode | code | status | number | id count | name |
 * ...
 *            +------+-------+------+--------+------+--------+--------+----------+------+---
 *                                    numbers in network byte order; of the name its length
 *
 * Ids, name and body follow, the body to the end. What a kind has no use for is 0 or empty.
 * Pure. [any thread]
 */
#ifndef JF_RELAY_LETTER_H
#define JF_RELAY_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define LETTER_HEAD 26
#define LETTER_PIECES 4

enum letter_kind {
    LETTER_SEND = 1, /* the body to these connections */
    LETTER_GROUP,    /* to the members of a group */
    LETTER_STAGE,    /* to all of a stage */
    LETTER_CLOSE,    /* close a connection; the body is the reason */
    LETTER_QUESTION, /* about one connection */
    LETTER_ANSWER,
    LETTER_CLOSE_GROUP, /* close the members of a group; the body is the reason */
    LETTER_CLOSE_WHERE  /* close those of a stage whose attribute has this value */
};

struct letter {
    enum letter_kind kind;
    uint8_t place;         /* QUESTION, ANSWER: the asker's worker */
    uint8_t verb;          /* QUESTION: what is asked; the host's affair.
                              CLOSE_WHERE: so many octets of the body are the reason */
    uint8_t opcode;        /* SEND, GROUP, STAGE: JF_TEXT or JF_BINARY; QUESTION: or 0 */
    uint16_t code;         /* all that close: 1000 to 4999 */
    int32_t status;        /* ANSWER: a jf_status, but JF_LATER */
    uint64_t number;       /* QUESTION, ANSWER: not 0 */
    const jf_conn_id *ids; /* SEND: 1 or more; CLOSE, QUESTION: 1 */
    size_t id_count;
    jf_bytes name; /* GROUP, STAGE, QUESTION, CLOSE_GROUP: group, stage or attribute;
                      CLOSE_WHERE: "stage/attribute" */
    jf_bytes body; /* CLOSE_WHERE: the reason, then the value */
};

/* The octets of a letter that is as above: its head is written into `head`, and the pieces,
 * one after the other, are head, ids, name, body, the last three views of what the letter
 * views. Returns how many there are: empty ones are left out. */
size_t letter_write(const struct letter *letter, uint8_t head[LETTER_HEAD],
                    jf_bytes pieces[LETTER_PIECES]);

/* JF_E_INVALID unless all of it is as above. The views are into `octets`. */
int letter_read(jf_bytes octets, struct letter *out);

#endif
