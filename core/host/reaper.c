/* Burials go round the workers and come back. What comes back after the claim was lost, or
 * another one was begun, is of no interest any more: it is told apart by its claim's fence.
 */
#include "core/host/reaper.h"

#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/host/burial.h"
#include "core/host/cluster.h"
#include "core/host/gateway.h"
#include "core/loop/loop.h"
#include "core/relay/lease.h"
#include "core/store/orphans.h"

#define DOUBT_MS 250 /* between two looks at a claim that is in doubt */

struct reaper {
    /* never changes */
    struct cluster *cluster;
    struct loop *loop;
    struct lease *lease;
    struct orphans_options options; /* but for node and fence: the claim's */

    struct orphans *orphans;  /* NULL: no claim */
    bool ended;               /* they have: close them, but not from inside */
    struct list_node waiting; /* funerals, while the claim is in doubt */
    struct timer *timer;
    uint64_t buried; /* of this claim */
    uint32_t turn;   /* the next worker */
    bool stopped;
};

/* One connection on its way through a worker. */
struct funeral {
    struct burial burial;
    struct list_node node; /* in `waiting` */
    struct reaper *reaper;
};

static void free_funeral(struct funeral *funeral)
{
    orphan_free(funeral->burial.orphan);
    free(funeral);
}

static void let_go(struct reaper *reaper)
{
    struct list_node *node;
    while ((node = list_first(&reaper->waiting))) {
        list_remove(node);
        free_funeral(CONTAINER_OF(node, struct funeral, node));
    }
    orphans_close(reaper->orphans);
    reaper->orphans = NULL;
    reaper->ended = false;
}

/* ---- A connection ------------------------------------------------------- */

/* Back on the cluster's thread. */
static void come_home(struct task *task)
{
    struct funeral *funeral = CONTAINER_OF(task, struct funeral, burial.task);
    struct reaper *reaper = funeral->reaper;
    if (reaper->orphans && reaper->options.fence == funeral->burial.fence) {
        reaper->buried++;
        orphans_done(reaper->orphans, funeral->burial.orphan->conn);
        if (!reaper->stopped)
            orphans_allow(reaper->orphans, 1);
    }
    free_funeral(funeral);
}

static void on_over(struct burial *burial)
{
    struct funeral *funeral = CONTAINER_OF(burial, struct funeral, burial);
    burial->task.run = come_home;
    cluster_post_reserved(funeral->reaper->cluster, &burial->task);
}

/* None begins while the claim is in doubt: another node may have it. */
static void bury_waiting(struct reaper *reaper)
{
    struct gateway *gateway = cluster_gateway(reaper->cluster);
    struct list_node *node;
    while ((node = list_first(&reaper->waiting))) {
        if (!lease_holds_dead(reaper->lease, reaper->options.node)) {
            timer_start(reaper->timer, DOUBT_MS);
            return;
        }
        struct funeral *funeral = CONTAINER_OF(node, struct funeral, node);
        list_remove(node);
        funeral->burial.worker =
            gateway_worker(gateway, reaper->turn++ % gateway_worker_count(gateway));
        burial_post(&funeral->burial);
    }
}

static void on_orphan(void *data, struct orphan *orphan)
{
    struct reaper *reaper = data;
    if (reaper->stopped) {
        orphan_free(orphan); /* it stays in the directory */
        return;
    }
    struct funeral *funeral = xnew(struct funeral);
    funeral->reaper = reaper;
    funeral->burial.orphan = orphan;
    funeral->burial.fence = reaper->options.fence;
    funeral->burial.over = on_over;
    list_append(&reaper->waiting, &funeral->node);
    bury_waiting(reaper);
}

static void on_end(void *data, int status)
{
    struct reaper *reaper = data;
    LOG_INFO(STORE, "event=node_buried node=%u connections=%llu whole=%s",
             reaper->options.node, (unsigned long long)reaper->buried,
             status == JF_OK ? "true" : "false");
    if (status == JF_OK)
        lease_buried(reaper->lease, reaper->options.node);
    else
        lease_leave_dead(reaper->lease, reaper->options.node);
    reaper->ended = true;
    timer_start(reaper->timer, 0);
}

static const struct orphans_events events = { .on_orphan = on_orphan, .on_end = on_end };

static void on_time(void *data)
{
    struct reaper *reaper = data;
    if (reaper->ended)
        let_go(reaper);
    else
        bury_waiting(reaper);
}

/* ---- Claims ------------------------------------------------------------- */

void reaper_claim(struct reaper *reaper, struct batch_from dead)
{
    let_go(reaper);
    if (reaper->stopped)
        return;
    reaper->options.node = dead.node;
    reaper->options.fence = dead.fence;
    reaper->buried = 0;
    if (orphans_open(reaper->loop, &reaper->options, &events, reaper, &reaper->orphans) <
        0) {
        lease_leave_dead(reaper->lease, dead.node);
        return;
    }
    orphans_allow(reaper->orphans, REAPER_AT_ONCE);
}

void reaper_lose(struct reaper *reaper, uint16_t node)
{
    if (reaper->options.node == node)
        let_go(reaper);
}

void reaper_stop(struct reaper *reaper)
{
    reaper->stopped = true;
}

void reaper_new(struct cluster *cluster, struct loop *loop, struct lease *lease,
                const struct orphans_options *options, struct reaper **out)
{
    struct reaper *reaper = xnew(struct reaper);
    reaper->cluster = cluster;
    reaper->loop = loop;
    reaper->lease = lease;
    reaper->options = *options;
    list_init(&reaper->waiting);
    timer_new(loop, on_time, reaper, &reaper->timer);
    *out = reaper;
}

void reaper_free(struct reaper *reaper)
{
    if (!reaper)
        return;
    let_go(reaper);
    timer_free(reaper->timer);
    free(reaper);
}
