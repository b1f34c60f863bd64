/*
 * directory - in Redis, what all nodes may know of this node's connections.
 *
 * The truth is in the node's ledger; the directory is told of each change after the ledger
 * has it, without waiting, and when it has been away or has refused something it is brought
 * up to the truth again, piece by piece (docs/redis.md). One per worker, for that worker's
 * connections. [home thread]
 */
#ifndef JF_STORE_DIRECTORY_H
#define JF_STORE_DIRECTORY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/store/id_set.h"
#include "core/store/store.h"

#define DIRECTORY_PREFIX_MAX 64
#define DIRECTORY_ENTRY_MAX (24 + STORE_KEY_MAX)

struct directory;
struct ledger;
struct loop;
struct redis_url;

/* What the workers have in common; it and its text outlive the directories. */
struct directory_options {
    struct ledger *ledger;
    const struct redis_url *url;
    const char *prefix;
    uint16_t node;
    uint32_t timeout_ms;
    unsigned workers;
    uint64_t fence;
    atomic_bool *fenced; /* the number is another one's: nothing is told any more */
    void (*on_fenced)(void *data);
    void *data;
};

/* What is told of a connection under the empty key: when it connected, and its stage. */
jf_bytes directory_entry(char text[DIRECTORY_ENTRY_MAX], uint64_t since, jf_bytes stage);

/* `place` is the worker's number. It opens whether Redis is there or not. */
int directory_open(struct loop *loop, const struct directory_options *options,
                   unsigned place, struct directory **out);

/* Answers what was asked, JF_E_STOPPING, and gives Redis a moment to do what it was told.
 * NULL is accepted. */
void directory_close(struct directory *directory);

/* The ledger has changed. `conn` is this worker's. `entry` is directory_entry()'s. */
void directory_enter(struct directory *directory, jf_conn_id conn, jf_bytes entry);
void directory_set(struct directory *directory, jf_conn_id conn, jf_bytes key,
                   jf_bytes value);
void directory_unset(struct directory *directory, jf_conn_id conn, jf_bytes key);
void directory_join(struct directory *directory, jf_conn_id conn, jf_bytes group);
void directory_leave(struct directory *directory, jf_conn_id conn, jf_bytes group);
void directory_forget(struct directory *directory, jf_conn_id conn);

/* Has it been entered, and has Redis confirmed that? */
bool directory_has_entered(const struct directory *directory, jf_conn_id conn);

/* Is all that the ledger holds known to be in Redis? */
bool directory_is_true(const struct directory *directory);

/* `done(data, status, ids)`: who is in the group on other nodes; the set is the callee's,
 * to take over or fini. `done(data, status, count)`: how many they are. Each comes once,
 * never from inside; not after a failure of the call. The group is borrowed until then.
 * JF_E_UNAVAILABLE also means: not in time. */
int directory_members(struct directory *directory, jf_bytes group,
                      void (*done)(void *data, int status, struct id_set *ids), void *data);
int directory_count(struct directory *directory, jf_bytes group,
                    void (*done)(void *data, int status, uint64_t count), void *data);

/* The other nodes, as an id each, of which only the node counts. As directory_members(). */
int directory_nodes(struct directory *directory,
                    void (*done)(void *data, int status, struct id_set *ids), void *data);

/* The connection of a dead node leaves a group, in the name of whoever has the claim on
 * that node, with its fence. JF_E_GONE: somebody else has it now. As the two above. */
int directory_orphan_leave(struct directory *directory, jf_conn_id conn, uint64_t fence,
                           jf_bytes group, void (*done)(void *data, int status),
                           void *data);

#endif
