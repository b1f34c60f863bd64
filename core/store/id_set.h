/*
 * id_set - a set of connection ids, stored densely so that it can be copied in one go.
 *
 * Some 20 to 40 octets per member, in one allocation. A zeroed set is an empty one. No
 * locks. The hash is not seeded: ids are made by us, around 40 random bits.
 */
#ifndef JF_STORE_ID_SET_H
#define JF_STORE_ID_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

/* Embedded by its owner, hence the body. */
struct id_set {
    jf_conn_id *ids; /* `count` of them, in no particular order */
    uint32_t count, capacity;
    uint32_t *places;
};

void id_set_fini(struct id_set *set);

bool id_set_has(const struct id_set *set, jf_conn_id id);

/* JF_OK, also if it is in the set already, or JF_E_NOMEM. */
int id_set_add(struct id_set *set, jf_conn_id id);

/* Nothing happens if it is not in the set. */
void id_set_remove(struct id_set *set, jf_conn_id id);

#endif
