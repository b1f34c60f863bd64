/*
 * bridge - plain HTTP inside TLS: from a TLS wire to libwebsockets' HTTP role.
 *
 * libwebsockets can take over a socket, but not a TLS connection it already has as a raw
 * one. So the decrypted octets go through a socket pair: the one bridge in the house.
 * [home worker]
 */
#ifndef JF_NET_BRIDGE_H
#define JF_NET_BRIDGE_H

struct conn;

/* Let `conn` carry octets to and from a socket pair; returns the other end, the caller's,
 * or -1 (and the connection has ended): no descriptors. */
int bridge_start(struct conn *conn);

/* Called when such a connection ends. NULL-safe in that a conn without one is accepted. */
void bridge_stop(struct conn *conn);

#endif
