/*
 * aws_event - an event as the JSON that API Gateway hands to a Lambda function.
 *
 * Facts in, text out. The names, what is there and what is left out are those of a
 * WebSocket API's Lambda proxy integration, in their present form, in which what is not
 * there has no key. Three things differ, since our clients are not AWS's: a binary message
 * is not refused but written in base64, `domainName` keeps the port that the client wrote,
 * so that an endpoint made of it works, and the header X-Amzn-Trace-Id is not made up.
 * Pure. [any thread]
 */
#ifndef JF_PARSE_AWS_EVENT_H
#define JF_PARSE_AWS_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

/* That a client has shown, and that was verified. What is empty is left out. */
struct aws_client_cert {
    jf_bytes pem, subject, issuer, serial;
    jf_bytes fingerprint; /* SHA-256, hex; AWS does not tell it */
    jf_bytes not_before, not_after;
};

/* All borrowed. What is not said to be left out is written even if it is empty. */
struct aws_event {
    jf_bytes route, stage;
    jf_bytes connection_id, request_id, message_id;
    jf_bytes api_id;
    jf_bytes domain;                           /* the Host header */
    jf_bytes source_ip;                        /* without a port */
    jf_bytes user_agent;                       /* empty: left out */
    jf_bytes api_key, api_key_id;              /* empty: left out */
    const struct aws_client_cert *client_cert; /* NULL: left out */
    const struct jf_pair *variables;           /* of the stage; none: left out */
    size_t variable_count;
    uint64_t connected_at, requested_at; /* milliseconds since 1970 */
    bool secure;                         /* the client came by TLS */
    bool by_proxy;                       /* one that is believed */
    jf_bytes method_arn; /* not empty: this is an authorizer's event, about that */
    const struct jf_pair *authorizer; /* what it said; none: left out */
    size_t authorizer_count;
    uint64_t authorizer_ms; /* how long it took */

    /* One of the three; it says which kind of event this is. */
    const struct jf_connect *connect;
    const struct jf_message *message;
    const struct jf_disconnect *disconnect;
};

/* The text, the caller's to free; NULL if there is no memory for it. */
char *aws_event_json(const struct aws_event *event, size_t *len);

#endif
