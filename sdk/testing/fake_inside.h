/*
 * fake_inside - what the files of the fake host share; no plugin's concern.
 *
 * One lock guards everything, because a plugin's own threads may come in through the table
 * at any time. It is never held while plugin code runs. Functions here expect it held,
 * except where they say otherwise. The names all start with fake_: this is linked into
 * other people's programs.
 */
#ifndef JF_TESTING_FAKE_INSIDE_H
#define JF_TESTING_FAKE_INSIDE_H

#include <pthread.h>

#include "fake_host.h"

/* Memory that is released together. Zeroed is empty. */
struct fake_arena {
    struct fake_block *blocks;
};

void *fake_take(struct fake_arena *arena, size_t size);   /* zeroed */
char *fake_text(struct fake_arena *arena, jf_bytes text); /* a copy, and a NUL */
void fake_arena_fini(struct fake_arena *arena);

struct fake_variables { /* replaced as a whole, so that an event keeps those it has */
    struct jf_pair *pairs;
    size_t count;
};

enum fake_stage { FAKE_WAITING, FAKE_RUNNING, FAKE_LATER, FAKE_FINISHED };

struct fake_event {
    struct jf_event seen; /* first: what the plugin holds */
    struct fake_event *next;
    struct fake_conn *conn;
    enum fake_stage stage;
    bool finish_called;
    int finish_status;
    struct jf_connect connect;
    struct jf_message message;
    struct jf_disconnect disconnect;
    uint32_t number;
    struct fake_variables variables;
    jf_bytes json;            /* once it was asked for */
    struct fake_arena memory; /* of what it shows; released when it is finished */
};

enum fake_state { FAKE_ASKING, FAKE_OPEN, FAKE_REFUSED, FAKE_GONE };

struct fake_conn {
    struct fake_conn *next;
    jf_conn_id id;
    jf_worker *worker;
    const char *stage;
    const char *host_name, *agent,
        *peer; /* as its head said; the agent NULL if it did not */
    const char *cert_subject, *cert_fingerprint; /* NULL: it has none */
    uint64_t connected_at;
    enum fake_state state;
    bool stuffed, forgotten;
    struct fake_event *line; /* the first is the one in progress */
    int status;              /* of the latest event */
    struct fake_verdict verdict;
    struct fake_variables identity;
    struct fake_close closed;           /* by the plugin */
    struct fake_close ended;            /* by whomever */
    struct fake_sent *sent, **sent_end; /* not heard yet, and where the next one goes */
};

struct fake_sent {
    struct fake_sent *next;
    struct fake_frame frame;
};

enum fake_job_kind { FAKE_RUN, FAKE_DONE, FAKE_VALUE, FAKE_MEMBERS, FAKE_COUNT };

/* Something to call on a worker: now, or at a time. */
struct fake_job {
    struct fake_job *next;
    jf_worker *worker;
    enum fake_job_kind kind;
    union {
        jf_run_fn *run;
        jf_done_fn *done;
        jf_value_fn *value;
        jf_members_fn *members;
        jf_count_fn *count;
    } call;
    void *data;
    int status;
    jf_bytes value;
    jf_conn_id *ids;
    size_t count;
    uint64_t due; /* of a timer */
    jf_timer timer;
    struct fake_arena memory; /* of the answer; released after the call */
};

struct fake_poll { /* a descriptor that is waited for */
    struct fake_poll *next;
    jf_worker *worker;
    jf_poll name;
    int fd;
    uint32_t interest;
    jf_ready_fn *fn;
    void *data;
    uint64_t called; /* the latest of the host's calls that it had */
};

struct fake_route {
    struct fake_route *next;
    const char *key;
    jf_event_fn *handler;
    void *data;
};

struct fake_fact { /* an attribute; or a membership, without a value */
    struct fake_fact *next;
    jf_conn_id conn;
    bool is_group;
    char *key, *value;
    size_t key_len, value_len;
};

struct fake_line { /* of the log, or a fault */
    struct fake_line *next;
    int level;
    const char *text;
};

struct fake_host {
    /* never changes after fake_host_new() */
    struct jf_host table;
    struct jf_plugin plugin;
    pthread_t driver;
    jf_worker *workers;

    /* the driver's */
    jf_worker *inside; /* the worker whose callback runs; NULL: none does */
    bool in_init, running;

    /* under the lock */
    pthread_mutex_t lock;
    jf_self self;
    struct fake_arena memory;
    struct fake_conn *conns;
    uint32_t conn_count, event_count;
    struct fake_route *routes;
    struct fake_job *jobs;   /* in order */
    struct fake_job *timers; /* by due time */
    jf_timer last_timer;
    uint64_t now;
    size_t news; /* posts and finishes, for fake_host_wait() */
    int bell[2]; /* a pipe with something in it while there are news */
    struct fake_poll *polls;
    jf_poll last_poll;
    uint64_t poll_calls;
    struct fake_fact *facts;
    struct fake_variables variables;
    int judgement; /* of jf_judge() */
    enum jf_way way;
    int store_status;
    struct fake_line *log, *faults, *watched;
};

/* fake_client.c */
const char *fake_or(const char *text, const char *otherwise);
void fake_fill_connect(struct fake_host *host, struct fake_event *event,
                       const struct fake_client *client);
/* Those that are not at work, with all that is known about them. Takes both locks. */
void fake_move_clients(struct fake_host *from, struct fake_host *to);

/* fake_calls.c: what jackfield.h promises */
extern const struct jf_host fake_table;
struct fake_host *fake_host_of(jf_self *self);
/* Take the lock, and give it back with what the call answers. */
struct fake_host *fake_enter(jf_self *self);
int fake_leave(struct fake_host *host, int status);
struct fake_conn *fake_find(struct fake_host *host, jf_conn_id id);
struct fake_route *fake_find_route(struct fake_host *host, jf_bytes key);
int fake_add_route(struct fake_host *host, jf_bytes key, jf_event_fn *handler, void *data);
__attribute__((format(printf, 2, 3))) void fake_fault(struct fake_host *host,
                                                      const char *format, ...);
/* May this worker's function be called here and now? If not, that is a fault. */
bool fake_at_home(struct fake_host *host, const jf_worker *w, const char *what);

/* fake_close.c */
int fake_close(jf_self *self, jf_conn_id id, uint32_t code, jf_bytes reason);
int fake_close_group(jf_self *self, jf_bytes group, uint32_t code, jf_bytes reason);
int fake_close_where(jf_self *self, jf_bytes stage, jf_bytes key, jf_bytes value,
                     uint32_t code, jf_bytes reason);

/* fake_store.c */
void fake_put_attr(struct fake_host *host, jf_conn_id conn, jf_bytes key, jf_bytes value);
int fake_attr_set(jf_worker *w, jf_conn_id conn, jf_bytes key, jf_bytes value,
                  jf_done_fn *done, void *data);
int fake_attr_get(jf_worker *w, jf_conn_id conn, jf_bytes key, jf_value_fn *done,
                  void *data);
int fake_group_join(jf_worker *w, jf_bytes group, jf_conn_id conn, jf_done_fn *done,
                    void *data);
int fake_group_leave(jf_worker *w, jf_bytes group, jf_conn_id conn, jf_done_fn *done,
                     void *data);
int fake_group_members(jf_worker *w, jf_bytes group, jf_members_fn *done, void *data);
int fake_group_count(jf_worker *w, jf_bytes group, jf_count_fn *done, void *data);
void fake_move_facts(struct fake_host *from, struct fake_host *to, jf_conn_id conn);
void fake_forget(struct fake_host *host, struct fake_conn *conn);
struct fake_fact *fake_next_fact(struct fake_fact *from, bool is_group, jf_bytes key);
bool fake_same_conn(jf_conn_id a, jf_conn_id b);

/* fake_identity.c */
int fake_identity_set(struct fake_host *host, struct fake_variables *identity,
                      jf_bytes name, jf_bytes value);
/* With nothing in the memory where it was. */
struct fake_variables fake_identity_copy(struct fake_arena *memory,
                                         const struct fake_variables *identity);

/* fake_json.c: the event as API Gateway writes it down; in the event's memory */
jf_bytes fake_write_json(const struct fake_host *host, struct fake_event *event);

/* fake_poll.c: descriptors, and how the driver waits */
int fake_poll_start(jf_worker *w, int fd, uint32_t interest, jf_ready_fn *fn, void *data,
                    jf_poll *name);
void fake_poll_change(jf_worker *w, jf_poll name, uint32_t interest);
void fake_poll_stop(jf_worker *w, jf_poll name);
size_t fake_count_polls(const struct fake_host *host);
void fake_drop_polls(struct fake_host *host);
/* Call one that is ready. Releases the lock meanwhile. */
bool fake_step_poll(struct fake_host *host);
void fake_news_init(struct fake_host *host);
void fake_news_fini(struct fake_host *host);
void fake_add_news(struct fake_host *host);
void fake_clear_news(struct fake_host *host);

/* fake_turn.c: what happens next */
struct fake_job *fake_add_job(struct fake_host *host, jf_worker *w,
                              enum fake_job_kind kind);
void fake_add_timer(struct fake_host *host, struct fake_job *job);
void fake_stop_timer(struct fake_host *host, jf_timer timer);
struct fake_event *fake_add_event(struct fake_host *host, struct fake_conn *conn,
                                  enum jf_kind kind, jf_bytes route);
/* Run the handler of the first in line, if it has not been; returns its status. Releases
 * the lock while the handler runs. */
int fake_deliver(struct fake_host *host, struct fake_conn *conn);
/* The connection is over: sends fail from now on, $disconnect stands in line. */
void fake_end(struct fake_host *host, struct fake_conn *conn, struct fake_close how);
/* Is an event of anybody unfinished? */
struct fake_event *fake_unfinished(struct fake_host *host);

#endif
