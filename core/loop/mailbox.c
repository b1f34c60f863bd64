/* Post from many threads, read by one loop. The lock guards a list, a count and two flags;
 * nothing of anybody else's runs under it, not even the system call that wakes the loop. A
 * poster that must wake notes so under the lock (`waking`) and rings after it, and
 * mailbox_detach() waits for those, so that no ring comes to a handle that is gone. */
#include "core/loop/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "core/base/check.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/uv_status.h"

/* The loop's end. Memory of its own: libuv needs it until its close callback, and the box
 * may go earlier or stay much longer. */
struct bell {
    uv_async_t uv;
    struct mailbox *box;
};

struct mailbox {
    size_t max_bytes; /* never changes */

    atomic_int waking; /* posters between unlock and ring; raised under the lock */

    pthread_mutex_t lock; /* guards the rest; a leaf */
    struct task *first, **tail;
    size_t bytes;
    bool closed;
    struct bell *bell; /* NULL: detached */
};

static struct task *take_all(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    struct task *first = box->first;
    box->first = NULL;
    box->tail = &box->first;
    box->bytes = 0;
    pthread_mutex_unlock(&box->lock);
    return first;
}

static void run_all(struct task *task)
{
    while (task) {
        struct task *next = task->next; /* run() may free its subject */
        task->run(task);
        task = next;
    }
}

static void on_ring(uv_async_t *uv)
{
    struct bell *bell = uv->data;
    run_all(take_all(bell->box)); /* may detach and free the box */
}

static void on_closed(uv_handle_t *uv)
{
    free(uv->data);
}

int mailbox_new(struct loop *loop, size_t max_bytes, struct mailbox **out)
{
    struct bell *bell = xnew(struct bell);
    int code = uv_async_init(loop_uv(loop), &bell->uv, on_ring);
    if (code < 0) {
        free(bell);
        return uv_status(code);
    }
    struct mailbox *box = xnew(struct mailbox);
    bell->uv.data = bell;
    bell->box = box;
    box->max_bytes = max_bytes;
    box->tail = &box->first;
    box->bell = bell;
    CHECK(pthread_mutex_init(&box->lock, NULL) == 0);
    *out = box;
    return JF_OK;
}

/* Append, under the lock. Returns whom to ring once the lock is gone, or NULL: whoever
 * made the box non-empty rings for all who come after. */
static struct bell *append(struct mailbox *box, struct task *task)
{
    bool was_empty = !box->first;
    task->next = NULL;
    *box->tail = task;
    box->tail = &task->next;
    if (!was_empty || !box->bell)
        return NULL;
    atomic_fetch_add_explicit(&box->waking, 1, memory_order_relaxed);
    return box->bell;
}

static void ring(struct mailbox *box, struct bell *bell)
{
    if (!bell)
        return;
    uv_async_send(&bell->uv);
    atomic_fetch_sub_explicit(&box->waking, 1, memory_order_release);
}

static int admission(const struct mailbox *box, size_t bytes)
{
    if (box->closed)
        return JF_E_STOPPING;
    size_t room = box->max_bytes > box->bytes ? box->max_bytes - box->bytes : 0;
    return box->bytes && bytes > room ? JF_E_FULL : JF_OK;
}

int mailbox_post(struct mailbox *box, struct task *task, size_t bytes)
{
    struct bell *bell = NULL;
    pthread_mutex_lock(&box->lock);
    int status = admission(box, bytes);
    if (status == JF_OK) {
        box->bytes += bytes;
        bell = append(box, task);
    }
    pthread_mutex_unlock(&box->lock);
    ring(box, bell);
    return status;
}

void mailbox_post_reserved(struct mailbox *box, struct task *task)
{
    pthread_mutex_lock(&box->lock);
    struct bell *bell = append(box, task);
    pthread_mutex_unlock(&box->lock);
    ring(box, bell);
}

void mailbox_close(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    box->closed = true;
    pthread_mutex_unlock(&box->lock);
}

/* Until it is empty: a task may have left another one behind. */
void mailbox_drain(struct mailbox *box)
{
    struct task *task;
    while ((task = take_all(box)))
        run_all(task);
}

void mailbox_detach(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    struct bell *bell = box->bell;
    CHECK(box->closed);
    box->bell = NULL;
    pthread_mutex_unlock(&box->lock);
    if (!bell)
        return;
    while (atomic_load_explicit(&box->waking, memory_order_acquire))
        sched_yield();
    uv_close((uv_handle_t *)&bell->uv, on_closed);
}

void mailbox_free(struct mailbox *box)
{
    if (!box)
        return;
    mailbox_close(box);
    mailbox_detach(box);
    pthread_mutex_destroy(&box->lock);
    free(box);
}
