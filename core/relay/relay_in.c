/* Subscriptions on a link of their own. What is wanted and what Redis has confirmed are two
 * things; as long as they differ, a timer asks again, so that whatever went wrong, a word
 * that was refused or one that was never answered, is put right without haste.
 *
 * In a cluster there is one channel only, our own, and it is served by one of its nodes;
 * each of the others names that one. So the link follows, and where that leads nowhere, it
 * goes back to where it began. */
#include "core/relay/relay_in.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/loop/loop.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_url.h"
#include "core/relay/channel.h"
#include "core/relay/redirect.h"

#define NODES 65536
#define AGAIN_MS 1000 /* and up to twice as long */
#define HURRIES 4     /* at once, within AGAIN_MS */

struct ear {
    char text[CHANNEL_MAX];
    jf_bytes channel;
    bool confirmed;
};

enum { OWN, ALL, EARS };

struct words {
    const char *subscribe, *unsubscribe, *message;
};

static const struct words plain_words = { "subscribe", "unsubscribe", "message" };
static const struct words sharded_words = { "ssubscribe", "sunsubscribe", "smessage" };

struct relay_in {
    /* never changes */
    struct relay_options options;
    const struct relay_in_events *events;
    void *data;
    struct loop *loop;
    const struct words *words;
    const struct redis_url *home;
    size_t ear_count;
    struct timer *again;

    struct redis_link *link;
    const struct redis_url *at; /* where it leads: home, or `named` */
    struct redis_url named;
    char host[REDIRECT_HOST_MAX];
    uint64_t hurried_at; /* loop_now() of the first of these: */
    unsigned hurries;

    struct ear ears[EARS];
    bool wanted, listening;
    uint16_t node; /* ours */

    uint64_t *fences; /* by node, the highest that was heard of */
    struct relay_in_counts counts;
};

/* ---- Subscribing ---- */

static void say(struct relay_in *in, const char *word)
{
    const jf_bytes words[] = { jf_str(word), in->ears[OWN].channel, in->ears[ALL].channel };
    redis_say(in->link, words, 1 + in->ear_count);
}

static void again_later(struct relay_in *in)
{
    timer_start(in->again, AGAIN_MS + random_below(AGAIN_MS));
}

/* Something may be done at once; but not again and again. */
static bool may_hurry(struct relay_in *in)
{
    uint64_t now = loop_now(in->loop);
    if (now - in->hurried_at >= AGAIN_MS) {
        in->hurried_at = now;
        in->hurries = 0;
    }
    return in->hurries++ < HURRIES;
}

/* The answer comes as a push; if the link is lost before, on_up() says it again. */
static void subscribe(struct relay_in *in)
{
    if (!in->wanted || !redis_link_is_up(in->link))
        return;
    say(in, in->words->subscribe);
    again_later(in);
}

static void connect_to(struct relay_in *in, const struct redis_url *url);

static void on_again(void *data)
{
    struct relay_in *in = data;
    if (in->listening)
        return;
    if (in->at != in->home && !redis_link_is_up(in->link))
        connect_to(in, in->home);
    else
        subscribe(in);
}

static void forget_confirmations(struct relay_in *in)
{
    for (size_t i = 0; i < EARS; i++)
        in->ears[i].confirmed = false;
}

static void fall_deaf(struct relay_in *in)
{
    if (!in->listening)
        return;
    in->listening = false;
    in->counts.deaf++;
    LOG_RARELY(WARN, STORE, 10, "event=relay_deaf node=%u", in->node);
    if (in->events->on_deaf)
        in->events->on_deaf(in->data);
}

static void on_up(void *data)
{
    subscribe(data);
}

static void on_down(void *data)
{
    struct relay_in *in = data;
    forget_confirmations(in);
    timer_stop(in->again);
    if (in->wanted && in->at != in->home)
        again_later(in);
    fall_deaf(in);
}

static void confirmed(struct relay_in *in, struct ear *ear)
{
    ear->confirmed = true;
    for (size_t i = 0; i < in->ear_count; i++) {
        if (!in->ears[i].confirmed)
            return;
    }
    if (in->listening)
        return;
    in->listening = true;
    timer_stop(in->again);
    LOG_RARELY(INFO, STORE, 10, "event=relay_listening node=%u", in->node);
    if (in->events->on_listening)
        in->events->on_listening(in->data);
}

/* A slot that moves to another node of a cluster takes our channel with it. */
static void lost(struct relay_in *in, struct ear *ear)
{
    ear->confirmed = false;
    if (in->options.sharded && may_hurry(in))
        subscribe(in);
    else
        again_later(in);
    fall_deaf(in);
}

/* ---- Another node of the cluster ---- */

/* Does the error say that the channel is elsewhere? Then we go there. */
static bool follow(struct relay_in *in, jf_bytes error)
{
    struct redirect to;
    if (!in->options.sharded || !in->wanted || in->listening ||
        redirect_read(error, &to) < 0 || (!to.host[0] && !in->at->host) || !may_hurry(in))
        return false;
    if (!to.host[0])
        snprintf(to.host, sizeof(to.host), "%s", in->at->host);
    snprintf(in->host, sizeof(in->host), "%s", to.host);
    in->named = *in->home;
    in->named.path = NULL;
    in->named.port = to.port;
    in->named.host = in->host;
    connect_to(in, &in->named);
    return true;
}

static void refused(struct relay_in *in, const struct redis_reply *error)
{
    char why[LOG_QUOTED_MAX];
    if (follow(in, redis_reply_bytes(error)))
        return;
    LOG_RARELY(ERROR, STORE, 10, "event=relay_refused reason=%s",
               log_quote(redis_reply_bytes(error), why));
    if (in->wanted && !in->listening)
        again_later(in);
}

/* ---- Letters ---- */

static void garbage(struct relay_in *in, size_t len)
{
    in->counts.garbage++;
    LOG_RARELY(WARN, STORE, 10, "event=relay_garbage bytes=%zu", len);
}

/* An event may end it all, or turn it to another number. */
static void open_batch(struct relay_in *in, struct batch *batch)
{
    uint16_t own = in->node;
    jf_bytes octets;
    while (in->wanted && in->node == own && batch_next(batch, &octets)) {
        struct letter letter;
        if (letter_read(octets, &letter) < 0) {
            garbage(in, octets.len);
            continue;
        }
        in->counts.letters++;
        in->events->on_letter(in->data, &batch->from, &letter);
    }
}

static void hear(struct relay_in *in, jf_bytes octets)
{
    struct batch batch;
    if (batch_read(octets, &batch) < 0) {
        garbage(in, octets.len);
        return;
    }
    if (batch.from.node == in->node)
        return;
    uint64_t *fence = &in->fences[batch.from.node];
    if (batch.from.fence < *fence) {
        in->counts.stale++;
        LOG_RARELY(WARN, STORE, 10, "event=relay_stale node=%u", batch.from.node);
        return;
    }
    *fence = batch.from.fence;
    in->counts.batches++;
    open_batch(in, &batch);
}

/* NULL: it is of a number that we had. */
static struct ear *ear_of(struct relay_in *in, jf_bytes channel)
{
    for (size_t i = 0; i < in->ear_count && in->wanted; i++) {
        if (jf_same(in->ears[i].channel, channel))
            return &in->ears[i];
    }
    return NULL;
}

static void on_push(void *data, const struct redis_reply *message)
{
    struct relay_in *in = data;
    if (redis_reply_is_error(message)) {
        refused(in, message);
        return;
    }
    jf_bytes kind = redis_reply_bytes(redis_reply_at(message, 0));
    struct ear *ear = ear_of(in, redis_reply_bytes(redis_reply_at(message, 1)));
    if (ear && bytes_eq(kind, in->words->message))
        hear(in, redis_reply_bytes(redis_reply_at(message, 2)));
    else if (ear && bytes_eq(kind, in->words->subscribe))
        confirmed(in, ear);
    else if (ear && bytes_eq(kind, in->words->unsubscribe))
        lost(in, ear);
}

static const struct redis_events link_events = {
    .on_up = on_up,
    .on_down = on_down,
    .on_push = on_push,
};

/* It opens whether anybody is there or not. */
static void connect_to(struct relay_in *in, const struct redis_url *url)
{
    redis_link_close(in->link, 0);
    in->at = url;
    CHECK(redis_link_open(in->loop, url, in->options.timeout_ms, &link_events, in,
                          &in->link) == JF_OK);
    if (url != in->home)
        again_later(in);
}

/* ---- The calls ---- */

int relay_in_open(struct loop *loop, const struct relay_options *options,
                  const struct relay_in_events *events, void *data, struct relay_in **out)
{
    struct relay_in *in = xnew(struct relay_in);
    in->options = *options;
    in->events = events;
    in->data = data;
    in->loop = loop;
    in->words = options->sharded ? &sharded_words : &plain_words;
    in->ear_count = options->sharded ? 1 : EARS;
    in->home = options->sharded && options->cluster ? options->cluster : options->url;
    in->ears[ALL].channel = channel_of_all(options->prefix, in->ears[ALL].text);
    in->fences = xcalloc(NODES, sizeof(*in->fences));
    timer_new(loop, on_again, in, &in->again);
    connect_to(in, in->home);
    *out = in;
    return JF_OK;
}

void relay_in_close(struct relay_in *in)
{
    if (!in)
        return;
    redis_link_close(in->link, 0);
    timer_free(in->again);
    free(in->fences);
    free(in);
}

void relay_in_listen(struct relay_in *in, uint16_t node)
{
    relay_in_ignore(in);
    in->node = node;
    in->ears[OWN].channel = channel_of_node(in->options.prefix, node, in->ears[OWN].text);
    in->wanted = true;
    subscribe(in);
}

void relay_in_ignore(struct relay_in *in)
{
    if (!in->wanted)
        return;
    in->wanted = in->listening = false;
    forget_confirmations(in);
    timer_stop(in->again);
    if (redis_link_is_up(in->link))
        say(in, in->words->unsubscribe);
}

bool relay_in_is_listening(const struct relay_in *in)
{
    return in->listening;
}

void relay_in_count(const struct relay_in *in, struct relay_in_counts *counts)
{
    *counts = in->counts;
}
