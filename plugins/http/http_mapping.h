/*
 * http_mapping - from an event to the text of a request: headers and the URL.
 *
 * Where a text comes from is written as AWS's parameter mapping has it
 * (docs.aws.amazon.com, websocket-api-data-mapping):
 *
 *   context.connectionId            anything in the event's requestContext
 *   route.request.querystring.NAME  of a $connect
 *   route.request.header.NAME       of a $connect, ASCII case ignored
 *   route.request.body.PATH         of a message that is JSON: a.b[0].c
 *   stageVariables.NAME
 *   'text'                          as it stands
 *
 * Clients choose most of that, so nothing of it becomes anything else than a value: in a
 * URL it is percent-encoded, in a header no control octet passes. [any thread]
 */
#ifndef HTTP_MAPPING_H
#define HTTP_MAPPING_H

#include "http_text.h"

#define HTTP_URL_MAX 8192
#define HTTP_HEADER_VALUE_MAX 8192

struct cJSON;

/* One event, and what was read of it so far. Zeroed but for `ev`. */
struct http_facts {
    struct jf_event *ev;
    struct cJSON *body, *whole;
    bool body_read, whole_read;
};

void http_facts_fini(struct http_facts *facts);

enum http_from {
    HTTP_FROM_TEXT,
    HTTP_FROM_CONTEXT,
    HTTP_FROM_QUERY,
    HTTP_FROM_HEADER,
    HTTP_FROM_BODY,
    HTTP_FROM_STAGE,
};

struct http_source {
    enum http_from from;
    char *name; /* or the text itself */
};

/* `route` says what there will be: query and headers only of "$connect" and "$authorize", a
 * body of no route of the life cycle. JF_E_INVALID: `*complaint` says why. */
int http_source_read(jf_bytes text, const char *route, struct http_source *out,
                     const char **complaint);
void http_source_fini(struct http_source *source);

/* Add its value to `out`; false: this event has none. */
bool http_source_add(const struct http_source *source, struct http_facts *facts,
                     struct http_text *out);

/* Is this a value that a header may have? JF_E_INVALID: it has a control octet. */
int http_header_check(jf_bytes value);

/* A name that a header may have, and that is ours to set (not Connection and the like)? */
bool http_header_name_ok(const char *name);

/* ---- URLs -------------------------------------------------------------- */

struct http_url_part {
    struct http_source source;
    bool in_host, in_query;
};

/* "http://backend:8000/path/${context.connectionId}?n=${route.request.querystring.n}". The
 * host may have stage variables only, which are the operator's. */
struct http_url {
    struct http_url_part *parts;
    size_t count;
};

int http_url_read(jf_bytes text, const char *route, struct http_url *out,
                  const char **complaint);
void http_url_fini(struct http_url *url);

/* JF_E_INVALID: a value would make another URL of it: a host that is none, or a segment
 * "." or "..". JF_E_TOO_BIG: longer than `out` may be. */
int http_url_build(const struct http_url *url, struct http_facts *facts,
                   struct http_text *out);

#endif
