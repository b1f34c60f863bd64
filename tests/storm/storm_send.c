/* A plugin that does everything a plugin may, from everywhere it may: its handlers answer
 * at once or hand their events to threads, and its threads (storm_threads.c) send, close,
 * post and finish from init to fini. It keeps books, and says at the end what was in them;
 * storm_send.py reads that. */
#include <stdlib.h>
#include <time.h>

#include "storm_send.h"

enum guest_state { ASKS, IS_IN, MAY_BE_IN };

/* A connection that was not refused and whose $disconnect has not come. */
struct guest {
    struct guest *next;
    jf_conn_id id;
    enum guest_state state;
    long number; /* of its last message */
    bool busy;   /* an event of its is not finished */
};

static unsigned handler_seed(const struct jf_event *ev)
{
    unsigned seed;
    memcpy(&seed, ev->conn.octet + 7, sizeof(seed));
    return seed ^ (unsigned)storm_number(ev);
}

uint64_t storm_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

unsigned storm_roll(unsigned *seed, unsigned limit)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 12) % limit;
}

int storm_check(struct storm *storm, int status)
{
    switch (status) {
    case JF_OK:
    case JF_E_GONE:
    case JF_E_FULL:
    case JF_E_STOPPING:
    case JF_E_UNAVAILABLE: /* from init: there are no workers yet */
        break;
    default:
        storm->odd_status++;
    }
    return status;
}

void storm_check_place(const jf_worker *w, uint32_t index)
{
    struct storm *storm = w->self->state;
    if (w->index != index || w->local != storm || storm->ended[w->index])
        storm->misplaced++;
}

long storm_number(const struct jf_event *ev)
{
    char text[64] = "";
    if (!ev->message)
        return 0;
    jf_bytes body = ev->message->body;
    memcpy(text, body.ptr, body.len < sizeof(text) ? body.len : sizeof(text) - 1);
    const char *at = strstr(text, "\"n\":");
    return at ? strtol(at + 4, NULL, 10) : 0;
}

/* ---- The books ---------------------------------------------------------- */

static struct guest **find(struct storm *storm, jf_conn_id id)
{
    struct guest **at = &storm->guests;
    while (*at && memcmp(&(*at)->id, &id, sizeof(id)) != 0)
        at = &(*at)->next;
    return at;
}

static void strike(struct guest **at)
{
    struct guest *guest = *at;
    *at = guest->next;
    free(guest);
}

static void note_arrival(struct storm *storm, jf_conn_id id)
{
    struct guest *guest = calloc(1, sizeof(*guest));
    guest->id = id;
    pthread_mutex_lock(&storm->lock);
    if (*find(storm, id))
        storm->strangers++; /* an id is never used twice */
    guest->next = storm->guests;
    storm->guests = guest;
    storm->known[storm->known_count++ % KNOWN] = id;
    pthread_mutex_unlock(&storm->lock);
}

void storm_note_verdict(struct storm *storm, const struct jf_event *ev, int status,
                        bool surely)
{
    pthread_mutex_lock(&storm->lock);
    struct guest **at = find(storm, ev->conn);
    if (status < 0) {
        storm->refused++;
        if (*at)
            strike(at);
    } else if (*at) {
        storm->admitted += surely;
        (*at)->state = surely ? IS_IN : MAY_BE_IN;
    }
    pthread_mutex_unlock(&storm->lock);
}

static void note_departure(struct storm *storm, jf_conn_id id)
{
    pthread_mutex_lock(&storm->lock);
    struct guest **at = find(storm, id);
    storm->disconnects++;
    if (!*at || (*at)->state == ASKS)
        storm->strangers++;
    else if ((*at)->busy)
        storm->overlaps++;
    if (*at)
        strike(at);
    pthread_mutex_unlock(&storm->lock);
}

static void note_message(struct storm *storm, const struct jf_event *ev)
{
    long number = storm_number(ev);
    pthread_mutex_lock(&storm->lock);
    struct guest *guest = *find(storm, ev->conn);
    storm->messages++;
    if (!guest || guest->state == ASKS) {
        storm->strangers++;
    } else {
        storm->overlaps += guest->busy;
        storm->disorder += number <= guest->number;
        guest->number = number;
        guest->busy = true;
    }
    pthread_mutex_unlock(&storm->lock);
}

static void note_end(struct storm *storm, jf_conn_id id)
{
    pthread_mutex_lock(&storm->lock);
    struct guest *guest = *find(storm, id);
    if (guest)
        guest->busy = false;
    pthread_mutex_unlock(&storm->lock);
}

void storm_note_finish(struct storm *storm, const struct held *held)
{
    if (storm_number(held->ev) != held->number)
        storm->torn++;
    note_end(storm, held->ev->conn);
}

bool storm_pick(struct storm *storm, unsigned *seed, jf_conn_id *out)
{
    pthread_mutex_lock(&storm->lock);
    unsigned count = storm->known_count < KNOWN ? storm->known_count : KNOWN;
    if (count)
        *out = storm->known[storm_roll(seed, count)];
    pthread_mutex_unlock(&storm->lock);
    if (count && storm_roll(seed, 16) == 0)
        out->octet[storm_roll(seed, sizeof(out->octet))] ^= (uint8_t)storm_roll(seed, 256);
    return count > 0;
}

/* ---- Handlers ----------------------------------------------------------- */

/* One in a hundred is held until the host loses patience, give or take a little. */
static int hold(struct jf_event *ev, unsigned *seed)
{
    struct storm *storm = ev->self->state;
    struct held *held = calloc(1, sizeof(*held));
    bool late = storm_roll(seed, 100) == 0;
    held->ev = ev;
    held->from_ms = held->due_ms = storm_now_ms();
    held->number = storm_number(ev);
    if (late) {
        held->due_ms += LATE_MS - 30 + storm_roll(seed, 60);
        note_end(storm, ev->conn); /* the host may go on without us */
        storm->late++;
    }
    pthread_mutex_lock(&storm->lock);
    struct held **queue = late ? &storm->late_queue : &storm->queue;
    held->next = *queue;
    *queue = held;
    pthread_cond_signal(&storm->more);
    pthread_mutex_unlock(&storm->lock);
    return JF_LATER;
}

static int on_connect(struct jf_event *ev)
{
    struct storm *storm = ev->self->state;
    unsigned seed = handler_seed(ev);
    storm_check_place(ev->worker, ev->worker->index);
    storm->connects++;
    note_arrival(storm, ev->conn);
    storm_ask(ev->worker, &seed, ev->conn);
    if (storm_roll(&seed, 2))
        return hold(ev, &seed);
    int status = storm_roll(&seed, 8) ? JF_OK : jf_refuse(ev, 401, jf_str("no"));
    storm_note_verdict(storm, ev, status, true);
    return status;
}

static int on_disconnect(struct jf_event *ev)
{
    struct storm *storm = ev->self->state;
    unsigned seed = handler_seed(ev);
    storm_check_place(ev->worker, ev->worker->index);
    note_departure(storm, ev->conn);
    if (jf_send(ev->self, ev->conn, JF_TEXT, jf_str("too late")) != JF_E_GONE)
        storm->odd_status++;
    storm_ask(ev->worker, &seed, ev->conn);
    return storm_roll(&seed, 2) ? hold(ev, &seed) : JF_OK;
}

/* A reply, a few questions about somebody else, and then now or later. */
static int on_message(struct jf_event *ev)
{
    struct storm *storm = ev->self->state;
    unsigned seed = handler_seed(ev);
    jf_conn_id other;
    storm_check_place(ev->worker, ev->worker->index);
    note_message(storm, ev);
    storm_check(storm, jf_send(ev->self, ev->conn, JF_TEXT, jf_str("reply")));
    if (storm_pick(storm, &seed, &other)) {
        storm_ask(ev->worker, &seed, other);
        storm_check(storm, jf_send(ev->self, other, JF_BINARY, ev->message->body));
    }
    if (storm_roll(&seed, 64) == 0)
        storm_check(storm, jf_send_group(ev->self, jf_str("g0"), JF_TEXT, jf_str("group")));
    if (storm_roll(&seed, 2))
        return hold(ev, &seed);
    note_end(storm, ev->conn);
    return storm_roll(&seed, 16) ? JF_OK : JF_E_TIMEOUT;
}

/* ---- Its life ----------------------------------------------------------- */

static int init(jf_self *self, jf_bytes options)
{
    struct storm *storm = calloc(1, sizeof(*storm));
    if (!storm || self->worker_count > WORKERS_MAX)
        return JF_E_INVALID;
    storm->self = self;
    storm->forgets = !jf_same(options, jf_str("{}"));
    self->state = storm;
    pthread_mutex_init(&storm->lock, NULL);
    pthread_cond_init(&storm->more, NULL);
    return storm_start_threads(storm); /* they do not wait for the host to be ready */
}

static int worker_init(jf_worker *w)
{
    w->local = w->self->state;
    return JF_OK;
}

static void worker_fini(jf_worker *w)
{
    struct storm *storm = w->self->state;
    storm_check_place(w, w->index);
    storm->ended[w->index] = true;
    w->local = NULL;
}

static void fini(jf_self *self)
{
    struct storm *storm = self->state;
    storm_stop_threads(storm);
    while (storm->guests) {
        storm->missed += storm->guests->state == IS_IN;
        strike(&storm->guests);
    }
    storm->lost = storm->posted - storm->ran;
    storm->unanswered = storm->asked - storm->answered;
#define XX(name) jf_log(self, JF_INFO, "total " #name " %lu", storm->name);
    COUNTER_MAP(XX)
#undef XX
    pthread_mutex_destroy(&storm->lock);
    pthread_cond_destroy(&storm->more);
    free(storm);
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "$disconnect", on_disconnect },
    { "$default", on_message },
    { NULL, NULL },
};

JF_PLUGIN(.name = "storm", .version = "1.0", .routes = routes, .init = init,
          .worker_init = worker_init, .worker_fini = worker_fini, .fini = fini);
