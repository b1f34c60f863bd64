/* Ends connections when their time has come, and forgets those that ended by themselves. It
 * does not know about tokens. */
#include "expiry.h"

#include <stdlib.h>

/* ---- What outlives an instance ---------------------------------------------------------
 */

struct expiry *expiry_new(uint32_t workers)
{
    struct expiry *expiry = calloc(1, sizeof(*expiry) + workers * sizeof(expiry->of[0]));
    if (expiry) {
        expiry->holders = 1;
        expiry->workers = workers;
    }
    return expiry;
}

struct expiry *expiry_ref(struct expiry *expiry)
{
    expiry->holders++;
    return expiry;
}

void expiry_unref(struct expiry *expiry)
{
    if (!expiry || --expiry->holders)
        return;
    for (uint32_t i = 0; i < expiry->workers; i++)
        deadlines_fini(&expiry->of[i]);
    free(expiry);
}

/* ---- Who is still there? ---------------------------------------------------------------
 */

static void on_answer(jf_worker *w, void *data, int status, jf_bytes value)
{
    struct expiry_probe *probe = data;
    (void)w;
    (void)value;
    probe->busy = false;
    if (status == JF_E_GONE)
        (void)deadlines_remove(probe->seat->deadlines, probe->conn);
}

static void ask_after(struct expiry_seat *seat, struct expiry_probe *probe)
{
    if (!deadlines_walk(seat->deadlines, &probe->conn))
        return;
    probe->seat = seat;
    int status = jf_attr_get(seat->worker, probe->conn, jf_str("jwt"), on_answer, probe);
    probe->busy = status == JF_OK;
    if (status == JF_E_GONE)
        (void)deadlines_remove(seat->deadlines, probe->conn);
}

static void ask_after_some(struct expiry_seat *seat, unsigned count)
{
    for (size_t i = 0; i < EXPIRY_PROBES_MAX && count; i++) {
        if (seat->probes[i].busy)
            continue;
        ask_after(seat, &seat->probes[i]);
        count--;
    }
}

/* ---- The end ---------------------------------------------------------------------------
 */

void expiry_sit(struct expiry_seat *seat, struct expiry *expiry, jf_worker *worker)
{
    memset(seat, 0, sizeof(*seat));
    seat->worker = worker;
    seat->deadlines = &expiry->of[worker->index];
}

int expiry_put(struct expiry_seat *seat, const struct deadline *deadline)
{
    int status = deadlines_put(seat->deadlines, deadline);
    ask_after_some(seat, 2);
    return status;
}

/* A queue that is full now is not for ever. */
static bool end(struct expiry_seat *seat, struct deadline *deadline, int64_t now_s)
{
    int status =
        jf_close(seat->worker->self, deadline->conn, EXPIRY_CODE, jf_str("token expired"));
    if (status == JF_E_FULL || status == JF_E_NOMEM) {
        deadline->at_s = now_s + 1;
        (void)deadlines_put(seat->deadlines,
                            deadline); /* there is room: it came from there */
        return false;
    }
    seat->closed += status == JF_OK;
    return true;
}

bool expiry_tick(struct expiry_seat *seat, int64_t now_s)
{
    struct deadline deadline;
    for (unsigned i = 0; i < EXPIRY_CLOSES_MAX; i++) {
        if (!deadlines_pop(seat->deadlines, now_s, &deadline) ||
            !end(seat, &deadline, now_s))
            return false;
    }
    return true;
}
