/*
 * hello - a plugin to copy. It answers {"action":"hello"} with a greeting.
 *
 * Everything a plugin can do is in jackfield.h, which is meant to be read once from top to
 * bottom. Rename the file, the plugin and the route, and it is yours.
 */
#include "jackfield.h"

/* The host calls this when a client sends {"action":"hello", ...}. `ev` says who sent it
 * (ev->conn) and what (ev->message->body, bytes with a length and no NUL). Both are
 * borrowed until we return. What we send is copied, so it may live on our stack. */
static int on_hello(struct jf_event *ev)
{
    char text[128];
    int len =
        snprintf(text, sizeof(text), "Hello! You sent %zu bytes.", ev->message->body.len);

    /* An answer is a send to the event's own connection. The status we return is the
     * event's: JF_OK is done, and after a failure the host tells the client that something
     * is wrong. */
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_view(text, (size_t)len));
}

/* Which messages are ours. Try "$connect", "$disconnect" and "$default" too. */
static const struct jf_route routes[] = {
    { "hello", on_hello },
    { NULL, NULL },
};

/* The one symbol the host looks for. */
JF_PLUGIN(.name = "hello", .version = "1.0", .routes = routes);
