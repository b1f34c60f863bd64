/*
 * redis_tls - TLS on a connection to Redis, where hiredis is built with it (1.0 and later).
 *
 * The server's certificate must be signed by an authority the system trusts (SSL_CERT_FILE
 * and SSL_CERT_DIR name others) and be made out to the host of the URL. [home thread]
 */
#ifndef JF_REDIS_REDIS_TLS_H
#define JF_REDIS_REDIS_TLS_H

#include <stdbool.h>

struct redisContext;
struct redis_tls;

enum redis_tls_wants { REDIS_TLS_DONE, REDIS_TLS_READ, REDIS_TLS_WRITE, REDIS_TLS_FAILED };

bool redis_tls_is_there(void);

/* On a context that is connected. NULL: `why` says why not. */
struct redis_tls *redis_tls_begin(struct redisContext *context, const char *host,
                                  const char **why);

/* Go on with the handshake; call it until it is done or has failed, whenever the socket has
 * become what it wants. */
enum redis_tls_wants redis_tls_go_on(struct redis_tls *tls, const char **why);

/* Before the context is freed; NULL is accepted. */
void redis_tls_end(struct redis_tls *tls);

#endif
