/* Which kinds of store this build has. */
#include <string.h>

#include "core/store/store.h"

static const struct store_kind *const kinds[] = {
    &store_memory,
#ifdef JF_REDIS
    &store_redis,
#endif
};

const struct store_kind *store_kind_find(const char *name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    }
    return NULL;
}
