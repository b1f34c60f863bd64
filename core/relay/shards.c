/* Links by address, and for each of our nodes the one that serves its channel. As long as
 * that is not known, one call at a time finds it out, and the others wait for it: so none
 * passes another. A link that is new is waited for, once; what comes back is connected to
 * anew when it is named again. */
#include "core/relay/shards.h"

#include <stdio.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/monotonic.h"
#include "core/base/table.h"
#include "core/loop/loop.h"
#include "core/redis/redis_url.h"
#include "core/relay/channel.h"
#include "core/relay/redirect.h"

#define NODES 65536
#define FIRST 0 /* the one that the options name, which stays */

struct shard {
    struct shards *shards;
    uint16_t index;
    struct redis_url url; /* views of the options' and of `host` */
    char host[REDIRECT_HOST_MAX];
    struct redis_link *link;
    struct timer *patience;   /* until it must be up */
    bool fresh;               /* has not been up, and may yet come */
    struct list_node waiting; /* calls, until it is up */
};

/* One call is on its way to find out where a channel is. */
struct probe {
    uint16_t node;
    struct list_node waiting;
};

struct shards {
    /* never changes */
    struct loop *loop;
    const struct relay_options *options;

    struct shard *met[SHARDS_MAX];
    uint16_t *routes; /* by node: 1 + the index of the shard, or 0 */
    struct table probes;
    bool closed;
};

static bool is_up(const struct shard *shard)
{
    return shard && redis_link_is_up(shard->link);
}

static struct shard_call *first_of(struct list_node *list)
{
    struct list_node *first = list_first(list);
    return first ? CONTAINER_OF(first, struct shard_call, node_link) : NULL;
}

/* ---- Sending ---- */

static void on_published(struct redis_call *call, int status,
                         const struct redis_reply *reply);

static int publish(struct shard *shard, struct shard_call *call)
{
    char text[CHANNEL_MAX];
    const char *prefix = shard->shards->options->prefix;
    const jf_bytes words[] = { jf_str("SPUBLISH"),
                               channel_of_node(prefix, call->node, text), call->batch };
    call->shard = shard;
    call->redis.done = on_published;
    return redis_send(shard->link, &call->redis, words, 3);
}

/* Now, or when it is up. */
static int pass(struct shard *shard, struct shard_call *call)
{
    if (is_up(shard) && list_empty(&shard->waiting))
        return publish(shard, call) < 0 ? JF_E_UNAVAILABLE : JF_OK;
    if (!shard->fresh)
        return JF_E_UNAVAILABLE;
    list_append(&shard->waiting, &call->node_link);
    return JF_OK;
}

static void end_probe(struct shards *shards, uint16_t node, struct shard *shard);

static void end(struct shard_call *call, int status, int64_t listeners)
{
    struct shards *shards = call->shards;
    uint16_t node = call->node;
    bool probe = call->probe;
    call->done(call, shards->closed ? JF_E_STOPPING : status, listeners);
    if (probe)
        end_probe(shards, node, NULL);
}

static void send_or_end(struct shard *shard, struct shard_call *call)
{
    if (!shard || call->shards->closed || pass(shard, call) < 0)
        end(call, JF_E_UNAVAILABLE, 0);
}

/* ---- Shards come and go ---- */

static void fail_waiting(struct shard *shard)
{
    struct shard_call *call;
    shard->fresh = false;
    while ((call = first_of(&shard->waiting))) {
        list_remove(&call->node_link);
        end(call, JF_E_UNAVAILABLE, 0);
    }
}

static void forget_routes(struct shards *shards, const struct shard *shard)
{
    for (size_t node = 0; node < NODES; node++) {
        if (shards->routes[node] == shard->index + 1)
            shards->routes[node] = 0;
    }
}

/* Nothing is on its way to it, or all is closed. */
static void drop(struct shard *shard, unsigned patience_ms)
{
    redis_link_close(shard->link, patience_ms);
    timer_free(shard->patience);
    fail_waiting(shard);
    shard->shards->met[shard->index] = NULL;
    free(shard);
}

static void on_up(void *data)
{
    struct shard *shard = data;
    struct list_node waiting;
    struct shard_call *call;
    list_init(&waiting);
    list_take_all(&waiting, &shard->waiting);
    timer_stop(shard->patience);
    shard->fresh = false;
    while ((call = first_of(&waiting))) {
        list_remove(&call->node_link);
        send_or_end(shard, call);
    }
}

/* Its channels may be another's by now; whoever is asked next will know. */
static void on_down(void *data)
{
    struct shard *shard = data;
    forget_routes(shard->shards, shard);
    if (shard->index != FIRST)
        drop(shard, 0);
}

static void on_impatient(void *data)
{
    struct shard *shard = data;
    if (is_up(shard))
        return;
    forget_routes(shard->shards, shard);
    fail_waiting(shard);
    if (shard->index != FIRST)
        drop(shard, 0);
}

static const struct redis_events link_events = { .on_up = on_up, .on_down = on_down };

static int meet(struct shards *shards, uint16_t index, const struct redis_url *url,
                struct shard **out)
{
    struct shard *shard = xnew(struct shard);
    shard->shards = shards;
    shard->index = index;
    shard->url = *url;
    if (url->host) {
        snprintf(shard->host, sizeof(shard->host), "%s", url->host);
        shard->url.host = shard->host;
    }
    shard->fresh = true;
    list_init(&shard->waiting);
    int status = redis_link_open(shards->loop, &shard->url, shards->options->timeout_ms,
                                 &link_events, shard, &shard->link);
    if (status < 0) {
        free(shard);
        return status;
    }
    timer_new(shards->loop, on_impatient, shard, &shard->patience);
    timer_start(shard->patience, shards->options->timeout_ms);
    shards->met[index] = shard;
    *out = shard;
    return JF_OK;
}

/* Whoever has that address; NULL: there are too many. */
static struct shard *meet_at(struct shards *shards, const struct redis_url *url)
{
    struct shard *shard = NULL;
    size_t free_index = SHARDS_MAX;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        shard = shards->met[i];
        if (!shard && free_index == SHARDS_MAX)
            free_index = i;
        if (shard && shard->url.host && shard->url.port == url->port &&
            strcmp(shard->url.host, url->host) == 0)
            return shard;
    }
    shard = NULL;
    if (free_index == SHARDS_MAX)
        LOG_RARELY(ERROR, STORE, 10, "event=relay_shards_full shards=%d", SHARDS_MAX);
    else
        meet(shards, (uint16_t)free_index, url, &shard);
    return shard;
}

/* Where an answer says that the channel is; NULL: it says no such thing. */
static struct shard *named_by(const struct shard_call *call, int status,
                              const struct redis_reply *reply)
{
    struct redirect to;
    struct shards *shards = call->shards;
    if (status != JF_E_UNAVAILABLE || shards->closed ||
        redirect_read(redis_reply_bytes(reply), &to) < 0)
        return NULL;
    struct redis_url url = call->shard->url;
    url.path = NULL;
    if (to.host[0])
        url.host = to.host;
    url.port = to.port;
    return url.host ? meet_at(shards, &url) : NULL;
}

/* ---- Answers ---- */

static jf_bytes key_of(const uint16_t *node)
{
    return jf_view(node, sizeof(*node));
}

/* The channel is there, or, if NULL, nobody knows. */
static void end_probe(struct shards *shards, uint16_t node, struct shard *shard)
{
    struct probe *probe = table_remove(&shards->probes, key_of(&node));
    struct shard_call *call;
    while ((call = first_of(&probe->waiting))) {
        list_remove(&call->node_link);
        send_or_end(shard, call);
    }
    free(probe);
}

static void log_refusal(int status, const struct redis_reply *reply)
{
    char why[LOG_QUOTED_MAX];
    if (status == JF_E_INVALID || status == JF_E_DENIED)
        LOG_RARELY(ERROR, STORE, 10, "event=relay_refused reason=%s",
                   log_quote(redis_reply_bytes(reply), why));
}

static void on_published(struct redis_call *redis, int status,
                         const struct redis_reply *reply)
{
    struct shard_call *call = CONTAINER_OF(redis, struct shard_call, redis);
    struct shards *shards = call->shards;
    uint16_t node = call->node;
    bool probe = call->probe;
    struct shard *named = named_by(call, status, reply);
    struct shard *found = status == JF_OK ? call->shard : named;
    log_refusal(status, reply);
    if (found && (is_up(found) || found->fresh))
        shards->routes[node] = (uint16_t)(found->index + 1);
    call->probe = false;
    if (named && !call->moved) {
        call->moved = true;
        send_or_end(named, call);
    } else if (status == JF_OK) {
        end(call, JF_OK, redis_reply_number(reply));
    } else {
        end(call, reply ? JF_E_UNAVAILABLE : JF_E_TIMEOUT, 0);
    }
    if (probe)
        end_probe(shards, node, found);
}

/* ---- The calls ---- */

int shards_open(struct loop *loop, const struct relay_options *options, struct shards **out)
{
    struct shards *shards = xnew(struct shards);
    struct shard *first;
    shards->loop = loop;
    shards->options = options;
    table_init(&shards->probes);
    int status =
        meet(shards, FIRST, options->cluster ? options->cluster : options->url, &first);
    if (status < 0) {
        free(shards);
        return status;
    }
    shards->routes = xcalloc(NODES, sizeof(*shards->routes));
    *out = shards;
    return JF_OK;
}

/* What waits behind a probe goes where the answer says. */
static void hear_probes(struct shards *shards, uint64_t deadline)
{
    for (size_t i = 0; i < SHARDS_MAX && shards->probes.count; i++) {
        while (shards->met[i] &&
               redis_link_await(shards->met[i]->link, monotonic_left(deadline)))
            ;
    }
}

void shards_close(struct shards *shards, unsigned patience_ms)
{
    if (!shards)
        return;
    uint64_t deadline = monotonic_ms() + patience_ms;
    hear_probes(shards, deadline);
    shards->closed = true;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        if (shards->met[i])
            drop(shards->met[i], monotonic_left(deadline));
    }
    CHECK(shards->probes.count == 0);
    table_fini(&shards->probes);
    free(shards->routes);
    free(shards);
}

/* Whom to ask where the channel is; each knows. */
static struct shard *anybody(const struct shards *shards)
{
    struct shard *first = shards->met[FIRST];
    if (is_up(first) || first->fresh)
        return first;
    for (size_t i = 0; i < SHARDS_MAX; i++) {
        if (is_up(shards->met[i]))
            return shards->met[i];
    }
    return NULL;
}

static int send_probe(struct shards *shards, struct shard_call *call)
{
    struct probe *probe = table_find(&shards->probes, key_of(&call->node));
    if (probe) {
        list_append(&probe->waiting, &call->node_link);
        return JF_OK;
    }
    struct shard *shard = anybody(shards);
    int status = shard ? pass(shard, call) : JF_E_UNAVAILABLE;
    if (status < 0)
        return status;
    call->probe = true;
    probe = xnew(struct probe);
    probe->node = call->node;
    list_init(&probe->waiting);
    table_put(&shards->probes, key_of(&probe->node), probe);
    return JF_OK;
}

int shards_publish(struct shards *shards, uint16_t node, jf_bytes batch,
                   struct shard_call *call)
{
    call->shards = shards;
    call->node = node;
    call->moved = call->probe = false;
    call->batch = batch;
    call->node_link = (struct list_node){ 0 };
    if (shards->routes[node])
        return pass(shards->met[shards->routes[node] - 1], call);
    return send_probe(shards, call);
}
