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

#include "http_lane.h"
#include "http_stream.h"

#define IDLE_MAX 1024 /* connections kept per worker */

struct http_worker {
    struct http_client *client;
    struct http_lane *lanes; /* in the order of the integrations */
};

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

static void free_worker(struct http_worker *mine, size_t lanes)
{
    for (size_t i = 0; i < lanes && mine->lanes; i++) {
        http_lane_fini(&mine->lanes[i]);
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

static int worker_init(jf_worker *w)
{
    const struct http_options *options = w->self->state;
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
        free_worker(mine, opened);
        return status;
    }
    w->local = mine;
    return JF_OK;
}

static void worker_fini(jf_worker *w)
{
    const struct http_options *options = w->self->state;
    free_worker(w->local, options->count);
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

static int init(jf_self *self, jf_bytes json)
{
    char complaint[256];
    struct http_options *options = calloc(1, sizeof(*options));
    if (!options)
        return JF_E_NOMEM;
    int status = http_options_read(json, options, complaint, sizeof(complaint));
    if (status < 0) {
        jf_log(self, JF_ERROR, "%s", complaint);
        free(options);
        return status;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    status = add_routes(self, options);
    self->state = options;
    if (status < 0) {
        http_options_fini(options);
        free(options);
        curl_global_cleanup();
    }
    return status;
}

static void fini(jf_self *self)
{
    struct http_options *options = self->state;
    http_options_fini(options);
    free(options);
    curl_global_cleanup();
}

JF_PLUGIN(.name = "http", .version = "1.0", .init = init, .worker_init = worker_init,
          .worker_fini = worker_fini, .fini = fini);
