/*
 * forwarded - who a request really comes from, when a proxy passed it on.
 *
 * Each proxy writes down, behind what is there already, who it got the request from:
 * X-Forwarded-For: CLIENT, PROXY1; or Forwarded: for=CLIENT, for=PROXY1 (RFC 7239).
 * Whatever stands in front of what our own proxies wrote may be made up. So it is read from
 * the end: the first address that is none of ours is the client's. Pure. [any thread]
 */
#ifndef JF_PARSE_FORWARDED_H
#define JF_PARSE_FORWARDED_H

#include "core/parse/ip.h"

/* To be asked only if the request's peer is one of `proxies`. X-Forwarded-For counts, or
 * Forwarded if there is none. False: they name nobody, or what we would have to believe is
 * no address; then it is as if the peer itself had asked. If all are proxies, it is the
 * first. *out is written only if true. */
bool forwarded_client(const struct ip_range *proxies, size_t proxy_count,
                      const struct jf_pair *headers, size_t header_count, struct ip *out);

#endif
