/*
 * http_estate - what an instance leaves to the one that takes its place: $disconnect events
 * that still wait for their backend.
 *
 * Instances that follow each other share one, from take_over on; the last frees it. Builds
 * may differ: HTTP_ESTATE_VERSION changes when anything in `struct http_call` does. [any
 * thread]
 */
#ifndef HTTP_ESTATE_H
#define HTTP_ESTATE_H

#include <stdbool.h>

#include "jackfield.h"

#define HTTP_ESTATE_VERSION 1

struct http_call;
struct http_estate;

struct http_estate *http_estate_new(void); /* NULL: no memory */
struct http_estate *http_estate_share(struct http_estate *estate);

/* Returns how many nobody has taken, if this was the last. NULL is accepted. */
uint32_t http_estate_release(struct http_estate *estate);

/* Does somebody else share it? */
bool http_estate_has_others(struct http_estate *estate);

/* `route` is copied. False: there is no heir, or no memory; the call is still the caller's.
 */
bool http_estate_leave(struct http_estate *estate, const char *route,
                       struct http_call *call);

/* One of them, NULL if there is none, and its route, which the caller frees. */
struct http_call *http_estate_take(struct http_estate *estate, char **route);

#endif
