/*
 * manage_batch - the body of a request to send to many: JSON.
 *
 *     { "connectionIds": ["...", ...], "data": "text" }
 *     { "connectionIds": ["...", ...], "data": "base64", "isBase64Encoded": true }
 *
 * The second is sent as a binary message. Pure. [any thread]
 */
#ifndef JF_PARSE_MANAGE_BATCH_H
#define JF_PARSE_MANAGE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define MANAGE_BATCH_MAX 1000 /* ids */

struct manage_batch {
    jf_bytes *ids; /* as written; whether they are ids is not looked at */
    size_t count;
    uint32_t opcode;
    jf_bytes data;
    void *memory; /* what the views are of */
    char *decoded;
};

/* JF_E_INVALID: *why is a constant sentence. Release with manage_batch_fini(). */
int manage_batch_read(jf_bytes body, struct manage_batch *out, const char **why);
void manage_batch_fini(struct manage_batch *batch); /* zeroed is accepted */

#endif
