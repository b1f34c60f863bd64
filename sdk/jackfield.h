/*
 * jackfield.h - the one header a plugin includes.
 *
 * A plugin is a shared object with one visible symbol, `jf_entry`, a constant
 * description the host can read before it runs a line of plugin code:
 *
 *     static int on_ping(struct jf_event *ev)
 *     {
 *         return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("pong"));
 *     }
 *
 *     static const struct jf_route routes[] = {
 *         { "ping", on_ping },
 *         { NULL, NULL },
 *     };
 *
 *     JF_PLUGIN(.name = "ping", .version = "1.0", .routes = routes);
 *
 * Five promises hold for everything below.
 *
 *   THREADS    The first argument says where a function may be called.
 *              jf_self:   from any thread, at any time until fini returns.
 *              jf_worker: only on that worker's thread, inside a callback
 *                         the host made with that worker.
 *
 *   MEMORY     No function returns memory you must free, and none keeps
 *              memory you passed in: what you give is copied before the call
 *              returns. What a callback receives is borrowed until it returns;
 *              an event is borrowed until it is finished. `data` and `state`
 *              pointers are yours; the host carries them and never looks
 *              inside.
 *
 *   FAILURE    Every int is a jf_status: negative failed, zero worked. A
 *              function that returns a failure had no effect: in particular
 *              the callback it was given will never be called.
 *
 *   CALLBACKS  A completion is called exactly once, on the worker that asked,
 *              and never from inside the call that started it; at shutdown
 *              with JF_E_STOPPING, before worker_fini.
 *
 *   THE END    Shortly before worker_fini, when the host shuts down or a reload
 *              has replaced the instance, questions and tasks are refused with
 *              JF_E_STOPPING, and timers do not fire any more.
 *
 * VERSIONS     The major number changes when old plugins must be rebuilt, the
 *              minor number when something is added at an end. The host loads
 *              a plugin whose major equals its own and whose minor is not
 *              greater. Hence a plugin never meets a host older than its
 *              header, and structs the host hands out need no size; structs
 *              the plugin hands in carry theirs.
 *              History: docs/abi-changes.md.
 */
#ifndef JACKFIELD_H
#define JACKFIELD_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define JF_ABI_MAJOR 1
#define JF_ABI_MINOR 2

/* ---- Values ------------------------------------------------------------ */

/* Bytes someone else owns. Not NUL-terminated; `ptr` may be NULL if `len` is
 * 0. Frozen: the values in this section never change their layout. */
typedef struct jf_bytes {
    const char *ptr;
    size_t len;
} jf_bytes;

/* The name of one connection, unique across all nodes and never reused. A
 * value: copy it, compare it, keep it for as long as you like. A name whose
 * connection has ended is not an error to hold, only JF_E_GONE to use. */
typedef struct jf_conn_id {
    uint8_t octet[11];
} jf_conn_id;

#define JF_CONN_ID_TEXT 16 /* its text: base64url with padding, "JC1dgf9yoAMCK-g=" */

/* The name of one timer. 0 is never a timer. */
typedef uint64_t jf_timer;

/* The name of one descriptor that is waited for. 0 is never one. */
typedef uint64_t jf_poll;

/* One table for C, Lua and the logs: the Lua name of JF_E_GONE is "gone". */
#define JF_STATUS_MAP(XX)                                                                  \
    XX(-1, INVALID, "invalid", "an argument is not acceptable")                            \
    XX(-2, NOMEM, "nomem", "not enough memory for data of this size")                      \
    XX(-3, GONE, "gone", "the connection no longer exists")                                \
    XX(-4, FULL, "full", "a queue is at its limit; try later or shed load")                \
    XX(-5, TOO_BIG, "too_big", "larger than the configured limit")                         \
    XX(-6, DENIED, "denied", "refused by policy")                                          \
    XX(-7, TIMEOUT, "timeout", "no answer in time; it may still take effect")              \
    XX(-8, UNAVAILABLE, "unavailable", "the store cannot be reached now")                  \
    XX(-9, NOT_FOUND, "not_found", "no such key")                                          \
    XX(-10, STOPPING, "stopping", "the host is shutting down")                             \
    XX(-11, INTERNAL, "internal", "a fault in the host; please report it")

enum jf_status {
    JF_OK = 0,
    JF_LATER = 1, /* only from an event handler: jf_finish() will follow */
#define XX(code, upper, lower, text) JF_E_##upper = code,
    JF_STATUS_MAP(XX)
#undef XX
};

enum jf_level { JF_ERROR, JF_WARN, JF_INFO, JF_DEBUG };
enum jf_opcode { JF_TEXT = 1, JF_BINARY = 2 };
enum jf_ready { JF_READABLE = 1, JF_WRITABLE = 2 };
enum jf_kind { JF_CONNECT, JF_MESSAGE, JF_DISCONNECT };

/* What becomes of a body that a handler returns, where handlers return one: jf_way(). */
enum jf_way { JF_ANY_WAY, JF_ONE_WAY, JF_TWO_WAY };

/* ---- Handles ----------------------------------------------------------- */

struct jf_host;

/* This plugin instance. */
typedef struct jf_self {
    const struct jf_host *host;
    void *state; /* yours: set it in init */
    uint32_t worker_count;
} jf_self;

/* This plugin instance on one event-loop thread. */
typedef struct jf_worker {
    jf_self *self;
    void *local;    /* yours: set it in worker_init; needs no lock */
    uint32_t index; /* 0 .. worker_count - 1 */
} jf_worker;

/* ---- Events ------------------------------------------------------------ */

struct jf_pair {
    jf_bytes name, value;
};

/* A client asks to connect; its upgrade waits for the verdict. First "$authorize" is asked,
 * if the stage has it: JF_OK passes it on, a failure refuses it (403 for JF_E_DENIED, else
 * 500). Then "$connect", of the same kind: JF_OK admits it,
 * a failure refuses it: jf_subprotocol() and jf_refuse() add the details. What
 * is sent to it meanwhile follows the upgrade, or is gone with it. */
struct jf_connect {
    jf_bytes path;
    jf_bytes peer; /* "192.0.2.1:50000", "[2001:db8::1]:50000"; port 0: a proxy said so */
    jf_bytes subprotocols;
    const struct jf_pair *headers; /* as the client wrote them; jf_find() */
    const struct jf_pair *query;   /* percent-decoded */
    size_t header_count, query_count;
};

struct jf_message {
    jf_bytes body;
    uint32_t opcode; /* enum jf_opcode; text is valid UTF-8 */
};

/* The connection has ended: sends to it already fail. Until this event is finished its
 * attributes can still be read, it is still in its groups, and it can leave them. The
 * status is ignored. If its node has died, another one runs this, with the reason
 * "node lost". */
struct jf_disconnect {
    jf_bytes reason;
    uint32_t code; /* RFC 6455 close code; 1006 if the peer, or its node, just vanished */
};

/* One event. It stays valid until it is finished, body and all: when the
 * handler returns, or, after JF_LATER, when jf_finish() is called. Events of
 * one connection come in order and one at a time, so an unfinished event holds
 * back its own connection and no other. */
struct jf_event {
    jf_self *self;
    jf_worker *worker;
    void *data; /* of the route, if jf_route_add() made it */
    jf_conn_id conn;
    jf_bytes stage; /* the served API it came in by */
    jf_bytes route; /* the route key that selected this handler */
    uint32_t kind;  /* enum jf_kind; of the next three only its own is set */
    const struct jf_connect *connect;
    const struct jf_message *message;
    const struct jf_disconnect *disconnect;
};

/* A connection as it came; `size` is the caller's, so that it may grow. */
struct jf_caller {
    uint32_t size;
    jf_bytes source_ip;    /* without a port; behind a configured proxy, whom that names */
    jf_bytes domain_name;  /* the Host header */
    jf_bytes user_agent;   /* empty: it did not say */
    uint64_t connected_at; /* milliseconds since 1970 */
    /* Of the certificate that the client has shown and that was verified (tls.client);
     * empty: it has shown none. An empty subject with a fingerprint is one without a name,
     * or with one of more than 4096 octets. */
    jf_bytes cert_subject;     /* RFC 2253: "CN=ann,O=Example" */
    jf_bytes cert_fingerprint; /* SHA-256 of the whole, 64 hex digits */
};

/* Handle one event on its worker's thread. Return JF_OK when done, a failure
 * to have the host answer with an error, or JF_LATER and then call jf_finish()
 * exactly once. */
typedef int jf_event_fn(struct jf_event *ev);

typedef void jf_run_fn(jf_worker *w, void *data);
typedef void jf_ready_fn(jf_worker *w, void *data, uint32_t ready);
typedef void jf_done_fn(jf_worker *w, void *data, int status);
typedef void jf_value_fn(jf_worker *w, void *data, int status, jf_bytes value);
typedef void jf_members_fn(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                           size_t count);
typedef void jf_count_fn(jf_worker *w, void *data, int status, uint64_t count);

/* ---- What the plugin provides ------------------------------------------ */

/* Frozen: this struct never grows, so that arrays of it stay arrays. */
struct jf_route {
    const char *key; /* "$authorize", "$connect", "$disconnect", "$default" or a name */
    jf_event_fn *handler;
};

struct jf_plugin {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    const char *name, *version;

    /* Ends with { NULL, NULL }; NULL if all routes come from jf_route_add(). */
    const struct jf_route *routes;

    /* Once per instance, on the main thread, before its first worker_init.
     * `options` is the JSON text of the instance's "options" in the host's
     * configuration, "{}" if it has none. A failure: the instance is not used,
     * and a host that is just starting stops. */
    int (*init)(jf_self *self, jf_bytes options);

    /* Once per worker, on its thread, before its first event. */
    int (*worker_init)(jf_worker *w);

    /* The mirror images, in reverse order, each only if its twin succeeded,
     * once every event is finished. After fini no callback will come. */
    void (*worker_fini)(jf_worker *w);
    void (*fini)(jf_self *self);

    /* Since 1.1. Optional, after the init of an instance that is to take another's place
     * while the host runs. `old` goes on serving on all workers, and its `state` is of the
     * build that made it: what both touch begins with a version that both know. A failure:
     * the old one stays. [main thread] */
    int (*take_over)(jf_self *self, const jf_self *old);
};

#if defined(__GNUC__)
#define JF_EXPORT __attribute__((visibility("default")))
#define JF_CHECK __attribute__((warn_unused_result))
#define JF_FORMAT(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define JF_EXPORT
#define JF_CHECK
#define JF_FORMAT(fmt, args)
#endif

extern JF_EXPORT const struct jf_plugin jf_entry;

#define JF_PLUGIN(...)                                                                     \
    const struct jf_plugin jf_entry = { .size = sizeof(struct jf_plugin),                  \
                                        .abi_major = JF_ABI_MAJOR,                         \
                                        .abi_minor = JF_ABI_MINOR,                         \
                                        __VA_ARGS__ }

/* ---- What the host provides -------------------------------------------- */

/* The functions below call through this table. A test may bring its own: see
 * testing/fake_host.h. New entries are added at the end only. */
struct jf_host {
    uint16_t abi_major, abi_minor;

    int (*send)(jf_self *, jf_conn_id, uint32_t, jf_bytes);
    int (*send_many)(jf_self *, const jf_conn_id *, size_t, uint32_t, jf_bytes);
    int (*send_group)(jf_self *, jf_bytes, uint32_t, jf_bytes);
    int (*send_all)(jf_self *, jf_bytes, uint32_t, jf_bytes);
    int (*send_then)(jf_worker *, jf_conn_id, uint32_t, jf_bytes, jf_done_fn *, void *);
    int (*close)(jf_self *, jf_conn_id, uint32_t, jf_bytes);
    void (*finish)(struct jf_event *, int);
    int (*subprotocol)(struct jf_event *, jf_bytes);
    int (*refuse)(struct jf_event *, uint32_t, jf_bytes);

    int (*attr_set)(jf_worker *, jf_conn_id, jf_bytes, jf_bytes, jf_done_fn *, void *);
    int (*attr_get)(jf_worker *, jf_conn_id, jf_bytes, jf_value_fn *, void *);
    int (*group_join)(jf_worker *, jf_bytes, jf_conn_id, jf_done_fn *, void *);
    int (*group_leave)(jf_worker *, jf_bytes, jf_conn_id, jf_done_fn *, void *);
    int (*group_members)(jf_worker *, jf_bytes, jf_members_fn *, void *);

    int (*route_add)(jf_self *, jf_bytes, jf_event_fn *, void *);
    int (*post)(jf_self *, uint32_t, jf_run_fn *, void *);
    int (*timer_start)(jf_worker *, uint64_t, jf_run_fn *, void *, jf_timer *);
    void (*timer_stop)(jf_worker *, jf_timer);
    void (*log)(jf_self *, int, jf_bytes);
    void (*id_to_text)(jf_conn_id, char *);
    int (*id_from_text)(jf_bytes, jf_conn_id *);

    /* Since 1.1. */
    int (*group_count)(jf_worker *, jf_bytes, jf_count_fn *, void *);
    jf_bytes (*event_json)(struct jf_event *);
    int (*watch)(jf_self *, jf_bytes);

    /* Since 1.2. */
    const struct jf_pair *(*stage_variables)(struct jf_event *, size_t *);
    int (*way)(struct jf_event *);
    int (*poll_start)(jf_worker *, int, uint32_t, jf_ready_fn *, void *, jf_poll *);
    void (*poll_change)(jf_worker *, jf_poll, uint32_t);
    void (*poll_stop)(jf_worker *, jf_poll);
    int (*identify)(struct jf_event *, jf_bytes, jf_bytes);
    const struct jf_pair *(*authorizer)(struct jf_event *, size_t *);
    int (*judge)(struct jf_event *, jf_bytes);
    void (*caller)(struct jf_event *, struct jf_caller *);
    int (*close_group)(jf_self *, jf_bytes, uint32_t, jf_bytes);
    int (*close_where)(jf_self *, jf_bytes, jf_bytes, jf_bytes, uint32_t, jf_bytes);
};

/* Send one message, wherever the connection lives. JF_OK: accepted, in order with your
 * other sends to it from this thread. It is no promise of delivery; jf_send_then() tells
 * the fate. JF_E_FULL: a queue on the way is full, nothing was queued. JF_E_UNAVAILABLE:
 * it lives on another node, and those cannot be reached now. [any thread] */
static inline JF_CHECK int jf_send(jf_self *self, jf_conn_id to, uint32_t opcode,
                                   jf_bytes body)
{
    return self->host->send(self, to, opcode, body);
}

/* Send one message to many; those that are gone are skipped. The body is copied
 * once per worker, not once per connection. JF_E_FULL from this and the next two:
 * some worker's queue was full and its connections miss the message, the others
 * do not; a single slow connection is counted and no failure. JF_E_UNAVAILABLE: the
 * other nodes cannot be reached, and those who live there miss it. [any thread] */
static inline JF_CHECK int jf_send_many(jf_self *self, const jf_conn_id *to, size_t count,
                                        uint32_t opcode, jf_bytes body)
{
    return self->host->send_many(self, to, count, opcode, body);
}

/* Send to all who are members when each worker of each node looks; on the caller's own
 * worker that is now. A group without members is no error. [any thread] */
static inline JF_CHECK int jf_send_group(jf_self *self, jf_bytes group, uint32_t opcode,
                                         jf_bytes body)
{
    return self->host->send_group(self, group, opcode, body);
}

/* Send to every admitted connection of a stage on all nodes, `ev->stage` for the sender's
 * own. JF_E_NOT_FOUND: there is no such stage. [any thread] */
static inline JF_CHECK int jf_send_all(jf_self *self, jf_bytes stage, uint32_t opcode,
                                       jf_bytes body)
{
    return self->host->send_all(self, stage, opcode, body);
}

/* Like jf_send(), then tell its fate: JF_OK when it has been handed to the
 * kernel, or JF_E_GONE, JF_E_FULL, JF_E_TIMEOUT, JF_E_UNAVAILABLE. [worker] */
static inline JF_CHECK int jf_send_then(jf_worker *w, jf_conn_id to, uint32_t opcode,
                                        jf_bytes body, jf_done_fn *done, void *data)
{
    return w->self->host->send_then(w, to, opcode, body, done, data);
}

/* Close with an RFC 6455 code, after what is queued. [any thread] */
static inline int jf_close(jf_self *self, jf_conn_id conn, uint32_t code, jf_bytes reason)
{
    return self->host->close(self, conn, code, reason);
}

/* Close all members of a group, on all nodes, as jf_close() does each. It takes several
 * turns of each worker if they are many; who joins meanwhile may stay. JF_E_INVALID: such a
 * code or reason may not be sent (a reason is UTF-8 of up to 123 octets). JF_E_FULL: a
 * worker has too many of these before it, and its connections stay. JF_E_UNAVAILABLE: the
 * other nodes cannot be reached, and those who live there stay. Since 1.2. [any thread] */
static inline JF_CHECK int jf_close_group(jf_self *self, jf_bytes group, uint32_t code,
                                          jf_bytes reason)
{
    return self->host->close_group(self, group, code, reason);
}

/* Close all of a stage whose attribute `key` is `value`, on all nodes: all of one user,
 * say. What $authorize has said is such an attribute, as "authorizer.principalId", and
 * counts already while $connect is being decided. Who gets the attribute meanwhile may
 * stay, so first see to it that nobody can. `value` is not empty. JF_E_NOT_FOUND: there is
 * no such stage; else as jf_close_group(). Since 1.2. [any thread] */
static inline JF_CHECK int jf_close_where(jf_self *self, jf_bytes stage, jf_bytes key,
                                          jf_bytes value, uint32_t code, jf_bytes reason)
{
    return self->host->close_where(self, stage, key, value, code, reason);
}

/* Finish an event whose handler returned JF_LATER, as if it had returned
 * `status`. It cannot fail: its place in the worker's mailbox was reserved
 * with the event. It takes effect after the handler has returned, even if
 * another thread is faster. An event that is overdue is answered with an error
 * and logged with its route, yet stays yours until you finish it.
 * [any thread] */
static inline void jf_finish(struct jf_event *ev, int status)
{
    ev->self->host->finish(ev, status);
}

/* On a JF_CONNECT not yet finished, by whoever holds it: choose one of the
 * offered subprotocols; or say with which HTTP status and body to refuse (by
 * default 403 for JF_E_DENIED, 504 for JF_E_TIMEOUT, else 502). */
static inline JF_CHECK int jf_subprotocol(struct jf_event *ev, jf_bytes name)
{
    return ev->self->host->subprotocol(ev, name);
}

/* Returns JF_E_DENIED, so that a handler can end with it. */
static inline JF_CHECK int jf_refuse(struct jf_event *ev, uint32_t http_status,
                                     jf_bytes body)
{
    return ev->self->host->refuse(ev, http_status, body);
}

/* On an event of "$authorize" not yet finished, by whoever holds it: who asks to connect,
 * and what else later events of the connection are to know. If it is let in, they all have
 * it, as requestContext.authorizer and by jf_authorizer(); and so do its attributes, as
 * "authorizer.NAME". The name "usageIdentifierKey" is the API key that a stage takes from
 * here if it says so, and no attribute. JF_E_INVALID: another event, or no name;
 * JF_E_TOO_BIG: more than 8 KiB together; JF_E_FULL: more than 64 names. */
static inline JF_CHECK int jf_context(struct jf_event *ev, jf_bytes name, jf_bytes value)
{
    return ev->self->host->identify(ev, name, value);
}

static inline JF_CHECK int jf_principal(struct jf_event *ev, jf_bytes name)
{
    jf_bytes key = { "principalId", 11 };
    return ev->self->host->identify(ev, key, name);
}

/* The same and the verdict, by what a Lambda authorizer answers: JSON with principalId,
 * policyDocument, context and usageIdentifierKey. JF_OK: the policy allows it the stage's
 * $connect; JF_E_DENIED: it does not; JF_E_INVALID: it is no such answer, as the log says.
 * For the handler to return. */
static inline JF_CHECK int jf_judge(struct jf_event *ev, jf_bytes answer)
{
    return ev->self->host->judge(ev, answer);
}

/* What "$authorize" has said of the connection, its principal as "principalId"; none if the
 * stage has no such route. Borrowed until the event is finished. By whoever holds the
 * event. */
static inline const struct jf_pair *jf_authorizer(struct jf_event *ev, size_t *count)
{
    return ev->self->host->authorizer(ev, count);
}

/* Who the event's connection is: what requestContext says of it. Borrowed until the event
 * is finished. By whoever holds the event. */
static inline struct jf_caller jf_caller_of(struct jf_event *ev)
{
    struct jf_caller caller = { 0 };
    caller.size = sizeof(caller);
    ev->self->host->caller(ev, &caller);
    return caller;
}

/* The whole event as the JSON that API Gateway hands to a Lambda function: requestContext,
 * headers and query of a $connect, body. Made when first asked for, borrowed until the
 * event is finished; `ptr` is NULL if there is no memory for it. By whoever holds the
 * event. */
static inline jf_bytes jf_event_json(struct jf_event *ev)
{
    return ev->self->host->event_json(ev);
}

/* The variables that the configuration gives the event's stage, `*count` of them, borrowed
 * until the event is finished. By whoever holds the event. */
static inline const struct jf_pair *jf_stage_variables(struct jf_event *ev, size_t *count)
{
    return ev->self->host->stage_variables(ev, count);
}

/* One of them; `ptr` is NULL if there is none of that name. Case counts. */
static inline jf_bytes jf_stage_variable(struct jf_event *ev, const char *name)
{
    size_t count = 0, len = strlen(name);
    const struct jf_pair *pairs = jf_stage_variables(ev, &count);
    jf_bytes none = { NULL, 0 };
    for (size_t i = 0; i < count; i++) {
        if (pairs[i].name.len == len && memcmp(pairs[i].name.ptr, name, len) == 0)
            return pairs[i].value;
    }
    return none;
}

/* For engines and adapters, whose handlers return a body as a Lambda function does: is it
 * sent back? JF_TWO_WAY: yes, an empty one too, and that of a $connect after the upgrade.
 * JF_ONE_WAY: no. JF_ANY_WAY: nobody said; do what is usual in that language. What a
 * handler sends by itself is sent in any case. JF_E_INVALID: the event is finished. By
 * whoever holds the event. */
static inline int jf_way(struct jf_event *ev)
{
    return ev->self->host->way(ev);
}

/* Attributes and memberships belong to their connection and vanish with it; a group
 * belongs to the stage its plugin serves, on all nodes. Names are 1 to 256 octets, an
 * attribute at most 65,536. All six are asynchronous, in memory as in Redis; of a
 * connection on another node that node is asked: JF_E_TIMEOUT, JF_E_UNAVAILABLE. An empty
 * value removes the attribute. `done` may be NULL where the fate does not matter. [worker]
 */
static inline JF_CHECK int jf_attr_set(jf_worker *w, jf_conn_id conn, jf_bytes key,
                                       jf_bytes value, jf_done_fn *done, void *data)
{
    return w->self->host->attr_set(w, conn, key, value, done, data);
}

static inline JF_CHECK int jf_attr_get(jf_worker *w, jf_conn_id conn, jf_bytes key,
                                       jf_value_fn *done, void *data)
{
    return w->self->host->attr_get(w, conn, key, done, data);
}

static inline JF_CHECK int jf_group_join(jf_worker *w, jf_bytes group, jf_conn_id conn,
                                         jf_done_fn *done, void *data)
{
    return w->self->host->group_join(w, group, conn, done, data);
}

static inline JF_CHECK int jf_group_leave(jf_worker *w, jf_bytes group, jf_conn_id conn,
                                          jf_done_fn *done, void *data)
{
    return w->self->host->group_leave(w, group, conn, done, data);
}

/* Of all nodes; JF_E_UNAVAILABLE: those elsewhere cannot be told. */
static inline JF_CHECK int jf_group_members(jf_worker *w, jf_bytes group,
                                            jf_members_fn *done, void *data)
{
    return w->self->host->group_members(w, group, done, data);
}

/* How many members it has on all nodes; a group that nobody has joined has none.
 * JF_E_UNAVAILABLE: those elsewhere cannot be told. */
static inline JF_CHECK int jf_group_count(jf_worker *w, jf_bytes group, jf_count_fn *done,
                                          void *data)
{
    return w->self->host->group_count(w, group, done, data);
}

/* Add a route with its own `data`, for keys known only at run time. Only
 * while init runs; JF_E_INVALID later. [main thread, in init] */
static inline JF_CHECK int jf_route_add(jf_self *self, jf_bytes key, jf_event_fn *handler,
                                        void *data)
{
    return self->host->route_add(self, key, handler, data);
}

/* Run `fn` on a worker's thread: how a thread of your own comes home.
 * [any thread] */
static inline JF_CHECK int jf_post(jf_self *self, uint32_t worker, jf_run_fn *fn,
                                   void *data)
{
    return self->host->post(self, worker, fn, data);
}

/* Run `fn` once, after `ms`, on this worker. A stopped timer never fires. `timer` may be
 * NULL if it will not be stopped. JF_E_FULL: 65,536 are running on this worker.
 * [worker] */
static inline JF_CHECK int jf_timer_start(jf_worker *w, uint64_t ms, jf_run_fn *fn,
                                          void *data, jf_timer *timer)
{
    return w->self->host->timer_start(w, ms, fn, data, timer);
}

static inline void jf_timer_stop(jf_worker *w, jf_timer timer)
{
    w->self->host->timer_stop(w, timer);
}

/* Call `fn` on this worker whenever the descriptor is ready for what `interest` says, enum
 * jf_ready, until it is stopped, or changed to another interest; 0 is none. An error or a
 * hang-up is told as that interest, so that reading or writing tells what it is. For
 * sockets, pipes and the like of your own; the descriptor stays yours, and is closed after
 * jf_poll_stop(). JF_E_INVALID: it cannot be waited for. JF_E_FULL: there are no more
 * descriptors, or 65,536 are waited for on this worker. [worker] */
static inline JF_CHECK int jf_poll_start(jf_worker *w, int fd, uint32_t interest,
                                         jf_ready_fn *fn, void *data, jf_poll *poll)
{
    return w->self->host->poll_start(w, fd, interest, fn, data, poll);
}

static inline void jf_poll_change(jf_worker *w, jf_poll poll, uint32_t interest)
{
    w->self->host->poll_change(w, poll, interest);
}

static inline void jf_poll_stop(jf_worker *w, jf_poll poll)
{
    w->self->host->poll_stop(w, poll);
}

/* Reload this instance when that file changes too; its own file need not be named. Call it
 * before reading the file, so that no change is missed. A path relative to the host's
 * working directory, or an absolute one. JF_E_INVALID: empty or too long. [any thread] */
static inline JF_CHECK int jf_watch(jf_self *self, jf_bytes path)
{
    return self->host->watch(self, path);
}

/* One line, printf style, cut at 1023 characters. Formatting happens on this
 * side: no variable arguments cross the boundary. [any thread] */
static inline JF_FORMAT(3, 4) void jf_log(jf_self *self, int level, const char *fmt, ...)
{
    char line[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    if (n < 0)
        return;
    size_t len = (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1;
    jf_bytes text = { line, len };
    self->host->log(self, level, text);
}

/* `text` takes JF_CONN_ID_TEXT characters and a NUL. */
static inline void jf_id_to_text(jf_self *self, jf_conn_id id, char *text)
{
    self->host->id_to_text(id, text);
}

static inline JF_CHECK int jf_id_from_text(jf_self *self, jf_bytes text, jf_conn_id *id)
{
    return self->host->id_from_text(text, id);
}

/* ---- Small comforts ---------------------------------------------------- */

static inline jf_bytes jf_str(const char *s)
{
    jf_bytes b = { s, strlen(s) };
    return b;
}

static inline jf_bytes jf_view(const void *ptr, size_t len)
{
    jf_bytes b = { (const char *)ptr, len };
    return b;
}

static inline int jf_same(jf_bytes a, jf_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The value of the first pair of that name, ASCII case ignored; `ptr` is NULL if there
 * is none, which tells it from an empty value. Repeated names are met by walking the
 * array. */
static inline jf_bytes jf_find(const struct jf_pair *pairs, size_t count, const char *name)
{
    jf_bytes none = { NULL, 0 };
    size_t len = strlen(name);
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        if (pairs[i].name.len != len)
            continue;
        while (at < len) {
            char a = pairs[i].name.ptr[at], b = name[at];
            a = (char)(a >= 'A' && a <= 'Z' ? a + 32 : a);
            b = (char)(b >= 'A' && b <= 'Z' ? b + 32 : b);
            if (a != b)
                break;
            at++;
        }
        if (at == len)
            return pairs[i].value;
    }
    return none;
}

#ifdef __cplusplus
}
#endif
#endif /* JACKFIELD_H */
