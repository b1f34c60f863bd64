/*
 * envelope - the JSON the host itself says to clients, byte for byte as AWS says it.
 *
 * The irregular spacing is AWS's own, and real clients match on it (its own frames,
 * captured). Pure. [any thread]
 */
#ifndef JF_PARSE_ENVELOPE_H
#define JF_PARSE_ENVELOPE_H

#include <stddef.h>

#include "sdk/jackfield.h"

#define ENVELOPE_FORBIDDEN "Forbidden"
#define ENVELOPE_INTERNAL "Internal server error"
#define ENVELOPE_TIMEOUT "Endpoint request timed out"
#define ENVELOPE_UNAVAILABLE "Service Unavailable"
#define ENVELOPE_UNAUTHORIZED "Unauthorized"
#define ENVELOPE_TOO_MANY "Too Many Requests"
#define ENVELOPE_OVER_QUOTA "Limit Exceeded"
#define ENVELOPE_MAX 256

/* {"message": "<message>", "connectionId":"<cid>", "requestId":"<rid>"}: the frame a client
 * gets. Returns its length in `out`. `message` is one of the above. */
size_t envelope_error(const char *message, const char *connection_id,
                      const char *request_id, char out[ENVELOPE_MAX]);

/* {"message" : "Bad request body", "connectionId": "<cid>", "messageId": "<mid>"}: what a
 * message gets that does not fit its route's model (AWS, request validation). */
size_t envelope_bad_body(const char *connection_id, const char *message_id,
                         char out[ENVELOPE_MAX]);

/* {"message":"<message>"}: the body of an HTTP answer. */
size_t envelope_http(const char *message, char out[ENVELOPE_MAX]);

/* A fresh request id: sixteen characters and a NUL, shaped like a connection id. */
void envelope_request_id(char out[JF_CONN_ID_TEXT + 1]);

#endif
