/*
 * head - an HTTP/1.1 request head: request line, query, headers (RFC 9112).
 *
 * Strict where leniency has hurt others: bare LF, white space before a colon, folded
 * lines, NUL and other control octets, a Host that is missing in HTTP/1.1 or names no host,
 * a user in a URL, and lengths of a body that two readers could take differently are
 * refused. Names stay as the client wrote them and repeated ones are kept. Pure.
 * [any thread]
 */
#ifndef JF_PARSE_HEAD_H
#define JF_PARSE_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define HEAD_BYTES_MAX 16384 /* request line and headers together; 431 above it */
#define HEAD_HEADERS_MAX 128 /* 431 above it */
#define HEAD_QUERY_MAX 128   /* parameters; 400 above it */

struct head {
    jf_bytes method, target; /* as written */
    jf_bytes path; /* of the target, percent-encoded as written; "/" if a URL has none */
    jf_bytes query_text;     /* after the "?", as written; empty if none */
    unsigned minor;          /* HTTP/1.minor */
    struct jf_pair *headers; /* values trimmed; an empty one is not NULL */
    size_t header_count;
    struct jf_pair *query; /* names and values percent-decoded, "+" is a blank */
    size_t query_count;
};

/* Where the head ends: the length including its empty line, 0 if it is not complete yet.
 * `seen` octets were already searched by an earlier call. Lines may end in a bare LF here:
 * head_parse() refuses them. */
size_t head_length(const char *bytes, size_t len, size_t seen);

/* Parse a complete head of `len` octets (head_length()). It views `bytes`, and decodes the
 * query into a buffer of its own, so `bytes` must outlive `out`; release with head_fini().
 * JF_OK, or JF_E_INVALID with *http_status (400, 431, 505) and *why, a constant sentence.
 */
int head_parse(const char *bytes, size_t len, struct head *out, unsigned *http_status,
               const char **why);

/* Accepts a zeroed head. */
void head_fini(struct head *head);

/* Does it ask for a WebSocket: an Upgrade header with the token "websocket"? If not, it is
 * plain HTTP and no concern of head_check_upgrade(). */
bool head_wants_upgrade(const struct head *head);

/* RFC 6455, section 4.2.1: GET, HTTP/1.1, Host, Connection: Upgrade, version 13, one key of
 * 16 octets in base64. JF_OK with the key; or JF_E_INVALID with *http_status (400; 426 for
 * another version, to be sent with "Sec-WebSocket-Version: 13") and *why. */
int head_check_upgrade(const struct head *head, jf_bytes *key, unsigned *http_status,
                       const char **why);

/* Is `name` one of the comma-separated tokens of all headers called `header`? Exact, as
 * subprotocols are (RFC 6455, 4.1). */
bool head_offers(const struct jf_pair *headers, size_t count, const char *header,
                 jf_bytes name);

/* The Sec-WebSocket-Accept of a key: 28 characters and a NUL (RFC 6455, 4.2.2). */
void head_accept_key(jf_bytes key, char out[29]);

#endif
