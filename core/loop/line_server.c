/* Pipes of libuv, one request each. */
#include "core/loop/line_server.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/uv_status.h"

struct line_call {
    uv_pipe_t uv;
    struct list_node node;
    struct line_server *server;
    char line[LINE_BYTES_MAX];
    size_t len;
    bool asked;   /* on_line has it, and will answer */
    bool hung_up; /* the other side has gone, or the server has */
    uv_write_t write;
    char *answer;
};

struct line_server {
    uv_pipe_t uv;
    char *path;
    void (*on_line)(void *data, struct line_call *call, jf_bytes line);
    void *data;
    struct list_node calls;
    unsigned count;
};

static void on_call_closed(uv_handle_t *uv)
{
    struct line_call *call = uv->data;
    free(call->answer);
    free(call);
}

static void hang_up(struct line_call *call)
{
    if (uv_is_closing((uv_handle_t *)&call->uv))
        return;
    if (call->server) {
        list_remove(&call->node);
        call->server->count--;
    }
    uv_close((uv_handle_t *)&call->uv, on_call_closed);
}

static void on_written(uv_write_t *write, int status)
{
    (void)status;
    hang_up(write->data);
}

void line_answer(struct line_call *call, jf_bytes text)
{
    call->asked = false;
    if (call->hung_up) {
        hang_up(call);
        return;
    }
    call->answer = xdup(text);
    call->write.data = call;
    uv_buf_t buffer = uv_buf_init(call->answer, (unsigned)text.len);
    if (uv_write(&call->write, (uv_stream_t *)&call->uv, &buffer, 1, on_written) < 0)
        hang_up(call);
}

static void on_room(uv_handle_t *uv, size_t suggested, uv_buf_t *buffer)
{
    struct line_call *call = uv->data;
    (void)suggested;
    *buffer = uv_buf_init(call->line + call->len, (unsigned)(LINE_BYTES_MAX - call->len));
}

/* Whoever asked is told nothing any more, but the call stays until it is answered. */
static void on_gone(struct line_call *call)
{
    uv_read_stop((uv_stream_t *)&call->uv);
    call->hung_up = true;
    if (!call->asked)
        hang_up(call);
}

static void on_read(uv_stream_t *uv, ssize_t got, const uv_buf_t *buffer)
{
    struct line_call *call = uv->data;
    (void)buffer;
    if (got < 0) {
        on_gone(call);
        return;
    }
    call->len += (size_t)got;
    jf_bytes all = jf_view(call->line, call->len);
    size_t end = bytes_find(all, '\n');
    if (end < call->len) {
        uv_read_stop(uv);
        call->asked = true;
        call->server->on_line(call->server->data, call, jf_view(call->line, end));
    } else if (call->len == LINE_BYTES_MAX) {
        hang_up(call);
    }
}

static void on_connection(uv_stream_t *uv, int status)
{
    struct line_server *server = uv->data;
    if (status < 0)
        return;
    struct line_call *call = xnew(struct line_call);
    call->uv.data = call;
    CHECK(uv_pipe_init(uv->loop, &call->uv, 0) == 0);
    if (uv_accept(uv, (uv_stream_t *)&call->uv) < 0 || server->count == LINE_CALLS_MAX) {
        hang_up(call);
        return;
    }
    call->server = server;
    server->count++;
    list_append(&server->calls, &call->node);
    if (uv_read_start((uv_stream_t *)&call->uv, on_room, on_read) < 0)
        hang_up(call);
}

static void on_server_closed(uv_handle_t *uv)
{
    struct line_server *server = uv->data;
    free(server->path);
    free(server);
}

int line_server_new(struct loop *loop, const char *path,
                    void (*on_line)(void *data, struct line_call *call, jf_bytes line),
                    void *data, struct line_server **out)
{
    struct line_server *server = xnew(struct line_server);
    server->uv.data = server;
    server->path = xdup(jf_str(path));
    server->on_line = on_line;
    server->data = data;
    list_init(&server->calls);
    CHECK(uv_pipe_init(loop_uv(loop), &server->uv, 0) == 0);
    unlink(path);
    int code = uv_pipe_bind(&server->uv, path);
    if (code == 0)
        code = uv_listen((uv_stream_t *)&server->uv, LINE_CALLS_MAX, on_connection);
    if (code < 0) {
        uv_close((uv_handle_t *)&server->uv, on_server_closed);
        return uv_status(code);
    }
    *out = server;
    return JF_OK;
}

void line_server_free(struct line_server *server)
{
    struct list_node *node;
    if (!server)
        return;
    while ((node = list_first(&server->calls)))
        hang_up(CONTAINER_OF(node, struct line_call, node));
    unlink(server->path);
    uv_close((uv_handle_t *)&server->uv, on_server_closed);
}
