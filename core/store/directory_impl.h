/*
 * directory_impl - the body of a directory, for the three files that make it.
 *
 * directory.c tells Redis of changes, directory_repair.c of all that it may have missed,
 * directory_ask.c asks. [home thread]
 */
#ifndef JF_STORE_DIRECTORY_IMPL_H
#define JF_STORE_DIRECTORY_IMPL_H

#include "core/parse/conn_id.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_scripts.h"
#include "core/store/directory.h"
#include "core/store/ledger.h"
#include "core/store/store.h"

/* What Redis runs as one step; docs/redis.md says what each does. */
enum directory_script { PUT, SET, UNSET, JOIN, LEAVE, FORGET, MARK, COUNT_OTHERS, SCRIPTS };

/* One key of Redis, built where it is used. */
struct directory_key {
    char octets[DIRECTORY_PREFIX_MAX + 8 + STORE_KEY_MAX];
};

/* The way through all that the ledger holds, and back through all that Redis does. */
struct sweep {
    enum { SWEEP_NONE, SWEEP_LEDGER, SWEEP_REDIS } stage;
    size_t shard;
    jf_conn_id *ids; /* of the shard before */
    size_t count, at;
    char cursor[24];
    struct redis_call scan;
    bool scanning; /* `scan` is on its way */
    uint64_t since;
    size_t told;
};

struct directory {
    /* never changes */
    struct loop *loop;
    const struct directory_options *options;
    unsigned place;
    char node[8], place_text[8], fence[24];

    struct redis_link *link;
    bool ready; /* the link is up and the scripts are known */
    bool closed;
    struct redis_scripts scripts;

    struct redis_call mark, look; /* the marker: set, and looked for */
    bool marking, marked, looking;
    struct timer *look_timer;

    struct id_set behind;   /* Redis may know something else of these than the ledger */
    struct id_set entering; /* Redis has not confirmed yet that these have entered */
    struct sweep sweep;
    unsigned repairs; /* commands of repairs on their way */
    struct timer *again_timer;
    bool resting; /* until that fires: Redis has just refused something */
    unsigned refusals;
};

/* ---- directory.c ---- */

jf_bytes directory_key(const struct directory *directory, struct directory_key *key,
                       const char *kind, jf_bytes name);

/* Of a script's command: EVALSHA, its name, no keys, prefix, node, fence. `words` has room
 * for SCRIPT_HEAD and what follows. */
#define SCRIPT_NODE 4
#define SCRIPT_FENCE 5
#define SCRIPT_HEAD 6
void directory_script(const struct directory *directory, enum directory_script script,
                      jf_bytes *words);

/* Is the node's number another one's now? Then nothing is told any more. */
bool directory_is_fenced(const struct directory *directory);

/* What is told: a change, or by a repair; with its entry in it, or without. */
enum { TELL_CHANGE = 0, TELL_REPAIR = 1, TELL_ENTRY = 2 };

/* Send a command about `conn` whose failure makes it fall behind. False: it was not sent.
 */
bool directory_tell(struct directory *directory, jf_conn_id conn, unsigned what,
                    const jf_bytes *words, size_t count);

/* Redis does not know our scripts any more, while it is up. */
void directory_load_scripts(struct directory *directory);

/* ---- directory_repair.c ---- */

/* Everything is to be told anew; what was under way is forgotten. */
void directory_sweep(struct directory *directory);
void directory_end_sweep(struct directory *directory);

/* Redis may know something else of it than the ledger. */
void directory_fall_behind(struct directory *directory, jf_conn_id conn);

/* Tell what is to be told, as much as may be on its way. */
void directory_repair(struct directory *directory);

/* Something was refused, by Redis if there is a reply: rest a while, longer each time. */
void directory_rest(struct directory *directory, int status,
                    const struct redis_reply *reply);

void directory_repair_init(struct directory *directory);
void directory_repair_fini(struct directory *directory);

#endif
