/*
 * redis_server - a real redis-server for a test, on a port and a socket file of its own.
 *
 * Keeps nothing on disk and ends with the test, however that ends. Failing to start it
 * fails the test; only where no redis-server is installed may a test skip
 * (redis_server_exists()).
 */
#ifndef JF_TEST_REDIS_SERVER_H
#define JF_TEST_REDIS_SERVER_H

#include <stdbool.h>

struct redis_server;

bool redis_server_exists(void);

/* What a meson test returns to say that it was skipped. */
#define REDIS_SERVER_SKIPPED 77

/* `options` are more arguments, "--maxmemory 2mb" and the like; may be NULL. */
struct redis_server *redis_server_new(const char *options);
void redis_server_free(struct redis_server *server);

int redis_server_free_port(void); /* one that nobody has now */

int redis_server_port(const struct redis_server *server);
const char *redis_server_socket(const struct redis_server *server);

void redis_server_kill(struct redis_server *server);  /* at once; connections break */
void redis_server_start(struct redis_server *server); /* again, empty, at the same place */
void redis_server_pause(struct redis_server *server);
void redis_server_resume(struct redis_server *server);

/* One command, its words parted by blanks. The answer as redis-cli would print it without
 * quotes: elements of arrays in lines, "(nil)"; valid until the next question. */
const char *redis_server_ask(struct redis_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

long redis_server_number(struct redis_server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
