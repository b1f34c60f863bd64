/*
 * redis_url - where a Redis is and how to enter it, from the text of the configuration.
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]
 *     rediss://...                      the same over TLS
 *     unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]
 *
 * User, password and path may contain any octet but NUL as %XX; an IPv6 address stands in
 * brackets. Pure. [any thread]
 */
#ifndef JF_REDIS_REDIS_URL_H
#define JF_REDIS_REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define REDIS_URL_MAX 4096 /* octets of the text */
#define REDIS_PORT 6379
#define REDIS_DATABASE_MAX 65535

/* Embedded by its owner, hence the body. Zeroed: none. */
struct redis_url {
    bool tls;
    uint16_t port;
    uint32_t database;
    const char *host;     /* NULL: a socket file */
    const char *path;     /* of the socket file, or NULL */
    const char *user;     /* NULL: the default one */
    const char *password; /* NULL: none is needed */

    char *memory; /* what the four point into */
};

/* JF_E_INVALID: `why` says what is wrong, in constant text that quotes nothing of the URL,
 * for there may be a password in it. */
int redis_url_parse(jf_bytes text, struct redis_url *out, const char **why);

/* The password does not stay behind in memory. */
void redis_url_fini(struct redis_url *url);

#endif
