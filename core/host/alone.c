/* What a build without Redis has instead of cluster.c, far.c and ask_far.c: there are no
 * other nodes, and no store leads to them. */
#include <stdio.h>

#include "core/host/ask_impl.h"
#include "core/host/cluster.h"
#include "core/host/far.h"

int cluster_check(const struct config *config, const char **why)
{
    (void)config;
    (void)why;
    return JF_OK;
}

int cluster_new(struct gateway *gateway, const struct config *config,
                struct batch_from *self, struct cluster **out, char *error,
                size_t error_size)
{
    (void)gateway;
    (void)config;
    (void)self;
    (void)out;
    snprintf(error, error_size, "store.kind: this build knows no other nodes");
    return JF_E_INVALID;
}

struct tally *cluster_tally(const struct cluster *cluster)
{
    (void)cluster;
    return NULL;
}

void cluster_serve(struct cluster *cluster, uint16_t node)
{
    (void)cluster;
    (void)node;
}

void cluster_drain(struct cluster *cluster)
{
    (void)cluster;
}

void cluster_stop(struct cluster *cluster)
{
    (void)cluster;
}

void cluster_free(struct cluster *cluster)
{
    (void)cluster;
}

bool cluster_is_sure(struct cluster *cluster, uint16_t node)
{
    (void)cluster;
    (void)node;
    return true;
}

int far_open_worker(struct cluster *cluster, struct worker *worker)
{
    (void)cluster;
    (void)worker;
    return JF_OK;
}

void far_close_worker(struct worker *worker)
{
    (void)worker;
}

void far_fail_questions(struct worker *worker, int status)
{
    (void)worker;
    (void)status;
}

int far_send(struct gateway *gateway, const struct mail_order *order)
{
    (void)gateway;
    return order->to == MAIL_IDS ? JF_E_GONE : JF_OK;
}

int far_close(struct gateway *gateway, jf_conn_id id, uint16_t code, jf_bytes reason)
{
    (void)gateway;
    (void)id;
    (void)code;
    (void)reason;
    return JF_E_GONE;
}

int ask_put_far(struct ask *ask)
{
    (void)ask;
    return JF_E_GONE;
}

void ask_forget_far(struct ask *ask)
{
    (void)ask;
}

void ask_reply(struct ask *ask, int status)
{
    (void)status;
    ask_free(ask);
}

int far_kick(struct gateway *gateway, const struct kick_order *order)
{
    (void)gateway;
    (void)order;
    return JF_OK;
}
