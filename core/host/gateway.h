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

struct batch_from;
struct cluster;
struct config_source;
struct gateway;
struct list_node;
struct listeners;
struct loop;
struct mailbox;
struct rate_book;
struct reload;
struct renumber;
struct stages;
struct store_kind;
struct store_shared;
struct worker;

#define GATEWAY_ERROR_MAX 1024

/* Build and start on `loop`, the main thread's. `config` is the first one, and `source`
 * where later ones come from; both outlive the gateway. `stopped(data, clean)` is called on
 * it once, when everything has ended; `clean` is false if events were still unfinished at
 * the drain deadline. On failure *error is a sentence, and nothing is left running. */
int gateway_new(struct loop *loop, const struct config *config,
                const struct config_source *source, void (*stopped)(void *data, bool clean),
                void *data, struct gateway **out, char error[GATEWAY_ERROR_MAX]);

/* Can this build serve its store? JF_E_INVALID with *error. [any thread] */
int gateway_check(const struct config *config, char *error, size_t error_size);

/* Begin to stop; a second call stops waiting and aborts. [main thread] */
void gateway_stop(struct gateway *gateway);

/* Read everything again; `told` is told what became of it (NULL: nobody). [main thread] */
void gateway_ask_reload(struct gateway *gateway,
                        void (*told)(void *data, int status, const char *text), void *data);

struct listeners *gateway_listeners(const struct gateway *gateway); /* [any thread] */
struct rate_book *gateway_rates(const struct gateway *gateway);     /* [any thread] */

#define GATEWAY_URL_MAX 512

/* Where it listens. Returns `out`. [main thread] */
const char *gateway_url(const struct gateway *gateway, char out[GATEWAY_URL_MAX]);

/* Did it ever accept connections? False after a plugin's worker_init failed. */
bool gateway_started(const struct gateway *gateway);

/* After `stopped`. If it was not clean, what plugins can still reach stays, the
 * configuration included. NULL is accepted. */
void gateway_free(struct gateway *gateway);

/* What the rooms of this floor ask. [any thread] */
uint32_t gateway_worker_count(const struct gateway *gateway);
struct worker *gateway_worker(const struct gateway *gateway, uint32_t index);

/* The worker whose connection that is; NULL: another node's, or nobody's. */
struct worker *gateway_home_of(const struct gateway *gateway, jf_conn_id id);

uint16_t gateway_node(const struct gateway *gateway); /* the number of this one */

/* Does it say that it lives on another node? */
bool gateway_is_far(const struct gateway *gateway, jf_conn_id id);

struct cluster *gateway_cluster(const struct gateway *gateway); /* NULL: one node */

struct stages *gateway_stages(struct gateway *gateway);
size_t gateway_message_bytes(const struct gateway *gateway); /* the longest message */
struct mailbox *gateway_box(const struct gateway *gateway);  /* the main thread's */

/* A letter did not reach all whom it was for, and nobody waits to be told: it is counted.
 * [any thread] */
void gateway_count_undelivered(struct gateway *gateway);

/* What the main thread's rooms share. [main thread] */
struct loop *gateway_loop(const struct gateway *gateway);
struct reload *gateway_reload(const struct gateway *gateway);
struct list_node *gateway_rounds(struct gateway *gateway);

/* News of the node's number, from its lease. [main thread] */
void gateway_number_lost(struct gateway *gateway);
void gateway_number_sure(struct gateway *gateway);
void gateway_number_taken(struct gateway *gateway, struct batch_from self);

/* For whoever carries out the change. The store is another one afterwards. */
struct renumber *gateway_renumber(const struct gateway *gateway); /* [any thread] */
void gateway_take_number(struct gateway *gateway, struct batch_from self);

/* For workers that are being built. The options are without limits. [main thread] */
const struct config *gateway_config(const struct gateway *gateway);
const struct store_kind *gateway_store_kind(const struct gateway *gateway);
struct store_shared *gateway_store(const struct gateway *gateway);
void gateway_net_options(struct gateway *gateway, uint32_t index, struct net_options *out);

/* The limits among them, which a reload may change. [home worker; or while building] */
void gateway_net_limits(const struct gateway *gateway, const struct config *config,
                        struct net_options *out);

/* The workers are about to change over to it. [main thread] */
void gateway_take_config(struct gateway *gateway, const struct config *config);

/* Something that files or replies depend on may have changed. [main thread] */
void gateway_reloaded(struct gateway *gateway);

/* News from a worker. [that worker] */
void gateway_worker_ready(struct gateway *gateway, bool ok);
void gateway_worker_drained(struct gateway *gateway, bool clean);

#endif
