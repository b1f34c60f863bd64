/*
 * manage_answer - what the management API says, in AWS's words. [home worker]
 */
#ifndef JF_HOST_MANAGE_ANSWER_H
#define JF_HOST_MANAGE_ANSWER_H

#include "sdk/jackfield.h"

struct http_call;

/* What AWS calls an outcome; of a status of ours, or of HTTP itself. */
struct manage_outcome {
    unsigned http;
    const char *type;    /* x-amzn-ErrorType; NULL: it is none */
    const char *message; /* NULL: the body is empty */
};

struct manage_outcome manage_outcome_of(int status);

/* Each ends the call. */

void manage_answer_status(struct http_call *call, int status);
void manage_answer_json(struct http_call *call, jf_bytes json); /* 200 */
void manage_answer_octets(struct http_call *call, jf_bytes octets);
void manage_answer_empty(struct http_call *call, unsigned http); /* 200, 204 */

/* The message is escaped. */
void manage_answer_error(struct http_call *call, unsigned http, const char *type,
                         jf_bytes message);

/* 405, and what would be right: "GET, POST" (RFC 9110, 15.5.6). */
void manage_answer_wrong_method(struct http_call *call, const char *allowed);

#endif
