/*
 * jwt - who may come in, by a JSON Web Token; docs/jwt.md is its manual.
 *
 *   $authorize   401 without a good token; its claims are the context of all that follows
 *   refresh      a new token for a connection that is open
 *
 * This file is the plugin's side towards the host: routes, answers, timers, its life. What
 * is decided, and why, is in authorize.c and below it.
 */
#include "jwt_plugin.h"

#include <stdlib.h>
#include <time.h>

#define TICK_MS 1000
#define TICK_AGAIN_MS 10

static int64_t clock_now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

/* ---- $authorize ------------------------------------------------------------------------
 */

/* Why is for the log only: who has no token learns nothing of what would be one. */
static int refuse(struct jf_event *ev, const char *why)
{
    jf_log(ev->self, JF_DEBUG, "event=token_refused why=%s", why);
    return jf_refuse(ev, 401, jf_str("{\"message\": \"Unauthorized\"}"));
}

#define CONTEXT_MAX 8192 /* octets that jf_context() keeps */

_Static_assert(JWS_PAYLOAD_MAX + JWT_CLAIM_VALUE_MAX <= CONTEXT_MAX && JWT_CLAIMS_MAX < 64,
               "all that a token may claim fits, and the subject once more");

/* The principal is the subject and nothing else, chosen among the claims or not; a claim
 * that has that name says something of its issuer's. */
static int identify(struct jf_event *ev, const struct jwt *jwt)
{
    int status = jwt->subject.len ? jf_principal(ev, jwt->subject) : JF_OK;
    for (size_t i = 0; i < jwt->claim_count && status == JF_OK; i++) {
        if (!jf_same(jwt->claims[i].name, jf_str("principalId")))
            status = jf_context(ev, jwt->claims[i].name, jwt->claims[i].value);
    }
    return status;
}

/* What the host had no room for would not be left out: a handler could miss just that. */
static int admit(struct jf_event *ev, const struct jwt_verdict *verdict)
{
    int status = identify(ev, &verdict->jwt);
    if (status == JF_OK)
        status = authorize_until(ev->worker->local, ev->conn, &verdict->jwt);
    if (status == JF_OK && verdict->subprotocol.ptr)
        status = jf_subprotocol(ev, verdict->subprotocol);
    return status;
}

static int on_authorize(struct jf_event *ev)
{
    struct jwt_worker *worker = ev->worker->local;
    struct jwt_verdict verdict;
    authorize(worker, ev->connect, &verdict);
    int status =
        verdict.fault ? refuse(ev, jwt_fault_name(verdict.fault)) : admit(ev, &verdict);
    if (status < 0)
        worker->counts.refused++;
    else
        worker->counts.allowed++;
    jwt_verdict_fini(&verdict);
    return status;
}

/* ---- A worker --------------------------------------------------------------------------
 */

/* One timer does for all connections of the worker, and for the key files. */
static void on_tick(jf_worker *w, void *data)
{
    struct jwt_worker *worker = data;
    (void)key_files_look(&worker->keys);
    bool more = expiry_tick(&worker->seat, worker->plugin->now_s());
    int status = jf_timer_start(w, more ? TICK_AGAIN_MS : TICK_MS, on_tick, worker, NULL);
    if (status < 0 && status != JF_E_STOPPING)
        jf_log(w->self, JF_ERROR, "event=no_timer worker=%u", w->index);
}

static void worker_fini(jf_worker *w)
{
    struct jwt_worker *worker = w->local;
    const struct jwt_counts *counts = &worker->counts;
    jf_log(w->self, JF_INFO,
           "event=tokens worker=%u allowed=%llu refused=%llu refreshed=%llu "
           "not_refreshed=%llu closed=%llu",
           w->index, (unsigned long long)counts->allowed,
           (unsigned long long)counts->refused, (unsigned long long)counts->refreshed,
           (unsigned long long)counts->not_refreshed,
           (unsigned long long)worker->seat.closed);
    key_files_close(&worker->keys);
    free(worker);
    w->local = NULL;
}

static int worker_start(jf_worker *w, struct jwt_worker *worker)
{
    const struct jwt_options *options = &worker->plugin->options;
    worker->worker = w;
    expiry_sit(&worker->seat, worker->plugin->expiry, w);
    int status = key_files_open(w->self, options->keys, options->key_count, w->index == 0,
                                &worker->keys);
    if (status < 0)
        return status;
    status = jf_timer_start(w, TICK_MS, on_tick, worker, NULL);
    if (status < 0)
        key_files_close(&worker->keys);
    return status;
}

static int worker_init(jf_worker *w)
{
    struct jwt_worker *worker = calloc(1, sizeof(*worker));
    if (!worker)
        return JF_E_NOMEM;
    worker->plugin = w->self->state;
    int status = worker_start(w, worker);
    if (status < 0)
        free(worker);
    else
        w->local = worker;
    return status;
}

/* ---- Its life --------------------------------------------------------------------------
 */

static void fini(jf_self *self)
{
    struct jwt_plugin *plugin = self->state;
    if (!plugin)
        return;
    expiry_unref(plugin->expiry);
    jwt_options_free(&plugin->options);
    free(plugin);
    self->state = NULL;
}

/* The keys are read here to see that they can be: a worker has its own. */
static int check_keys(jf_self *self, const struct jwt_options *options)
{
    struct key_files keys;
    int status = key_files_open(self, options->keys, options->key_count, true, &keys);
    if (status == JF_OK)
        key_files_close(&keys);
    return status;
}

static int start(jf_self *self, struct jwt_plugin *plugin, jf_bytes text)
{
    const struct jwt_options *options = &plugin->options;
    int status = jwt_options_read(self, text, &plugin->options);
    if (status == JF_OK)
        status = check_keys(self, options);
    if (status == JF_OK && options->refresh_route)
        status = jf_route_add(self, jf_str(options->refresh_route), refresh, NULL);
    plugin->expiry = status == JF_OK ? expiry_new(self->worker_count) : NULL;
    return status == JF_OK && !plugin->expiry ? JF_E_NOMEM : status;
}

static int init(jf_self *self, jf_bytes options)
{
    struct jwt_plugin *plugin = calloc(1, sizeof(*plugin));
    self->state = plugin;
    if (!plugin)
        return JF_E_NOMEM;
    plugin->mark = JWT_STATE_MARK;
    plugin->now_s = clock_now_s;
    int status = start(self, plugin, options);
    if (status < 0)
        fini(self); /* the host calls it only after an init that succeeded */
    return status;
}

/* Who has to leave when is not forgotten; what the options say of it holds for those who
 * come from now on. */
static int take_over(jf_self *self, const jf_self *old)
{
    struct jwt_plugin *plugin = self->state;
    const struct jwt_plugin *before = old->state;
    if (before->mark != JWT_STATE_MARK || before->expiry->workers != self->worker_count) {
        jf_log(self, JF_WARN, "event=deadlines_lost why=\"the build before was another\"");
        return JF_OK;
    }
    expiry_unref(plugin->expiry);
    plugin->expiry = expiry_ref(before->expiry);
    return JF_OK;
}

static const struct jf_route routes[] = {
    { "$authorize", on_authorize },
    { NULL, NULL },
};

JF_PLUGIN(.name = "jwt", .version = "1.0", .routes = routes, .init = init,
          .worker_init = worker_init, .worker_fini = worker_fini, .fini = fini,
          .take_over = take_over);
