/* A worker's life. What it does while it lives is dispatch's and the network's. */
#include "core/host/worker.h"

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/dispatch.h"
#include "core/host/far.h"
#include "core/host/listeners.h"
#include "core/host/manage_door.h"
#include "core/host/polls.h"
#include "core/host/reload.h"
#include "core/host/timers.h"
#include "core/loop/loop.h"

static _Thread_local struct worker *current;

struct worker *worker_current(void)
{
    return current;
}

/* ---- Orders of the main thread ------------------------------------------ */

static void post(struct worker *worker, struct worker_order *order,
                 void (*run)(struct task *task))
{
    order->worker = worker;
    order->task.run = run;
    mailbox_post_reserved(worker->box, &order->task);
}

static struct worker *ordered(struct task *task)
{
    return CONTAINER_OF(task, struct worker_order, task)->worker;
}

static void run_open(struct task *task)
{
    struct worker *worker = ordered(task);
    struct listeners *listeners = gateway_listeners(worker->gateway);
    for (uint8_t which = 0; which < LISTENERS; which++) {
        int fd = listeners_take(listeners, which, worker->index);
        int status = fd < 0 ? JF_OK : server_listen(worker->server, which, fd);
        if (status < 0)
            LOG_ERROR(NET, "event=listen_failed status=%s", status_name(status));
    }
}

void worker_open(struct worker *worker)
{
    post(worker, &worker->open, run_open);
}

static bool is_drained(const struct worker *worker)
{
    return !server_conn_count(worker->server) && !worker->waiting_events &&
           !worker->waiting_asks;
}

static void tell_drained(struct worker *worker)
{
    if (worker->drained)
        return;
    worker->drained = true;
    gateway_worker_drained(worker->gateway, !worker->waiting_events);
}

void worker_check_drained(struct worker *worker)
{
    if (worker->draining && is_drained(worker))
        tell_drained(worker);
}

static void run_drain(struct task *task)
{
    struct worker *worker = ordered(task);
    worker->draining = true;
    server_drain(worker->server, worker->drain_jitter_ms);
    worker_check_drained(worker);
}

void worker_drain(struct worker *worker)
{
    post(worker, &worker->drain, run_drain);
}

static void run_abort(struct task *task)
{
    struct worker *worker = ordered(task);
    worker->draining = true;
    server_abort(worker->server);
    dispatch_leave_held(worker);
    worker_check_drained(worker);
}

void worker_abort(struct worker *worker)
{
    post(worker, &worker->abort, run_abort);
}

static void run_give_up(struct task *task)
{
    struct worker *worker = ordered(task);
    if (!worker->drained && worker->waiting_events)
        LOG_ERROR(DISPATCH, "event=unfinished_events count=%llu",
                  (unsigned long long)worker->waiting_events);
    tell_drained(worker);
}

void worker_give_up(struct worker *worker)
{
    post(worker, &worker->give_up, run_give_up);
}

/* What overflowed, or was refused, was answered when it happened; here it is counted. */
static void log_counters(const struct worker *worker)
{
    const struct net_counters *count = server_counters(worker->server);
    LOG_INFO(NET,
             "event=served accepted=%llu admitted=%llu refused=%llu messages=%llu "
             "turned_away=%llu sends_full=%llu frames_dropped=%llu pongs_dropped=%llu",
             (unsigned long long)count->accepted, (unsigned long long)count->admitted,
             (unsigned long long)count->refused, (unsigned long long)count->messages_in,
             (unsigned long long)count->over_ceiling, (unsigned long long)count->sends_full,
             (unsigned long long)count->frames_dropped,
             (unsigned long long)count->pongs_dropped);
}

/* The same for what stages do not allow. */
static void log_limited(const struct worker *worker)
{
    LOG_INFO(DISPATCH,
             "event=limited origins=%llu keys=%llu quotas=%llu connects=%llu messages=%llu "
             "closed=%llu models=%llu",
             (unsigned long long)worker->limited.origins,
             (unsigned long long)worker->limited.keys,
             (unsigned long long)worker->limited.quotas,
             (unsigned long long)worker->limited.connects,
             (unsigned long long)worker->limited.messages,
             (unsigned long long)worker->limited.closed,
             (unsigned long long)worker->limited.models);
}

int worker_begin_plugin(struct worker *worker, struct plugin *plugin)
{
    int status = plugin_worker_init(plugin, worker->index);
    if (status == JF_OK)
        list_append(&worker->seats, &plugin->seats[worker->index].node);
    return status;
}

void worker_end_plugin(struct worker *worker, struct plugin *plugin)
{
    struct plugin_seat *seat = &plugin->seats[worker->index];
    if (!list_linked(&seat->node))
        return;
    list_remove(&seat->node);
    plugin_worker_fini(plugin, worker->index);
}

static void end_plugins(struct worker *worker)
{
    while (!list_empty(&worker->seats)) {
        struct list_node *last = worker->seats.prev;
        worker_end_plugin(worker, CONTAINER_OF(last, struct plugin_seat, node)->plugin);
    }
}

static void take_config(struct worker *worker, const struct config *config)
{
    worker->proxies = config->proxies;
    worker->proxy_count = config->proxy_count;
    worker->event_ms = config->limits.event_ms;
    worker->drain_jitter_ms = config->limits.drain_jitter_s * 1000;
    gateway_net_limits(worker->gateway, config, &worker->net);
    manage_door_free(worker->door);
    worker->door = manage_door_new(config);
    stage_limits_take(&worker->limits, gateway_stages(worker->gateway), config);
}

void worker_change(struct worker *worker, const struct router *router,
                   const struct config *config)
{
    worker->router = router;
    take_config(worker, config);
}

/* The mirror image of building: whoever can still call is stopped first, and what was
 * accepted from them is done, so that nothing of a plugin's runs after its worker_fini. */
static void take_apart(struct task *task)
{
    struct worker *worker = ordered(task);
    mailbox_drain(worker->box);
    if (worker->waiting_asks) { /* the answers are on their way */
        loop_defer(worker->loop, task);
        return;
    }
    end_plugins(worker);
    mailbox_drain(worker->box);
    worker->store_kind->close(worker->store);
    far_close_worker(worker);
    timers_free(worker->timers);
    polls_free(worker->polls);
    if (worker->started) {
        log_counters(worker);
        log_limited(worker);
    }
    server_close(worker->server);
    mailbox_detach(worker->box);
    loop_stop(worker->loop);
}

static void run_halt(struct task *task)
{
    struct worker *worker = ordered(task);
    worker->halting = true;
    far_fail_questions(worker, JF_E_STOPPING);
    mailbox_close(worker->box);
    task->run = take_apart; /* after what was taken out of the mailbox with this order */
    loop_defer(worker->loop, task);
}

void worker_halt(struct worker *worker)
{
    post(worker, &worker->halt, run_halt);
}

/* ---- The thread --------------------------------------------------------- */

static bool init_plugins(struct worker *worker)
{
    const struct lineup *lineup = reload_lineup(gateway_reload(worker->gateway));
    for (size_t i = 0; i < lineup->count; i++) {
        if (worker_begin_plugin(worker, lineup->entries[i].plugin) < 0)
            return false;
    }
    return true;
}

static void *run(void *data)
{
    struct worker *worker = data;
    current = worker;
    check_enter_worker((int)worker->index);
    gateway_worker_ready(worker->gateway, init_plugins(worker));
    loop_run(worker->loop);
    return NULL;
}

int worker_start(struct worker *worker)
{
    if (pthread_create(&worker->thread, NULL, run, worker) != 0)
        return JF_E_UNAVAILABLE;
    worker->started = true;
    return JF_OK;
}

void worker_join(struct worker *worker)
{
    if (worker->started)
        pthread_join(worker->thread, NULL);
}

int worker_new(struct gateway *gateway, uint32_t index, struct worker **out)
{
    const struct config *config = gateway_config(gateway);
    struct worker *worker = xnew(struct worker);
    worker->gateway = gateway;
    worker->index = index;
    worker->router = reload_router(gateway_reload(gateway));
    worker->store_kind = gateway_store_kind(gateway);
    worker->store_timeout_ms = config->store.timeout_ms;
    list_init(&worker->seats);
    list_init(&worker->burials);
    list_init(&worker->held);
    list_init(&worker->kicks);
    gateway_net_options(gateway, index, &worker->net);
    take_config(worker, config);
    event_pool_init(&worker->events);

    int status = loop_new(&worker->loop);
    if (status < 0)
        goto fail_loop;
    status = mailbox_new(worker->loop, config->limits.mailbox_bytes, &worker->box);
    if (status < 0)
        goto fail_mailbox;
    status = worker->store_kind->open(worker->loop, gateway_store(gateway), index,
                                      &worker->store);
    if (status < 0)
        goto fail_store;
    status = far_open_worker(gateway_cluster(gateway), worker);
    if (status < 0)
        goto fail_far;
    status = polls_new(worker->loop, &worker->polls);
    if (status < 0)
        goto fail_polls;
    status =
        server_new(worker->loop, &worker->net, &dispatch_events, worker, &worker->server);
    if (status < 0)
        goto fail_server;
    timers_new(worker->loop, server_wheel(worker->server), &worker->timers);
    *out = worker;
    return JF_OK;

fail_server:
    polls_free(worker->polls);
fail_polls:
    far_close_worker(worker);
fail_far:
    worker->store_kind->close(worker->store);
fail_store:
    mailbox_free(worker->box);
fail_mailbox:
    loop_free(worker->loop);
fail_loop:
    manage_door_free(worker->door);
    stage_limits_fini(&worker->limits);
    free(worker);
    return status;
}

/* One that was built and never started has nobody to take it down but us. */
static void take_down(struct worker *worker)
{
    struct worker_order order = { .worker = worker };
    mailbox_close(worker->box);
    take_apart(&order.task);
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    if (!worker->started)
        take_down(worker);
    loop_free(worker->loop);
    server_free(worker->server);
    mailbox_free(worker->box);
    event_pool_fini(&worker->events);
    audiences_fini(&worker->groups);
    audiences_fini(&worker->stages);
    manage_door_free(worker->door);
    stage_limits_fini(&worker->limits);
    free(worker);
}
