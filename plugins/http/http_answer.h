/*
 * http_answer - what a backend said, and what that means for the event.
 *
 * Pure; reads what a stranger wrote. [any thread]
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <stdbool.h>

#include "jackfield.h"

/* Why a call came to nothing; each has its line in the log. */
enum http_fault {
    HTTP_FINE,
    HTTP_FAULT_AWAY,      /* no connection, no name, no TLS */
    HTTP_FAULT_BROKEN,    /* the connection was lost on the way */
    HTTP_FAULT_TIMEOUT,   /* no answer in time */
    HTTP_FAULT_TOO_LARGE, /* more than max_response_bytes */
    HTTP_FAULT_JUNK,      /* an answer that is none */
    HTTP_FAULT_STATUS,    /* 5xx; of a Lambda call all but 2xx */
    HTTP_FAULT_FUNCTION,  /* the function threw */
    HTTP_FAULT_OPEN,      /* the circuit breaker is open */
    HTTP_FAULT_FULL,      /* the queue is full */
    HTTP_FAULT_VALUE,     /* a client's value cannot be part of a request */
    HTTP_FAULT_MEMORY,
    HTTP_FAULT_LOST, /* a $disconnect, in the end */
    HTTP_FAULT_COUNT
};

const char *http_fault_name(enum http_fault fault);
int http_fault_status(enum http_fault fault); /* what the event is finished with */

/* Is the backend away or overwhelmed, so that a breaker counts it? */
bool http_fault_is_outage(enum http_fault fault);

/* Filled from HTTP; what is in `mapped` and `chosen` is this struct's to free. */
struct http_answer {
    long http_status;
    jf_bytes body;       /* as it came, or what the function made of it */
    jf_bytes protocol;   /* Sec-WebSocket-Protocol; ptr NULL: none */
    bool has_body;       /* false: the function returned nothing */
    bool function_error; /* the header says so */
    char *mapped, *chosen;
};

/* What a Lambda function's result says takes the place of the HTTP answer that carried it:
 * statusCode, body, isBase64Encoded, headers (docs.aws.amazon.com, the output format of a
 * Lambda proxy). A result without statusCode has http_status 0: of that a $connect is
 * refused, a message need not mind. */
enum http_fault http_answer_read_lambda(struct http_answer *answer);

/* What a Lambda authorizer says stays as it is, for jf_judge(): http_status 200, or 401 if
 * it has thrown "Unauthorized", as AWS has it. */
enum http_fault http_answer_read_authorizer(struct http_answer *answer);

/* The same question for plain HTTP. */
enum http_fault http_answer_read_http(const struct http_answer *answer);

void http_answer_fini(struct http_answer *answer);

#endif
