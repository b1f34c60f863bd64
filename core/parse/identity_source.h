/*
 * identity_source - what a client must bring for its authorizer to be asked, in AWS's
 * words.
 *
 *     route.request.header.NAME
 *     route.request.querystring.NAME
 *
 * Pure. [any thread]
 */
#ifndef JF_PARSE_IDENTITY_SOURCE_H
#define JF_PARSE_IDENTITY_SOURCE_H

#include <stdbool.h>

#include "sdk/jackfield.h"

struct identity_source {
    bool header; /* else a query parameter */
    jf_bytes name;
};

/* A view of `text`. False: it is none. */
bool identity_source_read(jf_bytes text, struct identity_source *out);

/* Does the client bring it, and is it not empty? */
bool identity_source_is_there(const struct identity_source *source,
                              const struct jf_pair *headers, size_t header_count,
                              const struct jf_pair *query, size_t query_count);

#endif
