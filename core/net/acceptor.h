/*
 * acceptor - a listening socket per worker; accept limits; stop accepting.
 *
 * The sockets of several workers share a port by SO_REUSEPORT, so the kernel spreads the
 * clients. At the ceiling of connections or of file descriptors a client is answered 503,
 * and the log says so once; nothing spins. [home worker]
 */
#ifndef JF_NET_ACCEPTOR_H
#define JF_NET_ACCEPTOR_H

#include <stdbool.h>
#include <stdint.h>

struct acceptor;
struct server;

/* A listening, non-blocking socket on `host` (a numeric address or a name) and `port`;
 * with port 0 the kernel chooses, and *bound_port says what. The `first` of a gateway's
 * sockets must not share the port with another program. JF_E_INVALID: no such
 * address; JF_E_DENIED: not allowed; JF_E_FULL: in use; *why is a constant sentence.
 * [main thread] */
int acceptor_bind(const char *host, uint16_t port, bool first, int *fd,
                  uint16_t *bound_port, const char **why);

/* Is it bound to an address that only this machine can reach? [any thread] */
bool acceptor_is_local(int fd);

/* Accept from `fd`, which becomes the acceptor's. `which` listener it is, its connections
 * are told. */
int acceptor_new(struct server *server, uint8_t which, int fd, struct acceptor **out);

/* Close the listening socket; NULL is accepted. */
void acceptor_free(struct acceptor *acceptor);

#endif
