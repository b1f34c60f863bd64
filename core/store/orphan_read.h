/*
 * orphan_read - a connection out of what Redis says of it.
 */
#ifndef JF_STORE_ORPHAN_READ_H
#define JF_STORE_ORPHAN_READ_H

#include "core/redis/redis_reply.h"
#include "core/store/orphans.h"

/* `attrs` are keys, each with its value behind it; what has another shape is left out.
 * NULL: no memory. Released with orphan_free(). [any thread] */
struct orphan *orphan_read(jf_conn_id conn, const struct redis_reply *attrs,
                           const struct redis_reply *groups);

#endif
