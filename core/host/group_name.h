/*
 * group_name - a group as the store knows it: "stage/group".
 *
 * No other pair has that name, since a stage's name has no slash. Pure. [any thread]
 */
#ifndef JF_HOST_GROUP_NAME_H
#define JF_HOST_GROUP_NAME_H

#include "core/store/store.h"

struct group_name {
    char text[STORE_KEY_MAX];
    jf_bytes bytes; /* a view of it */
};

/* JF_E_INVALID: a group's name has 1 to STORE_NAME_MAX octets. */
int group_name_make(jf_bytes stage, jf_bytes group, struct group_name *out);

#endif
