/*
 * later - answers that take their time, and hold up nobody else meanwhile.
 *
 *   later      a timer answers, on the same worker
 *   thread     a thread of the plugin's own answers, from outside
 *   $connect   the verdict takes its time, and is the client's choice:
 *              ?wait=MS               decide so many milliseconds later
 *              ?verdict=refuse        with ?status=NNN (403) and ?body=TEXT
 *              ?verdict=fail          as if something had broken: 502
 *              ?subprotocol=NAME      choose this one of those offered
 *
 * Each handler returns JF_LATER and keeps its event, which stays valid, body and all, until
 * jf_finish().
 */
#include "jackfield.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define DELAY_MS 300
#define WAIT_MS_MAX 60000

/* An event on its way to the thread, and when it is to be answered. */
struct errand {
    struct errand *next;
    struct jf_event *ev;
    struct timespec due;
};

struct later {
    pthread_t thread;

    /* under the lock */
    pthread_mutex_t lock;
    pthread_cond_t news;
    struct errand *first, **end; /* all equally late, so in order of their due times */
    bool stopping;
};

static int answer(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, ev->message->opcode, ev->message->body);
}

/* ---- By a timer ------------------------------------------------------------------------
 */

static void on_time(jf_worker *w, void *data)
{
    struct jf_event *ev = data;
    (void)w;
    jf_finish(ev, answer(ev));
}

static int on_later(struct jf_event *ev)
{
    int status = jf_timer_start(ev->worker, DELAY_MS, on_time, ev, NULL);
    return status < 0 ? status : JF_LATER;
}

/* ---- By a thread -----------------------------------------------------------------------
 */

static struct timespec from_now(long ms)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_nsec -= 1000000000;
        at.tv_sec++;
    }
    return at;
}

/* Hand the event over. The thread may finish it before we have returned: that is allowed,
 * and takes effect afterwards. */
static int on_thread(struct jf_event *ev)
{
    struct later *later = ev->self->state;
    struct errand *errand = malloc(sizeof(*errand));
    if (!errand)
        return JF_E_NOMEM;
    errand->next = NULL;
    errand->ev = ev;
    errand->due = from_now(DELAY_MS);

    pthread_mutex_lock(&later->lock);
    *later->end = errand;
    later->end = &errand->next;
    pthread_cond_signal(&later->news);
    pthread_mutex_unlock(&later->lock);
    return JF_LATER;
}

/* The next errand when its time has come; NULL when there will be none. */
static struct errand *wait_for_errand(struct later *later)
{
    int waited = 0;
    pthread_mutex_lock(&later->lock);
    while (!later->first && !later->stopping)
        pthread_cond_wait(&later->news, &later->lock);
    struct errand *errand = later->first;
    while (errand && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&later->news, &later->lock, &errand->due);
    if (errand)
        later->first = errand->next;
    if (!later->first)
        later->end = &later->first;
    pthread_mutex_unlock(&later->lock);
    return errand;
}

/* Here a plugin may block: ask a database, read a file. jf_send() and jf_finish() may be
 * called from any thread; what takes a jf_worker may not. */
static void *run_errands(void *data)
{
    struct later *later = data;
    struct errand *errand;
    while ((errand = wait_for_errand(later))) {
        jf_finish(errand->ev, answer(errand->ev));
        free(errand);
    }
    return NULL;
}

/* ---- The verdict -----------------------------------------------------------------------
 */

static jf_bytes parameter(const struct jf_event *ev, const char *name)
{
    return jf_find(ev->connect->query, ev->connect->query_count, name);
}

/* A decimal number of at most `max`; `otherwise` if it is absent, -1 if it is none. */
static long number(jf_bytes text, long max, long otherwise)
{
    long value = 0;
    if (!text.ptr)
        return otherwise;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
        if (value > max)
            return -1;
    }
    return text.len ? value : -1;
}

static int verdict(struct jf_event *ev)
{
    jf_bytes wanted = parameter(ev, "verdict"), name = parameter(ev, "subprotocol");
    if (jf_same(wanted, jf_str("refuse"))) {
        long status = number(parameter(ev, "status"), 599, 403);
        return jf_refuse(ev, (uint32_t)status, parameter(ev, "body"));
    }
    if (jf_same(wanted, jf_str("fail")))
        return JF_E_INTERNAL;
    return name.len ? jf_subprotocol(ev, name) : JF_OK;
}

static void on_verdict_due(jf_worker *w, void *data)
{
    struct jf_event *ev = data;
    (void)w;
    jf_finish(ev, verdict(ev));
}

static int on_connect(struct jf_event *ev)
{
    long wait = number(parameter(ev, "wait"), WAIT_MS_MAX, 0);
    if (wait < 0)
        return jf_refuse(ev, 400, jf_str("wait is a number of milliseconds up to 60000\n"));
    if (wait == 0)
        return verdict(ev);
    int status = jf_timer_start(ev->worker, (uint64_t)wait, on_verdict_due, ev, NULL);
    return status < 0 ? status : JF_LATER;
}

/* ---- Its life --------------------------------------------------------------------------
 */

static int init(jf_self *self, jf_bytes options)
{
    struct later *later = calloc(1, sizeof(*later));
    (void)options;
    if (!later)
        return JF_E_NOMEM;
    pthread_mutex_init(&later->lock, NULL);
    pthread_cond_init(&later->news, NULL);
    later->end = &later->first;
    if (pthread_create(&later->thread, NULL, run_errands, later) != 0) {
        free(later);
        return JF_E_NOMEM;
    }
    self->state = later;
    return JF_OK;
}

/* Every event is finished when the host calls this, so there are no errands left. */
static void fini(jf_self *self)
{
    struct later *later = self->state;
    pthread_mutex_lock(&later->lock);
    later->stopping = true;
    pthread_cond_signal(&later->news);
    pthread_mutex_unlock(&later->lock);
    pthread_join(later->thread, NULL);
    pthread_cond_destroy(&later->news);
    pthread_mutex_destroy(&later->lock);
    free(later);
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "later", on_later },
    { "thread", on_thread },
    { NULL, NULL },
};

JF_PLUGIN(.name = "later", .version = "1.0", .routes = routes, .init = init, .fini = fini);
