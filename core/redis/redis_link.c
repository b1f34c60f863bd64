/* The life of a link: away, dialling, greeting, up; and the ring of what is in flight.
 * Redis answers in order, so the oldest place in the ring is the one a reply belongs to. A
 * command that is out of time is answered, but keeps its place, empty, until its reply
 * comes: a Redis that was busy for a while loses nobody. Only when the oldest has waited
 * several times as long is the connection given up. */
#include "core/redis/redis_link.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/monotonic.h"
#include "core/base/random.h"
#include "core/loop/loop.h"
#include "core/redis/redis_tls.h"
#include "core/redis/redis_url.h"
#include "core/redis/redis_wire.h"

#define DIAL_MS 5000      /* for connecting and greeting together, at least */
#define PAUSE_MIN_MS 50   /* before the second attempt */
#define PAUSE_MAX_MS 3000 /* before the tenth */
#define STEADY_MS 10000   /* up for so long: the next pause is short again */
#define SILENCE_MS 3000   /* without a word: is it still there? */
#define PATIENCE 3        /* the oldest may wait so many times the timeout */
#define RING_MIN 64

enum state { AWAY, DIALLING, GREETING, UP, CLOSED };

struct place {
    struct redis_call *call; /* NULL: has been answered */
    uint64_t due;
    size_t bytes;
};

struct redis_link {
    /* never changes */
    struct loop *loop;
    const struct redis_url *url;
    const struct redis_events *events;
    void *data;
    unsigned timeout_ms;

    enum state state;
    struct redis_wire *wire;
    struct timer *timer;
    uint64_t rings_at; /* what the timer is set to */
    uint64_t deadline; /* of dialling and greeting */
    uint64_t up_since, heard_at;
    unsigned attempts, losses;
    unsigned greetings; /* replies that are awaited before it is up */
    bool auth_first;    /* the next of them is AUTH's */
    struct redis_call ping;
    bool pinging;

    /* In flight: places `first` up to `end`, modulo the capacity, a power of two. All
     * before `waiting` have been answered. */
    struct place *ring;
    uint64_t first, waiting, end, capacity;
    size_t bytes;

    unsigned busy; /* calls on the stack that will look at the link again */
    char where[LOG_QUOTED_MAX];
};

static void dial(struct redis_link *link);

static void enter(struct redis_link *link)
{
    link->busy++;
}

static void leave(struct redis_link *link)
{
    if (--link->busy || link->state != CLOSED)
        return;
    free(link->ring);
    free(link);
}

/* ---- The ring ---- */

/* All times here are monotonic_ms(), not the loop's, which stands still during a turn: a
 * command that is sent at the end of a long one has all its time before it. */

static struct place *place_at(const struct redis_link *link, uint64_t at)
{
    return &link->ring[at & (link->capacity - 1)];
}

static void grow_ring(struct redis_link *link)
{
    uint64_t capacity = link->capacity ? link->capacity * 2 : RING_MIN;
    struct place *ring = xcalloc(capacity, sizeof(*ring)); /* bounded by IN_FLIGHT_MAX */
    for (uint64_t at = link->first; at < link->end; at++)
        ring[at & (capacity - 1)] = *place_at(link, at);
    free(link->ring);
    link->ring = ring;
    link->capacity = capacity;
}

static void push(struct redis_link *link, struct redis_call *call, size_t bytes)
{
    if (link->end - link->first == link->capacity)
        grow_ring(link);
    *place_at(link, link->end++) = (struct place){ .call = call,
                                                   .due = monotonic_ms() + link->timeout_ms,
                                                   .bytes = bytes };
    link->bytes += bytes;
}

/* Whoever is at the oldest place, which is free afterwards. */
static struct redis_call *pop(struct redis_link *link)
{
    struct place *place = place_at(link, link->first++);
    if (link->waiting < link->first)
        link->waiting = link->first;
    link->bytes -= place->bytes;
    return place->call;
}

static void answer_all(struct redis_link *link, int status)
{
    while (link->first < link->end) {
        struct redis_call *call = pop(link);
        if (call)
            call->done(call, status, NULL); /* may close the link, which answers the rest */
    }
}

/* ---- The clock ---- */

static void ring_at(struct redis_link *link, uint64_t at)
{
    uint64_t now = monotonic_ms();
    link->rings_at = at;
    timer_start(link->timer, at > now ? at - now : 0);
}

/* When there is next to be looked at something. */
static uint64_t next_moment(const struct redis_link *link)
{
    uint64_t moment = link->heard_at + SILENCE_MS;
    if (link->first < link->end) {
        moment = place_at(link, link->first)->due + (PATIENCE - 1) * link->timeout_ms;
        if (link->waiting < link->end && place_at(link, link->waiting)->due < moment)
            moment = place_at(link, link->waiting)->due;
    }
    return moment;
}

/* ---- States ---- */

static void log_away(const struct redis_link *link, int status, const char *why)
{
    char reason[LOG_QUOTED_MAX];
    log_quote(jf_str(why), reason);
    if (status == JF_E_DENIED)
        LOG_RARELY(ERROR, STORE, 10, "event=redis_refused where=%s reason=%s", link->where,
                   reason);
    else
        LOG_RARELY(WARN, STORE, 10, "event=redis_away where=%s reason=%s", link->where,
                   reason);
}

/* Half of the pause is certain, half is chance, so that many nodes do not come at once. */
static uint64_t next_pause(struct redis_link *link)
{
    unsigned doublings = link->losses < 6 ? link->losses : 6;
    uint64_t pause = (uint64_t)PAUSE_MIN_MS << doublings;
    if (pause > PAUSE_MAX_MS)
        pause = PAUSE_MAX_MS;
    link->losses++;
    return pause / 2 + random_below(pause / 2 + 1);
}

/* From any state but CLOSED: no connection any more; again later. `why` may belong to the
 * wire. */
static void lose(struct redis_link *link, int status, const char *why)
{
    bool was_up = link->state == UP;
    log_away(link, status, why);
    if (status == JF_E_DENIED && link->events->on_refused)
        link->events->on_refused(link->data, why);
    redis_wire_close(link->wire, 0);
    link->wire = NULL;
    link->state = AWAY;
    uint64_t now = monotonic_ms();
    if (was_up && now - link->up_since >= STEADY_MS)
        link->losses = 0;
    ring_at(link, now + next_pause(link));
    enter(link);
    answer_all(link, JF_E_UNAVAILABLE);
    if (was_up && link->state != CLOSED && link->events->on_down)
        link->events->on_down(link->data);
    leave(link);
}

static void come_up(struct redis_link *link)
{
    link->state = UP;
    link->up_since = link->heard_at = monotonic_ms();
    ring_at(link, next_moment(link));
    LOG_RARELY(INFO, STORE, 10, "event=redis_up where=%s", link->where);
    if (link->events->on_up)
        link->events->on_up(link->data);
}

/* ---- Greeting ---- */

static void greet_with(struct redis_link *link, const jf_bytes *words, size_t count)
{
    link->greetings++;
    redis_wire_write(link->wire, words, count); /* if it cannot, the wire tells of it */
}

/* PING comes last and shows whether it serves: it may be loading, or want a password. */
static void on_open(void *data)
{
    struct redis_link *link = data;
    const struct redis_url *url = link->url;
    char database[16];
    int len = snprintf(database, sizeof(database), "%u", (unsigned)url->database);
    link->state = GREETING;
    link->greetings = 0;
    link->auth_first = url->password != NULL;
    if (url->user) {
        const jf_bytes auth[] = { jf_str("AUTH"), jf_str(url->user),
                                  jf_str(url->password) };
        greet_with(link, auth, 3);
    } else if (url->password) {
        const jf_bytes auth[] = { jf_str("AUTH"), jf_str(url->password) };
        greet_with(link, auth, 2);
    }
    if (url->database) {
        const jf_bytes words[] = { jf_str("SELECT"), jf_view(database, (size_t)len) };
        greet_with(link, words, 2);
    }
    const jf_bytes ping[] = { jf_str("PING") };
    greet_with(link, ping, 1);
}

static void on_greeting(struct redis_link *link, const struct redis_reply *reply)
{
    if (redis_reply_is_error(reply)) {
        char why[LOG_QUOTED_MAX];
        jf_bytes text = redis_reply_bytes(reply);
        int status = link->auth_first ? JF_E_DENIED : redis_reply_status(reply);
        snprintf(why, sizeof(why), "%.*s", BYTES_FMT(text));
        lose(link, status, why);
        return;
    }
    link->auth_first = false;
    if (--link->greetings == 0)
        come_up(link);
}

/* ---- Replies ---- */

static bool is_push(const struct redis_reply *reply)
{
    static const char *const words[] = { "message",     "smessage",     "pmessage",
                                         "subscribe",   "ssubscribe",   "psubscribe",
                                         "unsubscribe", "sunsubscribe", "punsubscribe" };
    jf_bytes word = redis_reply_bytes(redis_reply_at(reply, 0));
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_eq(word, words[i]))
            return true;
    }
    return false;
}

/* Whoever became a follower will not take writes again soon; another may be master now, and
 * its name leads there. */
static void answer_next(struct redis_link *link, const struct redis_reply *reply)
{
    bool demoted = redis_reply_says(reply, "READONLY");
    struct redis_call *call = pop(link);
    enter(link);
    if (call)
        call->done(call, redis_reply_status(reply), reply);
    if (demoted && link->state == UP)
        lose(link, JF_E_UNAVAILABLE, "READONLY");
    leave(link);
}

static void on_reply(void *data, const struct redis_reply *reply)
{
    struct redis_link *link = data;
    link->heard_at = monotonic_ms();
    if (link->state == GREETING)
        on_greeting(link, reply);
    else if (link->events->on_push && (is_push(reply) || redis_reply_is_error(reply)))
        link->events->on_push(link->data, reply);
    else if (link->first < link->end)
        answer_next(link, reply);
    else
        lose(link, JF_E_UNAVAILABLE, "a reply that nothing asked for");
}

static void on_lost(void *data, const char *why)
{
    lose(data, JF_E_UNAVAILABLE, why);
}

static const struct redis_wire_events wire_events = {
    .on_open = on_open,
    .on_reply = on_reply,
    .on_lost = on_lost,
};

static void dial(struct redis_link *link)
{
    unsigned patience = link->timeout_ms > DIAL_MS ? link->timeout_ms : DIAL_MS;
    link->state = DIALLING;
    link->deadline = monotonic_ms() + patience;
    ring_at(link, link->deadline);
    int status = redis_wire_open(link->loop, link->url, link->attempts++, &wire_events,
                                 link, &link->wire);
    if (status < 0)
        lose(link, status, "no descriptor left");
}

/* ---- Time passes ---- */

static void on_pong(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct redis_link *link = CONTAINER_OF(call, struct redis_link, ping);
    (void)status;
    (void)reply;
    link->pinging = false;
}

static void ping(struct redis_link *link)
{
    const jf_bytes words[] = { jf_str("PING") };
    if (!link->pinging)
        link->pinging = redis_send(link, &link->ping, words, 1) == JF_OK;
}

static void answer_late_ones(struct redis_link *link)
{
    uint64_t now = monotonic_ms();
    while (link->waiting < link->end && place_at(link, link->waiting)->due <= now) {
        struct place *place = place_at(link, link->waiting++);
        struct redis_call *call = place->call;
        place->call = NULL;
        if (call)
            call->done(call, JF_E_TIMEOUT, NULL); /* may close the link */
    }
}

/* What has arrived while this loop was busy elsewhere is not late, so it is read first. */
static void look_around(struct redis_link *link)
{
    uint64_t now = monotonic_ms();
    redis_wire_pull(link->wire);
    if (link->state == UP)
        answer_late_ones(link);
    if (link->state != UP)
        return;
    uint64_t patience = (PATIENCE - 1) * link->timeout_ms;
    if (link->first < link->end && place_at(link, link->first)->due + patience <= now) {
        lose(link, JF_E_UNAVAILABLE, "no answer in time");
        return;
    }
    if (link->first == link->end && link->heard_at + SILENCE_MS <= now)
        ping(link);
    ring_at(link, next_moment(link));
}

static void on_time(void *data)
{
    struct redis_link *link = data;
    enter(link);
    if (link->state == UP)
        look_around(link);
    else if (link->state == AWAY)
        dial(link);
    else
        lose(link, JF_E_UNAVAILABLE, "no answer in time");
    leave(link);
}

/* ---- The calls ---- */

int redis_link_check(const struct redis_url *url, const char **why)
{
    if (!url->tls || redis_tls_is_there())
        return JF_OK;
    *why = "rediss:// needs hiredis 1.0 or later with TLS, which this build lacks";
    return JF_E_INVALID;
}

static void describe(struct redis_link *link)
{
    const struct redis_url *url = link->url;
    char text[LOG_QUOTED_MAX];
    if (url->path)
        snprintf(text, sizeof(text), "%s", url->path);
    else
        snprintf(text, sizeof(text), "%s:%u", url->host, url->port);
    log_quote(jf_str(text), link->where);
}

int redis_link_open(struct loop *loop, const struct redis_url *url, unsigned timeout_ms,
                    const struct redis_events *events, void *data, struct redis_link **out)
{
    struct redis_link *link = xnew(struct redis_link);
    link->loop = loop;
    link->url = url;
    link->events = events;
    link->data = data;
    link->timeout_ms = timeout_ms;
    link->ping.done = on_pong;
    describe(link);
    timer_new(loop, on_time, link, &link->timer);
    dial(link);
    *out = link;
    return JF_OK;
}

bool redis_link_await(struct redis_link *link, unsigned patience_ms)
{
    if (link->state != UP || link->first == link->end)
        return false;
    enter(link);
    bool came = redis_wire_await(link->wire, patience_ms);
    leave(link);
    return came;
}

void redis_link_close(struct redis_link *link, unsigned patience_ms)
{
    if (!link)
        return;
    CHECK(link->state != CLOSED);
    bool useful = link->state == UP && link->first < link->end;
    redis_wire_close(link->wire, useful ? patience_ms : 0);
    link->wire = NULL;
    link->state = CLOSED;
    timer_free(link->timer);
    enter(link);
    answer_all(link, JF_E_STOPPING);
    leave(link);
}

bool redis_link_is_up(const struct redis_link *link)
{
    return link->state == UP;
}

size_t redis_link_in_flight(const struct redis_link *link)
{
    return (size_t)(link->end - link->first);
}

size_t redis_link_bytes(const struct redis_link *link)
{
    return link->bytes;
}

static size_t size_of(const jf_bytes *words, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += words[i].len;
    return size;
}

int redis_send(struct redis_link *link, struct redis_call *call, const jf_bytes *words,
               size_t count)
{
    if (link->state == CLOSED)
        return JF_E_STOPPING;
    if (link->state != UP)
        return JF_E_UNAVAILABLE;
    size_t in_flight = redis_link_in_flight(link), bytes = size_of(words, count);
    if (in_flight >= REDIS_IN_FLIGHT_MAX ||
        (in_flight && link->bytes + bytes > REDIS_IN_FLIGHT_BYTES))
        return JF_E_FULL;
    int status = redis_wire_write(link->wire, words, count);
    if (status < 0)
        return status;
    push(link, call, bytes);
    if (monotonic_ms() + link->timeout_ms < link->rings_at)
        ring_at(link, monotonic_ms() + link->timeout_ms);
    return JF_OK;
}

int redis_say(struct redis_link *link, const jf_bytes *words, size_t count)
{
    if (link->state == CLOSED)
        return JF_E_STOPPING;
    if (link->state != UP)
        return JF_E_UNAVAILABLE;
    return redis_wire_write(link->wire, words, count);
}
