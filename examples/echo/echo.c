/* echo - whatever a client says, it hears it back, text as text and binary as binary. */
#include "jackfield.h"

static int on_message(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, ev->message->opcode, ev->message->body);
}

static const struct jf_route routes[] = {
    { "echo", on_message },
    { "$default", on_message },
    { NULL, NULL },
};

JF_PLUGIN(.name = "echo", .version = "1.0", .routes = routes);
