/*
 * redis_scripts - scripts that Redis knows as long as it is up, to be called by their name.
 *
 * To be loaded on every new connection, and again when Redis says that it does not know one
 * (JF_E_NOT_FOUND). [home thread]
 */
#ifndef JF_REDIS_REDIS_SCRIPTS_H
#define JF_REDIS_REDIS_SCRIPTS_H

#include <stddef.h>

#include "core/redis/redis_link.h"

#define REDIS_SCRIPTS_MAX 8

/* Embedded by its owner, hence the body. */
struct redis_scripts {
    const char *const *texts;
    size_t count;
    /* All loads have been answered. JF_OK: Redis knows all; else how one failed, with the
     * reply if it was the last. */
    void (*on_loaded)(struct redis_scripts *scripts, int status,
                      const struct redis_reply *reply);

    unsigned loading; /* that are on their way */
    int status;
    struct redis_call loads[REDIS_SCRIPTS_MAX];
    char names[REDIS_SCRIPTS_MAX][41];
};

/* At most REDIS_SCRIPTS_MAX texts, which outlive it. */
void redis_scripts_init(struct redis_scripts *scripts, const char *const *texts,
                        size_t count,
                        void (*on_loaded)(struct redis_scripts *scripts, int status,
                                          const struct redis_reply *reply));

/* Nothing while they are being loaded. A failure is redis_send()'s: not all could be asked
 * for, and if none could, on_loaded() does not come. */
int redis_scripts_load(struct redis_scripts *scripts, struct redis_link *link);

/* For EVALSHA; once they have been loaded. */
jf_bytes redis_scripts_name(const struct redis_scripts *scripts, size_t which);

#endif
