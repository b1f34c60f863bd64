/* What the management API asks at the home of a connection. None of it waits: a message
 * that the outbox has taken is on its way, as with API Gateway. */
#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/ask_impl.h"
#include "core/host/ask_list.h"
#include "core/host/facts.h"
#include "core/parse/json_text.h"

bool ask_is_managed(enum ask_kind kind)
{
    return kind >= ASK_POST && kind <= ASK_LIST;
}

int ask_check_managed(const struct ask_order *order)
{
    bool whole = order->kind == ASK_CLOSE  ? order->value.len >= ASK_CLOSE_CODE
                 : order->kind == ASK_LIST ? order->value.len == ASK_LIST_LIMIT
                                           : true;
    return whole ? JF_OK : JF_E_INVALID;
}

static void put_text(struct json_text *text, const char *name, jf_bytes value)
{
    json_text_name(text, jf_str(name));
    if (value.len)
        json_text_string(text, value);
    else
        json_text_null(text);
}

static void put_time(struct json_text *text, const char *name, uint64_t ms)
{
    json_text_name(text, jf_str(name));
    json_text_time(text, ms);
}

/* The order of the names is AWS's. */
static int look_at(struct ask *ask, struct conn *conn)
{
    const struct jf_caller caller = facts_caller(session_of(conn)->facts);
    struct json_text text = { 0 };
    json_text_open(&text, '{');
    json_text_name(&text, jf_str("identity"));
    json_text_open(&text, '{');
    put_text(&text, "sourceIp", caller.source_ip);
    put_text(&text, "userAgent", caller.user_agent);
    json_text_close(&text, '}');
    put_time(&text, "connectedAt", caller.connected_at);
    put_time(&text, "lastActiveAt", facts_now() - conn_quiet_ms(conn));
    json_text_close(&text, '}');
    ask->answer = json_text_take(&text, &ask->answer_len);
    return ask->answer ? JF_OK : JF_E_NOMEM;
}

static int close_it(const struct ask *ask, struct conn *conn)
{
    uint16_t code = (uint16_t)bytes_get_number(ask->order.value.ptr, ASK_CLOSE_CODE);
    jf_bytes reason = bytes_from(ask->order.value, ASK_CLOSE_CODE);
    if (!ws_close_code_valid(code) || reason.len > WS_REASON_MAX)
        return JF_E_INVALID;
    conn_close(conn, code, reason);
    return JF_OK;
}

/* NULL: it is not open, or is another stage's. */
static struct conn *find(struct worker *home, const struct ask_order *order)
{
    struct conn *conn = server_find(home->server, order->conn);
    if (!conn || !session_of(conn)->admitted ||
        !jf_same(session_of(conn)->stage->name, order->key))
        return NULL;
    return conn;
}

int ask_post_here(struct worker *worker, const struct ask_order *order)
{
    struct conn *conn = find(worker, order);
    return conn ? conn_send(conn, order->opcode, order->value) : JF_E_GONE;
}

int ask_do_managed(struct ask *ask)
{
    if (ask->order.kind == ASK_LIST)
        return ask_do_list(ask);
    struct conn *conn = find(ask->home, &ask->order);
    if (!conn)
        return JF_E_GONE;
    if (ask->order.kind == ASK_POST)
        return conn_send(conn, ask->order.opcode, ask->order.value);
    return ask->order.kind == ASK_LOOK ? look_at(ask, conn) : close_it(ask, conn);
}
