/* The instance and its seats at the workers; who decides, and what happens later. */
#ifndef JF_JWT_PLUGIN_H
#define JF_JWT_PLUGIN_H

#include "expiry.h"
#include "jwt_options.h"

/* jf_self.state. Another build may take it over: the first two members stay what they are
 * as long as the mark is the same. */
#define JWT_STATE_MARK 0x6a777401u
struct jwt_plugin {
    uint32_t mark;
    struct expiry *expiry; /* shared with those before and after us */
    struct jwt_options options;
    int64_t (*now_s)(void); /* seconds since 1970; a test has its own */
};

struct jwt_counts {
    uint64_t allowed, refused, refreshed, not_refreshed;
};

/* jf_worker.local */
struct jwt_worker {
    jf_worker *worker;
    struct jwt_plugin *plugin;
    struct key_files keys;
    struct expiry_seat seat;
    struct jwt_counts counts;
};

/* What is to become of a client who asks to connect. */
struct jwt_verdict {
    enum jwt_fault fault; /* JWT_FAULT_NONE: let it in */
    struct jwt jwt;
    jf_bytes subprotocol; /* to choose; views the request; NULL: none */
};

/* Decide. Whatever comes of it, jwt_verdict_fini() is needed; the verdict views itself and
 * must not be moved. [the worker] */
void authorize(struct jwt_worker *worker, const struct jf_connect *connect,
               struct jwt_verdict *out);
void jwt_verdict_fini(struct jwt_verdict *verdict);

/* Is a token good, now? `out` as above, to jwt_fini(). [the worker] */
enum jwt_fault authorize_token(struct jwt_worker *worker, jf_bytes token, struct jwt *out);

/* See to it that a connection ends with its token. A failure: nobody does, so it must not
 * be let in. [the worker] */
int authorize_until(struct jwt_worker *worker, jf_conn_id conn, const struct jwt *jwt);

/* The handler of the refresh route. */
int refresh(struct jf_event *ev);

#endif
