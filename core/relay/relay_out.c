/* Parcels wait in a list until the turn ends, and leave in its order over one connection:
 * that is the order of letters. So a letter joins a parcel only if it passes none by that:
 * one to a node, as long as nothing to a group or to all was begun since; one to a group or
 * to all, if nothing was begun since at all.
 *
 * PUBLISH says how many listened. If nobody did, a node without the key alive:<node> is
 * gone, but only if Redis has been there for long enough that it would have that key. What
 * goes to a group is one script: it is sent whole, since a second try after NOSCRIPT would
 * be passed by what had left meanwhile. */
#include "core/relay/relay_out.h"

#include <stdio.h>

#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/base/table.h"
#include "core/loop/loop.h"
#include "core/redis/redis_link.h"
#include "core/relay/channel.h"
#include "core/relay/lease.h"
#include "core/relay/line.h"
#include "core/relay/parcel.h"

#define ONLY_AWAKE 1 /* of the keys in look_for_node() */

/* Words: prefix, own node, group, batch. */
static const char group_script[] =
    "local p, own, group, batch = ARGV[1], ARGV[2], ARGV[3], ARGV[4] "
    "for _, node in ipairs(redis.call('HKEYS', p..'gn:'..group)) do "
    "  if node ~= own then redis.call('PUBLISH', p..'to:'..node, batch) end end";

struct relay_out {
    /* never changes */
    struct loop *loop;
    struct relay_options options;
    struct lease *lease;
    const struct relay_out_events *events;
    void *data;
    struct redis_link *link;
    struct line *line; /* NULL: not sharded */

    struct list_node waiting;
    struct table by_node; /* the last direct parcel to each that waits */
    uint64_t series;      /* of direct parcels that may be joined */
    struct task turn_end;
    bool ends; /* turn_end is deferred */
    bool closed;

    size_t bytes, parcels; /* that wait or are on their way */
    struct relay_out_counts counts;
};

/* ---- Parcels ---- */

static jf_bytes key_of(const struct parcel *parcel)
{
    return jf_view(&parcel->node, sizeof(parcel->node));
}

/* The end of a parcel, and how it was. */
static void end(struct parcel *parcel, int status)
{
    struct relay_out *out = parcel->out;
    bool direct = parcel->to == PARCEL_TO_NODE;
    uint16_t node = parcel->node;
    uint64_t first = parcel->first, last = parcel->last;
    out->bytes -= parcel->len;
    out->parcels--;
    out->counts.undelivered += status < 0 ? parcel->letters : 0;
    parcel_free(parcel);
    if (status < 0 && status != JF_E_GONE)
        LOG_RARELY(WARN, STORE, 10, "event=relay_undelivered node=%u status=%s", node,
                   status_name(status));
    if (status < 0 && direct && !out->closed && out->events->on_undelivered)
        out->events->on_undelivered(out->data, node, first, last, status);
}

/* ---- Answers ---- */

/* Without a reply nobody knows whether it was done. */
static int outcome_of(int status, const struct redis_reply *reply)
{
    char why[LOG_QUOTED_MAX];
    if (status == JF_E_INVALID || status == JF_E_DENIED)
        LOG_RARELY(ERROR, STORE, 10, "event=relay_refused reason=%s",
                   log_quote(redis_reply_bytes(reply), why));
    if (status == JF_OK)
        return JF_OK;
    return reply ? JF_E_UNAVAILABLE : JF_E_TIMEOUT;
}

/* It is known by now that nobody has heard it. What a node that lives has to say of itself
 * may have expired or be forgotten while Redis was away: then nobody renews (`awake`), or
 * nobody is taken for dead yet (`quiet`). EXISTS counts a key as often as it is named. */
static void on_looked(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct parcel *parcel = CONTAINER_OF(call, struct parcel, call);
    bool gone = status == JF_OK && redis_reply_number(reply) == ONLY_AWAKE;
    outcome_of(status, reply);
    end(parcel, gone ? JF_E_GONE : JF_E_UNAVAILABLE);
}

static void look_for_node(struct parcel *parcel)
{
    struct relay_out *out = parcel->out;
    const char *prefix = out->options.prefix;
    char texts[3][CHANNEL_MAX];
    const jf_bytes alive = channel_alive_key(prefix, parcel->node, texts[0]);
    const jf_bytes quiet = channel_key(prefix, "quiet", texts[1]);
    const jf_bytes awake = channel_key(prefix, "awake", texts[2]);
    const jf_bytes words[] = { jf_str("EXISTS"), awake, alive, alive, quiet, quiet };
    parcel->call.done = on_looked;
    if (out->closed || redis_send(out->link, &parcel->call, words, 6) < 0)
        end(parcel, JF_E_UNAVAILABLE);
}

static void passed_on(struct parcel *parcel, int status, int64_t listeners)
{
    if (status == JF_OK && listeners == 0 && parcel->to == PARCEL_TO_NODE)
        look_for_node(parcel);
    else
        end(parcel, status);
}

static void on_published(struct redis_call *call, int status,
                         const struct redis_reply *reply)
{
    struct parcel *parcel = CONTAINER_OF(call, struct parcel, call);
    passed_on(parcel, outcome_of(status, reply), redis_reply_number(reply));
}

/* ---- Leaving ---- */

static int publish(struct parcel *parcel)
{
    struct relay_out *out = parcel->out;
    const char *prefix = out->options.prefix;
    char text[CHANNEL_MAX];
    const jf_bytes words[] = { jf_str("PUBLISH"),
                               parcel->to == PARCEL_TO_ALL
                                   ? channel_of_all(prefix, text)
                                   : channel_of_node(prefix, parcel->node, text),
                               jf_view(parcel->octets, parcel->len) };
    return redis_send(out->link, &parcel->call, words, 3);
}

static int publish_to_group(struct parcel *parcel)
{
    struct relay_out *out = parcel->out;
    char own[8];
    snprintf(own, sizeof(own), "%u", parcel->from.node);
    const jf_bytes words[] = { jf_str("EVAL"),
                               jf_str(group_script),
                               jf_str("0"),
                               jf_str(out->options.prefix),
                               jf_str(own),
                               parcel->group,
                               jf_view(parcel->octets, parcel->len) };
    return redis_send(out->link, &parcel->call, words, 7);
}

static void give_to_redis(struct parcel *parcel)
{
    parcel->call.done = on_published;
    int status = parcel->to == PARCEL_TO_GROUP ? publish_to_group(parcel) : publish(parcel);
    if (status < 0) {
        end(parcel, JF_E_UNAVAILABLE);
        return;
    }
    parcel->out->counts.batches++;
    parcel_drop_octets(parcel);
}

/* The time to look at the lease is now, not only when the letters came. */
static bool is_still_ours(const struct parcel *parcel)
{
    struct batch_from self;
    return lease_sure(parcel->out->lease, &self) && self.node == parcel->from.node &&
           self.fence == parcel->from.fence;
}

static void leave(struct parcel *parcel)
{
    struct relay_out *out = parcel->out;
    list_remove(&parcel->node_link);
    if (parcel->to == PARCEL_TO_NODE && table_find(&out->by_node, key_of(parcel)) == parcel)
        table_remove(&out->by_node, key_of(parcel));
    if (!parcel->letters) { /* there was no memory for its first one */
        end(parcel, JF_OK);
        return;
    }
    if (!is_still_ours(parcel)) {
        end(parcel, JF_E_UNAVAILABLE);
    } else if (out->line) {
        out->counts.batches++;
        line_join(out->line, parcel);
    } else {
        give_to_redis(parcel);
    }
}

/* What events send meanwhile goes with the next turn. */
static void leave_all(struct relay_out *out)
{
    struct list_node now, *first;
    list_init(&now);
    list_take_all(&now, &out->waiting);
    out->series++;
    while ((first = list_first(&now)))
        leave(CONTAINER_OF(first, struct parcel, node_link));
}

static void on_turn_end(struct task *task)
{
    struct relay_out *out = CONTAINER_OF(task, struct relay_out, turn_end);
    out->ends = false;
    if (out->closed)
        free(out);
    else
        leave_all(out);
}

static void end_turn_later(struct relay_out *out)
{
    if (!out->ends)
        loop_defer(out->loop, &out->turn_end);
    out->ends = true;
}

/* ---- Open and close ---- */

static const struct redis_events link_events = { 0 };

int relay_out_open(struct loop *loop, const struct relay_options *options,
                   struct lease *lease, const struct relay_out_events *events, void *data,
                   struct relay_out **result)
{
    struct relay_out *out = xnew(struct relay_out);
    out->loop = loop;
    out->options = *options;
    out->lease = lease;
    out->events = events;
    out->data = data;
    out->turn_end.run = on_turn_end;
    list_init(&out->waiting);
    table_init(&out->by_node);
    int status = redis_link_open(loop, options->url, options->timeout_ms, &link_events, out,
                                 &out->link);
    if (status == JF_OK && options->sharded)
        status = line_open(loop, &out->options, out->link, passed_on, &out->line);
    if (status < 0) {
        redis_link_close(out->link, 0);
        table_fini(&out->by_node);
        free(out);
        return status;
    }
    *result = out;
    return JF_OK;
}

void relay_out_close(struct relay_out *out, unsigned patience_ms)
{
    if (!out)
        return;
    out->closed = true;
    leave_all(out);
    redis_link_close(out->link, patience_ms); /* which ends what is on its way */
    line_close(out->line, patience_ms);
    CHECK(out->parcels == 0);
    table_fini(&out->by_node);
    if (!out->ends)
        free(out); /* else the deferred task does */
}

void relay_out_count(const struct relay_out *out, struct relay_out_counts *counts)
{
    *counts = out->counts;
}

/* ---- Sending ---- */

static bool is_full(const struct relay_out *out, size_t more)
{
    return out->bytes + more > RELAY_BYTES_MAX || out->parcels >= RELAY_PARCELS_MAX ||
           redis_link_bytes(out->link) > RELAY_BYTES_MAX ||
           redis_link_in_flight(out->link) >= RELAY_PARCELS_MAX;
}

static int begin(struct relay_out *out, enum parcel_to to, uint16_t node, jf_bytes group,
                 struct parcel **result)
{
    struct batch_from self;
    if (!lease_sure(out->lease, &self))
        return JF_E_UNAVAILABLE;
    struct parcel *parcel = parcel_new(to, group, &self);
    if (!parcel)
        return JF_E_NOMEM;
    parcel->out = out;
    parcel->node = node;
    out->bytes += parcel->len;
    out->parcels++;
    if (to != PARCEL_TO_NODE)
        out->series++;
    parcel->series = out->series;
    list_append(&out->waiting, &parcel->node_link);
    if (to == PARCEL_TO_NODE)
        table_put(&out->by_node, key_of(parcel), parcel);
    end_turn_later(out);
    *result = parcel;
    return JF_OK;
}

/* The parcel that a letter would join; NULL: it needs one of its own. */
static struct parcel *open_to_node(const struct relay_out *out, uint16_t node)
{
    struct parcel *parcel = table_find(&out->by_node, jf_view(&node, sizeof(node)));
    return parcel && parcel->series == out->series ? parcel : NULL;
}

static struct parcel *last_if_to(const struct relay_out *out, enum parcel_to to,
                                 jf_bytes key)
{
    if (list_empty(&out->waiting))
        return NULL;
    struct parcel *last = CONTAINER_OF(out->waiting.prev, struct parcel, node_link);
    return last->to == to && jf_same(last->group, key) ? last : NULL;
}

static int may_send(struct relay_out *out, size_t size)
{
    if (size > RELAY_LETTER_MAX)
        return JF_E_TOO_BIG;
    if (out->closed || !redis_link_is_up(out->link))
        return JF_E_UNAVAILABLE;
    if (!is_full(out, BATCH_HEAD + size))
        return JF_OK;
    out->counts.full++;
    return JF_E_FULL;
}

/* `parcel` is the one it could join. */
static int put(struct relay_out *out, struct parcel *parcel, enum parcel_to to,
               uint16_t node, jf_bytes group, const struct letter *letter)
{
    size_t size = parcel_size_of(letter);
    int status = may_send(out, size);
    if (status == JF_OK && (!parcel || parcel->len + size > RELAY_BATCH_BYTES))
        status = begin(out, to, node, group, &parcel);
    if (status < 0)
        return status;
    if (!parcel_add(parcel, letter))
        return JF_E_NOMEM;
    out->bytes += size;
    out->counts.letters++;
    return JF_OK;
}

int relay_send(struct relay_out *out, uint16_t node, const struct letter *letter)
{
    return put(out, open_to_node(out, node), PARCEL_TO_NODE, node, jf_view(NULL, 0),
               letter);
}

int relay_send_group(struct relay_out *out, const struct letter *letter)
{
    return put(out, last_if_to(out, PARCEL_TO_GROUP, letter->name), PARCEL_TO_GROUP, 0,
               letter->name, letter);
}

int relay_send_all(struct relay_out *out, const struct letter *letter)
{
    jf_bytes none = jf_view(NULL, 0);
    return put(out, last_if_to(out, PARCEL_TO_ALL, none), PARCEL_TO_ALL, 0, none, letter);
}
