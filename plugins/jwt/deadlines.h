/* When which connection has to be closed: a heap, found by the connection. */
#ifndef JF_JWT_DEADLINES_H
#define JF_JWT_DEADLINES_H

#include <stdbool.h>

#include "jackfield.h"

#define DEADLINES_MAX (1u << 20)
#define DEADLINES_OWNER 32

struct deadline {
    int64_t at_s;
    jf_conn_id conn;
    unsigned char owner[DEADLINES_OWNER];
    bool has_owner;
    uint32_t slot; /* in the table */
};

/* One worker's; zeroed is empty. */
struct deadlines {
    struct deadline *heap; /* the earliest comes first */
    uint32_t *table; /* place in the heap + 1, at the hash of the connection; 0: free */
    uint32_t count, room; /* room: of the heap, a power of two; the table has twice that */
    uint32_t hand;        /* of deadlines_walk() */
};

/* Add one, or move that of the same connection. JF_E_FULL: there are DEADLINES_MAX;
 * JF_E_NOMEM. [the worker] */
int deadlines_put(struct deadlines *deadlines, const struct deadline *deadline);

/* NULL: there is none. Borrowed until the next change. [the worker] */
const struct deadline *deadlines_find(const struct deadlines *deadlines, jf_conn_id conn);

/* True if there was one. [the worker] */
bool deadlines_remove(struct deadlines *deadlines, jf_conn_id conn);

/* Take out the earliest if its time has come. [the worker] */
bool deadlines_pop(struct deadlines *deadlines, int64_t now_s, struct deadline *out);

/* Some connection; others the next times, until all had their turn. False: it is empty.
 * [the worker] */
bool deadlines_walk(struct deadlines *deadlines, jf_conn_id *out);

void deadlines_fini(struct deadlines *deadlines);

#endif
