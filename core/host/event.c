/* The pool of events. What happens to one is dispatch's. */
#include "core/host/event.h"

#include "core/base/memory.h"
#include "core/host/facts.h"
#include "core/host/identity.h"
#include "core/host/worker.h"

#define RESTING_MIN 256 /* an event is reused only after so many others have rested */

void event_pool_init(struct event_pool *pool)
{
    *pool = (struct event_pool){ 0 };
    list_init(&pool->resting);
}

static struct event *take(struct event_pool *pool)
{
    struct event *event = pool->spare;
    pool->spare = NULL;
    if (event)
        return event;
    if (pool->resting_count <= RESTING_MIN) {
        event = xnew(struct event);
        event->magic = EVENT_MAGIC;
        return event;
    }
    event = CONTAINER_OF(list_first(&pool->resting), struct event, node);
    list_remove(&event->node);
    pool->resting_count--;
    return event;
}

struct event *event_open(struct event_pool *pool, struct worker *worker, struct conn *conn,
                         const struct route *route, enum jf_kind kind)
{
    struct event *event = take(pool);
    struct plugin *plugin = route->plugin;
    event->worker = worker;
    event->conn = conn;
    event->route = route;
    event->pub = (struct jf_event){
        .self = &plugin->self,
        .data = route->data,
        .route = route->key,
        .kind = kind,
    };
    if (conn)
        event->pub.conn = conn_id(conn);
    atomic_store_explicit(&event->phase, EVENT_OPEN, memory_order_relaxed);
    return event;
}

static void clear(struct event *event)
{
    if (event->message)
        message_free(event->worker->server, event->message);
    free(event->refuse_body);
    free(event->subprotocol);
    identity_free(event->identity);
    greeting_free(event->greeting);
    if (event->facts_kept)
        facts_unref(event->facts_kept);
    if (event->settings_kept)
        settings_unref(event->settings_kept);
    char *json = atomic_load_explicit(&event->json, memory_order_relaxed);
    if (json) {
        free(json);
        atomic_store_explicit(&event->json, NULL, memory_order_relaxed);
    }
    event->facts = event->facts_kept = NULL;
    event->settings = event->settings_kept = NULL;
    event->message = NULL;
    event->identity = NULL;
    event->greeting = NULL;
    event->refuse_body = event->subprotocol = NULL;
    event->refuse_len = event->subprotocol_len = 0;
    event->refuse_status = 0;
    event->has_returned = false;
    atomic_store_explicit(&event->phase, EVENT_RESTING, memory_order_release);
}

void event_close_at_once(struct event_pool *pool, struct event *event)
{
    clear(event);
    if (!pool->spare) {
        pool->spare = event;
        return;
    }
    free(event);
}

void event_retire(struct event_pool *pool, struct event *event)
{
    clear(event);
    list_append(&pool->resting, &event->node);
    pool->resting_count++;
}

bool event_claim_finish(struct event *event)
{
    int open = EVENT_OPEN;
    return event->magic == EVENT_MAGIC &&
           atomic_compare_exchange_strong(&event->phase, &open, EVENT_FINISHED);
}

void event_pool_fini(struct event_pool *pool)
{
    struct list_node *node;
    free(pool->spare);
    while ((node = list_first(&pool->resting))) {
        list_remove(node);
        free(CONTAINER_OF(node, struct event, node));
    }
}
