/*
 * Broken: init fails.
 * The host: a starting one stops, and names the file and the status; fini, the twin of what
 * failed, is not called, and would end the process.
 */
#include "jackfield.h"

#include <stdlib.h>

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
    jf_log(self, JF_ERROR, "event=init_fails_on_purpose");
    return JF_E_UNAVAILABLE;
}

static int worker_init(jf_worker *w)
{
    (void)w;
    abort();
}

static void fini(jf_self *self)
{
    (void)self;
    abort();
}

JF_PLUGIN(.name = "init_fails", .version = "1.0", .init = init, .worker_init = worker_init,
          .fini = fini);
