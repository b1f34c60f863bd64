/*
 * listeners - the sockets by which the world comes in.
 *
 * One for each worker, on an address for the clients and, if the configuration says so, on
 * another for the management API. Opened on the main thread, before anything runs; each
 * worker takes its own when all are ready.
 */
#ifndef JF_HOST_LISTENERS_H
#define JF_HOST_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct listeners;

enum { LISTENER_CLIENTS, LISTENER_MANAGEMENT, LISTENERS };

/* On failure *error is a sentence. [main thread] */
int listeners_open(const struct config *config, uint32_t workers, struct listeners **out,
                   char *error, size_t error_size);

/* Closes what nobody has taken. NULL is accepted. [main thread] */
void listeners_close(struct listeners *listeners);

/* The worker's socket, the caller's from now on; -1: there is none. [that worker] */
int listeners_take(struct listeners *listeners, unsigned which, uint32_t worker);

/* The rest: [any thread] */

uint16_t listeners_port(const struct listeners *listeners, unsigned which); /* 0: none */

/* Can only this machine reach it? */
bool listeners_is_local(const struct listeners *listeners, unsigned which);

/* "http://127.0.0.1:8080/". Returns `out`. */
const char *listeners_url(const struct listeners *listeners, unsigned which, char *out,
                          size_t size);

#endif
