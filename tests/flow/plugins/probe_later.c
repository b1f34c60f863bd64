/* Events that are finished later: by name from another connection, by a timer, by a thread
 * of the plugin's own; and work posted to a worker. */
#include <stdlib.h>
#include <time.h>

#include "probe.h"

int probe_hold(struct jf_event *ev, const char *name)
{
    struct probe *probe = ev->self->state;
    struct held *held = calloc(1, sizeof(*held));
    held->ev = ev;
    held->name = strdup(name);
    pthread_mutex_lock(&probe->lock);
    held->next = probe->held;
    probe->held = held;
    pthread_mutex_unlock(&probe->lock);
    return JF_LATER;
}

int probe_on_hang(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    int status = probe_hold(ev, probe_text(ask, "name", ""));
    cJSON_Delete(ask);
    return status;
}

static struct held *take_held(struct probe *probe, const char *name)
{
    pthread_mutex_lock(&probe->lock);
    struct held **at = &probe->held;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    struct held *held = *at;
    if (held)
        *at = held->next;
    pthread_mutex_unlock(&probe->lock);
    return held;
}

/* Finish all events held under a name, from this worker's thread, whichever theirs is. */
int probe_on_release(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    const char *name = probe_text(ask, "name", "");
    int status = probe_status_from_name(probe_text(ask, "status", "ok"), JF_E_INTERNAL);
    uint32_t http = (uint32_t)probe_number(ask, "http", 0);
    int released = 0;
    struct held *held;
    cJSON *answer = cJSON_CreateObject();
    while ((held = take_held(ev->self->state, name))) {
        if (cJSON_IsTrue(cJSON_GetObjectItem(ask, "event")))
            probe_add_event(answer, held->ev);
        if (http)
            status = jf_refuse(held->ev, http, jf_str(probe_text(ask, "body", "")));
        jf_finish(held->ev, status);
        free(held->name);
        free(held);
        released++;
    }
    cJSON_Delete(ask);
    cJSON_AddNumberToObject(answer, "released", released);
    return probe_reply(ev, answer);
}

static void on_slept(jf_worker *w, void *data)
{
    (void)w;
    struct jf_event *ev = data;
    jf_finish(ev, probe_reply_status(ev, JF_OK));
}

int probe_on_sleepy(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    uint64_t ms = (uint64_t)probe_number(ask, "ms", 100);
    cJSON_Delete(ask);
    jf_timer timer;
    int status = jf_timer_start(ev->worker, ms, on_slept, ev, &timer);
    return status < 0 ? status : JF_LATER;
}

static void *work(void *data)
{
    struct jf_event *ev = data;
    cJSON *ask = probe_ask(ev);
    long ms = (long)probe_number(ask, "ms", 0);
    cJSON_Delete(ask);
    struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };
    if (ms)
        nanosleep(&pause, NULL);
    jf_finish(ev, probe_reply_status(ev, JF_OK));
    return NULL;
}

int probe_on_thread(struct jf_event *ev)
{
    struct probe *probe = ev->self->state;
    int status = JF_E_FULL;
    pthread_mutex_lock(&probe->lock);
    if (probe->thread_count < PROBE_THREADS) {
        pthread_t *thread = &probe->threads[probe->thread_count];
        if (!pthread_create(thread, NULL, work, ev)) {
            probe->thread_count++;
            status = JF_LATER;
        }
    }
    pthread_mutex_unlock(&probe->lock);
    return status;
}

static void on_posted(jf_worker *w, void *data)
{
    struct jf_event *ev = data;
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "worker", w->index);
    jf_finish(ev, probe_reply(ev, answer));
}

int probe_on_post(struct jf_event *ev)
{
    cJSON *ask = probe_ask(ev);
    uint32_t worker = (uint32_t)probe_number(ask, "worker", 0);
    cJSON_Delete(ask);
    int status = jf_post(ev->self, worker, on_posted, ev);
    return status < 0 ? probe_reply_status(ev, status) : JF_LATER;
}
