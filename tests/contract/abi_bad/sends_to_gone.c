/*
 * Broken: uses names of connections that have ended, or never were. Route "ask" answers
 * with the statuses, in words, of what it tried on
 *   - the connection that left last, before which somebody must have left
 *   - a name of all zeros, and one of all ones
 * The host: "gone gone gone gone gone gone" (a send and a close for each), whether they are
 * tried on the same worker, from where a slot may long hold somebody else, or on another.
 * Whoever sits in that slot now hears nothing.
 */
#include "jackfield.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static jf_conn_id last_gone;

static int on_disconnect(struct jf_event *ev)
{
    pthread_mutex_lock(&lock);
    last_gone = ev->conn;
    pthread_mutex_unlock(&lock);
    int status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str("too late"));
    jf_log(ev->self, JF_INFO, "event=sent_to_gone status=%d", status);
    return JF_OK;
}

static const char *name(int status)
{
    switch (status) {
    case JF_OK:
        return "ok";
#define XX(code, upper, lower, text)                                                       \
    case code:                                                                             \
        return lower;
        JF_STATUS_MAP(XX)
#undef XX
    default:
        return "?";
    }
}

static int on_ask(struct jf_event *ev)
{
    jf_conn_id ids[3];
    char text[128];
    size_t len = 0;
    pthread_mutex_lock(&lock);
    ids[0] = last_gone;
    pthread_mutex_unlock(&lock);
    memset(&ids[1], 0, sizeof(ids[1]));
    memset(&ids[2], 0xff, sizeof(ids[2]));
    for (size_t i = 0; i < 3; i++) {
        int sent = jf_send(ev->self, ids[i], JF_TEXT, jf_str("too late"));
        int closed = jf_close(ev->self, ids[i], 1000, jf_str("too late"));
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s", i ? " " : "",
                                name(sent), name(closed));
    }
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_view(text, len));
}

static const struct jf_route routes[] = {
    { "$disconnect", on_disconnect },
    { "ask", on_ask },
    { NULL, NULL },
};

JF_PLUGIN(.name = "sends_to_gone", .version = "1.0", .routes = routes);
