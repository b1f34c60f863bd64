/*
 * far - what is sent to other nodes.
 *
 * From a worker over its own link, from any other thread over the cluster's. In order with
 * what else the same thread sends, as letters between nodes are. Without a cluster there is
 * nobody: no error for groups and stages, JF_E_GONE for connections.
 */
#ifndef JF_HOST_FAR_H
#define JF_HOST_FAR_H

#include "core/host/mail.h"

struct cluster;
struct gateway;
struct letter;
struct worker;

/* A worker's way to the others; without a cluster it has none. [main thread while building;
 * home worker] */
int far_open_worker(struct cluster *cluster, struct worker *worker);
void far_close_worker(struct worker *worker);

/* Its questions to other nodes have this outcome. [home worker] */
void far_fail_questions(struct worker *worker, int status);

/* From whoever is no worker: like relay_send() and its kin, on the cluster's loop. The
 * letter is copied. JF_E_FULL, JF_E_NOMEM, JF_E_STOPPING. [any thread] */
int far_post(struct cluster *cluster, uint16_t node, const struct letter *letter);

/* To those of other nodes whom the order means; of its ids those of this node are passed
 * by. JF_OK: it is tried. JF_E_GONE: no id is of another node. JF_E_UNAVAILABLE: Redis is
 * away, or this node's number is in doubt. JF_E_FULL, JF_E_TOO_BIG, JF_E_NOMEM. What is
 * true of one node does not keep the message from the others. [any thread] */
int far_send(struct gateway *gateway, const struct mail_order *order);

/* To all other nodes, whoever has members; the status as above. The order has been
 * checked. [any thread] */
struct kick_order;
int far_kick(struct gateway *gateway, const struct kick_order *order);

/* [any thread] */
int far_close(struct gateway *gateway, jf_conn_id id, uint16_t code, jf_bytes reason);

#endif
