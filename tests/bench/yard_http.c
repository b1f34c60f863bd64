/* Bare libwebsockets as an HTTP server, used as its documentation shows: it takes a POST's
 * body, drops it, and answers 200 with the few headers that our management API has. */
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "tests/bench/yard.h"

static int add(struct lws *wsi, const char *name, const char *value, unsigned char **at,
               unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
                                       (const unsigned char *)value, (int)strlen(value), at,
                                       end);
}

static int answer(struct lws *wsi)
{
    unsigned char buffer[LWS_PRE + 1024], *at = buffer + LWS_PRE;
    unsigned char *const start = at, *const end = buffer + sizeof(buffer) - 1;
    if (lws_add_http_common_headers(wsi, 200, "application/json", 0, &at, end) ||
        add(wsi, "x-amzn-requestid:", "2fb3451d-e96e-43e5-8e28-26e9ce46b52e", &at, end) ||
        add(wsi, "x-amz-apigw-id:", "iLnoH9B7PKkCsbo=", &at, end) ||
        lws_finalize_write_http_header(wsi, start, &at, end))
        return -1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    switch (reason) {
    case LWS_CALLBACK_HTTP:
    case LWS_CALLBACK_HTTP_BODY:
        return 0;
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return answer(wsi);
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, len);
    }
}

int main(int argc, char **argv)
{
    static const lws_retry_bo_t no_idle_policy = { 0 };
    static const struct lws_protocols protocols[] = {
        { "http", on_event, 0, 0, 0, NULL, 0 },
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
        .keepalive_timeout = 30,
        .options = LWS_SERVER_OPTION_LIBUV,
        .foreign_loops = foreign_loops,
        .retry_and_idle_policy = &no_idle_policy,
    };
    lws_set_log_level(LLL_ERR, NULL);
    if (!lws_create_context(&info))
        return 1;
    return uv_run(loop, UV_RUN_DEFAULT);
}
