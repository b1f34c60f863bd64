/*
 * probe - what the flow tests ask the host through; probe.lua is the same in Lua.
 *
 * A message {"action": ROUTE, "tag": ANY, ...} is answered with {"re": ROUTE, "tag": ANY,
 * ...}; "quiet": true asks for no answer. State shared by workers stands under one mutex.
 */
#ifndef JF_TEST_PROBE_H
#define JF_TEST_PROBE_H

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdbool.h>

#include "sdk/jackfield.h"

#define PROBE_THREADS 64

/* What $connect saw of one connection, as JSON text. */
struct sighting {
    struct sighting *next;
    jf_conn_id conn;
    char *text;
};

/* An event that waits for somebody to release it by name. */
struct held {
    struct held *next;
    struct jf_event *ev;
    char *name;
};

struct probe {
    pthread_mutex_t lock;
    struct sighting *sightings;
    struct held *held;
    pthread_t threads[PROBE_THREADS]; /* joined in fini */
    unsigned thread_count;
};

/* probe.c */
const char *probe_status_name(int status);
int probe_status_from_name(const char *name, int otherwise);

/* The message as JSON, {} if it is none; cJSON_Delete() it. */
cJSON *probe_ask(const struct jf_event *ev);
const char *probe_text(const cJSON *ask, const char *key, const char *otherwise);
double probe_number(const cJSON *ask, const char *key, double otherwise);

/* The connection "to" names, or the sender. */
int probe_target(const struct jf_event *ev, const cJSON *ask, jf_conn_id *out);

/* Send an answer, which it takes; NULL stands for an empty one. */
int probe_reply(const struct jf_event *ev, cJSON *answer);
int probe_reply_status(const struct jf_event *ev, int status);

/* Bytes as a JSON string, octets read as Latin-1 so that none is lost. */
cJSON *probe_latin1(jf_bytes bytes);

/* probe_connect.c */
int probe_on_connect(struct jf_event *ev);
int probe_on_describe(struct jf_event *ev);
void probe_take_leave(struct jf_event *ev); /* announce it, and finish the event */
void probe_forget_all(struct probe *probe);

/* probe_event.c */
void probe_add_event(cJSON *answer, struct jf_event *ev);
int probe_send_event(struct jf_event *ev);
int probe_on_event(struct jf_event *ev);
int probe_on_count(struct jf_event *ev);
/* Tells the group "events" the event, leaves "room", tells how many that leaves. */
int probe_on_disconnect(struct jf_event *ev);

/* probe_later.c */
int probe_hold(struct jf_event *ev, const char *name);
int probe_on_hang(struct jf_event *ev);
int probe_on_release(struct jf_event *ev);
int probe_on_sleepy(struct jf_event *ev);
int probe_on_thread(struct jf_event *ev);
int probe_on_post(struct jf_event *ev);

/* probe_send.c */
int probe_on_echo(struct jf_event *ev);
int probe_on_sendto(struct jf_event *ev);
int probe_on_many(struct jf_event *ev);
int probe_on_group_send(struct jf_event *ev);
int probe_on_all(struct jf_event *ev);
int probe_on_burst(struct jf_event *ev);
int probe_on_then(struct jf_event *ev);
int probe_on_close(struct jf_event *ev);
int probe_on_kick(struct jf_event *ev);

/* probe_store.c */
int probe_on_set(struct jf_event *ev);
int probe_on_get(struct jf_event *ev);
int probe_on_join(struct jf_event *ev);
int probe_on_leave(struct jf_event *ev);
int probe_on_members(struct jf_event *ev);

#endif
