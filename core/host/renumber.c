/* Steps on the main thread, each taken when the one before is known to be done on all
 * workers. A number that is lost again before it was used only means to wait for the next.
 */
#include "core/host/renumber.h"

#include <stdatomic.h>

#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/host/dispatch.h"
#include "core/host/far.h"
#include "core/host/gateway.h"
#include "core/host/round.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"

#define CLEAR_MS 1000 /* over which the closes are spread */

struct renumber {
    struct gateway *gateway;
    enum { SURE, LEAVING, MOVING } phase;
    struct batch_from latest; /* the number that was taken last */
    bool has_latest;          /* and it is not lost again */
    bool lost_again;          /* while moving: the number that is moved to */
    struct batch_from self;   /* the number that is moved to */
    struct store_shared *old_store;
    _Atomic uint32_t crowded; /* workers that are not empty yet */
    struct task empty_news;
};

/* ---- Leaving ------------------------------------------------------------ */

void renumber_check_empty(struct worker *worker)
{
    struct renumber *renumber = gateway_renumber(worker->gateway);
    if (!worker->leaving || worker->sessions)
        return;
    worker->leaving = false;
    if (atomic_fetch_sub(&renumber->crowded, 1) == 1)
        mailbox_post_reserved(gateway_box(worker->gateway), &renumber->empty_news);
}

static void leave_on_worker(struct worker *worker, void *data)
{
    (void)data;
    worker->numberless = worker->leaving = true;
    far_fail_questions(worker, JF_E_UNAVAILABLE);
    dispatch_resume_held(worker);
    server_clear(worker->server, CLEAR_MS);
    renumber_check_empty(worker);
}

static void nothing(void *data)
{
    (void)data;
}

static void leave(struct renumber *renumber)
{
    struct gateway *gateway = renumber->gateway;
    LOG_WARN(MAIN,
             "event=number_lost hint=\"all connections are closed; other nodes see to "
             "their ends\"");
    renumber->phase = LEAVING;
    gateway_store_kind(gateway)->silence(gateway_store(gateway));
    atomic_store(&renumber->crowded, gateway_worker_count(gateway));
    round_start(gateway, leave_on_worker, nothing, renumber);
}

void renumber_lost(struct renumber *renumber)
{
    renumber->has_latest = false;
    if (renumber->phase == MOVING)
        renumber->lost_again = true;
    else if (renumber->phase == SURE)
        leave(renumber);
}

/* ---- It was only in doubt ----------------------------------------------- */

static void resume_on_worker(struct worker *worker, void *data)
{
    (void)data;
    dispatch_resume_held(worker);
}

void renumber_sure(struct renumber *renumber)
{
    round_start(renumber->gateway, resume_on_worker, nothing, renumber);
}

/* ---- Moving in ---------------------------------------------------------- */

static void move_on_worker(struct worker *worker, void *data)
{
    const struct renumber *renumber = data;
    struct store_shared *shared = gateway_store(worker->gateway);
    worker->store_kind->close(worker->store);
    CHECK(worker->store_kind->open(worker->loop, shared, worker->index, &worker->store) ==
          JF_OK);
    if (!worker->draining)
        server_stop_clearing(worker->server);
    worker->net.node = renumber->self.node;
    worker->numberless = false;
}

static void moved(void *data)
{
    struct renumber *renumber = data;
    gateway_store_kind(renumber->gateway)->unshare(renumber->old_store);
    renumber->old_store = NULL;
    renumber->phase = SURE;
    LOG_INFO(MAIN, "event=renumbered node=%u", renumber->self.node);
    if (renumber->lost_again)
        leave(renumber);
    renumber->lost_again = false;
}

static void try_to_move(struct renumber *renumber)
{
    struct gateway *gateway = renumber->gateway;
    if (renumber->phase != LEAVING || !renumber->has_latest ||
        atomic_load(&renumber->crowded))
        return;
    renumber->phase = MOVING;
    renumber->has_latest = false;
    renumber->self = renumber->latest;
    renumber->old_store = gateway_store(gateway);
    gateway_take_number(gateway, renumber->self);
    cluster_serve(gateway_cluster(gateway), renumber->self.node);
    round_start(gateway, move_on_worker, moved, renumber);
}

static void on_empty(struct task *task)
{
    try_to_move(CONTAINER_OF(task, struct renumber, empty_news));
}

void renumber_taken(struct renumber *renumber, struct batch_from self)
{
    renumber->latest = self;
    renumber->has_latest = true;
    try_to_move(renumber);
}

void renumber_new(struct gateway *gateway, struct renumber **out)
{
    struct renumber *renumber = xnew(struct renumber);
    renumber->gateway = gateway;
    renumber->empty_news.run = on_empty;
    *out = renumber;
}

/* The loops may have ended in the middle of a round. */
void renumber_free(struct renumber *renumber)
{
    if (renumber && renumber->old_store)
        gateway_store_kind(renumber->gateway)->unshare(renumber->old_store);
    free(renumber);
}
