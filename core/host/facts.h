/*
 * facts - what is remembered of a connection's head, and the JSON of an event made of it.
 *
 * The head is gone once the verdict is there, but every event tells who called and when. So
 * that little is kept, in one small block per connection, which never changes: a plugin's
 * thread may be reading it.
 */
#ifndef JF_HOST_FACTS_H
#define JF_HOST_FACTS_H

#include <stdbool.h>

#include "sdk/jackfield.h"

struct conn;
struct event;
struct facts;
struct identity;

/* Of a connection whose head is still there; a proxy's word on scheme and port counts if it
 * came by one that is believed. [home worker] */
struct facts *facts_new(struct conn *conn, bool by_proxy);

/* Of a connection whose node has died: only when it connected is known. [home worker] */
struct facts *facts_of_orphan(uint64_t connected_at);

/* As it came; views of the facts. */
struct jf_caller facts_caller(const struct facts *facts);

/* Its authorizer has said who it is, and took `ms`; the identity becomes the facts'. Before
 * any other event of the connection. */
void facts_identify(struct facts *facts, struct identity *identity, uint64_t ms);
const struct identity *facts_identity(const struct facts *facts); /* NULL: nobody said */

/* It has shown that API key; likewise. Both are copied. */
void facts_set_api_key(struct facts *facts, jf_bytes value, jf_bytes id);
jf_bytes facts_api_key_id(const struct facts *facts); /* empty: none was asked for */

uint64_t facts_now(void);                               /* ms since 1970 */
uint64_t facts_connected_at(const struct facts *facts); /* ms since 1970 */

/* An event that outlives its place in the connection holds the facts itself.
 * [home worker] */
struct facts *facts_ref(struct facts *facts);
void facts_unref(struct facts *facts); /* NULL is accepted */

#define FACTS_ARN_MAX 320

/* What AWS calls the thing that an authorizer allows: the stage's $connect. */
void facts_arn(const struct event *event, char out[FACTS_ARN_MAX]);

/* The event's JSON, made when first asked for, and the event's; `ptr` is NULL if there is
 * no memory for it. [whoever holds the event] */
jf_bytes facts_json(struct event *event);

#endif
