/* Bare libwebsockets, used as its documentation shows: one context on libuv, the ws role,
 * and for each message a copy in a queue, a request for the WRITEABLE callback, and one
 * lws_write() there.
 *
 * The one thing that is not as documented is the idle policy. It is zeroed, because with
 * the default one every connection has a timer in one sorted list, and ten thousand take
 * longer to accept than to measure. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "core/base/memory.h"
#include "tests/bench/yard.h"

#define RX_BUFFER_BYTES 4096

/* A message, or the part of one that libwebsockets delivers at a time. */
struct part {
    struct part *next;
    size_t len;
    int binary, first, final;
    uint8_t data[]; /* LWS_PRE octets of room, then the payload */
};

struct session {
    struct part *head, *tail;
};

static void queue_part(struct lws *wsi, struct session *session, const void *data,
                       size_t len)
{
    struct part *part = xalloc(sizeof(*part) + LWS_PRE + len);
    *part = (struct part){ .len = len,
                           .binary = lws_frame_is_binary(wsi),
                           .first = lws_is_first_fragment(wsi),
                           .final = lws_is_final_fragment(wsi) };
    memcpy(part->data + LWS_PRE, data, len);
    if (session->tail)
        session->tail->next = part;
    else
        session->head = part;
    session->tail = part;
    lws_callback_on_writable(wsi);
}

static struct part *next_part(struct session *session)
{
    struct part *part = session->head;
    if (!part)
        return NULL;
    session->head = part->next;
    if (!session->head)
        session->tail = NULL;
    return part;
}

static int write_part(struct lws *wsi, struct session *session)
{
    struct part *part = next_part(session);
    if (!part)
        return 0;
    int flags = lws_write_ws_flags(part->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT,
                                   part->first, part->final);
    int n = lws_write(wsi, part->data + LWS_PRE, part->len, (enum lws_write_protocol)flags);
    int failed = n < (int)part->len;
    free(part);
    if (session->head)
        lws_callback_on_writable(wsi);
    return failed ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct session *session = user;
    struct part *part;
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        queue_part(wsi, session, in, len);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return write_part(wsi, session);
    case LWS_CALLBACK_CLOSED:
        while ((part = next_part(session)))
            free(part);
        return 0;
    default:
        return 0;
    }
}

int main(int argc, char **argv)
{
    static const lws_retry_bo_t no_idle_policy = { 0 };
    static const struct lws_protocols protocols[] = {
        { "echo", on_event, sizeof(struct session), RX_BUFFER_BYTES, 0, NULL, 0 },
        { NULL, NULL, 0, 0, 0, NULL, 0 },
    };
    struct yard_options options = yard_options(argc, argv);
    uv_loop_t *loop = uv_default_loop();
    void *foreign_loops[] = { loop };
    struct lws_context_creation_info info = {
        .port = options.port,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
        .options = LWS_SERVER_OPTION_LIBUV,
        .foreign_loops = foreign_loops,
        .retry_and_idle_policy = &no_idle_policy,
    };
    lws_set_log_level(LLL_ERR, NULL);
    if (!lws_create_context(&info))
        return 1;
    return uv_run(loop, UV_RUN_DEFAULT);
}
