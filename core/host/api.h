/*
 * api - the jf_host table: check, translate, delegate; no logic.
 */
#ifndef JF_HOST_API_H
#define JF_HOST_API_H

#include "sdk/jackfield.h"

struct gateway;

/* What every plugin of this process calls through. There is one gateway per process; it is
 * set before the first plugin is loaded, and read by calls from any thread. */
extern const struct jf_host api_table;
void api_set_gateway(struct gateway *gateway);

#endif
