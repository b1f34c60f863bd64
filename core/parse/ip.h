/*
 * ip - addresses and ranges of them, version 4 and 6 alike.
 *
 * An IPv4 address is kept as the IPv6 address that stands for it, ::ffff:192.0.2.1 (RFC
 * 4291, 2.5.5.2), so that it is the same whichever kind of socket it came by. Pure.
 * [any thread]
 */
#ifndef JF_PARSE_IP_H
#define JF_PARSE_IP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define IP_TEXT_MAX 46 /* the longest text of one, and a NUL */

struct ip {
    uint8_t octet[16];
};

/* The first `bits` bits of `ip`, the others are zero. */
struct ip_range {
    struct ip ip;
    uint8_t bits;
};

/* "192.0.2.1", "2001:db8::1"; no port, no brackets, no zone. JF_E_INVALID: *out is
 * untouched. */
int ip_parse(jf_bytes text, struct ip *out);

/* An address, or "10.0.0.0/8" with nothing set behind the prefix. */
int ip_range_parse(jf_bytes text, struct ip_range *out);

/* Is it in one of them? */
bool ip_in(const struct ip_range *ranges, size_t count, const struct ip *ip);

#endif
