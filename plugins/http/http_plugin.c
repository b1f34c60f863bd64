/*
 * http - any backend can serve a route: an HTTP service, a Lambda function, a Redis Stream.
 *
 * Options, as JSON in the host's configuration: an object of route key to integration, and
 * "$defaults" for what they have in common. docs/integrations.md is the manual.
 *
 *   { "$connect":    { "url": "http://127.0.0.1:8000/connect",
 *                      "headers": { "X-Id": "context.connectionId" } },
 *     "$default":    { "type": "lambda", "url": "http://127.0.0.1:9001",
 *                      "function": "onMessage" },
 *     "$disconnect": { "type": "redis_stream", "url": "redis://127.0.0.1", "stream": "gone"
 * } }
 *
 * Each worker has a client of its own, and a lane for each integration; nothing is shared
 * but the options, which do not change.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "http_estate.h"
#include "http_lane.h"
#include "http_stream.h"

#define IDLE_MAX 1024 /* connections kept per worker */
#define ADOPT_MS 500  /* how often it is seen whether there is something left to take */
#define ADOPT_MAX 200 /* of that, each time */

struct http_instance {
    uint32_t version; /* of what another instance may touch: the estate */
    struct http_estate *estate;
    struct http_options options;
};

struct http_worker {
    struct http_client *client;
    struct http_lane *lanes; /* in the order of the integrations */
};

static const struct http_options *options_of(const jf_self *self)
{
    const struct http_instance *instance = self->state;
    return &instance->options;
}

static int on_event(struct jf_event *ev)
{
    const struct http_integration *it = ev->data;
    struct http_worker *mine = ev->worker->local;
    return http_lane_take(&mine->lanes[it->index], ev);
}

/* ---- Per worker --------------------------------------------------------- */

/* A socket is two descriptors, ours and the host's for it. The host has asked the system
 * for what its own clients need; this is beside that. Without it connections will be
 * refused, and that is told then. */
static void raise_open_files(const struct jf_self *self, const struct http_options *options)
{
    struct rlimit files;
    rlim_t need = (rlim_t)http_options_sockets(options) * 2 * self->worker_count;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur == RLIM_INFINITY)
        return;
    files.rlim_cur += need;
    if (files.rlim_max != RLIM_INFINITY && files.rlim_cur > files.rlim_max)
        files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static void free_worker(struct http_worker *mine, size_t lanes, struct http_estate *estate)
{
    for (size_t i = 0; i < lanes && mine->lanes; i++) {
        http_lane_fini(&mine->lanes[i], estate);
        http_stream_free(mine->lanes[i].stream);
    }
    http_client_free(mine->client);
    free(mine->lanes);
    free(mine);
}

static int open_lane(struct http_worker *mine, jf_worker *w,
                     const struct http_integration *it)
{
    struct http_lane *lane = &mine->lanes[it->index];
    lane->it = it;
    lane->w = w;
    lane->client = mine->client;
    lane->breaker.failures = it->breaker_failures;
    lane->breaker.open_ms = it->breaker_open_ms;
    if (it->kind != HTTP_REDIS_STREAM)
        return JF_OK;
    lane->stream = http_stream_new(w, it);
    return lane->stream ? JF_OK : JF_E_NOMEM;
}

/* ---- What an instance before this one has left --------------------------- */

static void adopt_later(jf_worker *w, struct http_estate *estate);

static struct http_lane *lane_of(const jf_worker *w, const char *route)
{
    const struct http_options *options = options_of(w->self);
    struct http_worker *mine = w->local;
    for (size_t i = 0; i < options->count; i++) {
        if (strcmp(options->integrations[i].route, route) == 0)
            return &mine->lanes[i];
    }
    return NULL;
}

/* False: there is none. */
static bool adopt_one(jf_worker *w, struct http_estate *estate)
{
    char *route = NULL;
    struct http_call *call = http_estate_take(estate, &route);
    if (!call)
        return false;
    struct http_lane *lane = lane_of(w, route);
    /* A request over HTTP has a URL, and an entry of a stream has none. */
    if (lane && !call->url == (lane->it->kind == HTTP_REDIS_STREAM)) {
        http_late_adopt(lane, call);
    } else {
        jf_log(w->self, JF_WARN, "route=%s disconnects_lost=1 the route is another", route);
        http_call_free(call);
    }
    free(route);
    return true;
}

/* Until the instance before is gone: it leaves what it has when it ends. */
static void adopt(jf_worker *w, void *data)
{
    struct http_estate *estate = data;
    bool again = http_estate_has_others(estate);
    int taken = 0;
    while (taken < ADOPT_MAX && adopt_one(w, estate))
        taken++;
    if (again || taken == ADOPT_MAX)
        adopt_later(w, estate);
}

static void adopt_later(jf_worker *w, struct http_estate *estate)
{
    if (jf_timer_start(w, ADOPT_MS, adopt, estate, NULL) < 0)
        jf_log(w->self, JF_DEBUG, "nothing is taken over any more");
}

static int worker_init(jf_worker *w)
{
    const struct http_instance *instance = w->self->state;
    const struct http_options *options = &instance->options;
    uint64_t sockets = http_options_sockets(options);
    struct http_worker *mine = calloc(1, sizeof(*mine));
    if (!mine)
        return JF_E_NOMEM;
    if (w->index == 0)
        raise_open_files(w->self, options);
    mine->client = http_client_new(w, (long)(sockets < IDLE_MAX ? sockets : IDLE_MAX));
    mine->lanes = calloc(options->count, sizeof(*mine->lanes));
    int status = mine->client && mine->lanes ? JF_OK : JF_E_NOMEM;
    size_t opened = 0;
    for (; opened < options->count && status == JF_OK; opened++)
        status = open_lane(mine, w, &options->integrations[opened]);
    if (status < 0) {
        free_worker(mine, opened, instance->estate);
        return status;
    }
    w->local = mine;
    if (http_estate_has_others(instance->estate))
        adopt_later(w, instance->estate);
    return JF_OK;
}

static void worker_fini(jf_worker *w)
{
    const struct http_instance *instance = w->self->state;
    free_worker(w->local, instance->options.count, instance->estate);
}

/* ---- The instance ------------------------------------------------------- */

static int add_routes(jf_self *self, const struct http_options *options)
{
    for (size_t i = 0; i < options->count; i++) {
        struct http_integration *it = &options->integrations[i];
        const char *complaint = "";
        if (it->kind == HTTP_REDIS_STREAM && http_stream_check(it, &complaint) < 0) {
            jf_log(self, JF_ERROR, "options: %s.url: %s", it->route, complaint);
            return JF_E_INVALID;
        }
        int status = jf_route_add(self, jf_str(it->route), on_event, it);
        if (status < 0) {
            jf_log(self, JF_ERROR, "options: %s: no route key", it->route);
            return status;
        }
    }
    return JF_OK;
}

static void free_instance(jf_self *self, struct http_instance *instance)
{
    uint32_t lost = http_estate_release(instance->estate);
    if (lost)
        jf_log(self, JF_WARN, "disconnects_lost=%u at_the_end=%u", lost, lost);
    http_options_fini(&instance->options);
    free(instance);
}

static int init(jf_self *self, jf_bytes json)
{
    char complaint[256];
    struct http_instance *instance = calloc(1, sizeof(*instance));
    if (!instance)
        return JF_E_NOMEM;
    instance->version = HTTP_ESTATE_VERSION;
    instance->estate = http_estate_new();
    int status = instance->estate ? http_options_read(json, &instance->options, complaint,
                                                      sizeof(complaint))
                                  : JF_E_NOMEM;
    if (status < 0) {
        jf_log(self, JF_ERROR, "%s", instance->estate ? complaint : "no memory");
        free_instance(self, instance);
        return status;
    }
    status = add_routes(self, &instance->options);
    if (status < 0) {
        free_instance(self, instance);
        return status;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    self->state = instance;
    return JF_OK;
}

static int take_over(jf_self *self, const jf_self *old)
{
    struct http_instance *mine = self->state;
    const struct http_instance *theirs = old->state;
    if (theirs->version != HTTP_ESTATE_VERSION)
        return JF_OK; /* what waits there is lost, and it says so */
    http_estate_release(mine->estate);
    mine->estate = http_estate_share(theirs->estate);
    return JF_OK;
}

static void fini(jf_self *self)
{
    free_instance(self, self->state);
    curl_global_cleanup();
}

JF_PLUGIN(.name = "http", .version = "1.0", .init = init, .worker_init = worker_init,
          .worker_fini = worker_fini, .fini = fini, .take_over = take_over);
