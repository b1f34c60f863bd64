/*
 * manage_impl - a request of the management API, for the files that answer it together.
 */
#ifndef JF_HOST_MANAGE_IMPL_H
#define JF_HOST_MANAGE_IMPL_H

#include <stdbool.h>

#include "core/parse/manage_path.h"

struct http_call;
struct stage;
struct worker;

/* Until its answer. Each of the functions below that takes one ends it, or will. */
struct managed {
    struct http_call *call;
    struct worker *worker;
    const struct stage *stage;
    struct manage_path path; /* views of the call's */
    jf_conn_id id;           /* if the path has one */
};

/* 400, and why. */
void managed_refuse(struct managed *managed, const char *why);

/* The first parameter of that name in the query. False: there is none. Ends nothing. */
bool managed_parameter(const struct managed *managed, const char *name, jf_bytes *out);

/* Code and reason of a close, as the query has them. False: that was answered. */
bool managed_read_close(struct managed *managed, uint16_t *code, jf_bytes *reason);

/* 204, or what the failure is. */
void managed_end_empty(struct managed *managed, int status);

size_t managed_message_max(const struct managed *managed); /* octets, on its stage */

void manage_batch(struct managed *managed); /* manage_batch.c */
void manage_list(struct managed *managed);  /* manage_list.c */

/* manage_kick.c */
void manage_kick_group(struct managed *managed);
void manage_kick_where(struct managed *managed);

#endif
