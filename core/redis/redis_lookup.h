/*
 * redis_lookup - the addresses behind a name, without holding up the loop.
 *
 * The system's resolver may take many seconds, just when something is wrong with the
 * network, so a name is looked up on a thread that lives as long as that takes. An address
 * that is written as one needs no thread. [home thread]
 */
#ifndef JF_REDIS_REDIS_LOOKUP_H
#define JF_REDIS_REDIS_LOOKUP_H

#include <netdb.h>
#include <stddef.h>

#define REDIS_ADDRESSES_MAX 8

struct loop;
struct redis_lookup;

struct redis_addresses {
    size_t count;                               /* 0: `why` says why there are none */
    char text[REDIS_ADDRESSES_MAX][NI_MAXHOST]; /* numeric */
    const char *why;
};

/* `done(data, addresses)` comes once, never from inside; not after redis_lookup_drop(). */
int redis_lookup_new(struct loop *loop, const char *host,
                     void (*done)(void *data, const struct redis_addresses *addresses),
                     void *data, struct redis_lookup **out);

/* Also when it is done; NULL is accepted. The thread may go on for a while, by itself. */
void redis_lookup_drop(struct redis_lookup *lookup);

#endif
