/* One block of memory: the news and an order per worker. */
#include "core/host/round.h"

#include <stdatomic.h>

#include "core/base/memory.h"
#include "core/host/gateway.h"
#include "core/host/worker.h"

struct round_order {
    struct task task;
    struct round *round;
    struct worker *worker;
};

struct round {
    struct list_node node;
    struct gateway *gateway;
    void (*run)(struct worker *worker, void *data);
    void (*done)(void *data);
    void *data;
    _Atomic uint32_t missing;
    struct task news;
    struct round_order orders[];
};

static void on_done(struct task *task)
{
    struct round *round = CONTAINER_OF(task, struct round, news);
    list_remove(&round->node);
    round->done(round->data);
    free(round);
}

static void obey(struct task *task)
{
    struct round_order *order = CONTAINER_OF(task, struct round_order, task);
    struct round *round = order->round;
    round->run(order->worker, round->data);
    if (atomic_fetch_sub(&round->missing, 1) == 1)
        mailbox_post_reserved(gateway_box(round->gateway), &round->news);
}

void round_start(struct gateway *gateway, void (*run)(struct worker *worker, void *data),
                 void (*done)(void *data), void *data)
{
    uint32_t count = gateway_worker_count(gateway);
    struct round *round = xcalloc(1, sizeof(*round) + count * sizeof(round->orders[0]));
    round->gateway = gateway;
    round->run = run;
    round->done = done;
    round->data = data;
    round->news.run = on_done;
    atomic_init(&round->missing, count);
    list_append(gateway_rounds(gateway), &round->node);
    for (uint32_t i = 0; i < count; i++) {
        struct worker *worker = gateway_worker(gateway, i);
        round->orders[i] = (struct round_order){ { NULL, obey }, round, worker };
        mailbox_post_reserved(worker->box, &round->orders[i].task);
    }
}

void rounds_free(struct list_node *rounds)
{
    struct list_node *node;
    while ((node = list_first(rounds))) {
        list_remove(node);
        free(CONTAINER_OF(node, struct round, node));
    }
}
