/*
 * message - what a client sends: JSON that selects a route, in a masked frame.
 */
#ifndef JF_BENCH_MESSAGE_H
#define JF_BENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#define MESSAGE_HEADER_MAX 8

enum message_opcode {
    MESSAGE_CONTINUED = 0,
    MESSAGE_TEXT = 1,
    MESSAGE_CLOSE = 8,
    MESSAGE_PING = 9,
    MESSAGE_PONG = 10,
};

/* Exactly `size` octets: {"action":"echo","p":"xxx"}, or where that has no room, spaces
 * before the last brace. */
void message_payload(const char *action, uint8_t *out, size_t size);

/* At most 65535 octets, masked; `out` takes MESSAGE_HEADER_MAX more. Returns the length. */
size_t message_frame(uint8_t *out, unsigned opcode, const uint8_t *payload, size_t len);

#endif
