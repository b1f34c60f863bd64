/*
 * manage_path - what the path of a management request means.
 *
 *     {prefix}/@connections                        all of a stage
 *     {prefix}/@connections/{id}                   one of them
 *     {prefix}/@connections/{id}/attributes/{key}
 *     {prefix}/@groups/{name}                      name and key may contain any octet
 *     {prefix}/@broadcast
 *     {prefix}/@batch
 *
 * The prefix is a stage as in "/prod", a base path, or empty. The path has been decoded, so
 * "%40connections" is the same. Pure. [any thread]
 */
#ifndef JF_PARSE_MANAGE_PATH_H
#define JF_PARSE_MANAGE_PATH_H

#include <stdbool.h>

#include "sdk/jackfield.h"

enum manage_what {
    MANAGE_CONNECTIONS,
    MANAGE_CONNECTION,
    MANAGE_ATTRIBUTE,
    MANAGE_GROUP,
    MANAGE_BROADCAST,
    MANAGE_BATCH
};

struct manage_path {
    enum manage_what what;
    jf_bytes prefix;    /* what stands before "/@" */
    jf_bytes name;      /* the id or the group, as written; there is none for the others */
    jf_bytes attribute; /* MANAGE_ATTRIBUTE */
};

/* Views of `path`. False: it is none of the above. Whether names and ids are such as there
 * may be is not looked at, but they are not empty. */
bool manage_path_read(jf_bytes path, struct manage_path *out);

#endif
