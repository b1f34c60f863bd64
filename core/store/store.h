/*
 * store - what is known about connections: their attributes and their groups.
 *
 * One store per worker. An operation is a struct its caller embeds, fills and keeps still
 * until `done`; the store allocates nothing on the caller's behalf. `done` comes exactly
 * once, on this worker, never from inside the call; a call that returns a failure never
 * calls it. The call itself fails only for its arguments (JF_E_INVALID, JF_E_TOO_BIG) and
 * after the close (JF_E_STOPPING); all else is told by `done`. Attributes and memberships
 * of a connection vanish with store->forget.
 *
 * Operations on one connection are issued by its home worker only, so they never race;
 * group_members and group_count are asked from anywhere.
 */
#ifndef JF_STORE_STORE_H
#define JF_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/loop/task.h"
#include "sdk/jackfield.h"

#define STORE_NAME_MAX                                                                     \
    256 /* octets of an attribute's or a group's name, as plugins know it */
#define STORE_KEY_MAX 385 /* the same with "stage/" in front, as the store knows groups */
#define STORE_VALUE_MAX 65536 /* octets of an attribute, else JF_E_TOO_BIG */
#define STORE_ATTRS_MAX 256   /* attributes of a connection, else JF_E_FULL */
#define STORE_GROUPS_MAX 1024 /* groups a connection is in, else JF_E_FULL */

struct loop;
struct store;

/* Embedded by its caller, hence the body. */
struct store_op {
    void (*done)(struct store_op *op, int status);

    /* In; borrowed until `done`. Which ones an operation reads is its affair. */
    jf_conn_id conn;
    jf_bytes
        key; /* attribute, group or stage, 1 to STORE_KEY_MAX octets, else JF_E_INVALID */
    jf_bytes value;
    uint64_t since; /* when it connected, in ms since 1970 */

    /* Out; valid during `done`. */
    jf_bytes answer;
    const jf_conn_id *members; /* in no particular order */
    size_t member_count;
    uint64_t number;

    /* The store's. */
    struct task task;
    struct store *store;
    void *memory;
    int status;
};

/* What a kind with a server must be told; the text outlives what is shared. */
struct store_options {
    const char *url;
    const char *prefix; /* of every key, so that applications share a server; NULL: "jf:" */
    uint16_t node;      /* the ids of this node's connections begin with it */
    uint32_t timeout_ms; /* for an answer of the server; 0: 1000 */
    unsigned workers;    /* that open it; 0: 1 */

    /* Whoever has the node's number later has a larger one, and from then on this node
     * changes nothing in the server any more. 0: that is not looked after. */
    uint64_t fence;
    /* It has come to that: once, on the thread of the worker that noticed. No store may be
     * closed from inside. May be NULL. */
    void (*on_fenced)(void *data);
    void *data;
};

/* What the workers of a host share, if the kind shares anything. */
struct store_shared;

struct store_kind {
    const char *name; /* as in the configuration */

    /* Can options be used? JF_E_INVALID: `why`, in constant text. Pure. */
    int (*check)(const struct store_options *options, const char **why);

    /* Once per host, on the main thread, before the first open and after the last close.
     * The options have been checked; a kind without any ignores them. */
    int (*share)(const struct store_options *options, struct store_shared **out);
    void (*unshare)(struct store_shared *shared);

    /* The node may not speak for its number any more: nothing is told from now on, what is
     * known here stays known. [any thread] */
    void (*silence)(struct store_shared *shared);

    /* `place` is the worker's number, below options.workers. */
    int (*open)(struct loop *loop, struct store_shared *shared, unsigned place,
                struct store **out);
    /* Answers what is pending, before it returns: JF_E_STOPPING. NULL is accepted. */
    void (*close)(struct store *store);

    /* The connection has been admitted: `key` is its stage, `since` when. Where others take
     * over when a node dies, they find it by this; so it comes before all else about it. */
    int (*enter)(struct store *store, struct store_op *op);
    /* Do others know for sure that it has entered? If so, and this node loses its number,
     * they see to its end. */
    bool (*has_entered)(const struct store *store, jf_conn_id conn);
    /* Set, or remove with an empty value. */
    int (*attr_set)(struct store *store, struct store_op *op);
    /* JF_OK with `answer`, or JF_E_NOT_FOUND. */
    int (*attr_get)(struct store *store, struct store_op *op);
    /* Has a connection of this worker that attribute, with that value? Told at once. */
    bool (*attr_is)(const struct store *store, jf_conn_id conn, jf_bytes key,
                    jf_bytes value);
    /* Joining twice or leaving without having joined is JF_OK. */
    int (*group_join)(struct store *store, struct store_op *op);
    int (*group_leave)(struct store *store, struct store_op *op);
    /* JF_OK with `members`, none for an unknown group. */
    int (*group_members)(struct store *store, struct store_op *op);
    /* JF_OK with how many they are as `number`. */
    int (*group_count)(struct store *store, struct store_op *op);
    /* JF_OK with `members`, of each of which only the node counts: the other nodes. */
    int (*nodes)(struct store *store, struct store_op *op);
    /* group_leave for a connection of a dead node, for whoever has the claim on that, with
     * its fence. JF_E_GONE: another has it now; JF_E_UNAVAILABLE. */
    int (*orphan_leave)(struct store *store, struct store_op *op, uint64_t fence);
    /* All of `conn`: that it has entered, attributes and memberships. */
    int (*forget)(struct store *store, struct store_op *op);
};

extern const struct store_kind store_memory;
#ifdef JF_REDIS
extern const struct store_kind store_redis;
#endif

/* By its name; NULL: there is none, or this build lacks it. */
const struct store_kind *store_kind_find(const char *name);

#endif
