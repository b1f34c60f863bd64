/* Two holds of the same kind: on our own number, and on that of a dead node. Each has at
 * most one command on its way, and says when the next is due; what a command means when it
 * is answered depends on what was meant when it was sent, and whether that is still so. How
 * long a hold lasts is counted from before the command that got it was sent. */
#include "core/relay/lease.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/node_number.h"
#include "core/base/random.h"
#include "core/loop/loop.h"
#include "core/redis/redis_link.h"
#include "core/relay/lease_script.h"

#define TOKEN_LEN 32
#define WORDS_MAX 12
#define TRIES_AT_ONCE 8 /* numbers, before there is a pause between them */
#define PAUSE_MS 100
#define NEVER UINT64_MAX

enum stage {
    NONE,
    WANTED, /* our number: to be taken; a dead one: to be looked for */
    HELD,
    ENDING /* a dead one: to be freed, or left to others */
};

struct hold {
    struct redis_call call;
    struct lease *lease;
    enum stage stage, meant; /* now, and when the command was sent */
    bool busy;               /* a command is on its way */
    bool buried;             /* ENDING: it is to be freed, not left to others */
    uint16_t node;
    uint64_t fence;
    char era[TOKEN_LEN + 1];
    uint64_t asked_at, next_at, until; /* now_ms() */
};

struct lease {
    /* never changes */
    struct lease_options options;
    const struct lease_events *events;
    void *data;
    struct redis_link *link;
    struct timer *timer;
    char ttl[16], settle[16];

    /* the home thread's */
    struct hold own, dead;
    char token[TOKEN_LEN + 1];
    unsigned tries;
    bool doubt, closed;

    /* under the lock: what other threads may see */
    pthread_mutex_t lock;
    struct batch_from self;
    uint64_t sure_until;
};

/* A clock that also goes on while the machine sleeps, and never jumps. */
static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void make_token(char out[TOKEN_LEN + 1])
{
    uint64_t octets[2];
    random_fill(octets, sizeof(octets));
    snprintf(out, TOKEN_LEN + 1, "%016llx%016llx", (unsigned long long)octets[0],
             (unsigned long long)octets[1]);
}

static void publish(struct lease *lease)
{
    const struct hold *own = &lease->own;
    pthread_mutex_lock(&lease->lock);
    lease->self = (struct batch_from){ .node = own->node, .fence = own->fence };
    lease->sure_until = own->stage == HELD ? own->until : 0;
    pthread_mutex_unlock(&lease->lock);
}

/* ---- Commands ---- */

struct command {
    jf_bytes words[WORDS_MAX];
    size_t count;
    char node[8], fence[24], dice[TOKEN_LEN + 1];
};

static void begin_command(const struct lease *lease, const char *script, uint16_t node,
                          struct command *out)
{
    make_token(out->dice);
    snprintf(out->node, sizeof(out->node), "%u", node);
    const jf_bytes words[] = { jf_str("EVAL"),        jf_str(script),
                               jf_str("0"),           jf_str(lease->options.prefix),
                               jf_str(lease->token),  jf_str(lease->ttl),
                               jf_str(lease->settle), jf_str(out->dice),
                               jf_str(out->node) };
    out->count = sizeof(words) / sizeof(words[0]);
    memcpy(out->words, words, sizeof(words));
}

static void put(struct hold *hold, struct command *command)
{
    hold->asked_at = now_ms();
    hold->meant = hold->stage;
    hold->busy =
        redis_send(hold->lease->link, &hold->call, command->words, command->count) == JF_OK;
    hold->next_at = hold->asked_at + PAUSE_MS; /* if it could not be sent */
}

static void ask_to_take(struct hold *own)
{
    struct command command;
    begin_command(own->lease, lease_script_take, own->node, &command);
    put(own, &command);
}

static void ask_to_claim(struct hold *dead)
{
    struct command command;
    begin_command(dead->lease, lease_script_claim, dead->lease->own.node, &command);
    put(dead, &command);
}

static void ask_to_renew(struct hold *hold)
{
    struct command command;
    begin_command(hold->lease, lease_script_renew, hold->node, &command);
    snprintf(command.fence, sizeof(command.fence), "%llu", (unsigned long long)hold->fence);
    command.words[command.count++] = jf_str(command.fence);
    command.words[command.count++] = jf_str(hold->era);
    put(hold, &command);
}

static void ask_to_leave(struct hold *hold, const char *how)
{
    struct command command;
    begin_command(hold->lease, lease_script_leave, hold->node, &command);
    command.words[command.count++] = jf_str(how);
    put(hold, &command);
}

static void ask(struct lease *lease, struct hold *hold)
{
    bool own = hold == &lease->own;
    if (hold->stage == HELD)
        ask_to_renew(hold);
    else if (hold->stage == ENDING)
        ask_to_leave(hold, hold->buried ? "free" : "dead");
    else if (hold->stage == WANTED && own)
        ask_to_take(hold);
    else if (hold->stage == WANTED && lease_sure(lease, NULL))
        ask_to_claim(hold);
    else
        hold->next_at = now_ms() + lease->options.ttl_ms / 3;
}

/* ---- The clock ---- */

static void set_timer(struct lease *lease)
{
    uint64_t now = now_ms(), next = NEVER;
    const struct hold *holds[] = { &lease->own, &lease->dead };
    for (size_t i = 0; i < 2; i++) {
        bool waits = holds[i]->stage != NONE && !holds[i]->busy;
        if (waits && redis_link_is_up(lease->link) && holds[i]->next_at < next)
            next = holds[i]->next_at;
    }
    if (lease->own.stage == HELD && !lease->doubt && lease->own.until < next)
        next = lease->own.until;
    if (next == NEVER)
        timer_stop(lease->timer);
    else
        timer_start(lease->timer, next > now ? next - now : 0);
}

static void look_for_doubt(struct lease *lease)
{
    if (lease->own.stage != HELD || lease->doubt || now_ms() < lease->own.until)
        return;
    lease->doubt = true;
    LOG_WARN(STORE, "event=node_in_doubt node=%u", lease->own.node);
    if (lease->events->on_doubt)
        lease->events->on_doubt(lease->data);
}

static void go_on(struct lease *lease)
{
    look_for_doubt(lease);
    struct hold *holds[] = { &lease->own, &lease->dead };
    for (size_t i = 0; i < 2 && redis_link_is_up(lease->link); i++) {
        if (holds[i]->stage != NONE && !holds[i]->busy && holds[i]->next_at <= now_ms())
            ask(lease, holds[i]);
    }
    set_timer(lease);
}

static void on_time(void *data)
{
    go_on(data);
}

/* ---- Answers ---- */

static void keep_era(struct hold *hold, jf_bytes era)
{
    if (era.len == TOKEN_LEN)
        memcpy(hold->era, era.ptr, TOKEN_LEN);
}

/* An eighth is for clocks that do not go alike. */
static void prolong(struct hold *hold)
{
    uint64_t ttl = hold->lease->options.ttl_ms;
    hold->stage = HELD;
    hold->until = hold->asked_at + ttl - ttl / 8;
    hold->next_at = hold->asked_at + ttl / 3;
}

static void look_again_later(struct lease *lease)
{
    uint64_t half = lease->options.ttl_ms / 2;
    lease->dead.stage = lease->events->on_dead ? WANTED : NONE;
    lease->dead.next_at = now_ms() + half / 2 + random_below(half);
}

static void taken(struct lease *lease, const struct redis_reply *reply)
{
    struct hold *own = &lease->own;
    own->fence = (uint64_t)redis_reply_number(redis_reply_at(reply, 1));
    keep_era(own, redis_reply_bytes(redis_reply_at(reply, 2)));
    prolong(own);
    lease->doubt = false;
    publish(lease);
    if (!lease_sure(lease, NULL)) { /* it took too long: the same again */
        own->stage = WANTED;
        return;
    }
    look_again_later(lease);
    LOG_INFO(STORE, "event=node_taken node=%u fence=%llu", own->node,
             (unsigned long long)own->fence);
    if (lease->events->on_taken)
        lease->events->on_taken(lease->data, lease->self);
}

static void not_taken(struct lease *lease, uint64_t wait)
{
    struct hold *own = &lease->own;
    if (!wait) {
        own->node = node_number_pick();
        wait = ++lease->tries < TRIES_AT_ONCE ? 0 : PAUSE_MS;
    } else {
        LOG_INFO(
            STORE,
            "event=node_waits ms=%llu hint=\"Redis was empty, and whoever had a number "
            "in it may come back\"",
            (unsigned long long)wait);
    }
    own->next_at = now_ms() + wait;
}

static void dead_lost(struct lease *lease)
{
    bool held = lease->dead.stage == HELD;
    look_again_later(lease);
    if (held && lease->events->on_dead_lost)
        lease->events->on_dead_lost(lease->data, lease->dead.node);
}

static void lost(struct lease *lease)
{
    lease->own.stage = NONE;
    publish(lease);
    LOG_WARN(STORE, "event=node_lost node=%u", lease->own.node);
    dead_lost(lease);
    lease->dead.stage = NONE;
    if (lease->events->on_lost)
        lease->events->on_lost(lease->data);
}

static void renewed(struct lease *lease, const struct redis_reply *reply)
{
    keep_era(&lease->own, redis_reply_bytes(redis_reply_at(reply, 1)));
    prolong(&lease->own);
    publish(lease);
    if (!lease->doubt || !lease_sure(lease, NULL))
        return;
    lease->doubt = false;
    LOG_INFO(STORE, "event=node_sure node=%u", lease->own.node);
    if (lease->events->on_sure)
        lease->events->on_sure(lease->data);
}

static void own_answered(struct lease *lease, const struct redis_reply *reply)
{
    int64_t yes = redis_reply_number(redis_reply_at(reply, 0));
    if (lease->own.meant == WANTED && yes)
        taken(lease, reply);
    else if (lease->own.meant == WANTED)
        not_taken(lease, (uint64_t)redis_reply_number(redis_reply_at(reply, 1)));
    else if (yes)
        renewed(lease, reply);
    else
        lost(lease);
}

static void claimed(struct lease *lease, const struct redis_reply *reply)
{
    struct hold *dead = &lease->dead;
    dead->fence = (uint64_t)redis_reply_number(redis_reply_at(reply, 1));
    keep_era(dead, redis_reply_bytes(redis_reply_at(reply, 2)));
    dead->node = (uint16_t)redis_reply_number(redis_reply_at(reply, 3));
    prolong(dead);
    LOG_INFO(STORE, "event=node_dead node=%u", dead->node);
    lease->events->on_dead(lease->data,
                           (struct batch_from){ .node = dead->node, .fence = dead->fence });
}

static void dead_answered(struct lease *lease, const struct redis_reply *reply)
{
    struct hold *dead = &lease->dead;
    int64_t yes = redis_reply_number(redis_reply_at(reply, 0));
    if (dead->meant == WANTED && yes) {
        claimed(lease, reply);
    } else if (dead->meant == WANTED) {
        look_again_later(lease);
    } else if (dead->meant == ENDING) {
        look_again_later(lease);
        if (dead->buried)
            dead->next_at = now_ms(); /* seldom does one die alone */
    } else if (yes) {
        keep_era(dead, redis_reply_bytes(redis_reply_at(reply, 1)));
        prolong(dead);
    } else {
        dead_lost(lease);
    }
}

static void on_refused(void *data, const char *why)
{
    const struct lease *lease = data;
    if (lease->events->on_refused)
        lease->events->on_refused(lease->data, why);
}

static void refused(struct lease *lease, int status, const struct redis_reply *reply)
{
    char quoted[LOG_QUOTED_MAX], why[LOG_QUOTED_MAX];
    jf_bytes text = redis_reply_bytes(reply);
    if (status != JF_E_INVALID && status != JF_E_DENIED)
        return;
    LOG_RARELY(ERROR, STORE, 10, "event=lease_refused reason=%s", log_quote(text, quoted));
    snprintf(why, sizeof(why), "%.*s", BYTES_FMT(text));
    on_refused(lease, why);
}

static void on_done(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct hold *hold = CONTAINER_OF(call, struct hold, call);
    struct lease *lease = hold->lease;
    hold->busy = false;
    if (lease->closed)
        return;
    if (status < 0)
        refused(lease, status, reply);
    else if (hold->stage == hold->meant && redis_reply_count(reply) && hold == &lease->own)
        own_answered(lease, reply);
    else if (hold->stage == hold->meant && redis_reply_count(reply))
        dead_answered(lease, reply);
    go_on(lease);
}

/* ---- The calls ---- */

static void on_up(void *data)
{
    struct lease *lease = data;
    lease->own.next_at = 0;
    if (lease->dead.stage == HELD || lease->dead.stage == ENDING)
        lease->dead.next_at = 0;
    go_on(lease);
}

static void on_down(void *data)
{
    set_timer(data);
}

static const struct redis_events link_events = { .on_up = on_up,
                                                 .on_down = on_down,
                                                 .on_refused = on_refused };

int lease_open(struct loop *loop, const struct lease_options *options,
               const struct lease_events *events, void *data, struct lease **out)
{
    if (options->ttl_ms < LEASE_TTL_MIN_MS || options->timeout_ms > options->ttl_ms / 3)
        return JF_E_INVALID;
    struct lease *lease = xnew(struct lease);
    lease->options = *options;
    lease->events = events;
    lease->data = data;
    lease->own = lease->dead = (struct hold){ .call.done = on_done, .lease = lease };
    snprintf(lease->ttl, sizeof(lease->ttl), "%u", options->ttl_ms);
    snprintf(lease->settle, sizeof(lease->settle), "%u", options->settle_ms);
    pthread_mutex_init(&lease->lock, NULL);
    timer_new(loop, on_time, lease, &lease->timer);
    int status = redis_link_open(loop, options->url, options->timeout_ms, &link_events,
                                 lease, &lease->link);
    if (status < 0) {
        timer_free(lease->timer);
        pthread_mutex_destroy(&lease->lock);
        free(lease);
        return status;
    }
    *out = lease;
    return JF_OK;
}

void lease_close(struct lease *lease, unsigned patience_ms)
{
    if (!lease)
        return;
    struct hold *own = &lease->own, *dead = &lease->dead;
    struct hold last[2] = { *own, *dead };
    lease->closed = true;
    for (size_t i = 0; i < 2; i++)
        last[i].call = (struct redis_call){ .done = on_done };
    if (dead->stage == HELD || dead->stage == ENDING)
        ask_to_leave(&last[1], dead->stage == ENDING && dead->buried ? "free" : "dead");
    if (own->stage == HELD || own->busy) /* it may just be being taken */
        ask_to_leave(&last[0], "free");
    redis_link_close(lease->link, patience_ms);
    timer_free(lease->timer);
    pthread_mutex_destroy(&lease->lock);
    free(lease);
}

void lease_take(struct lease *lease)
{
    if (lease->own.stage != NONE)
        return;
    make_token(lease->token);
    lease->tries = 0;
    lease->own.node = node_number_pick();
    lease->own.stage = WANTED;
    lease->own.next_at = 0;
    timer_start(lease->timer, 0);
}

bool lease_sure(struct lease *lease, struct batch_from *self)
{
    pthread_mutex_lock(&lease->lock);
    bool sure = now_ms() < lease->sure_until;
    if (sure && self)
        *self = lease->self;
    pthread_mutex_unlock(&lease->lock);
    return sure;
}

bool lease_holds_dead(const struct lease *lease, uint16_t node)
{
    const struct hold *dead = &lease->dead;
    return dead->stage == HELD && dead->node == node && now_ms() < dead->until;
}

static void end_dead(struct lease *lease, uint16_t node, bool buried)
{
    struct hold *dead = &lease->dead;
    if (dead->stage != HELD || dead->node != node)
        return;
    dead->stage = ENDING;
    dead->buried = buried;
    dead->next_at = 0;
    timer_start(lease->timer, 0);
}

void lease_buried(struct lease *lease, uint16_t node)
{
    end_dead(lease, node, true);
}

void lease_leave_dead(struct lease *lease, uint16_t node)
{
    end_dead(lease, node, false);
}
