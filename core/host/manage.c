/* From a path to what it asks for, and from its outcome to an answer. What a request needs
 * until then is in one block. */
#include "core/host/manage.h"

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/host/ask.h"
#include "core/host/group_name.h"
#include "core/host/listeners.h"
#include "core/host/mail.h"
#include "core/host/manage_answer.h"
#include "core/host/manage_door.h"
#include "core/host/manage_impl.h"
#include "core/host/worker.h"
#include "core/net/http_call.h"
#include "core/parse/conn_id.h"
#include "core/parse/utf8.h"

#define CLOSE_REASON "Connection Closed Normally"

static void end(struct managed *managed, int status)
{
    manage_answer_status(managed->call, status);
    free(managed);
}

void managed_end_empty(struct managed *managed, int status)
{
    if (status < 0) {
        end(managed, status);
        return;
    }
    manage_answer_empty(managed->call, 204);
    free(managed);
}

void managed_refuse(struct managed *managed, const char *why)
{
    manage_answer_error(managed->call, 400, "BadRequestException", jf_str(why));
    free(managed);
}

bool managed_parameter(const struct managed *managed, const char *name, jf_bytes *out)
{
    size_t count;
    const struct jf_pair *pairs = http_call_parameters(managed->call, &count);
    for (size_t i = 0; i < count; i++) {
        if (bytes_eq(pairs[i].name, name)) {
            *out = pairs[i].value;
            return true;
        }
    }
    return false;
}

/* ---- Messages ----------------------------------------------------------- */

size_t managed_message_max(const struct managed *managed)
{
    return stage_limits_find(&managed->worker->limits, managed->stage)
        ->net.frames.message_bytes;
}

/* What the body is to be sent as, and whether it can. False: that was answered. */
static bool read_message(struct managed *managed, uint32_t *opcode)
{
    jf_bytes kind = http_call_header(managed->call, jf_str("x-jackfield-opcode"));
    jf_bytes body = http_call_body(managed->call);
    *opcode = bytes_eq_nocase(kind, "binary") ? JF_BINARY : JF_TEXT;
    if (kind.len && *opcode == JF_TEXT && !bytes_eq_nocase(kind, "text"))
        managed_refuse(managed, "X-Jackfield-Opcode must be text or binary");
    else if (body.len > managed_message_max(managed))
        end(managed, JF_E_TOO_BIG);
    else if (*opcode == JF_TEXT && !utf8_is_text(body))
        managed_refuse(managed, "the body is not UTF-8, as text is; send it with "
                                "X-Jackfield-Opcode: binary");
    else
        return true;
    return false;
}

static void on_status(jf_worker *none, void *data, int status)
{
    (void)none;
    end(data, status);
}

static void on_status_empty(jf_worker *none, void *data, int status)
{
    (void)none;
    managed_end_empty(data, status);
}

static void put(struct managed *managed, const struct ask_order *order)
{
    int status = ask_put_own(managed->worker, order);
    if (status < 0)
        end(managed, status);
}

static void post(struct managed *managed)
{
    struct ask_order order = { .kind = ASK_POST,
                               .conn = managed->id,
                               .key = managed->stage->name,
                               .value = http_call_body(managed->call),
                               .done = { .status = on_status },
                               .data = managed };
    if (!read_message(managed, &order.opcode))
        return;
    if (gateway_home_of(managed->worker->gateway, managed->id) == managed->worker)
        end(managed, ask_post_here(managed->worker, &order));
    else
        put(managed, &order);
}

static void send_everywhere(struct managed *managed, enum mail_to to, jf_bytes name)
{
    struct mail_order order = { .to = to, .name = name };
    if (!read_message(managed, &order.opcode))
        return;
    order.body = http_call_body(managed->call);
    end(managed, mail_send_on_all_nodes(managed->worker->gateway, &order));
}

static void broadcast(struct managed *managed)
{
    send_everywhere(managed, MAIL_STAGE, managed->stage->name);
}

static void post_to_group(struct managed *managed)
{
    struct group_name name;
    if (group_name_make(managed->stage->name, managed->path.name, &name) < 0)
        managed_refuse(managed, "a group's name has 1 to 256 octets");
    else
        send_everywhere(managed, MAIL_GROUP, name.bytes);
}

/* ---- A connection ------------------------------------------------------- */

static void on_looked(jf_worker *none, void *data, int status, jf_bytes json)
{
    struct managed *managed = data;
    (void)none;
    if (status < 0) {
        end(managed, status);
        return;
    }
    manage_answer_json(managed->call, json);
    free(managed);
}

static void look(struct managed *managed)
{
    put(managed, &(struct ask_order){ .kind = ASK_LOOK,
                                      .conn = managed->id,
                                      .key = managed->stage->name,
                                      .done = { .value = on_looked },
                                      .data = managed });
}

bool managed_read_close(struct managed *managed, uint16_t *out, jf_bytes *reason)
{
    jf_bytes text, why = jf_str("");
    uint64_t code = WS_CLOSE_NORMAL;
    bool given = managed_parameter(managed, "code", &text);
    bool valid = !given || (bytes_number(text, UINT16_MAX, &code) &&
                            ws_close_code_valid((uint32_t)code));
    if (!managed_parameter(managed, "reason", &why) && !given)
        why = jf_str(CLOSE_REASON);
    if (!valid || why.len > WS_REASON_MAX || !utf8_is_text(why)) {
        managed_refuse(managed, "code must be one that RFC 6455 lets an endpoint send, and "
                                "reason up to 123 octets of UTF-8");
        return false;
    }
    *out = (uint16_t)code;
    *reason = why;
    return true;
}

static void close_it(struct managed *managed)
{
    uint8_t value[ASK_CLOSE_CODE + WS_REASON_MAX];
    uint16_t code;
    jf_bytes reason;
    if (!managed_read_close(managed, &code, &reason))
        return;
    char *at = (char *)value + ASK_CLOSE_CODE;
    bytes_put_number(value, code, ASK_CLOSE_CODE);
    bytes_keep(reason, &at);
    put(managed, &(struct ask_order){ .kind = ASK_CLOSE,
                                      .conn = managed->id,
                                      .key = managed->stage->name,
                                      .value = jf_view(value, ASK_CLOSE_CODE + reason.len),
                                      .done = { .status = on_status_empty },
                                      .data = managed });
}

/* ---- Attributes --------------------------------------------------------- */

static void on_attribute(jf_worker *none, void *data, int status, jf_bytes value)
{
    struct managed *managed = data;
    (void)none;
    if (status < 0) {
        end(managed, status);
        return;
    }
    manage_answer_octets(managed->call, value);
    free(managed);
}

static void put_about_attribute(struct managed *managed)
{
    jf_bytes method = http_call_method(managed->call);
    struct ask_order order = { .kind = ASK_ATTR_GET,
                               .conn = managed->id,
                               .key = managed->path.attribute,
                               .done = { .value = on_attribute },
                               .data = managed };
    if (!bytes_eq(method, "GET")) {
        order.kind = ASK_ATTR_SET;
        order.done.status = on_status_empty;
    }
    if (bytes_eq(method, "PUT"))
        order.value = http_call_body(managed->call);
    put(managed, &order);
}

static void on_attributed(jf_worker *none, void *data, int status, jf_bytes json)
{
    struct managed *managed = data;
    (void)none;
    (void)json;
    if (status < 0)
        end(managed, status);
    else
        put_about_attribute(managed);
}

/* What stores attributes does not know of which stage a connection is; its home does. */
static void attribute(struct managed *managed)
{
    put(managed, &(struct ask_order){ .kind = ASK_LOOK,
                                      .conn = managed->id,
                                      .key = managed->stage->name,
                                      .done = { .value = on_attributed },
                                      .data = managed });
}

/* ---- Which of them ------------------------------------------------------ */

static const struct {
    enum manage_what what;
    const char *method;
    void (*run)(struct managed *managed);
} operations[] = {
    { MANAGE_CONNECTION, "POST", post },
    { MANAGE_CONNECTION, "GET", look },
    { MANAGE_CONNECTION, "DELETE", close_it },
    { MANAGE_ATTRIBUTE, "GET", attribute },
    { MANAGE_ATTRIBUTE, "PUT", attribute },
    { MANAGE_ATTRIBUTE, "DELETE", attribute },
    { MANAGE_GROUP, "POST", post_to_group },
    { MANAGE_BROADCAST, "POST", broadcast },
    { MANAGE_BATCH, "POST", manage_batch },
    { MANAGE_CONNECTIONS, "GET", manage_list },
    { MANAGE_GROUP, "DELETE", manage_kick_group },
    { MANAGE_CONNECTIONS, "DELETE", manage_kick_where },
};

#define OPERATIONS (sizeof(operations) / sizeof(operations[0]))
#define METHODS_MAX 32 /* all of one path, in one line */

static bool has_id(const struct manage_path *path)
{
    return path->what == MANAGE_CONNECTION || path->what == MANAGE_ATTRIBUTE;
}

static void refuse_id(struct managed *managed)
{
    char why[128], *at = why;
    jf_bytes id = managed->path.name;
    bytes_keep(jf_str("Invalid connectionId: "), &at);
    bytes_keep(jf_view(id.ptr, id.len < 64 ? id.len : 64), &at);
    manage_answer_error(managed->call, 400, "BadRequestException",
                        jf_view(why, (size_t)(at - why)));
    free(managed);
}

static void refuse_method(struct managed *managed)
{
    char allowed[METHODS_MAX], *at = allowed;
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (operations[i].what != managed->path.what)
            continue;
        bytes_keep(jf_str(at == allowed ? "" : ", "), &at);
        bytes_keep(jf_str(operations[i].method), &at);
    }
    *at = '\0';
    manage_answer_wrong_method(managed->call, allowed);
    free(managed);
}

static void run(struct managed *managed)
{
    jf_bytes method = http_call_method(managed->call);
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (operations[i].what == managed->path.what &&
            bytes_eq(method, operations[i].method)) {
            if (has_id(&managed->path) &&
                conn_id_from_text(managed->path.name, &managed->id) < 0)
                refuse_id(managed);
            else
                operations[i].run(managed);
            return;
        }
    }
    refuse_method(managed);
}

/* ---- In ----------------------------------------------------------------- */

static bool is_served(const struct gateway *gateway, unsigned listener)
{
    enum config_manage mode = gateway_config(gateway)->management.mode;
    return mode == MANAGE_BOTH ||
           mode == (listener == LISTENER_CLIENTS ? MANAGE_SHARED : MANAGE_SEPARATE);
}

bool manage_is_path(void *host, uint8_t listener, jf_bytes path)
{
    const struct worker *worker = host;
    struct manage_path read;
    return is_served(worker->gateway, listener) && manage_path_read(path, &read);
}

void manage_announce(const struct gateway *gateway)
{
    const struct config_management *management = &gateway_config(gateway)->management;
    const struct listeners *listeners = gateway_listeners(gateway);
    bool guarded = management->key_count || management->token_count;
    for (unsigned which = 0; which < LISTENERS; which++) {
        char url[GATEWAY_URL_MAX];
        if (!is_served(gateway, which))
            continue;
        listeners_url(listeners, which, url, sizeof(url));
        if (guarded || listeners_is_local(listeners, which))
            LOG_INFO(MAIN, "event=management url=%s port=%u credentials=%s", url,
                     listeners_port(listeners, which), guarded ? "yes" : "no");
        else
            LOG_WARN(MAIN,
                     "event=management_closed url=%s hint=\"other machines can reach this "
                     "address: management.access_keys or management.tokens are needed\"",
                     url);
    }
}

static void refuse_request(struct http_call *call)
{
    unsigned http = http_call_refusal(call);
    int status = http == 413 ? JF_E_TOO_BIG : JF_E_UNAVAILABLE;
    if (http == 411)
        manage_answer_error(call, 411, "LengthRequiredException",
                            jf_str("send the body with its Content-Length, not in chunks"));
    else
        manage_answer_status(call, http == 400 ? JF_E_INVALID : status);
}

/* As for clients: by the host they name, or by the first part of the path; nothing but the
 * resource may come behind it. */
static const struct stage_routes *routes_of(const struct worker *worker,
                                            struct http_call *call,
                                            const struct manage_path *path)
{
    jf_bytes rest = { 0 }, prefix = path->prefix.len ? path->prefix : jf_str("/");
    const struct stage_routes *routes = router_of_request(
        worker->router, http_call_header(call, jf_str("host")), prefix, &rest);
    return rest.len > 1 ? NULL : routes;
}

static bool is_local(const struct worker *worker, const struct http_call *call)
{
    return listeners_is_local(gateway_listeners(worker->gateway), http_call_listener(call));
}

void manage_on_call(void *host, struct http_call *call)
{
    struct worker *worker = host;
    struct manage_path path;
    const struct stage_routes *routes = NULL;
    if (http_call_refusal(call)) {
        refuse_request(call);
        return;
    }
    if (!manage_may_pass(worker->door, call, is_local(worker, call)))
        return;
    if (manage_path_read(http_call_path(call), &path))
        routes = routes_of(worker, call, &path);
    if (!routes) {
        manage_answer_error(call, 403, "ForbiddenException", jf_str("Forbidden"));
        return;
    }
    struct managed *managed = xnew(struct managed);
    *managed = (struct managed){ call, worker, routes->stage, path, { { 0 } } };
    run(managed);
}
