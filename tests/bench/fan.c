/* fan - what one says, everybody on the stage hears: the fan-out that is measured. */
#include "jackfield.h"

static int on_fan(struct jf_event *ev)
{
    return jf_send_all(ev->self, ev->stage, JF_TEXT, ev->message->body);
}

static const struct jf_route routes[] = {
    { "fan", on_fan },
    { NULL, NULL },
};

JF_PLUGIN(.name = "fan", .version = "1.0", .routes = routes);
