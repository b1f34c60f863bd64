/* What the rooms ask of the gateway: mostly what it has, at times put together. */
#include "core/base/log.h"
#include "core/host/dispatch.h"
#include "core/host/gateway_impl.h"
#include "core/host/listeners.h"
#include "core/host/manage.h"
#include "core/host/open_files.h"
#include "core/host/stage_limits.h"
#include "core/host/worker.h"
#include "core/parse/conn_id.h"

const struct config *gateway_config(const struct gateway *gateway)
{
    return gateway->config;
}

uint32_t gateway_worker_count(const struct gateway *gateway)
{
    return gateway->worker_count;
}

struct worker *gateway_worker(const struct gateway *gateway, uint32_t index)
{
    return gateway->workers[index];
}

uint16_t gateway_node(const struct gateway *gateway)
{
    return atomic_load_explicit(&gateway->node, memory_order_relaxed);
}

bool gateway_is_far(const struct gateway *gateway, jf_conn_id id)
{
    return gateway->cluster &&
           conn_id_node(id) != atomic_load_explicit(&gateway->node, memory_order_relaxed);
}

struct worker *gateway_home_of(const struct gateway *gateway, jf_conn_id id)
{
    uint32_t index = conn_id_worker(id);
    uint16_t node = atomic_load_explicit(&gateway->node, memory_order_relaxed);
    if (conn_id_node(id) != node || index >= gateway->worker_count)
        return NULL;
    return gateway->workers[index];
}

struct stages *gateway_stages(struct gateway *gateway)
{
    return &gateway->stages;
}

size_t gateway_message_bytes(const struct gateway *gateway)
{
    return atomic_load_explicit(&gateway->message_bytes, memory_order_relaxed);
}

struct mailbox *gateway_box(const struct gateway *gateway)
{
    return gateway->box;
}

struct loop *gateway_loop(const struct gateway *gateway)
{
    return gateway->loop;
}

struct reload *gateway_reload(const struct gateway *gateway)
{
    return gateway->reload;
}

struct list_node *gateway_rounds(struct gateway *gateway)
{
    return &gateway->rounds;
}

const struct store_kind *gateway_store_kind(const struct gateway *gateway)
{
    return gateway->store_kind;
}

struct cluster *gateway_cluster(const struct gateway *gateway)
{
    return gateway->cluster;
}

struct renumber *gateway_renumber(const struct gateway *gateway)
{
    return gateway->renumber;
}

struct store_shared *gateway_store(const struct gateway *gateway)
{
    return gateway->store;
}

void gateway_net_limits(const struct gateway *gateway, const struct config *config,
                        struct net_options *out)
{
    uint64_t message = config_longest_message(config);
    uint64_t body = config->management.body_bytes;
    stage_limits_for_net(config, &config->limits, &out->limits);
    out->body_bytes = body > message ? body : message;
    out->connections = (uint32_t)atomic_load(&gateway->ceiling);
    out->head_ms = config->limits.head_ms;
    out->close_ms = config->limits.close_ms;
    out->slow_reader = (enum net_slow_reader)config->slow_reader;
}

void gateway_net_options(struct gateway *gateway, uint32_t index, struct net_options *out)
{
    const struct config *config = gateway->config;
    bool aws = config->profile == PROFILE_AWS;
    *out = (struct net_options){
        .node = atomic_load(&gateway->node),
        .worker = (uint8_t)index,
        .tls_cert = config->tls_cert,
        .tls_key = config->tls_key,
        .tls_client_ca = config->tls_client_ca,
        .tls_client = (enum net_tls_client)config->tls_client,
        .connection_count = &gateway->connections,
        .controls_are_life = !aws,
        .sends_are_life = aws,
        .session_bytes = sizeof(struct session),
        .statics = gateway->statics,
        .static_count = config->static_count,
        .is_stage = dispatch_is_stage,
        .is_call = manage_is_path,
        .bodies_bytes = config->limits.mailbox_bytes,
    };
}

void gateway_take_config(struct gateway *gateway, const struct config *config)
{
    log_set_level(config->log_level);
    atomic_store(&gateway->message_bytes, config_longest_message(config));
    if (!gateway->room)
        gateway->room = open_files_raise(config->limits.connections, gateway->worker_count);
    bool fits = config->limits.connections <= gateway->room;
    atomic_store(&gateway->ceiling, fits ? config->limits.connections : gateway->room);
}

struct rate_book *gateway_rates(const struct gateway *gateway)
{
    return gateway->rates;
}

struct listeners *gateway_listeners(const struct gateway *gateway)
{
    return gateway->listeners;
}

const char *gateway_url(const struct gateway *gateway, char out[GATEWAY_URL_MAX])
{
    return listeners_url(gateway->listeners, LISTENER_CLIENTS, out, GATEWAY_URL_MAX);
}

void gateway_count_undelivered(struct gateway *gateway)
{
    atomic_fetch_add_explicit(&gateway->undelivered, 1, memory_order_relaxed);
}
