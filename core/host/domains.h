/*
 * domains - host and base path to a stage's name: API Gateway's custom domains.
 *
 * Made from a configuration, then immutable. [any thread]
 */
#ifndef JF_HOST_DOMAINS_H
#define JF_HOST_DOMAINS_H

#include <stdbool.h>

#include "core/base/table.h"
#include "core/parse/config.h"
#include "sdk/jackfield.h"

/* Embedded in a router, hence the body. Zeroed: no host is known. */
struct domains {
    struct table by_host;
};

void domains_init(struct domains *domains, const struct config *config);
void domains_free(struct domains *domains);

/* Has this host base paths of its own? `authority` is a Host header as it came: case and
 * port do not matter. If it has, *stage is that of the longest one that begins `path`, in
 * whole parts, and *rest what follows it: empty, or from a slash on. `stage->ptr` is NULL
 * if no base path fits. */
bool domains_find(const struct domains *domains, jf_bytes authority, jf_bytes path,
                  jf_bytes *stage, jf_bytes *rest);

#endif
