/*
 * Not broken: its description ends after worker_init, as if it had been built when the rest
 * did not exist yet.
 * The host: accepts it, answers route "short", and never looks behind the size: what stands
 * there in this file ends the process.
 */
#include "jackfield.h"

#include <stdlib.h>

static int on_short(struct jf_event *ev)
{
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("short"));
}

static int worker_init(jf_worker *w)
{
    (void)w;
    return JF_OK;
}

static void worker_fini(jf_worker *w)
{
    (void)w;
    abort();
}

static void fini(jf_self *self)
{
    (void)self;
    abort();
}

static const struct jf_route routes[] = { { "short", on_short }, { NULL, NULL } };

const struct jf_plugin jf_entry = {
    .size = offsetof(struct jf_plugin, worker_fini),
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = 0,
    .name = "short_struct",
    .version = "1.0",
    .routes = routes,
    .worker_init = worker_init,
    .worker_fini = worker_fini,
    .fini = fini,
};
