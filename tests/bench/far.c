/* far - a client may ask for its own id; what it says otherwise begins with the id of
 * another one, who hears it: the send to a connection on another node. */
#include "jackfield.h"

#define ANSWER_MAX 1024

/* As long as the question was: a client checks the length of what it hears. */
static int on_id(struct jf_event *ev)
{
    char text[ANSWER_MAX], id[JF_CONN_ID_TEXT + 1];
    size_t len = ev->message->body.len;
    if (len < JF_CONN_ID_TEXT || len > sizeof(text))
        return JF_E_INVALID;
    memset(text, ' ', len);
    jf_id_to_text(ev->self, ev->conn, id);
    memcpy(text, id, JF_CONN_ID_TEXT);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_view(text, len));
}

static int on_message(struct jf_event *ev)
{
    jf_bytes body = ev->message->body;
    jf_conn_id to;
    if (body.len < JF_CONN_ID_TEXT)
        return JF_E_INVALID;
    int status = jf_id_from_text(ev->self, jf_view(body.ptr, JF_CONN_ID_TEXT), &to);
    return status < 0 ? status : jf_send(ev->self, to, JF_TEXT, body);
}

static const struct jf_route routes[] = {
    { "id", on_id },
    { "$default", on_message },
    { NULL, NULL },
};

JF_PLUGIN(.name = "far", .version = "1.0", .routes = routes);
