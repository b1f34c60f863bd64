/*
 * conn - one connection, from accept to the end of its $disconnect.
 *
 *   HEAD -> DECIDING -> OPEN -> CLOSING -> ENDED -> (slot free)
 *     |         |
 *     |         `-> LINGER (refused: the answer is on its way out)
 *     `-> LINGER, or handed to libwebsockets as plain HTTP
 *
 * A connection has one home and lives in a slot of its server; its id dies with the state
 * OPEN, its memory stays until the host releases it. [home worker]
 */
#ifndef JF_NET_CONN_H
#define JF_NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse/head.h"
#include "sdk/jackfield.h"

struct conn;
struct frame;
struct frame_note;
struct server;

#define CONN_PEER_MAX 64 /* "[v6]:port" and a NUL */

/* A whole message from the client. The host takes it out of the inbox and gives it back. */
struct message {
    struct message *next;
    size_t len;
    uint8_t opcode; /* enum jf_opcode */
    bool roomy;     /* the server's spare block: see message_free() */
    char body[];
};

/* NULL is accepted. */
void message_free(struct server *server, struct message *message);

jf_conn_id conn_id(const struct conn *conn);
void *conn_session(struct conn *conn);

/* "192.0.2.1:50000" into `text`; returns it as a view. */
jf_bytes conn_peer(const struct conn *conn, char text[CONN_PEER_MAX]);

/* The address alone; an IPv4 one as ::ffff:192.0.2.1. And who it really is, when a proxy
 * has told: from now on conn_peer() says this, with the port 0. */
void conn_peer_address(const struct conn *conn, uint8_t out[16]);
void conn_set_peer_address(struct conn *conn, const uint8_t address[16]);

/* From now on these, which must outlive it and may change; while its verdict is awaited. */
struct net_limits;
void conn_set_limits(struct conn *conn, const struct net_limits *limits);

/* Longer messages to it are sent in fragments of so many octets. */
size_t conn_frame_bytes(const struct conn *conn);

/* While its verdict is awaited: what the client said. It stays until conn_admit() or
 * conn_refuse(), or conn_release() if the client went first. */
const struct head *conn_head(const struct conn *conn);

/* While its verdict is awaited: the verified certificate that the client has shown, the
 * caller's to free(); NULL: none. */
struct tls_client;
struct tls_client *conn_client_cert(const struct conn *conn);

/* What conn_head() views, to be kept for longer; the caller frees it. */
struct greeting;
struct greeting *conn_take_greeting(struct conn *conn);
void greeting_free(struct greeting *greeting); /* NULL is accepted */

/* The verdict. A subprotocol of length 0 is none. Messages sent to it meanwhile follow the
 * upgrade. Nothing if the client has gone. */
void conn_admit(struct conn *conn, jf_bytes subprotocol);

/* Answer with an HTTP status and a JSON body, and release the connection: the host must
 * not use it any more. */
void conn_refuse(struct conn *conn, unsigned http_status, jf_bytes body);

/* How many milliseconds ago it last gave a sign of life. */
uint64_t conn_quiet_ms(const struct conn *conn);

/* The same with 429, and when it may come again, in whole seconds up to an hour. */
void conn_refuse_busy(struct conn *conn, uint64_t wait_ms, jf_bytes body);

/* Is it in a state in which messages can be sent to it? */
bool conn_alive(const struct conn *conn);

/* Queue one message. JF_E_GONE; JF_E_FULL by the slow reader policy; JF_E_NOMEM. */
int conn_send(struct conn *conn, uint32_t opcode, jf_bytes body);

/* The same with a frame that others may share; takes no reference of the caller's. */
int conn_send_frame(struct conn *conn, struct frame *frame);

/* It will be sent to soon: have its memory fetched meanwhile. */
void conn_prefetch(const struct conn *conn);

/* Queue, then close with `code` after what is queued. A second close changes nothing. */
void conn_close(struct conn *conn, uint16_t code, jf_bytes reason);

/* Why it ended: for $disconnect. Valid from on_closed until conn_release(). */
uint16_t conn_close_code(const struct conn *conn);
jf_bytes conn_close_reason(const struct conn *conn);

/* The oldest message not yet handled, taken out and the caller's to message_free(); NULL if
 * there is none. */
struct message *conn_take_message(struct conn *conn);

/* Call on_deadline `ms` from now, or never with 0. There is one deadline. */
void conn_set_deadline(struct conn *conn, uint64_t ms);

/* After on_closed: the host is through with it; the slot is free. */
void conn_release(struct conn *conn);

#endif
