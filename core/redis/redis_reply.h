/*
 * redis_reply - what Redis said, for those who do not see hiredis.
 *
 * Borrowed for the length of the callback that brings it. Asking a reply for what it is
 * not, or NULL for anything, gives nothing, never a crash: what another process says may
 * have any shape. [any thread]
 */
#ifndef JF_REDIS_REDIS_REPLY_H
#define JF_REDIS_REDIS_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

struct redis_reply;

jf_bytes redis_reply_bytes(const struct redis_reply *reply); /* a string, or an error */
int64_t redis_reply_number(const struct redis_reply *reply); /* an integer, or 0 */
bool redis_reply_is_error(const struct redis_reply *reply);
size_t redis_reply_count(const struct redis_reply *reply); /* elements of an array */
const struct redis_reply *redis_reply_at(const struct redis_reply *reply, size_t index);

/* Does the text of an error, or what a script says of its own, begin with this word? */
bool redis_reply_says(const struct redis_reply *reply, const char *word);

/* An error as ours, else JF_OK. JF_E_UNAVAILABLE: it loads, follows, is full, ...; later it
 * may do it. JF_E_DENIED: password or rights. JF_E_NOT_FOUND: it does not know the script.
 * JF_E_INVALID: all else. */
int redis_reply_status(const struct redis_reply *reply);

#endif
