/* Connections whose tokens expire, of all workers, and their end. */
#ifndef JF_JWT_EXPIRY_H
#define JF_JWT_EXPIRY_H

#include "deadlines.h"

#define EXPIRY_CODE 4401       /* 4000 to 4999 are private, RFC 6455 section 7.4.2 */
#define EXPIRY_CLOSES_MAX 4096 /* in one turn */
#define EXPIRY_PROBES_MAX 64

/* It outlives an instance: whoever takes its place shares it, and goes on where it was. So
 * a reload does not forget who has to leave. `holders` is the main thread's, `of[i]` worker
 * i's, whichever instance asks. */
struct expiry {
    uint32_t holders, workers;
    struct deadlines of[];
};

/* NULL: no memory. [main thread] */
struct expiry *expiry_new(uint32_t workers);
struct expiry *expiry_ref(struct expiry *expiry);
void expiry_unref(struct expiry *expiry);

/* A connection that is asked whether it still exists. */
struct expiry_probe {
    struct expiry_seat *seat;
    jf_conn_id conn;
    bool busy;
};

/* An instance's way to one worker's deadlines. It does not move while probes are busy. */
struct expiry_seat {
    jf_worker *worker;
    struct deadlines *deadlines;
    struct expiry_probe probes[EXPIRY_PROBES_MAX];
    uint64_t closed;
};

void expiry_sit(struct expiry_seat *seat, struct expiry *expiry, jf_worker *worker);

/* Put a deadline, and ask after two of the connections that have one: those that are gone
 * make room. So there is no need to hear of each end (another plugin may have $disconnect),
 * and what is forgotten stays a part of what lives. [the worker] */
int expiry_put(struct expiry_seat *seat, const struct deadline *deadline);

/* Close all whose time has come. True: there are more, come again soon. [the worker] */
bool expiry_tick(struct expiry_seat *seat, int64_t now_s);

#endif
