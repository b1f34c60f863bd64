/*
 * redirect - where a node of a Redis Cluster says that something is: "MOVED 3999
 * host:port". Pure. [any thread]
 */
#ifndef JF_RELAY_REDIRECT_H
#define JF_RELAY_REDIRECT_H

#include <stdint.h>

#include "sdk/jackfield.h"

#define REDIRECT_HOST_MAX 256 /* with its NUL */

struct redirect {
    char host[REDIRECT_HOST_MAX]; /* empty: that of whoever says so */
    uint16_t port;
};

/* JF_E_INVALID: the error says no such thing. */
int redirect_read(jf_bytes error, struct redirect *out);

#endif
