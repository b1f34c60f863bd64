/*
 * http_names - from a name to an address, on a thread of its own. [home worker]
 */
#ifndef HTTP_NAMES_H
#define HTTP_NAMES_H

#include "jackfield.h"

struct http_lookup;

/* `address` is text, NULL if there is none; borrowed until `done` returns. */
typedef void http_address_fn(void *data, const char *address);

/* NULL: it cannot be looked up now. `done` comes later. */
struct http_lookup *http_lookup_start(jf_worker *w, const char *name, http_address_fn *done,
                                      void *data);
void http_lookup_stop(struct http_lookup *lookup); /* `done` does not come; NULL is fine */

#endif
