/* The plugin's own threads. Talkers use everything whose first argument is a jf_self, and
 * come home with jf_post() for what wants a worker. Finishers finish what handlers left to
 * them, one of them only what is overdue at about the same moment. */
#include <stdlib.h>
#include <time.h>

#include "storm_send.h"

#define OPS_PAUSE_US 800

static void pause_us(long us)
{
    struct timespec pause = { 0, us * 1000 };
    nanosleep(&pause, NULL);
}

/* ---- Questions ---------------------------------------------------------- */

static void note_answer(jf_worker *w, const void *asked_by, int status)
{
    struct storm *storm = w->self->state;
    storm->answered++;
    storm_check_place(w, ((const jf_worker *)asked_by)->index);
    if (status != JF_E_NOT_FOUND && status != JF_E_TIMEOUT)
        storm_check(storm, status);
}

static void on_done(jf_worker *w, void *data, int status)
{
    note_answer(w, data, status);
}

static void on_value(jf_worker *w, void *data, int status, jf_bytes value)
{
    struct storm *storm = w->self->state;
    note_answer(w, data, status);
    for (size_t i = 0; i < value.len; i++)
        storm->torn += value.ptr[i] != 'v';
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    struct storm *storm = w->self->state;
    note_answer(w, data, status);
    if (count)
        storm_check(storm, jf_send_many(w->self, ids, count, JF_TEXT, jf_str("members")));
}

static void on_count(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)count;
    note_answer(w, data, status);
}

static jf_bytes some_group(unsigned *seed)
{
    static const char *const names[GROUPS] = { "g0", "g1", "g2", "g3" };
    return jf_str(names[storm_roll(seed, GROUPS)]);
}

static jf_bytes some_value(unsigned *seed)
{
    static const char text[] = "vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv";
    return jf_view(text, storm_roll(seed, sizeof(text)));
}

static int ask(jf_worker *w, unsigned *seed, jf_conn_id id)
{
    switch (storm_roll(seed, 7)) {
    case 0:
        return jf_attr_set(w, id, jf_str("key"), some_value(seed), on_done, w);
    case 1:
        return jf_attr_get(w, id, jf_str("key"), on_value, w);
    case 2:
        return jf_group_leave(w, some_group(seed), id, on_done, w);
    case 3:
        return jf_group_members(w, some_group(seed), on_members, w);
    case 4:
        return jf_send_then(w, id, JF_TEXT, jf_str("then"), on_done, w);
    case 5:
        return jf_group_count(w, some_group(seed), on_count, w);
    default:
        return jf_group_join(w, some_group(seed), id, on_done, w);
    }
}

void storm_ask(jf_worker *w, unsigned *seed, jf_conn_id id)
{
    struct storm *storm = w->self->state;
    storm->asked++; /* before, as another may read it */
    if (storm_check(storm, ask(w, seed, id)) < 0)
        storm->asked--;
}

/* ---- Talkers ------------------------------------------------------------ */

struct talker {
    struct storm *storm;
    unsigned number, seed;
    unsigned long said;
};

/* What a talker says to one client comes in the order of these numbers. */
static jf_bytes next_words(struct talker *talker, char text[64])
{
    int n = snprintf(text, 64, "t%u %lu", talker->number, ++talker->said);
    return jf_view(text, (size_t)n);
}

static void say_to_many(struct talker *talker)
{
    jf_conn_id ids[16];
    char text[64];
    size_t count = 0;
    while (count < 16 && storm_pick(talker->storm, &talker->seed, &ids[count]))
        count++;
    storm_check(talker->storm, jf_send_many(talker->storm->self, ids, count, JF_TEXT,
                                            next_words(talker, text)));
}

static void say_to_all(struct talker *talker)
{
    jf_self *self = talker->storm->self;
    char text[64];
    jf_bytes words = next_words(talker, text);
    if (storm_roll(&talker->seed, 4))
        storm_check(talker->storm,
                    jf_send_group(self, some_group(&talker->seed), JF_TEXT, words));
    else
        storm_check(talker->storm, jf_send_all(self, jf_str("$default"), JF_TEXT, words));
}

static void say_to_one(struct talker *talker)
{
    char text[64];
    jf_conn_id id;
    if (!storm_pick(talker->storm, &talker->seed, &id))
        memset(&id, (int)storm_roll(&talker->seed, 256), sizeof(id));
    storm_check(talker->storm,
                jf_send(talker->storm->self, id, JF_TEXT, next_words(talker, text)));
    talker->storm->sent++;
}

static void close_one(struct talker *talker)
{
    jf_conn_id id;
    uint32_t code = storm_roll(&talker->seed, 2) ? 4001 : 1000;
    if (!storm_pick(talker->storm, &talker->seed, &id))
        return;
    if (storm_check(talker->storm,
                    jf_close(talker->storm->self, id, code, jf_str("storm"))) == JF_OK)
        talker->storm->closed++;
}

static void name_one(struct talker *talker)
{
    jf_self *self = talker->storm->self;
    char text[JF_CONN_ID_TEXT + 1];
    jf_conn_id id, same;
    memset(&id, (int)storm_roll(&talker->seed, 256), sizeof(id));
    storm_pick(talker->storm, &talker->seed, &id);
    jf_id_to_text(self, id, text);
    if (jf_id_from_text(self, jf_str(text), &same) < 0 || memcmp(&id, &same, sizeof(id)))
        talker->storm->odd_status++;
    jf_log(self, JF_DEBUG, "talker %u knows %s", talker->number, text);
    talker->storm->round_trips++;
}

struct errand {
    struct storm *storm;
    uint32_t worker;
    unsigned seed;
};

static void run_errand(jf_worker *w, void *data)
{
    struct errand *errand = data;
    jf_conn_id id;
    storm_check_place(w, errand->worker);
    if (storm_pick(errand->storm, &errand->seed, &id))
        storm_ask(w, &errand->seed, id);
    errand->storm->ran++;
    free(errand);
}

static void go_home(struct talker *talker)
{
    struct storm *storm = talker->storm;
    struct errand *errand = malloc(sizeof(*errand));
    uint32_t worker = storm_roll(&talker->seed, storm->self->worker_count);
    *errand = (struct errand){ storm, worker, talker->seed };
    storm->posted++;
    if (storm_check(storm, jf_post(storm->self, worker, run_errand, errand)) < 0) {
        storm->posted--;
        free(errand);
    }
}

static void do_something(struct talker *talker)
{
    unsigned dice = storm_roll(&talker->seed, 64);
    if (dice < 2)
        close_one(talker);
    else if (dice < 6)
        say_to_all(talker);
    else if (dice < 10)
        say_to_many(talker);
    else if (dice < 24)
        go_home(talker);
    else if (dice < 34)
        name_one(talker);
    else
        say_to_one(talker);
}

static void *talk(void *data)
{
    struct talker *talker = data;
    while (!talker->storm->stopping) {
        do_something(talker);
        if (talker->said % 4 == 0)
            pause_us(OPS_PAUSE_US);
    }
    free(talker);
    return NULL;
}

/* ---- Finishers ---------------------------------------------------------- */

static int verdict(struct held *held, unsigned *seed)
{
    if (storm_roll(seed, 4))
        return JF_OK;
    return jf_refuse(held->ev, 429, jf_str("{\"message\":\"a storm\"}"));
}

static void finish(struct storm *storm, struct held *held, unsigned *seed)
{
    int status = storm_roll(seed, 16) ? JF_OK : JF_E_INVALID;
    storm_check(storm, jf_send(storm->self, held->ev->conn, JF_TEXT, jf_str("before")));
    if (held->ev->kind == JF_CONNECT) {
        status = verdict(held, seed);
        storm_note_verdict(storm, held->ev, status,
                           storm_now_ms() - held->from_ms < SURELY_MS);
    } else if (held->ev->kind == JF_MESSAGE) {
        storm_note_finish(storm, held);
    }
    storm->finished++;
    jf_finish(held->ev, status);
    free(held);
}

static void *finish_soon(void *data)
{
    struct storm *storm = data;
    unsigned seed = (unsigned)storm_now_ms();
    pthread_mutex_lock(&storm->lock);
    while (!storm->stopping) {
        struct held *held = storm->queue;
        if (!held) {
            pthread_cond_wait(&storm->more, &storm->lock);
            continue;
        }
        storm->queue = held->next;
        pthread_mutex_unlock(&storm->lock);
        finish(storm, held, &seed);
        pthread_mutex_lock(&storm->lock);
    }
    pthread_mutex_unlock(&storm->lock);
    return NULL;
}

/* The first whose time has come, out of the queue. */
static struct held *take_due(struct storm *storm, uint64_t now)
{
    pthread_mutex_lock(&storm->lock);
    struct held **at = &storm->late_queue;
    while (*at && (*at)->due_ms > now)
        at = &(*at)->next;
    struct held *held = *at;
    if (held)
        *at = held->next;
    pthread_mutex_unlock(&storm->lock);
    return held;
}

/* Changing its mind while the host answers in its place. */
static void dither(struct held *held)
{
    for (int i = 0; held->ev->kind == JF_CONNECT && i < 200; i++) {
        if (jf_refuse(held->ev, 403, jf_str("{\"message\":\"perhaps\"}")) != JF_E_DENIED)
            ((struct storm *)held->ev->self->state)->odd_status++;
        pause_us(100);
    }
}

static void *finish_late(void *data)
{
    struct storm *storm = data;
    unsigned seed = 1;
    while (!storm->stopping) {
        struct held *held = storm->forgets ? NULL : take_due(storm, storm_now_ms());
        if (held) {
            dither(held);
            finish(storm, held, &seed);
        } else {
            pause_us(1000);
        }
    }
    return NULL;
}

int storm_start_threads(struct storm *storm)
{
    int failed = 0;
    pthread_t *at = storm->threads;
    for (unsigned i = 0; i < TALKERS; i++) {
        struct talker *talker = calloc(1, sizeof(*talker));
        *talker = (struct talker){ storm, i, i * 2654435761u, 0 };
        failed |= pthread_create(at++, NULL, talk, talker);
    }
    for (unsigned i = 0; i < FINISHERS; i++)
        failed |= pthread_create(at++, NULL, finish_soon, storm);
    failed |= pthread_create(at, NULL, finish_late, storm);
    return failed ? JF_E_NOMEM : JF_OK;
}

void storm_stop_threads(struct storm *storm)
{
    pthread_mutex_lock(&storm->lock);
    storm->stopping = true;
    pthread_cond_broadcast(&storm->more);
    pthread_mutex_unlock(&storm->lock);
    for (unsigned i = 0; i < TALKERS + FINISHERS + 1; i++)
        pthread_join(storm->threads[i], NULL);
}
