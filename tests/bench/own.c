/* own - everybody is alone in a group of its own, and writes to that: a group send with one
 * delivery, so that the send is what costs. */
#include "jackfield.h"

static void on_joined(jf_worker *w, void *data, int status)
{
    (void)w;
    jf_finish(data, status);
}

static int on_connect(struct jf_event *ev)
{
    char id[JF_CONN_ID_TEXT + 1];
    jf_id_to_text(ev->self, ev->conn, id);
    int status = jf_group_join(ev->worker, jf_str(id), ev->conn, on_joined, ev);
    return status < 0 ? status : JF_LATER;
}

static int on_own(struct jf_event *ev)
{
    char id[JF_CONN_ID_TEXT + 1];
    jf_id_to_text(ev->self, ev->conn, id);
    return jf_send_group(ev->self, jf_str(id), JF_TEXT, ev->message->body);
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "own", on_own },
    { NULL, NULL },
};

JF_PLUGIN(.name = "own", .version = "1.0", .routes = routes);
