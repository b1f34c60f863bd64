/*
 * fake_host.h - a host in memory, for the unit tests of a plugin.
 *
 * Link your plugin's source and the library `jackfield-testing` into a test program. A test
 * then reads like the conversation it is about:
 *
 *     struct fake_host *host = fake_host_new(&jf_entry, 1);
 *     assert(fake_host_start(host, "{}") == JF_OK);
 *
 *     jf_conn_id ann = fake_host_connect(host, "name=Ann");
 *     fake_host_say(host, ann, "ping", "{\"action\":\"ping\"}");
 *     assert(strcmp(fake_host_hear(host, ann), "pong") == 0);
 *     assert(fake_host_hear(host, ann) == NULL);
 *
 *     fake_host_hang_up(host, ann, 1000, "bye");
 *     fake_host_free(host);
 *
 * It behaves like the real host where a plugin can tell: events of a connection come in
 * order and one at a time, completions come later and never from inside the call, sends to
 * who is gone fail. Nothing happens behind your back: what was started is carried out by
 * fake_host_turn(), time passes by fake_host_advance() only, and fake_host_wait() is for
 * plugins with threads or descriptors of their own.
 *
 * A promise of jackfield.h that the plugin broke (finishing an event twice or never, a
 * worker's function called from elsewhere, a number that is no status) is a fault. Ask for
 * it with fake_host_fault(); one that nobody asked for aborts the test in fake_host_free().
 *
 * The thread that called fake_host_new() plays all workers, one at a time; call everything
 * here from it. The plugin's own threads may use what jackfield.h allows them. Text that is
 * returned lives until fake_host_free(). Running out of memory aborts.
 */
#ifndef JF_TESTING_FAKE_HOST_H
#define JF_TESTING_FAKE_HOST_H

#include <stdbool.h>

#include "jackfield.h"

#ifdef __cplusplus
extern "C" {
#endif

struct fake_host;

/* ---- Its life ------------------------------------------------------------------------ */

struct fake_host *fake_host_new(const struct jf_plugin *plugin, uint32_t workers);

/* Check the description, run init, then worker_init for each worker; `options` is JSON.
 * The first failure is returned, after undoing what had worked, as the real host does. */
int fake_host_start(struct fake_host *host, const char *options);

/* The same for an instance that takes the place of `old`, which is running: take_over comes
 * between init and worker_init. If it works, clients without an unfinished event move here,
 * with their attributes, memberships and frames, and so does the time; their next event is
 * this one's. Those at work stay with `old`, which finishes what it began until it is
 * stopped. The two may be of different plugins, as a new build is. */
int fake_host_take_over(struct fake_host *host, struct fake_host *old, const char *options);

/* Drain and stop: hang up on all with 1001, let events finish (30 s on the fake clock, 2 s
 * on the real one), then worker_fini and fini. Optional before fake_host_free(). */
void fake_host_stop(struct fake_host *host);

/* NULL is accepted. */
void fake_host_free(struct fake_host *host);

/* The instance, to call jf_ functions from a test: jf_send(fake_host_self(host), ...). */
jf_self *fake_host_self(struct fake_host *host);

/* A stage variable of all stages, for events from now on; NULL takes it away. */
void fake_host_set_variable(struct fake_host *host, const char *name, const char *value);

/* What jf_way() says of all routes; JF_ANY_WAY if you do not say. */
void fake_host_set_way(struct fake_host *host, enum jf_way way);

/* What jf_judge() says of any answer; JF_OK if you do not say. */
void fake_host_set_judgement(struct fake_host *host, int status);

/* ---- A conversation ------------------------------------------------------------------ */

/* How a client asks to connect. Zeroed is the plainest one. */
struct fake_client {
    const char *path;         /* "/" if NULL */
    const char *query;        /* as in a URL, without the "?": "name=Ann&wait=20" */
    const char *headers;      /* "Cookie: a=b\nOrigin: c" */
    const char *subprotocols; /* "chat, superchat" */
    const char *peer;         /* "192.0.2.1" if NULL */
    const char *stage;        /* "$default" if NULL */
    uint32_t worker;          /* whose it will be */
    const char *cert_subject; /* "CN=ann": of a certificate it shows; NULL: it shows none */
    const char *cert_fingerprint; /* 64 hex digits; "" if NULL */
};

/* Deliver $connect. Whether it was admitted tells fake_host_verdict(). */
jf_conn_id fake_host_connect(struct fake_host *host, const char *query);
jf_conn_id fake_host_connect_as(struct fake_host *host, const struct fake_client *client);

struct fake_verdict {
    int status;              /* what $connect came to; JF_LATER while it is undecided */
    uint32_t http_status;    /* 101: admitted; 0: undecided; else refused with it */
    const char *body;        /* of the refusal; "" if none */
    const char *subprotocol; /* NULL: none was chosen */
};

struct fake_verdict fake_host_verdict(struct fake_host *host, jf_conn_id conn);

/* Deliver a message to the handler of `route`, else to "$default". Choosing the key is the
 * real host's affair, so say it. Returns what the handler returned; JF_LATER too if the
 * message waits for an earlier event; JF_E_NOT_FOUND without a handler. */
int fake_host_say(struct fake_host *host, jf_conn_id conn, const char *route,
                  const char *text);
int fake_host_say_bytes(struct fake_host *host, jf_conn_id conn, const char *route,
                        uint32_t opcode, jf_bytes body);

/* What the latest event of this connection came to; JF_LATER while it is unfinished. A real
 * client is told of a failure by an error frame of the host's. */
int fake_host_status(struct fake_host *host, jf_conn_id conn);

/* The client leaves: deliver $disconnect. A code of 1006 is one who just vanishes. */
void fake_host_hang_up(struct fake_host *host, jf_conn_id conn, uint32_t code,
                       const char *reason);

struct fake_frame {
    uint32_t opcode;
    size_t len;
    const char *text; /* with a NUL behind its `len` bytes */
};

/* The next frame that was sent to this client, in order; NULL or false if there is none. */
const char *fake_host_hear(struct fake_host *host, jf_conn_id conn);
bool fake_host_hear_frame(struct fake_host *host, jf_conn_id conn, struct fake_frame *out);

struct fake_close {
    uint32_t code; /* 0: the plugin did not close it */
    const char *reason;
};

/* How the plugin closed this connection. */
struct fake_close fake_host_closed(struct fake_host *host, jf_conn_id conn);

/* ---- Time ---------------------------------------------------------------------------- */

/* The fake clock begins with 1970; jf_event_json() tells it. */

/* Carry out all that is due, and what follows from it, until nothing is left to do now:
 * completions, posts, finished events, timers, descriptors that are ready. Returns the
 * number of steps. */
size_t fake_host_turn(struct fake_host *host);

/* Let `ms` pass; timers fire in their order, with a turn after each. */
void fake_host_advance(struct fake_host *host, uint64_t ms);

/* Wait in real time, `ms` at most, until a thread of the plugin's has posted or finished
 * something, or a descriptor that the plugin waits for is ready, then turn. False: nothing
 * came. */
bool fake_host_wait(struct fake_host *host, uint64_t ms);

/* ---- What the plugin left behind ----------------------------------------------------- */

/* An attribute, NULL if it is not set; how many are members of a group; how many timers
 * wait; how many descriptors are waited for. */
const char *fake_host_attr(struct fake_host *host, jf_conn_id conn, const char *key);
size_t fake_host_members(struct fake_host *host, const char *group);
size_t fake_host_timers(struct fake_host *host);
size_t fake_host_polls(struct fake_host *host);

/* Was a line of this level logged that contains `part`? */
bool fake_host_logged(struct fake_host *host, int level, const char *part);

/* Was this path given to jf_watch()? */
bool fake_host_watches(struct fake_host *host, const char *path);

/* The oldest broken promise you have not been told yet; NULL if there is none. */
const char *fake_host_fault(struct fake_host *host);

/* ---- Bad days ------------------------------------------------------------------------ */

/* From now on sends to this client answer JF_E_FULL (or no longer). */
void fake_host_stuff(struct fake_host *host, jf_conn_id conn, bool full);

/* From now on attributes and groups answer with this failure, JF_E_UNAVAILABLE say, and
 * change nothing; JF_OK: they work again. Those under way are not affected. */
void fake_host_store_answers(struct fake_host *host, int status);

#ifdef __cplusplus
}
#endif
#endif
