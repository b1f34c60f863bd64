/*
 * gateway_impl - what there is of a gateway, for the two files that are it.
 */
#ifndef JF_HOST_GATEWAY_IMPL_H
#define JF_HOST_GATEWAY_IMPL_H

#include <stdatomic.h>

#include "core/base/list.h"
#include "core/host/gateway.h"
#include "core/host/stage.h"
#include "core/loop/task.h"

enum phase { STARTING, SERVING, DRAINING, HALTING };

struct gateway {
    /* never changes while workers run */
    const struct config *config;
    struct loop *loop;
    struct mailbox *box; /* the main thread's */
    struct reload *reload;
    struct stages stages;
    const struct store_kind *store_kind;
    struct cluster *cluster;
    struct renumber *renumber;
    struct net_static *statics;
    struct worker **workers;
    uint32_t worker_count;
    struct listeners *listeners;
    struct rate_book *rates;
    uint64_t room; /* connections for whose sockets there is room, decided at the start */

    /* shared */
    _Atomic uint16_t node;    /* changes only while there is no connection */
    _Atomic uint64_t ceiling; /* connections */
    _Atomic size_t message_bytes;
    _Atomic uint32_t connections;
    _Atomic uint32_t ready, drained;
    _Atomic bool failed, unclean;
    _Atomic uint64_t undelivered; /* letters */
    struct task ready_news, drained_news;

    /* the main thread's */
    enum phase phase;
    struct store_shared *store; /* of the number of this node */
    bool aborting;
    struct list_node rounds;
    struct watch *watch;
    struct control *control;
    struct timer *deadline;
    void (*stopped)(void *data, bool clean);
    void *data;
};

#endif
