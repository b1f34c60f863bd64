/* One plugin in several versions, whole and broken, for tests of reloading. Built with
 * -DVERSION="..." and, to break it, with one of the FLAWS below.
 *
 *   {"action":"ask","n":7}     answered {"n":7,"version":"1","again":"1"}: from a whole
 *                              version, both are the same
 *   {"action":"slow","n":7}    the same after 300 ms
 *   {"action":"tick","n":7}    the same every 50 ms from now on
 *   {"action":"count"}         {"count":N}: how often that was asked, over all versions
 *   {"action":"where"}         {"worker":N,"version":"1"}
 */
#include "jackfield.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#ifndef FLAW_ABI
#define FLAW_ABI JF_ABI_MAJOR
#endif
#define SHARED_VERSION 1

/* What all versions share: the first member says whether this build understands it. */
struct shared {
    unsigned version;
    atomic_uint users;
    atomic_uint count;
};

struct ticker {
    jf_conn_id conn;
    long n;
    struct ticker *next;
};

static const char version[] = VERSION;
static char again[16]; /* set by init: it could differ only if two versions were mixed */

static long number_in(const struct jf_event *ev)
{
    char text[256];
    size_t len = ev->message->body.len < sizeof(text) ? ev->message->body.len : 255;
    memcpy(text, ev->message->body.ptr, len);
    text[len] = '\0';
    const char *at = strstr(text, "\"n\":");
    return at ? strtol(at + 4, NULL, 10) : -1;
}

static int answer(jf_self *self, jf_conn_id conn, long n)
{
    char text[128];
#ifdef FLAW_FAILS
    (void)self, (void)conn, (void)n, (void)text;
    return JF_E_INTERNAL;
#else
    snprintf(text, sizeof(text), "{\"n\":%ld,\"version\":\"%s\",\"again\":\"%s\"}", n,
             version, again);
    return jf_send(self, conn, JF_TEXT, jf_str(text));
#endif
}

static int on_ask(struct jf_event *ev)
{
    return answer(ev->self, ev->conn, number_in(ev));
}

static void on_slow_due(jf_worker *w, void *data)
{
    struct jf_event *ev = data;
    jf_finish(ev, answer(w->self, ev->conn, number_in(ev)));
}

static int on_slow(struct jf_event *ev)
{
    int status = jf_timer_start(ev->worker, 300, on_slow_due, ev, NULL);
    return status < 0 ? status : JF_LATER;
}

static void on_tick_due(jf_worker *w, void *data)
{
    struct ticker *ticker = data;
    if (answer(w->self, ticker->conn, ticker->n) < 0 ||
        jf_timer_start(w, 50, on_tick_due, ticker, NULL) < 0)
        ticker->n = -1; /* freed with the others */
}

static int on_tick(struct jf_event *ev)
{
    struct ticker *ticker = calloc(1, sizeof(*ticker));
    if (!ticker)
        return JF_E_NOMEM;
    *ticker = (struct ticker){ ev->conn, number_in(ev), ev->worker->local };
    ev->worker->local = ticker;
    return jf_timer_start(ev->worker, 50, on_tick_due, ticker, NULL);
}

static int on_count(struct jf_event *ev)
{
    struct shared *shared = ev->self->state;
    char text[64];
    snprintf(text, sizeof(text), "{\"count\":%u}", atomic_fetch_add(&shared->count, 1) + 1);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
}

static int on_where(struct jf_event *ev)
{
    char text[64];
    snprintf(text, sizeof(text), "{\"worker\":%u,\"version\":\"%s\"}", ev->worker->index,
             version);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
}

static void release(struct shared *shared)
{
    if (shared && atomic_fetch_sub(&shared->users, 1) == 1)
        free(shared);
}

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
#ifdef FLAW_INIT
    jf_log(self, JF_ERROR, "this version cannot begin");
    return JF_E_UNAVAILABLE;
#else
    struct shared *shared = calloc(1, sizeof(*shared));
    if (!shared)
        return JF_E_NOMEM;
    shared->version = SHARED_VERSION;
    atomic_init(&shared->users, 1);
    self->state = shared;
    snprintf(again, sizeof(again), "%s", VERSION);
    return JF_OK;
#endif
}

static int take_over(jf_self *self, const jf_self *old)
{
#ifdef FLAW_TAKE_OVER
    (void)self, (void)old;
    return JF_E_INVALID;
#else
    struct shared *shared = old->state;
    if (shared->version != SHARED_VERSION)
        return JF_OK; /* we begin anew */
    atomic_fetch_add(&shared->users, 1);
    release(self->state);
    self->state = shared;
    return JF_OK;
#endif
}

static int worker_init(jf_worker *w)
{
#ifdef FLAW_WORKER_INIT
    return w->index == w->self->worker_count - 1 ? JF_E_NOMEM : JF_OK;
#else
    (void)w;
    return JF_OK;
#endif
}

static void worker_fini(jf_worker *w)
{
    struct ticker *ticker = w->local;
    while (ticker) {
        struct ticker *next = ticker->next;
        free(ticker);
        ticker = next;
    }
}

static void fini(jf_self *self)
{
    release(self->state);
}

static const struct jf_route routes[] = {
    { "ask", on_ask },     { "slow", on_slow },   { "tick", on_tick },
    { "count", on_count }, { "where", on_where },
#ifdef FLAW_ROUTES
    { "ask", on_ask },
#endif
    { NULL, NULL },
};

extern JF_EXPORT const struct jf_plugin jf_entry;
const struct jf_plugin jf_entry = {
    .size = sizeof(struct jf_plugin),
    .abi_major = FLAW_ABI,
    .abi_minor = JF_ABI_MINOR,
    .name = "versioned",
    .version = VERSION,
    .routes = routes,
    .init = init,
    .worker_init = worker_init,
    .worker_fini = worker_fini,
    .fini = fini,
    .take_over = take_over,
};
