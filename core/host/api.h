/*
 * api - the jf_host table: check, translate, delegate; no logic.
 */
#ifndef JF_HOST_API_H
#define JF_HOST_API_H

#include "sdk/jackfield.h"

struct gateway;

/* What every plugin of this process calls through. There is one gateway per process; it is
 * set once its workers can be posted to, and read by calls from any thread. Until then what
 * needs a worker is JF_E_UNAVAILABLE. */
extern const struct jf_host api_table;
void api_set_gateway(struct gateway *gateway);

#endif
