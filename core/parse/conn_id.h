/*
 * conn_id - eleven octets that are an address, and their text.
 *
 *      octet   0     2   3        6              11
 *             +-----+---+--------+--------------+
 *             |node |wkr|  slot  | salt (random)|     network byte order
 *             +-----+---+--------+--------------+
 *
 * The text is base64url with padding (RFC 4648, section 5), sixteen characters ending in
 * "=", like an AWS connection id. The salt
 * makes a stale id recognisable: the slot is reused, the salt is not. All pure.
 * [any thread]
 */
#ifndef JF_PARSE_CONN_ID_H
#define JF_PARSE_CONN_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define CONN_ID_SLOTS (1u << 24)
#define CONN_ID_WORKERS 256u

/* A fresh name with a random salt. `slot` is below CONN_ID_SLOTS. */
jf_conn_id conn_id_make(uint16_t node, uint8_t worker, uint32_t slot);

uint16_t conn_id_node(jf_conn_id id);
uint8_t conn_id_worker(jf_conn_id id);
uint32_t conn_id_slot(jf_conn_id id);
bool conn_id_eq(jf_conn_id a, jf_conn_id b);

/* Sixteen characters and a NUL. */
void conn_id_to_text(jf_conn_id id, char text[JF_CONN_ID_TEXT + 1]);

/* JF_E_INVALID: not sixteen characters of the alphabet, or bits set that no id has (the
 * last character carries two bits of padding, which must be zero). */
int conn_id_from_text(jf_bytes text, jf_conn_id *out);

#endif
