/*
 * gateway - all workers: start, drain, stop.
 *
 *   start:  plugins' init, sockets, workers (main thread) -> their threads, worker_init
 *           -> accept -> event=listening
 *   stop:   stop accepting, let events finish, close all with 1001, $disconnect for each,
 *           until the drain deadline -> worker_fini -> join -> fini
 */
#ifndef JF_HOST_GATEWAY_H
#define JF_HOST_GATEWAY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/net/server.h"
#include "core/parse/config.h"
#include "sdk/jackfield.h"

struct gateway;
struct loop;
struct router;
struct store_shared;
struct worker;

#define GATEWAY_ERROR_MAX 1024

/* Build and start on `loop`, the main thread's. `stopped(data, clean)` is called on it
 * once, when everything has ended; `clean` is false if events were still unfinished at the
 * drain deadline. On failure *error is a sentence, and nothing is left running. */
int gateway_new(struct loop *loop, const struct config *config,
                void (*stopped)(void *data, bool clean), void *data, struct gateway **out,
                char error[GATEWAY_ERROR_MAX]);

/* Begin to stop; a second call stops waiting and aborts. [main thread] */
void gateway_stop(struct gateway *gateway);

/* Did it ever accept connections? False after a plugin's worker_init failed. */
bool gateway_started(const struct gateway *gateway);

/* After `stopped`. If it was not clean, what plugins can still reach stays, the
 * configuration included. NULL is accepted. */
void gateway_free(struct gateway *gateway);

/* What the rooms of this floor ask. [any thread] */
const struct config *gateway_config(const struct gateway *gateway);
uint32_t gateway_worker_count(const struct gateway *gateway);
struct worker *gateway_worker(const struct gateway *gateway, uint32_t index);

/* The worker whose connection that is; NULL: another node's, or nobody's. */
struct worker *gateway_home_of(const struct gateway *gateway, jf_conn_id id);

const struct router *gateway_router(const struct gateway *gateway);

/* For workers that are being built. [main thread] */
struct store_shared *gateway_store(const struct gateway *gateway);
void gateway_net_options(struct gateway *gateway, uint32_t index, struct net_options *out);

/* News from a worker. [that worker] */
void gateway_worker_ready(struct gateway *gateway, bool ok);
void gateway_worker_drained(struct gateway *gateway, bool clean);

#endif
