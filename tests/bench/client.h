/*
 * client - one WebSocket connection of the load generator.
 *
 * It trusts that the kernel's buffers hold what may be in flight, and checks what comes
 * back: 101, whole text messages of the length that was sent, nothing else.
 */
#ifndef JF_BENCH_CLIENT_H
#define JF_BENCH_CLIENT_H

#include <stdint.h>

#include "sdk/jackfield.h"
#include "tests/bench/load.h"

enum client_state { CLIENT_CONNECTING, CLIENT_HANDSHAKE, CLIENT_OPEN };

struct client {
    int fd;
    uint16_t port; /* of its server */
    enum client_state state;
    uint64_t opened_at;

    /* The response head: how much came, how much of the empty line that ends it. */
    unsigned head_len, head_end;

    /* The frame that is being read, and the message that it is part of. */
    uint8_t header[10];
    uint8_t header_len, control_len;
    uint8_t control[125];
    uint64_t payload_left, message_len;
    char start[JF_CONN_ID_TEXT]; /* of the message, if the scene has pairs */

    /* When the messages in flight were sent: a ring of `depth`. */
    uint64_t *sent_at;
    unsigned oldest, in_flight;

    uint8_t *frames; /* its own; NULL: it sends load->frames */
};

/* The scene's message: valid JSON of exactly options.size octets with the action first. */
void client_prepare_frames(struct load *load);

/* From now on its messages begin with this id, and have no action. */
void client_address(struct load *load, struct client *client,
                    const char id[JF_CONN_ID_TEXT]);

void client_open(struct load *load, struct client *client);
void client_close(struct client *client);

/* The socket is ready for what the client waits for. Returns how many messages came in. */
unsigned client_ready(struct load *load, struct client *client);

/* Send `count` messages at once, at most `depth`. */
void client_send(struct load *load, struct client *client, unsigned count);

#endif
