/*
 * storm_send - what the plugin's handlers and its threads share.
 *
 * The plugin keeps books: of every connection it was shown, and of every callback it was
 * promised. Whatever does not add up at fini is a counter that must be zero.
 */
#ifndef JF_STORM_SEND_H
#define JF_STORM_SEND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "sdk/jackfield.h"

#define TALKERS 3
#define FINISHERS 2
#define GROUPS 4
#define KNOWN 128 /* ids to talk to; also such as have gone */
#define WORKERS_MAX 8
#define LATE_MS 4000   /* the host's limits.event_ms: a few events are held so long */
#define SURELY_MS 2000 /* what was finished within this time was not overdue */

/* The first must all be zero at the end, the others must not. */
#define COUNTER_MAP(XX)                                                                    \
    XX(strangers)  /* a $disconnect of somebody unknown: a second one, or none admitted */ \
    XX(missed)     /* admitted, and no $disconnect came */                                 \
    XX(overlaps)   /* an event came while another of its connection was not finished */    \
    XX(disorder)   /* a client's messages came in another order */                         \
    XX(torn)       /* a message changed while it was held */                               \
    XX(misplaced)  /* a callback on another worker, or after worker_fini */                \
    XX(odd_status) /* a call failed in a way it never should */                            \
    XX(lost)       /* work accepted by jf_post() that never ran */                         \
    XX(unanswered) /* questions accepted whose callback never came */                      \
    XX(connects)                                                                           \
    XX(admitted)                                                                           \
    XX(refused)                                                                            \
    XX(disconnects)                                                                        \
    XX(messages)                                                                           \
    XX(finished)                                                                           \
    XX(late)                                                                               \
    XX(sent)                                                                               \
    XX(closed)                                                                             \
    XX(posted)                                                                             \
    XX(ran)                                                                                \
    XX(asked)                                                                              \
    XX(answered)                                                                           \
    XX(round_trips)

/* An event on its way to a thread that finishes it. */
struct held {
    struct held *next;
    struct jf_event *ev;
    uint64_t from_ms, due_ms;
    long number; /* of a message */
};

struct guest;

struct storm {
    jf_self *self;
    bool forgets; /* never finishes what it has held too long */
    pthread_t threads[TALKERS + FINISHERS + 1];
    atomic_bool stopping;
    atomic_bool ended[WORKERS_MAX]; /* worker_fini was called */

    pthread_mutex_t lock; /* guards the rest of this part */
    pthread_cond_t more;
    struct held *queue, *late_queue;
    struct guest *guests;
    jf_conn_id known[KNOWN];
    unsigned known_count;

#define XX(name) atomic_ulong name;
    COUNTER_MAP(XX)
#undef XX
};

uint64_t storm_now_ms(void);
unsigned storm_roll(unsigned *seed, unsigned limit);

/* One of the ids we know, or something that only looks like an id. False: none yet. */
bool storm_pick(struct storm *storm, unsigned *seed, jf_conn_id *out);

/* Count a call's status: those a caller must expect, and those nobody should see. */
int storm_check(struct storm *storm, int status);

/* Ask about a connection, from a callback of this worker: attributes, groups, fates. */
void storm_ask(jf_worker *w, unsigned *seed, jf_conn_id id);

/* Is this callback where and when it was promised? */
void storm_check_place(const jf_worker *w, uint32_t index);

/* The verdict is about to be given: note whom we let in. */
void storm_note_verdict(struct storm *storm, const struct jf_event *ev, int status,
                        bool surely);

/* A message's event is about to be finished. */
void storm_note_finish(struct storm *storm, const struct held *held);

long storm_number(const struct jf_event *ev);

/* Every thread's. */
int storm_start_threads(struct storm *storm);
void storm_stop_threads(struct storm *storm);

#endif
