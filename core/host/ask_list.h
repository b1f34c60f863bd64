/*
 * ask_list - the connections of a stage on one worker, a page at a time.
 *
 * Asked of an id that nobody has: its node and worker say whose they are, its slot where to
 * begin. So the other nodes are asked as for any connection. JF_E_GONE: there is no such
 * worker, or no such node.
 */
#ifndef JF_HOST_ASK_LIST_H
#define JF_HOST_ASK_LIST_H

#include <stdbool.h>

#include "core/host/ask.h"

struct ask;

#define ASK_LIST_MAX 1000 /* ids on a page */
#define ASK_LIST_LIMIT 2  /* octets that say how many */

/* A page. */
struct ask_page {
    uint32_t next; /* the slot behind it; 0: it was the last */
    uint32_t count;
    jf_bytes ids; /* so many, one after the other; none if only their number was asked */
};

/* The question: up to `limit` ids, or with 0 how many there are. */
struct ask_order ask_list_order(uint16_t node, uint8_t worker, uint32_t slot,
                                jf_bytes stage, uint8_t limit[ASK_LIST_LIMIT]);
void ask_list_limit(uint8_t limit[ASK_LIST_LIMIT], uint16_t number);

/* The answer. False: it is none. */
bool ask_page_read(jf_bytes answer, struct ask_page *out);

/* The id at `index` of a page. */
jf_conn_id ask_page_id(const struct ask_page *page, size_t index);

/* At home. */
int ask_do_list(struct ask *ask);

#endif
