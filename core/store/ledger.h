/*
 * ledger - attributes and groups in memory, shared by all workers.
 *
 * Every call does its work at once, under one of the ledger's shard locks at a time.
 * Arguments have been checked; sizes are within store.h's limits. Calls about one
 * connection come from one thread at a time. [any thread]
 */
#ifndef JF_STORE_LEDGER_H
#define JF_STORE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define LEDGER_SHARDS 64

struct ledger;

struct ledger *ledger_new(void);
void ledger_free(struct ledger *ledger); /* nobody else uses it any more */

/* Under the empty key, which no attribute has, and not counted as one; until it is
 * forgotten. JF_E_NOMEM. */
int ledger_enter(struct ledger *ledger, jf_conn_id conn, jf_bytes value);

/* JF_E_FULL: STORE_ATTRS_MAX; JF_E_NOMEM. */
int ledger_attr_set(struct ledger *ledger, jf_conn_id conn, jf_bytes key, jf_bytes value);
void ledger_attr_remove(struct ledger *ledger, jf_conn_id conn, jf_bytes key);

/* A copy, yours to free; JF_E_NOT_FOUND, JF_E_NOMEM. */
int ledger_attr_get(struct ledger *ledger, jf_conn_id conn, jf_bytes key, void **copy,
                    size_t *len);

/* Has it this attribute, with this value? */
bool ledger_attr_is(struct ledger *ledger, jf_conn_id conn, jf_bytes key, jf_bytes value);

/* JF_E_FULL: STORE_GROUPS_MAX; JF_E_NOMEM. */
int ledger_join(struct ledger *ledger, jf_bytes group, jf_conn_id conn);
void ledger_leave(struct ledger *ledger, jf_bytes group, jf_conn_id conn);

/* A copy, yours to free; of an empty group NULL. JF_E_NOMEM. */
int ledger_members(struct ledger *ledger, jf_bytes group, jf_conn_id **copy, size_t *count);

size_t ledger_count(struct ledger *ledger, jf_bytes group);

void ledger_forget(struct ledger *ledger, jf_conn_id conn);

/* Is anything known of it? */
bool ledger_has(struct ledger *ledger, jf_conn_id conn);

/* All that is known of a connection at one moment; one piece of memory. */
struct ledger_copy {
    size_t group_count, attr_count;
    jf_bytes words[]; /* the groups; then each attribute's key, and its value */
};

/* Yours to free; JF_E_NOT_FOUND, JF_E_NOMEM. */
int ledger_describe(struct ledger *ledger, jf_conn_id conn, struct ledger_copy **copy);

/* Who is known, shard by shard, so that no lock is held for long. A copy, yours to free; of
 * an empty shard NULL. JF_E_NOMEM. */
int ledger_list(struct ledger *ledger, size_t shard, jf_conn_id **copy, size_t *count);

/* How many records of connections and groups it holds. */
size_t ledger_size(struct ledger *ledger);

#endif
