/* The lease, the ear, and the reaper live on one loop; this is their thread, from the first
 * number to the last. */
#include "core/host/cluster.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/arrivals.h"
#include "core/host/rate_book.h"
#include "core/host/reaper.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_url.h"
#include "core/relay/lease.h"
#include "core/relay/relay_in.h"
#include "core/relay/relay_out.h"
#include "core/relay/tally.h"
#include "core/store/orphans.h"

#define PATIENCE_MS 500 /* for Redis, at the end */
#define STILL_WAITING_S 10
#define CLUSTER_THREAD (-2) /* as a worker's number: none has it */

struct cluster {
    /* never changes while the thread runs */
    struct gateway *gateway;
    const struct config *config;
    struct redis_url url;
    struct redis_url channels; /* zeroed: those of `url` */
    struct loop *loop;
    struct mailbox *box;
    struct lease *lease;
    struct relay_in *in;
    struct relay_out *out;
    struct tally *tally;
    struct reaper *reaper;
    pthread_t thread;

    /* the main thread's */
    bool started, stopped;
    struct task drain, stop;

    /* under the lock: what the main thread is to know, and does not yet */
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for which it waits at the start */
    bool lost, sure, taken; /* the number before; the number; another one, `self` */
    struct batch_from self;
    char refused[LOG_QUOTED_MAX]; /* by Redis, which has said why */
    bool telling;                 /* tell_news is posted */
    struct task tell_news;
};

struct gateway *cluster_gateway(const struct cluster *cluster)
{
    return cluster->gateway;
}

/* ---- News of the number, to the main thread ----------------------------- */

/* Several at once are as good as one after the other: what counts is the latest number. */
static void tell_news(struct task *task)
{
    struct cluster *cluster = CONTAINER_OF(task, struct cluster, tell_news);
    pthread_mutex_lock(&cluster->lock);
    bool lost = cluster->lost, sure = cluster->sure, taken = cluster->taken;
    struct batch_from self = cluster->self;
    cluster->lost = cluster->sure = cluster->taken = cluster->telling = false;
    pthread_mutex_unlock(&cluster->lock);
    if (lost)
        gateway_number_lost(cluster->gateway);
    if (sure)
        gateway_number_sure(cluster->gateway);
    if (taken)
        gateway_number_taken(cluster->gateway, self);
}

/* With the lock held, which is released. */
static void post_news(struct cluster *cluster)
{
    bool telling = cluster->telling;
    cluster->telling = true;
    pthread_cond_signal(&cluster->changed);
    pthread_mutex_unlock(&cluster->lock);
    if (!telling)
        mailbox_post_reserved(gateway_box(cluster->gateway), &cluster->tell_news);
}

static void on_taken(void *data, struct batch_from self)
{
    struct cluster *cluster = data;
    pthread_mutex_lock(&cluster->lock);
    cluster->taken = true;
    cluster->self = self;
    post_news(cluster);
}

static void on_sure(void *data)
{
    struct cluster *cluster = data;
    pthread_mutex_lock(&cluster->lock);
    cluster->sure = true;
    post_news(cluster);
}

static void on_lost(void *data)
{
    struct cluster *cluster = data;
    relay_in_ignore(cluster->in);
    pthread_mutex_lock(&cluster->lock);
    cluster->lost = true;
    cluster->sure = cluster->taken = false;
    post_news(cluster);
    lease_take(cluster->lease);
}

static void on_refused(void *data, const char *why)
{
    struct cluster *cluster = data;
    pthread_mutex_lock(&cluster->lock);
    snprintf(cluster->refused, sizeof(cluster->refused), "%s", why);
    pthread_cond_signal(&cluster->changed);
    pthread_mutex_unlock(&cluster->lock);
}

static void on_dead(void *data, struct batch_from dead)
{
    struct cluster *cluster = data;
    reaper_claim(cluster->reaper, dead);
}

static void on_dead_lost(void *data, uint16_t node)
{
    struct cluster *cluster = data;
    reaper_lose(cluster->reaper, node);
}

static const struct lease_events lease_events = {
    .on_taken = on_taken,
    .on_sure = on_sure,
    .on_lost = on_lost,
    .on_refused = on_refused,
    .on_dead = on_dead,
    .on_dead_lost = on_dead_lost,
};

/* ---- Letters ------------------------------------------------------------ */

static void on_letter(void *data, const struct batch_from *from,
                      const struct letter *letter)
{
    struct cluster *cluster = data;
    arrivals_take(cluster->gateway, from->node, letter);
}

/* ---- What is used, on all nodes ------------------------------------------ */

static void on_known(void *data, enum tally_kind kind, jf_bytes key, uint64_t number)
{
    struct cluster *cluster = data;
    rate_book_learn(gateway_rates(cluster->gateway), kind, key, number,
                    loop_now(cluster->loop));
}

static const struct relay_in_events in_events = { .on_letter = on_letter };
static const struct relay_out_events own_out_events = { 0 };

struct relay_options cluster_relay_options(const struct cluster *cluster)
{
    return (struct relay_options){
        .url = &cluster->url,
        .prefix = cluster->config->store.prefix,
        .timeout_ms = (unsigned)cluster->config->store.timeout_ms,
        .sharded = *cluster->config->store.cluster,
        .cluster = *cluster->config->store.cluster ? &cluster->channels : NULL,
    };
}

void cluster_post_reserved(struct cluster *cluster, struct task *task)
{
    mailbox_post_reserved(cluster->box, task);
}

struct lease *cluster_lease(const struct cluster *cluster)
{
    return cluster->lease;
}

struct tally *cluster_tally(const struct cluster *cluster)
{
    return cluster->tally;
}

struct relay_out *cluster_out(const struct cluster *cluster)
{
    return cluster->out;
}

int cluster_post(struct cluster *cluster, struct task *task, size_t bytes)
{
    return mailbox_post(cluster->box, task, bytes);
}

bool cluster_is_sure(struct cluster *cluster, uint16_t node)
{
    struct batch_from self;
    return lease_sure(cluster->lease, &self) && self.node == node;
}

/* ---- Orders of the main thread ------------------------------------------ */

struct listening {
    struct task task;
    struct cluster *cluster;
    uint16_t node;
};

static void listen(struct task *task)
{
    struct listening *listening = CONTAINER_OF(task, struct listening, task);
    relay_in_listen(listening->cluster->in, listening->node);
    free(listening);
}

void cluster_serve(struct cluster *cluster, uint16_t node)
{
    if (!cluster)
        return;
    struct listening *listening = xnew(struct listening);
    *listening = (struct listening){ { NULL, listen }, cluster, node };
    mailbox_post_reserved(cluster->box, &listening->task);
}

static void run_drain(struct task *task)
{
    reaper_stop(CONTAINER_OF(task, struct cluster, drain)->reaper);
}

void cluster_drain(struct cluster *cluster)
{
    if (!cluster || cluster->drain.run)
        return;
    cluster->drain.run = run_drain;
    mailbox_post_reserved(cluster->box, &cluster->drain);
}

static void log_counts(const struct cluster *cluster)
{
    struct relay_in_counts in;
    relay_in_count(cluster->in, &in);
    LOG_INFO(STORE, "event=heard letters=%llu batches=%llu garbage=%llu stale=%llu",
             (unsigned long long)in.letters, (unsigned long long)in.batches,
             (unsigned long long)in.garbage, (unsigned long long)in.stale);
    struct tally_counts used;
    tally_count(cluster->tally, &used);
    LOG_INFO(STORE, "event=shared told=%llu failed=%llu untold=%llu",
             (unsigned long long)used.told, (unsigned long long)used.failed,
             (unsigned long long)used.untold);
}

/* The number goes last: until then it is spoken for. */
static void take_down(struct cluster *cluster)
{
    mailbox_close(cluster->box);
    mailbox_drain(cluster->box);
    reaper_free(cluster->reaper);
    relay_in_close(cluster->in);
    relay_out_close(cluster->out, PATIENCE_MS);
    tally_close(cluster->tally, PATIENCE_MS);
    lease_close(cluster->lease, PATIENCE_MS);
    mailbox_detach(cluster->box);
}

static void run_stop(struct task *task)
{
    struct cluster *cluster = CONTAINER_OF(task, struct cluster, stop);
    log_counts(cluster);
    take_down(cluster);
    loop_stop(cluster->loop);
}

void cluster_stop(struct cluster *cluster)
{
    if (!cluster || !cluster->started || cluster->stopped)
        return;
    cluster->stopped = true;
    cluster->stop.run = run_stop;
    mailbox_post_reserved(cluster->box, &cluster->stop);
    pthread_join(cluster->thread, NULL);
}

/* ---- Life --------------------------------------------------------------- */

int cluster_check(const struct config *config, const char **why)
{
    struct redis_url url = { 0 };
    if (!*config->store.cluster)
        return JF_OK;
    int status = redis_url_parse(jf_str(config->store.cluster), &url, why);
    if (status == JF_OK)
        status = redis_link_check(&url, why);
    redis_url_fini(&url);
    return status;
}

void cluster_free(struct cluster *cluster)
{
    if (!cluster)
        return;
    cluster_stop(cluster);
    if (!cluster->started && cluster->box) /* else there was not even a loop */
        take_down(cluster);
    loop_free(cluster->loop);
    mailbox_free(cluster->box);
    pthread_cond_destroy(&cluster->changed);
    pthread_mutex_destroy(&cluster->lock);
    redis_url_fini(&cluster->channels);
    redis_url_fini(&cluster->url);
    free(cluster);
}

static void *run(void *data)
{
    struct cluster *cluster = data;
    check_enter_worker(CLUSTER_THREAD);
    lease_take(cluster->lease);
    loop_run(cluster->loop);
    return NULL;
}

/* Looks at the clock now and then only to say that it still waits. */
static bool wait_for_number(struct cluster *cluster, struct batch_from *self)
{
    struct timespec until;
    pthread_mutex_lock(&cluster->lock);
    while (!cluster->taken && !cluster->refused[0]) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += STILL_WAITING_S;
        if (pthread_cond_timedwait(&cluster->changed, &cluster->lock, &until) != 0)
            LOG_WARN(MAIN, "event=waiting_for_redis");
    }
    bool taken = cluster->taken;
    cluster->taken = false; /* the main thread knows */
    *self = cluster->self;
    pthread_mutex_unlock(&cluster->lock);
    return taken;
}

static void init_lock(struct cluster *cluster)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&cluster->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&cluster->lock, NULL);
    cluster->tell_news.run = tell_news;
}

static int open_links(struct cluster *cluster)
{
    const struct config_store *store = &cluster->config->store;
    const struct relay_options relay = cluster_relay_options(cluster);
    const struct lease_options lease = {
        .url = &cluster->url,
        .prefix = store->prefix,
        .timeout_ms = (unsigned)store->timeout_ms,
        .ttl_ms = (unsigned)store->lease_ms,
        .settle_ms = (unsigned)store->lease_ms,
    };
    const struct tally_options tally = {
        .url = &cluster->url,
        .prefix = store->prefix,
        .timeout_ms = (unsigned)store->timeout_ms,
        .stale_ms = (unsigned)store->lease_ms,
    };
    const struct orphans_options orphans = {
        .url = &cluster->url,
        .prefix = store->prefix,
        .timeout_ms = (uint32_t)store->timeout_ms,
    };
    int status = lease_open(cluster->loop, &lease, &lease_events, cluster, &cluster->lease);
    if (status == JF_OK)
        status = relay_in_open(cluster->loop, &relay, &in_events, cluster, &cluster->in);
    if (status == JF_OK)
        status = relay_out_open(cluster->loop, &relay, cluster->lease, &own_out_events,
                                cluster, &cluster->out);
    if (status == JF_OK)
        status = tally_open(cluster->loop, &tally, on_known, cluster, &cluster->tally);
    if (status == JF_OK)
        reaper_new(cluster, cluster->loop, cluster->lease, &orphans, &cluster->reaper);
    return status;
}

static int build(struct cluster *cluster)
{
    const struct config *config = cluster->config;
    const char *why;
    int status = redis_url_parse(jf_str(config->store.url), &cluster->url, &why);
    if (status == JF_OK && *config->store.cluster)
        status = redis_url_parse(jf_str(config->store.cluster), &cluster->channels, &why);
    if (status == JF_OK)
        status = loop_new(&cluster->loop);
    if (status == JF_OK)
        status = mailbox_new(cluster->loop, config->limits.mailbox_bytes, &cluster->box);
    if (status == JF_OK)
        status = open_links(cluster);
    if (status == JF_OK && pthread_create(&cluster->thread, NULL, run, cluster) != 0)
        status = JF_E_UNAVAILABLE;
    cluster->started = status == JF_OK;
    return status;
}

int cluster_new(struct gateway *gateway, const struct config *config,
                struct batch_from *self, struct cluster **out, char *error,
                size_t error_size)
{
    struct cluster *cluster = xnew(struct cluster);
    cluster->gateway = gateway;
    cluster->config = config;
    init_lock(cluster);
    int status = build(cluster);
    if (status < 0) {
        snprintf(error, error_size, "the system refused what links to Redis need");
    } else if (!wait_for_number(cluster, self)) {
        snprintf(error, error_size, "store.url: Redis refuses: %s", cluster->refused);
        status = JF_E_DENIED;
    }
    if (status < 0) {
        cluster_free(cluster);
        return status;
    }
    *out = cluster;
    return JF_OK;
}
