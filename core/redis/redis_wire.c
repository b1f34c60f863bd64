/* hiredis connects, formats and parses; when to read and write is decided here, with
 * libuv's poll handle. hiredis' own asynchronous context is not used: it frees itself from
 * within some of its callbacks and not others, differently in 0.14 and 1.x, aborts on
 * replies it did not expect, knows no sharded subscriptions, and its libuv adapter in 0.14
 * never notices a refused connection. */
#include "core/redis/redis_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <hiredis/hiredis.h>
#include <uv.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/base/monotonic.h"
#include "core/loop/loop.h"
#include "core/loop/uv_status.h"
#include "core/redis/redis_lookup.h"
#include "core/redis/redis_tls.h"
#include "core/redis/redis_url.h"

#define WORDS_ON_STACK 32

enum phase { LOOKING_UP, CONNECTING, SHAKING_HANDS, OPEN, OVER };

struct redis_wire {
    struct loop *loop;
    const struct redis_url *url;
    const struct redis_wire_events *events;
    void *data;
    unsigned attempt;

    enum phase phase;
    struct redis_lookup *lookup;
    redisContext *context;
    struct redis_tls *tls;
    uv_poll_t poll;
    int interest;
    struct task flush;
    struct task fail; /* tells of a loss that was seen inside a call */
    const char *why;

    unsigned holders; /* the owner, the poll handle, tasks that are due */
    bool flush_due, fail_due;
};

static void let_go(struct redis_wire *wire)
{
    if (--wire->holders == 0)
        free(wire);
}

static void on_poll_closed(uv_handle_t *handle)
{
    let_go(handle->data);
}

/* Whatever there is of a connection goes; the descriptor after its poll handle. */
static void cut(struct redis_wire *wire)
{
    wire->phase = OVER;
    redis_lookup_drop(wire->lookup);
    wire->lookup = NULL;
    if (!wire->context)
        return;
    if (wire->poll.data)
        uv_close((uv_handle_t *)&wire->poll, on_poll_closed);
    redisFree(wire->context);
    wire->context = NULL;
    redis_tls_end(wire->tls);
    wire->tls = NULL;
}

/* hiredis' explanation lies in the context, so it is told before that goes. */
static void lose(struct redis_wire *wire, const char *why)
{
    wire->phase = OVER;
    wire->holders++;
    wire->events->on_lost(wire->data, why); /* may close the wire */
    cut(wire);
    let_go(wire);
}

static void run_fail(struct task *task)
{
    struct redis_wire *wire = CONTAINER_OF(task, struct redis_wire, fail);
    wire->fail_due = false;
    if (wire->phase != OVER)
        lose(wire, wire->why);
    let_go(wire);
}

static void lose_later(struct redis_wire *wire, const char *why)
{
    wire->why = why;
    if (wire->fail_due)
        return;
    wire->fail_due = true;
    wire->holders++;
    loop_defer(wire->loop, &wire->fail);
}

/* ---- Events of the socket ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void set_interest(struct redis_wire *wire, int interest)
{
    if (interest == wire->interest)
        return;
    wire->interest = interest;
    uv_poll_start(&wire->poll, interest, on_poll);
}

static void flush(struct redis_wire *wire)
{
    int done = 0;
    if (redisBufferWrite(wire->context, &done) != REDIS_OK)
        lose(wire, wire->context->errstr);
    else
        set_interest(wire, done ? UV_READABLE : UV_READABLE | UV_WRITABLE);
}

static void run_flush(struct task *task)
{
    struct redis_wire *wire = CONTAINER_OF(task, struct redis_wire, flush);
    wire->flush_due = false;
    if (wire->phase == OPEN)
        flush(wire);
    let_go(wire);
}

/* Once for each event: the poll is level-triggered, so what is left comes back. */
static void read_some(struct redis_wire *wire)
{
    if (redisBufferRead(wire->context) != REDIS_OK) {
        lose(wire, wire->context->errstr);
        return;
    }
    wire->holders++;
    while (wire->phase == OPEN) {
        void *reply = NULL;
        if (redisGetReplyFromReader(wire->context, &reply) != REDIS_OK)
            lose(wire, wire->context->errstr);
        if (!reply)
            break;
        wire->events->on_reply(wire->data, reply); /* may close the wire */
        freeReplyObject(reply);
    }
    let_go(wire);
}

static void opened(struct redis_wire *wire)
{
    wire->phase = OPEN;
    set_interest(wire, UV_READABLE);
    wire->events->on_open(wire->data);
}

static void shake_hands(struct redis_wire *wire)
{
    const char *why = NULL;
    switch (redis_tls_go_on(wire->tls, &why)) {
    case REDIS_TLS_DONE:
        opened(wire);
        break;
    case REDIS_TLS_READ:
        set_interest(wire, UV_READABLE);
        break;
    case REDIS_TLS_WRITE:
        set_interest(wire, UV_WRITABLE);
        break;
    case REDIS_TLS_FAILED:
        lose(wire, why);
        break;
    }
}

/* What has gone wrong with the socket; NULL: nothing. */
static const char *socket_error(const struct redis_wire *wire)
{
    int error = 0;
    socklen_t len = sizeof(error);
    if (getsockopt(wire->context->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    return error ? uv_strerror(uv_translate_sys_error(error)) : NULL;
}

static void connected(struct redis_wire *wire)
{
    int on = 1;
    const char *error = socket_error(wire);
    if (error) {
        lose(wire, error);
        return;
    }
    if (wire->url->host)
        setsockopt(wire->context->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!wire->url->tls) {
        opened(wire);
        return;
    }
    const char *why = NULL;
    wire->tls = redis_tls_begin(wire->context, wire->url->host, &why);
    wire->phase = SHAKING_HANDS;
    if (wire->tls)
        shake_hands(wire);
    else
        lose(wire, why);
}

/* libuv tells of an error without saying which, and stops the handle; the socket knows. */
static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct redis_wire *wire = poll->data;
    wire->holders++;
    if (wire->phase == CONNECTING)
        connected(wire);
    else if (wire->phase == SHAKING_HANDS)
        shake_hands(wire);
    else if (wire->phase == OPEN && (status < 0 || (events & UV_READABLE)))
        read_some(wire);
    if (wire->phase == OPEN && (events & UV_WRITABLE))
        flush(wire);
    if (wire->phase != OVER && status < 0) {
        const char *error = socket_error(wire);
        lose(wire, error ? error : "the connection broke");
    }
    let_go(wire);
}

/* ---- Connecting ---- */

static void connect_to(struct redis_wire *wire, const char *address)
{
    redisContext *context = wire->url->path
                                ? redisConnectUnixNonBlock(wire->url->path)
                                : redisConnectNonBlock(address, wire->url->port);
    wire->context = context;
    if (!context || context->err) {
        lose(wire, context ? context->errstr : "out of memory");
        return;
    }
    int code = uv_poll_init(loop_uv(wire->loop), &wire->poll, context->fd);
    if (code < 0) {
        lose(wire, uv_strerror(code));
        return;
    }
    wire->poll.data = wire;
    wire->holders++;
    wire->phase = CONNECTING;
    set_interest(wire, UV_WRITABLE);
}

static void looked_up(void *data, const struct redis_addresses *addresses)
{
    struct redis_wire *wire = data;
    wire->holders++;
    if (addresses->count)
        connect_to(wire, addresses->text[wire->attempt % addresses->count]);
    else
        lose(wire, addresses->why);
    redis_lookup_drop(wire->lookup);
    wire->lookup = NULL;
    let_go(wire);
}

/* A socket file needs no look-up, but what comes of it must not come from inside either. */
static void run_connect(struct task *task)
{
    struct redis_wire *wire = CONTAINER_OF(task, struct redis_wire, flush);
    wire->flush_due = false;
    wire->flush.run = run_flush;
    if (wire->phase == LOOKING_UP)
        connect_to(wire, NULL);
    let_go(wire);
}

static void defer_flush(struct redis_wire *wire)
{
    if (wire->flush_due)
        return;
    wire->flush_due = true;
    wire->holders++;
    loop_defer(wire->loop, &wire->flush);
}

int redis_wire_open(struct loop *loop, const struct redis_url *url, unsigned attempt,
                    const struct redis_wire_events *events, void *data,
                    struct redis_wire **out)
{
    struct redis_wire *wire = xnew(struct redis_wire);
    wire->loop = loop;
    wire->url = url;
    wire->attempt = attempt;
    wire->events = events;
    wire->data = data;
    wire->holders = 1;
    wire->fail.run = run_fail;
    wire->flush.run = run_flush;
    if (url->path) {
        wire->flush.run = run_connect;
        defer_flush(wire);
    } else {
        int status = redis_lookup_new(loop, url->host, looked_up, wire, &wire->lookup);
        if (status < 0) {
            free(wire);
            return status;
        }
    }
    *out = wire;
    return JF_OK;
}

/* ---- Words ---- */

static int append(struct redis_wire *wire, const jf_bytes *words, size_t count,
                  const char **starts, size_t *sizes)
{
    for (size_t i = 0; i < count; i++) {
        starts[i] = words[i].len ? words[i].ptr : "";
        sizes[i] = words[i].len;
    }
    if (redisAppendCommandArgv(wire->context, (int)count, starts, sizes) == REDIS_OK)
        return JF_OK;
    lose_later(wire, "out of memory"); /* the context is of no use any more */
    return JF_E_NOMEM;
}

int redis_wire_write(struct redis_wire *wire, const jf_bytes *words, size_t count)
{
    CHECK(wire->phase == OPEN || wire->phase == OVER);
    if (wire->phase == OVER)
        return JF_E_UNAVAILABLE;
    int status;
    if (count <= WORDS_ON_STACK) {
        const char *starts[WORDS_ON_STACK];
        size_t sizes[WORDS_ON_STACK];
        status = append(wire, words, count, starts, sizes);
    } else {
        AUTO_FREE const char **starts = try_alloc(count * sizeof(*starts));
        AUTO_FREE size_t *sizes = try_alloc(count * sizeof(*sizes));
        if (!starts || !sizes)
            return JF_E_NOMEM;
        status = append(wire, words, count, starts, sizes);
    }
    if (status == JF_OK)
        defer_flush(wire);
    return status;
}

void redis_wire_pull(struct redis_wire *wire)
{
    if (wire->phase == OPEN)
        read_some(wire);
}

/* ---- Waiting, and the end ---- */

/* Wait for the socket, until the deadline. */
static bool await(const struct redis_wire *wire, short events, uint64_t deadline)
{
    unsigned left = monotonic_left(deadline);
    struct pollfd pollfd = { .fd = wire->context->fd, .events = events };
    return left && poll(&pollfd, 1, (int)left) > 0;
}

static bool write_all(const struct redis_wire *wire, uint64_t deadline)
{
    int done = 0;
    while (redisBufferWrite(wire->context, &done) == REDIS_OK && !done) {
        if (!await(wire, POLLOUT, deadline))
            return false;
    }
    return done;
}

bool redis_wire_await(struct redis_wire *wire, unsigned patience_ms)
{
    uint64_t deadline = monotonic_ms() + patience_ms;
    if (wire->phase != OPEN || !write_all(wire, deadline) || !await(wire, POLLIN, deadline))
        return false;
    read_some(wire);
    return true;
}

/* Write all, say that no more will come, and read until Redis hangs up, which it does when
 * it has done all. Closing earlier could throw away what is still on its way. */
static void see_off(struct redis_wire *wire, unsigned patience_ms)
{
    uint64_t deadline = monotonic_ms() + patience_ms;
    int fd = wire->context->fd;
    char unread[4096];
    if (!write_all(wire, deadline) || shutdown(fd, SHUT_WR) != 0)
        return;
    while (await(wire, POLLIN, deadline)) {
        if (recv(fd, unread, sizeof(unread), MSG_DONTWAIT) <= 0)
            return;
    }
}

void redis_wire_close(struct redis_wire *wire, unsigned patience_ms)
{
    if (!wire)
        return;
    if (wire->phase == OPEN && patience_ms)
        see_off(wire, patience_ms);
    cut(wire);
    let_go(wire);
}
