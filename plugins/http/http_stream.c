/* A connection to Redis that is made when there is something to say. While it is being made
 * events wait; if that fails they fail, and for a pause that grows nothing is tried. Redis
 * that does not answer in time is taken for lost, with all that is on its way. */
#include "http_stream.h"

#include <hiredis/async.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>

#include "http_clock.h"
#include "http_names.h"
#include "http_stream_url.h"

#define FIRST_PAUSE_MS 100
#define LONGEST_PAUSE_MS 5000
#define MAXLEN_TEXT 16

enum stream_state { STREAM_IDLE, STREAM_LOOKING, STREAM_CONNECTING, STREAM_READY };

struct http_job {
    struct http_job *next, *previous; /* among those that wait for the connection */
    struct http_stream *stream;
    jf_bytes event;
    http_added_fn *done; /* NULL: cancelled */
    void *data;
    bool sent;
};

struct http_stream {
    jf_worker *w;
    const struct http_integration *it;
    struct http_stream_url url;
    char maxlen[MAXLEN_TEXT];
    enum stream_state state;
    struct http_lookup *lookup;
    redisAsyncContext *redis; /* NULL: there is none */
    jf_poll poll;
    uint32_t interest;
    jf_timer timer; /* of connecting; or to give up a silent one */
    struct http_job *waiting, *last_waiting;
    uint32_t on_the_way; /* cancelled ones included */
    uint64_t retry_at, pause;
};

/* ---- Jobs --------------------------------------------------------------- */

static void append(struct http_stream *stream, struct http_job *job)
{
    job->previous = stream->last_waiting;
    if (job->previous)
        job->previous->next = job;
    else
        stream->waiting = job;
    stream->last_waiting = job;
}

static void take_out(struct http_stream *stream, struct http_job *job)
{
    if (job->previous)
        job->previous->next = job->next;
    else
        stream->waiting = job->next;
    if (job->next)
        job->next->previous = job->previous;
    else
        stream->last_waiting = job->previous;
    job->next = job->previous = NULL;
}

static void end(struct http_job *job, enum http_fault fault, const char *why)
{
    if (job->done)
        job->done(job->data, fault, why);
    free(job);
}

/* Those that wait now: who asks again meanwhile waits for the next connection. */
static void fail_waiting(struct http_stream *stream, const char *why)
{
    struct http_job *job = stream->waiting;
    stream->waiting = stream->last_waiting = NULL;
    while (job) {
        struct http_job *next = job->next;
        end(job, HTTP_FAULT_AWAY, why);
        job = next;
    }
}

/* ---- The worker's loop for hiredis -------------------------------------- */

static void on_ready(jf_worker *w, void *data, uint32_t ready)
{
    struct http_stream *stream = data;
    redisAsyncContext *redis = stream->redis;
    (void)w;
    if (ready & JF_READABLE)
        redisAsyncHandleRead(redis);
    if (ready & JF_WRITABLE && stream->redis == redis)
        redisAsyncHandleWrite(redis);
}

static void want(struct http_stream *stream, uint32_t interest)
{
    if (interest == stream->interest)
        return;
    stream->interest = interest;
    if (stream->poll)
        jf_poll_change(stream->w, stream->poll, interest);
    else if (jf_poll_start(stream->w, stream->redis->c.fd, interest, on_ready, stream,
                           &stream->poll) < 0)
        stream->interest = 0;
}

static void add_read(void *data)
{
    struct http_stream *stream = data;
    want(stream, stream->interest | JF_READABLE);
}

static void del_read(void *data)
{
    struct http_stream *stream = data;
    want(stream, stream->interest & ~(uint32_t)JF_READABLE);
}

static void add_write(void *data)
{
    struct http_stream *stream = data;
    want(stream, stream->interest | JF_WRITABLE);
}

static void del_write(void *data)
{
    struct http_stream *stream = data;
    want(stream, stream->interest & ~(uint32_t)JF_WRITABLE);
}

/* The connection is over, for whatever reason; hiredis frees it now. */
static void clean_up(void *data)
{
    struct http_stream *stream = data;
    jf_poll_stop(stream->w, stream->poll);
    jf_timer_stop(stream->w, stream->timer);
    stream->poll = 0;
    stream->interest = 0;
    stream->redis = NULL;
    if (stream->state == STREAM_READY)
        stream->state = STREAM_IDLE;
}

/* ---- Connecting --------------------------------------------------------- */

static void give_up(struct http_stream *stream, const char *why)
{
    jf_timer_stop(stream->w, stream->timer);
    stream->pause = stream->pause ? stream->pause * 2 : FIRST_PAUSE_MS;
    if (stream->pause > LONGEST_PAUSE_MS)
        stream->pause = LONGEST_PAUSE_MS;
    stream->retry_at = http_now() + stream->pause;
    stream->state = STREAM_IDLE;
    fail_waiting(stream, why);
}

static void on_reply(redisAsyncContext *redis, void *got, void *data)
{
    struct http_job *job = data;
    struct http_stream *stream = job->stream;
    const redisReply *reply = got;
    (void)redis;
    stream->on_the_way--;
    if (!reply) {
        if (stream->state == STREAM_READY)
            stream->state = STREAM_IDLE;
        end(job, HTTP_FAULT_BROKEN, "the connection to Redis was lost");
    } else if (reply->type == REDIS_REPLY_ERROR) {
        end(job, HTTP_FAULT_STATUS, reply->str);
    } else {
        end(job, HTTP_FINE, NULL);
    }
}

/* False: it could not be sent, and is still the caller's. */
static bool send_job(struct http_stream *stream, struct http_job *job)
{
    const struct http_integration *it = stream->it;
    const char *argv[] = { "XADD",         it->stream, "MAXLEN", "~",
                           stream->maxlen, "*",        "event",  job->event.ptr };
    const size_t lens[] = { 4, strlen(it->stream), 6, 1, strlen(stream->maxlen), 1,
                            5, job->event.len };
    job->sent = true;
    if (redisAsyncCommandArgv(stream->redis, on_reply, job, 8, argv, lens) != REDIS_OK)
        return false;
    stream->on_the_way++;
    return true;
}

/* Their answers do not matter: what is wrong with them, each XADD is told too. */
static void enter(struct http_stream *stream)
{
    const struct http_stream_url *url = &stream->url;
    if (url->user)
        redisAsyncCommand(stream->redis, NULL, NULL, "AUTH %s %s", url->user,
                          url->password);
    else if (url->password)
        redisAsyncCommand(stream->redis, NULL, NULL, "AUTH %s", url->password);
    if (url->database)
        redisAsyncCommand(stream->redis, NULL, NULL, "SELECT %s", url->database);
}

static void on_connected(const redisAsyncContext *redis, int status)
{
    struct http_stream *stream = redis->ev.data;
    if (stream->state != STREAM_CONNECTING)
        return; /* given up before */
    if (status != REDIS_OK) {
        give_up(stream, "no connection to Redis");
        return;
    }
    jf_timer_stop(stream->w, stream->timer);
    stream->state = STREAM_READY;
    stream->pause = 0;
    enter(stream);
    while (stream->waiting && stream->state == STREAM_READY) {
        struct http_job *job = stream->waiting;
        take_out(stream, job);
        if (!send_job(stream, job))
            end(job, HTTP_FAULT_BROKEN, "the connection to Redis was lost");
    }
}

static void drop(struct http_stream *stream)
{
    redisAsyncContext *redis = stream->redis;
    if (redis)
        redisAsyncFree(redis);
}

static void on_slow_connect(jf_worker *w, void *data)
{
    struct http_stream *stream = data;
    (void)w;
    stream->state = STREAM_IDLE;
    drop(stream);
    give_up(stream, "no connection to Redis in time");
}

static void hook(struct http_stream *stream, redisAsyncContext *redis)
{
    stream->redis = redis;
    redis->ev.data = stream;
    redis->ev.addRead = add_read;
    redis->ev.delRead = del_read;
    redis->ev.addWrite = add_write;
    redis->ev.delWrite = del_write;
    redis->ev.cleanup = clean_up;
    redisAsyncSetConnectCallback(redis, on_connected);
}

static void connect_to(void *data, const char *address)
{
    struct http_stream *stream = data;
    stream->lookup = NULL;
    redisAsyncContext *redis =
        address ? redisAsyncConnect(address, stream->url.port) : NULL;
    if (!redis || redis->err) {
        if (redis)
            redisAsyncFree(redis);
        give_up(stream, address ? "no connection to Redis" : "no address of Redis");
        return;
    }
    stream->state = STREAM_CONNECTING;
    hook(stream, redis);
    want(stream, JF_WRITABLE);
    if (jf_timer_start(stream->w, stream->it->connect_timeout_ms, on_slow_connect, stream,
                       &stream->timer) < 0)
        stream->timer = 0;
}

static void start_connecting(struct http_stream *stream)
{
    stream->state = STREAM_LOOKING;
    stream->lookup = http_lookup_start(stream->w, stream->url.host, connect_to, stream);
    if (!stream->lookup)
        give_up(stream, "no address of Redis");
}

/* ---- What the lane does ------------------------------------------------- */

int http_stream_check(const struct http_integration *it, const char **complaint)
{
    struct http_stream_url url;
    int status = http_stream_url_read(it->redis_url, &url, complaint);
    if (status == JF_OK)
        http_stream_url_fini(&url);
    return status;
}

struct http_stream *http_stream_new(jf_worker *w, const struct http_integration *it)
{
    const char *complaint;
    struct http_stream *stream = calloc(1, sizeof(*stream));
    if (!stream)
        return NULL;
    if (http_stream_url_read(it->redis_url, &stream->url, &complaint) < 0) {
        free(stream);
        return NULL;
    }
    stream->w = w;
    stream->it = it;
    snprintf(stream->maxlen, sizeof(stream->maxlen), "%u", it->maxlen);
    return stream;
}

void http_stream_free(struct http_stream *stream)
{
    if (!stream)
        return;
    stream->retry_at = UINT64_MAX;
    http_lookup_stop(stream->lookup);
    jf_timer_stop(stream->w, stream->timer);
    drop(stream);
    http_stream_url_fini(&stream->url);
    free(stream);
}

int http_stream_add(struct http_stream *stream, jf_bytes event, http_added_fn *done,
                    void *data, struct http_job **out)
{
    if (stream->state == STREAM_IDLE && http_now() < stream->retry_at)
        return JF_E_UNAVAILABLE;
    if (stream->on_the_way > 2 * stream->it->concurrency)
        return JF_E_FULL;
    struct http_job *job = calloc(1, sizeof(*job));
    if (!job)
        return JF_E_NOMEM;
    job->stream = stream;
    job->event = event;
    job->done = done;
    job->data = data;
    *out = job;
    if (stream->state == STREAM_READY) {
        if (send_job(stream, job))
            return JF_OK;
        free(job);
        return JF_E_UNAVAILABLE;
    }
    append(stream, job);
    if (stream->state == STREAM_IDLE)
        start_connecting(stream);
    return JF_OK;
}

static void on_silence(jf_worker *w, void *data)
{
    struct http_stream *stream = data;
    (void)w;
    drop(stream);
}

/* One that is on its way was not answered in time: whatever is, will not be. Not from here,
 * as others end by it. */
void http_stream_cancel(struct http_stream *stream, struct http_job *job)
{
    job->done = NULL;
    if (!job->sent) {
        take_out(stream, job);
        free(job);
        return;
    }
    if (stream->state != STREAM_READY)
        return;
    jf_timer_stop(stream->w, stream->timer);
    if (jf_timer_start(stream->w, 1, on_silence, stream, &stream->timer) < 0)
        stream->timer = 0;
}
