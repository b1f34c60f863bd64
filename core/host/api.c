/* Every function of the public header, checked and handed to the room that does it. What is
 * wrong with an argument is a status, since a plugin's author is a user. */
#include "core/host/api.h"

#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/host/ask.h"
#include "core/host/dispatch.h"
#include "core/host/facts.h"
#include "core/host/far.h"
#include "core/host/group_name.h"
#include "core/host/identity.h"
#include "core/host/kick.h"
#include "core/host/mail.h"
#include "core/host/polls.h"
#include "core/host/reload.h"
#include "core/host/timers.h"
#include "core/host/worker.h"
#include "core/loop/loop.h"
#include "core/parse/conn_id.h"
#include "core/parse/head.h"
#include "core/parse/policy.h"

/* NULL until the workers are there: a plugin's thread may be faster, if init started it. */
static _Atomic(struct gateway *) the_gateway;

void api_set_gateway(struct gateway *gateway)
{
    the_gateway = gateway;
}

/* ---- Groups ------------------------------------------------------------- */

/* A group belongs to the stage its plugin serves. */
static int name_group(const jf_self *self, jf_bytes group, struct group_name *out)
{
    return group_name_make(plugin_of_const(self)->stage->name, group, out);
}

/* ---- Sending ------------------------------------------------------------ */

static int check_message(uint32_t opcode, jf_bytes body)
{
    if (!the_gateway)
        return JF_E_UNAVAILABLE;
    if (opcode != JF_TEXT && opcode != JF_BINARY)
        return JF_E_INVALID;
    if (body.len > gateway_message_bytes(the_gateway))
        return JF_E_TOO_BIG;
    return JF_OK;
}

static int api_send(jf_self *self, jf_conn_id to, uint32_t opcode, jf_bytes body)
{
    (void)self;
    int status = check_message(opcode, body);
    if (status < 0)
        return status;
    struct worker *home = gateway_home_of(the_gateway, to);
    struct mail_order order = { MAIL_IDS, .ids = &to, .count = 1, opcode, body };
    return home ? mail_send(home, &order) : far_send(the_gateway, &order);
}

static int api_send_many(jf_self *self, const jf_conn_id *to, size_t count, uint32_t opcode,
                         jf_bytes body)
{
    (void)self;
    int status = check_message(opcode, body);
    if (status < 0 || !count)
        return status;
    struct mail_order order = { MAIL_IDS, .ids = to, .count = count, opcode, body };
    return mail_send_on_all_nodes(the_gateway, &order);
}

static int api_send_group(jf_self *self, jf_bytes group, uint32_t opcode, jf_bytes body)
{
    struct group_name name;
    int status = check_message(opcode, body);
    if (status == JF_OK)
        status = name_group(self, group, &name);
    if (status < 0)
        return status;
    struct mail_order order = { MAIL_GROUP, .name = name.bytes, .opcode = opcode,
                                .body = body };
    return mail_send_on_all_nodes(the_gateway, &order);
}

static int api_send_all(jf_self *self, jf_bytes stage, uint32_t opcode, jf_bytes body)
{
    (void)self;
    int status = check_message(opcode, body);
    if (status < 0)
        return status;
    if (!stages_find(gateway_stages(the_gateway), stage))
        return JF_E_NOT_FOUND;
    struct mail_order order = { MAIL_STAGE, .name = stage, .opcode = opcode, .body = body };
    return mail_send_on_all_nodes(the_gateway, &order);
}

static int api_close(jf_self *self, jf_conn_id id, uint32_t code, jf_bytes reason)
{
    (void)self;
    if (!ws_close_code_valid(code) || reason.len > WS_REASON_MAX)
        return JF_E_INVALID;
    if (!the_gateway)
        return JF_E_UNAVAILABLE;
    struct worker *home = gateway_home_of(the_gateway, id);
    if (!home)
        return far_close(the_gateway, id, (uint16_t)code, reason);
    if (home != worker_current())
        return mail_post_close(home, id, (uint16_t)code, reason);
    struct conn *conn = server_find(home->server, id);
    if (!conn)
        return JF_E_GONE;
    conn_close(conn, (uint16_t)code, reason);
    return JF_OK;
}

static int kick(const struct kick_order *order)
{
    return the_gateway ? kick_on_all_nodes(the_gateway, order) : JF_E_UNAVAILABLE;
}

static int api_close_group(jf_self *self, jf_bytes group, uint32_t code, jf_bytes reason)
{
    struct group_name name;
    int status = name_group(self, group, &name);
    if (status < 0 || code > UINT16_MAX)
        return JF_E_INVALID;
    const struct kick_order order = { KICK_GROUP, .name = name.bytes,
                                      .code = (uint16_t)code, .reason = reason };
    return kick(&order);
}

static int api_close_where(jf_self *self, jf_bytes stage, jf_bytes key, jf_bytes value,
                           uint32_t code, jf_bytes reason)
{
    (void)self;
    const struct kick_order order = {
        KICK_WHERE,     .name = stage,          .key = key,
        .value = value, .code = (uint16_t)code, .reason = reason
    };
    if (code > UINT16_MAX)
        return JF_E_INVALID;
    if (the_gateway && !stages_find(gateway_stages(the_gateway), stage))
        return JF_E_NOT_FOUND;
    return kick(&order);
}

/* ---- Questions ---------------------------------------------------------- */

/* The worker of a jf_worker, if the caller is on its thread. */
static struct worker *at_home(const jf_worker *w)
{
    struct worker *here = worker_current();
    return here && here->index == w->index ? here : NULL;
}

static int ask(jf_worker *w, const struct ask_order *order)
{
    struct worker *here = at_home(w);
    return here ? ask_put(here, w, order) : JF_E_INVALID;
}

static int api_send_then(jf_worker *w, jf_conn_id to, uint32_t opcode, jf_bytes body,
                         jf_done_fn *done, void *data)
{
    int status = check_message(opcode, body);
    if (status < 0)
        return status;
    struct ask_order order = {
        ASK_SEND, to, { 0 }, body, opcode, { .status = done }, data
    };
    return ask(w, &order);
}

static int api_attr_set(jf_worker *w, jf_conn_id conn, jf_bytes key, jf_bytes value,
                        jf_done_fn *done, void *data)
{
    struct ask_order order = {
        ASK_ATTR_SET, conn, key, value, 0, { .status = done }, data
    };
    return ask(w, &order);
}

static int api_attr_get(jf_worker *w, jf_conn_id conn, jf_bytes key, jf_value_fn *done,
                        void *data)
{
    struct ask_order order = { ASK_ATTR_GET, conn, key, { 0 }, 0, { .value = done }, data };
    return ask(w, &order);
}

static int ask_group(jf_worker *w, enum ask_kind kind, jf_conn_id conn, jf_bytes group,
                     union ask_done done, void *data)
{
    struct group_name name;
    int status = name_group(w->self, group, &name);
    if (status < 0)
        return status;
    struct ask_order order = { kind, conn, name.bytes, { 0 }, 0, done, data };
    return ask(w, &order);
}

static int api_group_join(jf_worker *w, jf_bytes group, jf_conn_id conn, jf_done_fn *done,
                          void *data)
{
    return ask_group(w, ASK_GROUP_JOIN, conn, group, (union ask_done){ .status = done },
                     data);
}

static int api_group_leave(jf_worker *w, jf_bytes group, jf_conn_id conn, jf_done_fn *done,
                           void *data)
{
    return ask_group(w, ASK_GROUP_LEAVE, conn, group, (union ask_done){ .status = done },
                     data);
}

static int api_group_members(jf_worker *w, jf_bytes group, jf_members_fn *done, void *data)
{
    return ask_group(w, ASK_GROUP_MEMBERS, (jf_conn_id){ { 0 } }, group,
                     (union ask_done){ .members = done }, data);
}

static int api_group_count(jf_worker *w, jf_bytes group, jf_count_fn *done, void *data)
{
    return ask_group(w, ASK_GROUP_COUNT, (jf_conn_id){ { 0 } }, group,
                     (union ask_done){ .count = done }, data);
}

/* ---- Events ------------------------------------------------------------- */

static void run_finish(struct task *task)
{
    dispatch_finished(CONTAINER_OF(task, struct event, finish));
}

static void api_finish(struct jf_event *pub, int status)
{
    struct event *event = event_of(pub);
    if (!event_claim_finish(event)) {
        LOG_RARELY(
            WARN, PLUGIN, 10,
            "event=finish_refused hint=\"an event is finished once, after JF_LATER\"");
        return;
    }
    struct worker *home = event->worker;
    event->status = status;
    event->finish.run = run_finish;
    if (home == worker_current())
        loop_defer(home->loop, &event->finish);
    else
        mailbox_post_reserved(home->box, &event->finish);
}

static struct event *open_connect(struct jf_event *pub)
{
    struct event *event = event_of(pub);
    bool open = event->magic == EVENT_MAGIC && pub->kind == JF_CONNECT &&
                atomic_load(&event->phase) == EVENT_OPEN;
    return open ? event : NULL;
}

static bool offered(const struct jf_connect *connect, jf_bytes name)
{
    return head_offers(connect->headers, connect->header_count, "Sec-WebSocket-Protocol",
                       name);
}

static int api_subprotocol(struct jf_event *pub, jf_bytes name)
{
    struct event *event = open_connect(pub);
    if (!event || !name.len || name.len > 255 || !offered(pub->connect, name))
        return JF_E_INVALID;
    free(event->subprotocol);
    event->subprotocol = xdup(name);
    event->subprotocol_len = name.len;
    return JF_OK;
}

static int api_refuse(struct jf_event *pub, uint32_t http_status, jf_bytes body)
{
    struct event *event = open_connect(pub);
    if (!event || http_status < 300 || http_status > 599 || body.len > STORE_VALUE_MAX)
        return JF_E_INVALID;
    free(event->refuse_body);
    event->refuse_body = xdup(body);
    event->refuse_len = body.len;
    event->refuse_status = http_status;
    return JF_E_DENIED;
}

static jf_bytes api_event_json(struct jf_event *pub)
{
    struct event *event = event_of(pub);
    bool open = event->magic == EVENT_MAGIC && atomic_load(&event->phase) == EVENT_OPEN;
    return open ? facts_json(event) : jf_view(NULL, 0);
}

static const struct jf_pair *api_stage_variables(struct jf_event *pub, size_t *count)
{
    struct event *event = event_of(pub);
    bool open = event->magic == EVENT_MAGIC && atomic_load(&event->phase) == EVENT_OPEN;
    *count = 0;
    return open ? settings_variables(event->settings, count) : NULL;
}

static int api_way(struct jf_event *pub)
{
    struct event *event = event_of(pub);
    bool open = event->magic == EVENT_MAGIC && atomic_load(&event->phase) == EVENT_OPEN;
    return open ? (int)settings_way(event->settings, pub->route) : JF_E_INVALID;
}

static int api_route_add(jf_self *self, jf_bytes key, jf_event_fn *handler, void *data)
{
    return plugin_add_route(plugin_of(self), key, handler, data);
}

/* ---- Threads and time --------------------------------------------------- */

struct posted {
    struct task task;
    jf_worker *w;
    jf_run_fn *fn;
    void *data;
};

static void run_posted(struct task *task)
{
    struct posted *posted = CONTAINER_OF(task, struct posted, task);
    posted->fn(posted->w, posted->data);
    plugin_unhold(plugin_of(posted->w->self));
    free(posted);
}

static int api_post(jf_self *self, uint32_t index, jf_run_fn *fn, void *data)
{
    if (index >= self->worker_count || !fn)
        return JF_E_INVALID;
    if (!the_gateway)
        return JF_E_UNAVAILABLE;
    struct plugin *plugin = plugin_of(self);
    struct posted *posted = xnew(struct posted);
    *posted = (struct posted){ { NULL, run_posted }, &plugin->seats[index].pub, fn, data };
    plugin_hold(plugin); /* before the look: who closes it waits for this */
    int status = atomic_load(&plugin->closed)
                     ? JF_E_STOPPING
                     : mailbox_post(gateway_worker(the_gateway, index)->box, &posted->task,
                                    sizeof(*posted));
    if (status < 0) {
        plugin_unhold(plugin);
        free(posted);
    }
    return status;
}

static int api_timer_start(jf_worker *w, uint64_t ms, jf_run_fn *fn, void *data,
                           jf_timer *timer)
{
    struct worker *here = at_home(w);
    jf_timer unused;
    if (!here || !fn)
        return JF_E_INVALID;
    return timers_start(here->timers, w, ms, fn, data, timer ? timer : &unused);
}

static void api_timer_stop(jf_worker *w, jf_timer timer)
{
    struct worker *here = at_home(w);
    if (here)
        timers_stop(here->timers, timer);
}

static int api_identify(struct jf_event *pub, jf_bytes name, jf_bytes value)
{
    struct event *event = open_connect(pub);
    if (!event || !bytes_eq(event->route->key, "$authorize"))
        return JF_E_INVALID;
    return identity_set(&event->identity, name, value);
}

/* A plugin that is older knows fewer of them. */
static void api_caller(struct jf_event *pub, struct jf_caller *out)
{
    struct jf_caller caller = facts_caller(event_of(pub)->facts);
    size_t size = out->size < sizeof(caller) ? out->size : sizeof(caller);
    caller.size = out->size;
    memcpy(out, &caller, size);
}

static int keep_answer(struct event *event, const struct policy_answer *answer)
{
    int status =
        identity_set(&event->identity, jf_str(IDENTITY_PRINCIPAL), answer->principal);
    for (size_t i = 0; status == JF_OK && i < answer->context_count; i++)
        status = identity_set(&event->identity, answer->context[i].name,
                              answer->context[i].value);
    if (status == JF_OK && answer->usage_key.ptr)
        status =
            identity_set(&event->identity, jf_str(IDENTITY_API_KEY), answer->usage_key);
    return status;
}

static int api_judge(struct jf_event *pub, jf_bytes text)
{
    struct policy_answer answer;
    char arn[FACTS_ARN_MAX], why[POLICY_WHY_MAX], quoted[LOG_QUOTED_MAX];
    struct event *event = open_connect(pub);
    if (!event || !bytes_eq(event->route->key, "$authorize"))
        return JF_E_INVALID;
    facts_arn(event, arn);
    if (policy_read(text, jf_str(arn), &answer, why) < 0) {
        LOG_RARELY(WARN, PLUGIN, 10, "event=bad_policy plugin=%s reason=%s",
                   event->route->plugin->name, log_quote(jf_str(why), quoted));
        return JF_E_INVALID;
    }
    int status = answer.allow ? keep_answer(event, &answer) : JF_E_DENIED;
    policy_fini(&answer);
    return status;
}

static const struct jf_pair *api_authorizer(struct jf_event *pub, size_t *count)
{
    return identity_pairs(facts_identity(event_of(pub)->facts), count);
}

/* ---- Descriptors -------------------------------------------------------- */

static int api_poll_start(jf_worker *w, int fd, uint32_t interest, jf_ready_fn *fn,
                          void *data, jf_poll *poll)
{
    struct worker *here = at_home(w);
    if (!here || !fn || !poll || interest & ~(uint32_t)(JF_READABLE | JF_WRITABLE))
        return JF_E_INVALID;
    return polls_start(here->polls, w, fd, interest, fn, data, poll);
}

static void api_poll_change(jf_worker *w, jf_poll poll, uint32_t interest)
{
    struct worker *here = at_home(w);
    if (here && !(interest & ~(uint32_t)(JF_READABLE | JF_WRITABLE)))
        polls_change(here->polls, poll, interest);
}

static void api_poll_stop(jf_worker *w, jf_poll poll)
{
    struct worker *here = at_home(w);
    if (here)
        polls_stop(here->polls, poll);
}

/* ---- Comforts ----------------------------------------------------------- */

#define API_LOG_MAX 1536 /* what jf_log() cuts at, and room for escapes */

static void api_log(jf_self *self, int level, jf_bytes text)
{
    char quoted[API_LOG_MAX];
    if (level == JF_ERROR && plugin_of(self)->initialising) {
        plugin_keep_complaint(plugin_of(self), text);
        return;
    }
    if (level < JF_ERROR || level > JF_DEBUG || !log_enabled((enum jf_level)level))
        return;
    log_write(LOG_AREA_PLUGIN, (enum jf_level)level, "event=says plugin=%s text=%s",
              plugin_of(self)->name, log_quote_long(text, quoted, sizeof(quoted)));
}

static void api_id_to_text(jf_conn_id id, char *text)
{
    conn_id_to_text(id, text);
}

static int api_id_from_text(jf_bytes text, jf_conn_id *id)
{
    return conn_id_from_text(text, id);
}

static int api_watch(jf_self *self, jf_bytes path)
{
    return reload_watch_file(plugin_of(self), path);
}

const struct jf_host api_table = {
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR,
    .send = api_send,
    .send_many = api_send_many,
    .send_group = api_send_group,
    .send_all = api_send_all,
    .send_then = api_send_then,
    .close = api_close,
    .finish = api_finish,
    .subprotocol = api_subprotocol,
    .refuse = api_refuse,
    .attr_set = api_attr_set,
    .attr_get = api_attr_get,
    .group_join = api_group_join,
    .group_leave = api_group_leave,
    .group_members = api_group_members,
    .route_add = api_route_add,
    .post = api_post,
    .timer_start = api_timer_start,
    .timer_stop = api_timer_stop,
    .log = api_log,
    .id_to_text = api_id_to_text,
    .id_from_text = api_id_from_text,
    .group_count = api_group_count,
    .event_json = api_event_json,
    .watch = api_watch,
    .stage_variables = api_stage_variables,
    .way = api_way,
    .poll_start = api_poll_start,
    .poll_change = api_poll_change,
    .poll_stop = api_poll_stop,
    .identify = api_identify,
    .authorizer = api_authorizer,
    .judge = api_judge,
    .caller = api_caller,
    .close_group = api_close_group,
    .close_where = api_close_where,
};
