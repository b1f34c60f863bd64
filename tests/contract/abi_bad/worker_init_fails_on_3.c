/*
 * Broken: worker_init fails on worker 3, or on the last one if there are fewer.
 * The host: a starting one stops, and names the file, the worker and the status. It calls
 * worker_fini for those workers whose worker_init succeeded, for no other, and then fini.
 * Both are logged, so that a test can count.
 */
#include "jackfield.h"

#include <stdlib.h>

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
    jf_log(self, JF_INFO, "event=init_ran");
    return JF_OK;
}

static int worker_init(jf_worker *w)
{
    uint32_t last = w->self->worker_count - 1;
    if (w->index == (last < 3 ? last : 3))
        return JF_E_NOMEM;
    w->local = w;
    jf_log(w->self, JF_INFO, "event=worker_init_ran index=%u", (unsigned)w->index);
    return JF_OK;
}

static void worker_fini(jf_worker *w)
{
    if (w->local != w)
        abort();
    jf_log(w->self, JF_INFO, "event=worker_fini_ran index=%u", (unsigned)w->index);
}

static void fini(jf_self *self)
{
    jf_log(self, JF_INFO, "event=fini_ran");
}

JF_PLUGIN(.name = "worker_init_fails_on_3", .version = "1.0", .init = init,
          .worker_init = worker_init, .worker_fini = worker_fini, .fini = fini);
