/* Everything that can fail at start is done here on the main thread, in order, before the
 * first client is accepted: a host that listens, works. */
#include "core/host/gateway_impl.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/node_number.h"
#include "core/base/status.h"
#include "core/host/api.h"
#include "core/host/cluster.h"
#include "core/host/control.h"
#include "core/host/engine_so.h"
#include "core/host/listeners.h"
#include "core/host/manage.h"
#include "core/host/manage_door.h"
#include "core/host/rate_book.h"
#include "core/host/reload.h"
#include "core/host/renumber.h"
#include "core/host/round.h"
#include "core/host/watch.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"
#include "core/net/tls_check.h"
#include "core/store/store.h"

#define LAST_MOMENT_MS 1000

/* ---- Stopping ----------------------------------------------------------- */

/* What the workers count together; theirs they log themselves. */
static void log_counts(const struct gateway *gateway)
{
    LOG_INFO(DISPATCH, "event=letters undelivered=%llu",
             (unsigned long long)atomic_load(&gateway->undelivered));
    LOG_INFO(DISPATCH, "event=rates buckets_evicted=%llu",
             (unsigned long long)rate_book_evicted(gateway->rates));
}

static void halt(struct gateway *gateway)
{
    gateway->phase = HALTING;
    timer_stop(gateway->deadline);
    for (uint32_t i = 0; i < gateway->worker_count; i++)
        worker_halt(gateway->workers[i]);
    for (uint32_t i = 0; i < gateway->worker_count; i++)
        worker_join(gateway->workers[i]);
    cluster_stop(gateway->cluster);
    rate_book_share(gateway->rates, NULL);
    log_counts(gateway);
    gateway->stopped(gateway->data, !atomic_load(&gateway->unclean));
}

static void give_up(struct gateway *gateway)
{
    for (uint32_t i = 0; i < gateway->worker_count; i++)
        worker_give_up(gateway->workers[i]);
}

/* The drain deadline, or a second signal: end the connections, and leave their $disconnects
 * a moment. */
static void abort_all(struct gateway *gateway)
{
    gateway->aborting = true;
    for (uint32_t i = 0; i < gateway->worker_count; i++)
        worker_abort(gateway->workers[i]);
    timer_start(gateway->deadline, LAST_MOMENT_MS);
}

static void on_deadline(void *data)
{
    struct gateway *gateway = data;
    if (gateway->phase != DRAINING)
        return;
    if (gateway->aborting)
        give_up(gateway);
    else
        abort_all(gateway);
}

void gateway_stop(struct gateway *gateway)
{
    if (gateway->phase == DRAINING && !gateway->aborting)
        abort_all(gateway);
    if (gateway->phase != STARTING && gateway->phase != SERVING)
        return;
    gateway->phase = DRAINING;
    LOG_INFO(MAIN, "event=draining connections=%u",
             (unsigned)atomic_load(&gateway->connections));
    timer_start(gateway->deadline, reload_config(gateway->reload)->limits.drain_s * 1000);
    watch_stop(gateway->watch);
    cluster_drain(gateway->cluster);
    reload_stop(gateway->reload);
    for (uint32_t i = 0; i < gateway->worker_count; i++)
        worker_drain(gateway->workers[i]);
}

static void on_all_drained(struct task *task)
{
    halt(CONTAINER_OF(task, struct gateway, drained_news));
}

void gateway_worker_drained(struct gateway *gateway, bool clean)
{
    if (!clean)
        atomic_store(&gateway->unclean, true);
    if (atomic_fetch_add(&gateway->drained, 1) + 1 == gateway->worker_count)
        mailbox_post_reserved(gateway->box, &gateway->drained_news);
}

/* ---- Starting ----------------------------------------------------------- */

static void announce(const struct gateway *gateway)
{
    char url[GATEWAY_URL_MAX];
    LOG_INFO(MAIN, "event=listening url=%s port=%u workers=%u stages=%zu store=%s",
             gateway_url(gateway, url),
             listeners_port(gateway->listeners, LISTENER_CLIENTS), gateway->worker_count,
             gateway->config->stage_count, gateway->store_kind->name);
    manage_announce(gateway);
}

static void on_all_ready(struct task *task)
{
    struct gateway *gateway = CONTAINER_OF(task, struct gateway, ready_news);
    if (gateway->phase != STARTING)
        return;
    if (atomic_load(&gateway->failed)) {
        atomic_store(&gateway->unclean, true);
        halt(gateway);
        return;
    }
    gateway->phase = SERVING;
    for (uint32_t i = 0; i < gateway->worker_count; i++)
        worker_open(gateway->workers[i]);
    cluster_serve(gateway->cluster, atomic_load(&gateway->node));
    control_open(gateway, &gateway->control);
    watch_start(gateway->watch);
    announce(gateway);
}

void gateway_worker_ready(struct gateway *gateway, bool ok)
{
    if (!ok)
        atomic_store(&gateway->failed, true);
    if (atomic_fetch_add(&gateway->ready, 1) + 1 == gateway->worker_count)
        mailbox_post_reserved(gateway->box, &gateway->ready_news);
}

static int build_workers(struct gateway *gateway, char error[GATEWAY_ERROR_MAX])
{
    gateway->workers = xcalloc(gateway->worker_count, sizeof(struct worker *));
    for (uint32_t i = 0; i < gateway->worker_count; i++) {
        int status = worker_new(gateway, i, &gateway->workers[i]);
        if (status < 0) {
            snprintf(error, GATEWAY_ERROR_MAX, "worker %u cannot be built: %s", i,
                     status_text(status));
            return status;
        }
    }
    return JF_OK;
}

static int start_workers(struct gateway *gateway, char error[GATEWAY_ERROR_MAX])
{
    for (uint32_t i = 0; i < gateway->worker_count; i++) {
        int status = worker_start(gateway->workers[i]);
        if (status < 0) {
            snprintf(error, GATEWAY_ERROR_MAX, "the system gives no thread for worker %u",
                     i);
            for (uint32_t k = 0; k < i; k++) {
                worker_halt(gateway->workers[k]);
                worker_join(gateway->workers[k]);
            }
            return status;
        }
    }
    return JF_OK;
}

static int copy_statics(struct gateway *gateway, char error[GATEWAY_ERROR_MAX])
{
    const struct config *config = gateway->config;
    struct stat about;
    gateway->statics = xcalloc(config->static_count, sizeof(*gateway->statics));
    for (size_t i = 0; i < config->static_count; i++) {
        const struct config_static *from = &config->statics[i];
        if (stat(from->folder, &about) < 0 || !S_ISDIR(about.st_mode)) {
            snprintf(error, GATEWAY_ERROR_MAX, "static \"%s\": %s is not a folder",
                     from->path, from->folder);
            return JF_E_NOT_FOUND;
        }
        gateway->statics[i] = (struct net_static){ from->path, from->folder };
    }
    return JF_OK;
}

static uint32_t count_workers(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (config->workers)
        return (uint32_t)config->workers;
    return cores < 1 ? 1 : cores > 64 ? 64 : (uint32_t)cores;
}

void gateway_ask_reload(struct gateway *gateway,
                        void (*told)(void *data, int status, const char *text), void *data)
{
    if (gateway->phase != STARTING)
        reload_ask(gateway->reload, RELOAD_ALL, told, data);
    else if (told)
        told(data, JF_E_UNAVAILABLE, "the host is still starting");
}

void gateway_reloaded(struct gateway *gateway)
{
    if (gateway->phase == SERVING)
        watch_update(gateway->watch);
}

/* ---- The store, and the node's number in it ------------------------------ */

static struct store_options store_options(const struct config *config)
{
    const struct config_store *store = &config->store;
    return (struct store_options){
        .url = *store->url ? store->url : NULL,
        .prefix = store->prefix,
        .timeout_ms = (uint32_t)store->timeout_ms,
    };
}

int gateway_check(const struct config *config, char *error, size_t error_size)
{
    const struct store_options options = store_options(config);
    const struct store_kind *kind = store_kind_find(config->store.kind);
    const char *why;
    if (!kind) {
        snprintf(error, error_size, "store.kind: this build has no %s", config->store.kind);
        return JF_E_INVALID;
    }
    int status = kind->check(&options, &why);
    if (status < 0)
        snprintf(error, error_size, "store.url, store.prefix: %s", why);
    else if ((status = cluster_check(config, &why)) < 0)
        snprintf(error, error_size, "store.cluster: %s", why);
    return status < 0 ? status : manage_door_check(config, error, error_size);
}

void gateway_take_number(struct gateway *gateway, struct batch_from self)
{
    struct store_options options = store_options(gateway->config);
    options.node = self.node;
    options.fence = self.fence;
    options.workers = gateway->worker_count;
    CHECK(gateway->store_kind->share(&options, &gateway->store) == JF_OK);
    atomic_store(&gateway->node, self.node);
}

void gateway_number_lost(struct gateway *gateway)
{
    if (gateway->phase != HALTING)
        renumber_lost(gateway->renumber);
}

void gateway_number_sure(struct gateway *gateway)
{
    if (gateway->phase != HALTING)
        renumber_sure(gateway->renumber);
}

void gateway_number_taken(struct gateway *gateway, struct batch_from self)
{
    if (gateway->phase == STARTING || gateway->phase == SERVING)
        renumber_taken(gateway->renumber, self);
}

/* A node alone has any number. */
static int open_store(struct gateway *gateway, char error[GATEWAY_ERROR_MAX])
{
    const struct config *config = gateway->config;
    struct batch_from self = { .node = node_number_pick() };
    int status = gateway_check(config, error, GATEWAY_ERROR_MAX);
    if (status < 0)
        return status;
    gateway->store_kind = store_kind_find(config->store.kind);
    if (*config->store.url)
        status = cluster_new(gateway, config, &self, &gateway->cluster, error,
                             GATEWAY_ERROR_MAX);
    if (status < 0)
        return status;
    if (gateway->cluster)
        rate_book_share(gateway->rates, cluster_tally(gateway->cluster));
    renumber_new(gateway, &gateway->renumber);
    gateway_take_number(gateway, self);
    return JF_OK;
}

static int build(struct gateway *gateway, const struct config_source *source,
                 char error[GATEWAY_ERROR_MAX])
{
    int status = copy_statics(gateway, error);
    if (status < 0)
        return status;
    if (gateway->config->tls_cert)
        status = tls_check(gateway->config->tls_cert, gateway->config->tls_key, error,
                           GATEWAY_ERROR_MAX);
    if (status == JF_OK && gateway->config->tls_client_ca)
        status =
            tls_check_client_ca(gateway->config->tls_client_ca, error, GATEWAY_ERROR_MAX);
    if (status < 0)
        return status;
    status = open_store(gateway, error);
    if (status < 0)
        return status;
    status = reload_new(gateway, gateway->config, source, &gateway->reload, error);
    if (status < 0)
        return status;
    watch_new(gateway, &gateway->watch);
    status = listeners_open(gateway->config, gateway->worker_count, &gateway->listeners,
                            error, GATEWAY_ERROR_MAX);
    if (status < 0)
        return status;
    status = build_workers(gateway, error);
    if (status < 0)
        return status;
    api_set_gateway(gateway);
    return start_workers(gateway, error);
}

int gateway_new(struct loop *loop, const struct config *config,
                const struct config_source *source, void (*stopped)(void *data, bool clean),
                void *data, struct gateway **out, char error[GATEWAY_ERROR_MAX])
{
    struct gateway *gateway = xnew(struct gateway);
    gateway->config = config;
    gateway->loop = loop;
    gateway->stopped = stopped;
    gateway->data = data;
    gateway->worker_count = count_workers(config);
    gateway->rates = rate_book_new();
    gateway->ready_news.run = on_all_ready;
    gateway->drained_news.run = on_all_drained;
    list_init(&gateway->rounds);
    gateway_take_config(gateway, config);
    timer_new(loop, on_deadline, gateway, &gateway->deadline);
    snprintf(error, GATEWAY_ERROR_MAX, "the system refused what an event loop needs");
    int status = mailbox_new(loop, config->limits.mailbox_bytes, &gateway->box);
    if (status == JF_OK)
        status = build(gateway, source, error);
    if (status < 0) {
        gateway_free(gateway);
        return status;
    }
    *out = gateway;
    return JF_OK;
}

bool gateway_started(const struct gateway *gateway)
{
    return !atomic_load(&gateway->failed);
}

void gateway_free(struct gateway *gateway)
{
    if (!gateway)
        return;
    /* fini first: until it has returned, a plugin's thread may still call. */
    if (gateway->reload)
        reload_end_plugins(gateway->reload);
    if (gateway->box) {
        mailbox_close(gateway->box);
        mailbox_detach(gateway->box);
    }
    timer_free(gateway->deadline);
    watch_free(gateway->watch);
    control_close(gateway->control);
    library_forget_copies();
    /* A plugin with an unfinished event had no fini: all that its calls can reach stays
     * until the process ends. */
    if (gateway_started(gateway) && atomic_load(&gateway->unclean))
        return;
    for (uint32_t i = 0; gateway->workers && i < gateway->worker_count; i++)
        worker_free(gateway->workers[i]);
    cluster_free(gateway->cluster);
    rounds_free(&gateway->rounds);
    reload_free(gateway->reload);
    stages_fini(&gateway->stages);
    renumber_free(gateway->renumber);
    if (gateway->store)
        gateway->store_kind->unshare(gateway->store);
    mailbox_free(gateway->box);
    free(gateway->workers);
    listeners_close(gateway->listeners);
    rate_book_free(gateway->rates);
    free(gateway->statics);
    free(gateway);
}
