/* fan - what one says, everybody on the stage hears: the fan-out that is measured. And a
 * $connect that admits at once, for the handshakes. */
#include "jackfield.h"

static int on_fan(struct jf_event *ev)
{
    return jf_send_all(ev->self, ev->stage, JF_TEXT, ev->message->body);
}

static int on_connect(struct jf_event *ev)
{
    (void)ev;
    return JF_OK;
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "fan", on_fan },
    { NULL, NULL },
};

JF_PLUGIN(.name = "fan", .version = "1.0", .routes = routes);
