/*
 * greet - state without locks: an answer from the store, a count per worker.
 *
 *   name    {"action":"name","name":"Ann"}: who speaks here; kept as an attribute
 *   greet   {"action":"greet"}: a greeting by that name, and the how many-th of its worker
 *
 * An attribute belongs to its connection and can be asked for from anywhere; the answer
 * comes later. A worker's local belongs to its thread, so nobody else counts there.
 */
#include "jackfield.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#define NAME jf_str("name")
#define NAME_BYTES_MAX 64

/* This worker's own: jf_worker.local. */
struct local {
    unsigned greeted;
};

static int reply(const struct jf_event *ev, const char *text)
{
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
}

/* ---- greet -----------------------------------------------------------------------------
 */

static int greet(const struct jf_event *ev, jf_bytes name)
{
    char text[NAME_BYTES_MAX + 64];
    struct local *local = ev->worker->local;
    local->greeted++;
    snprintf(text, sizeof(text), "Hello %.*s, greeting %u of worker %u", (int)name.len,
             name.ptr, local->greeted, ev->worker->index);
    return reply(ev, text);
}

static void on_known(jf_worker *w, void *data, int status, jf_bytes name)
{
    struct jf_event *ev = data;
    (void)w;
    if (status == JF_E_NOT_FOUND)
        status = greet(ev, jf_str("stranger"));
    else if (status == JF_OK)
        status = greet(ev, name);
    jf_finish(ev, status);
}

static int on_greet(struct jf_event *ev)
{
    int status = jf_attr_get(ev->worker, ev->conn, NAME, on_known, ev);
    return status < 0 ? status : JF_LATER;
}

/* ---- name ------------------------------------------------------------------------------
 */

static void on_kept(jf_worker *w, void *data, int status)
{
    struct jf_event *ev = data;
    (void)w;
    jf_finish(ev, status == JF_OK ? reply(ev, "Nice to meet you") : status);
}

/* What is given is copied, so the JSON may go before the store has answered. */
static int on_name(struct jf_event *ev)
{
    jf_bytes body = ev->message->body;
    cJSON *json = cJSON_ParseWithLength(body.ptr, body.len);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "name"));

    int status;
    if (!name || !name[0] || strlen(name) > NAME_BYTES_MAX) {
        status = reply(ev, "\"name\" is a string of 1 to 64 bytes");
    } else {
        status = jf_attr_set(ev->worker, ev->conn, NAME, jf_str(name), on_kept, ev);
        status = status < 0 ? status : JF_LATER;
    }
    cJSON_Delete(json);
    return status;
}

/* ---- Its life --------------------------------------------------------------------------
 */

static int worker_init(jf_worker *w)
{
    w->local = calloc(1, sizeof(struct local));
    return w->local ? JF_OK : JF_E_NOMEM;
}

static void worker_fini(jf_worker *w)
{
    free(w->local);
}

static const struct jf_route routes[] = {
    { "greet", on_greet },
    { "name", on_name },
    { NULL, NULL },
};

JF_PLUGIN(.name = "greet", .version = "1.0", .routes = routes, .worker_init = worker_init,
          .worker_fini = worker_fini);
