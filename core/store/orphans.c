/* One link, and the three scripts that are known there as long as it is up. Nothing that is
 * asked twice does harm, so what fails is asked again after a rest, until there are no
 * connections any more or somebody with a later fence is there. */
#include "core/store/orphans.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/loop/loop.h"
#include "core/store/orphans_impl.h"
#include "core/store/script_prelude.h"

#define REST_MIN_MS 100
#define REST_MAX_DOUBLINGS 5
#define FAREWELL_MS 300

/* Cleaning up makes room, so a full Redis must not refuse it: in a script it minds only the
 * first write, and never that it is a DEL. */
#define SPEAK                                                                              \
    SCRIPT_PRELUDE "if fence > known then redis.call('DEL', p..'fence:'..node) end "       \
                   "raise_fence() "

static const char *const scripts[SCRIPTS] = {
    [READ] = SPEAK "if redis.call('SISMEMBER', n, id) == 0 then return 0 end "
                   "return {redis.call('HGETALL', c), redis.call('SMEMBERS', cg)}",
    [BURY] = SPEAK "forget()",
    [END] = SPEAK "if redis.call('SCARD', n) > 0 then return 0 end "
                  "redis.call('DEL', p..'m:'..node) "
                  "return 1",
};

/* ---- The end, and rests ---- */

void orphans_tell_end(struct orphans *orphans, int status)
{
    orphans->ended = true;
    orphans->ready = false;
    timer_stop(orphans->again_timer);
    orphans->events->on_end(orphans->data, status);
}

void orphans_rest(struct orphans *orphans)
{
    unsigned doublings = orphans->refusals;
    if (orphans->resting || orphans->ended)
        return;
    uint64_t pause = (uint64_t)REST_MIN_MS << doublings;
    orphans->refusals += doublings < REST_MAX_DOUBLINGS;
    orphans->resting = true;
    timer_start(orphans->again_timer, pause / 2 + random_below(pause / 2 + 1));
}

static void log_wait(const struct orphans *orphans, int status,
                     const struct redis_reply *reply)
{
    char why[LOG_QUOTED_MAX];
    jf_bytes error = redis_reply_bytes(reply); /* its first word is a code */
    error.len = bytes_find(error, ' ');
    LOG_RARELY(WARN, STORE, 10, "event=orphans_wait node=%u status=%s redis=%s",
               orphans->options.node, status_name(status), log_quote(error, why));
}

bool orphans_heed(struct orphans *orphans, int status, const struct redis_reply *reply)
{
    if (orphans->ended || orphans->closed)
        return false;
    if (status == JF_OK) {
        orphans->refusals = 0;
        return true;
    }
    if (redis_reply_says(reply, "FENCED")) {
        orphans_tell_end(orphans, JF_E_GONE);
        return false;
    }
    log_wait(orphans, status, reply);
    if (status == JF_E_NOT_FOUND)
        orphans->ready = false; /* the scripts were flushed */
    orphans_rest(orphans);
    return false;
}

int orphans_run(struct orphans *orphans, enum orphans_script script,
                struct redis_call *call, const char *id)
{
    const jf_bytes words[] = { jf_str("EVALSHA"),
                               redis_scripts_name(&orphans->scripts, script),
                               jf_str("0"),
                               jf_str(orphans->options.prefix),
                               jf_str(orphans->node),
                               jf_str(orphans->fence),
                               jf_str(id) };
    return redis_send(orphans->link, call, words, 7);
}

/* ---- Up and down ---- */

static void on_loaded(struct redis_scripts *loaded, int status,
                      const struct redis_reply *reply)
{
    struct orphans *orphans = CONTAINER_OF(loaded, struct orphans, scripts);
    if (!orphans_heed(orphans, status, reply))
        return;
    orphans->ready = true;
    orphans_go_on(orphans);
}

static void load(struct orphans *orphans)
{
    orphans->ready = false;
    if (!orphans->ended && redis_scripts_load(&orphans->scripts, orphans->link) < 0)
        orphans_rest(orphans);
}

static void on_up(void *data)
{
    struct orphans *orphans = data;
    orphans->resting = false;
    orphans->refusals = 0;
    timer_stop(orphans->again_timer);
    load(orphans);
}

/* What comes back may count its cursors in another way. */
static void on_down(void *data)
{
    struct orphans *orphans = data;
    orphans->ready = false;
    orphans_begin_pass(orphans);
}

static void rested(void *data)
{
    struct orphans *orphans = data;
    orphans->resting = false;
    if (!orphans->ready && redis_link_is_up(orphans->link))
        load(orphans);
    orphans_go_on(orphans);
}

static const struct redis_events events_of_link = { .on_up = on_up, .on_down = on_down };

/* ---- Open and close ---- */

static void free_orphans(struct orphans *orphans)
{
    orphans_pass_fini(orphans);
    timer_free(orphans->again_timer);
    free(orphans);
}

int orphans_open(struct loop *loop, const struct orphans_options *options,
                 const struct orphans_events *events, void *data, struct orphans **out)
{
    struct orphans *orphans = xnew(struct orphans);
    orphans->options = *options;
    orphans->events = events;
    orphans->data = data;
    snprintf(orphans->node, sizeof(orphans->node), "%u", options->node);
    snprintf(orphans->fence, sizeof(orphans->fence), "%llu",
             (unsigned long long)options->fence);
    redis_scripts_init(&orphans->scripts, scripts, SCRIPTS, on_loaded);
    orphans_pass_init(orphans);
    timer_new(loop, rested, orphans, &orphans->again_timer);
    int status = redis_link_open(loop, options->url, options->timeout_ms, &events_of_link,
                                 orphans, &orphans->link);
    if (status < 0) {
        free_orphans(orphans);
        return status;
    }
    *out = orphans;
    return JF_OK;
}

void orphans_close(struct orphans *orphans)
{
    if (!orphans)
        return;
    bool some = orphans_farewell(orphans);
    orphans->closed = true;
    redis_link_close(orphans->link, some ? FAREWELL_MS : 0);
    free_orphans(orphans);
}
