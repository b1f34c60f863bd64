/*
 * orphans_impl - the body of orphans, for the two files that make it.
 *
 * orphans.c has the link, what is wrong with it, and the end; orphans_pass.c goes through
 * the connections. [home thread]
 */
#ifndef JF_STORE_ORPHANS_IMPL_H
#define JF_STORE_ORPHANS_IMPL_H

#include <stdbool.h>

#include "core/base/list.h"
#include "core/base/table.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_scripts.h"
#include "core/store/id_set.h"
#include "core/store/orphans.h"

/* What Redis runs as one step; docs/redis.md says what each does. */
enum orphans_script { READ, BURY, END, SCRIPTS };

/* A connection that is not to be begun with again. */
struct held {
    struct redis_call call;
    struct orphans *orphans;
    struct list_node node; /* in `leaving`, unless `call` is on its way */
    jf_conn_id conn;
    enum { READING, IN_HAND, LEAVING } state;
};

struct orphans {
    /* never changes */
    struct orphans_options options;
    const struct orphans_events *events;
    void *data;
    char node[8], fence[24];

    struct redis_link *link;
    bool ready; /* the link is up and the scripts are known */
    bool ended, closed;
    struct redis_scripts scripts;

    struct timer *again_timer;
    bool resting; /* until that fires */
    unsigned refusals;

    struct redis_call scan, end;
    bool scanning, ending;
    char cursor[24];
    bool last;   /* the page is the last of its pass */
    bool missed; /* of this pass one could not be read */
    jf_conn_id *ids;
    size_t count, at;

    struct table held; /* by id */
    struct list_node leaving;
    struct id_set past;
    unsigned allowed; /* and not begun with */
    unsigned asked;   /* of those held, with a command on its way */
};

/* ---- orphans.c ---- */

void orphans_tell_end(struct orphans *orphans, int status);

/* Nothing is asked for a while, which is longer each time. */
void orphans_rest(struct orphans *orphans);

/* Of each answer. True: all is well. False: there is nothing to be had of it. */
bool orphans_heed(struct orphans *orphans, int status, const struct redis_reply *reply);

/* Send a script's command. */
int orphans_run(struct orphans *orphans, enum orphans_script script,
                struct redis_call *call, const char *id);

/* ---- orphans_pass.c ---- */

/* Ask for what may be asked for. */
void orphans_go_on(struct orphans *orphans);

void orphans_begin_pass(struct orphans *orphans);

/* Have all that is done forgotten. True: some of that is on its way. */
bool orphans_farewell(struct orphans *orphans);

void orphans_pass_init(struct orphans *orphans);
void orphans_pass_fini(struct orphans *orphans);

#endif
