/*
 * channel - the names by which nodes reach each other in Redis. Pure. [any thread]
 */
#ifndef JF_RELAY_CHANNEL_H
#define JF_RELAY_CHANNEL_H

#include <stdint.h>

#include "sdk/jackfield.h"

#define CHANNEL_MAX 80 /* with a prefix of 64; a longer one is cut */

/* The channel of one node, the one that all listen to, the key of a node that lives, and
 * any other of ours. Views of `text`. */
jf_bytes channel_of_node(const char *prefix, uint16_t node, char text[CHANNEL_MAX]);
jf_bytes channel_of_all(const char *prefix, char text[CHANNEL_MAX]);
jf_bytes channel_alive_key(const char *prefix, uint16_t node, char text[CHANNEL_MAX]);
jf_bytes channel_key(const char *prefix, const char *key, char text[CHANNEL_MAX]);

#endif
