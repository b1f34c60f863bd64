/* A thread per look-up, detached. It and the asker hold the look-up, and whoever lets go
 * last frees it. The result comes home through a mailbox of the look-up's own, whose door
 * can be closed at any time without waiting for the thread. */
#include "core/redis/redis_lookup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/mailbox.h"

struct redis_lookup {
    atomic_int holders;
    struct mailbox *box;
    struct task task; /* the asker's, then the thread's, then the loop's */
    void (*done)(void *data, const struct redis_addresses *addresses);
    void *data;
    struct redis_addresses addresses; /* the thread's, until it posts the task */
    char host[];
};

static void let_go(struct redis_lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->holders, 1) > 1)
        return;
    mailbox_free(lookup->box); /* detached by the asker, so this is for any thread */
    free(lookup);
}

static void look_up(struct redis_addresses *out, const char *host, int flags)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = flags },
                    *found = NULL;
    int code = getaddrinfo(host, NULL, &hints, &found);
    out->count = 0;
    out->why = code ? gai_strerror(code) : "no address";
    if (code)
        return;
    for (struct addrinfo *at = found; at && out->count < REDIS_ADDRESSES_MAX;
         at = at->ai_next) {
        if (getnameinfo(at->ai_addr, at->ai_addrlen, out->text[out->count], NI_MAXHOST,
                        NULL, 0, NI_NUMERICHOST) == 0)
            out->count++;
    }
    freeaddrinfo(found);
}

static void *run(void *data)
{
    struct redis_lookup *lookup = data;
    look_up(&lookup->addresses, lookup->host, 0);
    mailbox_post_reserved(lookup->box, &lookup->task);
    let_go(lookup);
    return NULL;
}

static void arrive(struct task *task)
{
    struct redis_lookup *lookup = CONTAINER_OF(task, struct redis_lookup, task);
    lookup->done(lookup->data, &lookup->addresses); /* may drop it */
}

static bool start_thread(struct redis_lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_t thread;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &attributes, run, lookup) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

int redis_lookup_new(struct loop *loop, const char *host,
                     void (*done)(void *data, const struct redis_addresses *addresses),
                     void *data, struct redis_lookup **out)
{
    struct redis_lookup *lookup = xcalloc(1, sizeof(*lookup) + strlen(host) + 1);
    int status = mailbox_new(loop, 0, &lookup->box);
    if (status < 0) {
        free(lookup);
        return status;
    }
    memcpy(lookup->host, host, strlen(host) + 1);
    lookup->done = done;
    lookup->data = data;
    lookup->task.run = arrive;
    atomic_init(&lookup->holders, 2);
    look_up(&lookup->addresses, host, AI_NUMERICHOST);
    if (lookup->addresses.count || !start_thread(lookup)) {
        mailbox_post_reserved(lookup->box, &lookup->task);
        let_go(lookup); /* for the thread that is not needed, or not to be had */
    }
    *out = lookup;
    return JF_OK;
}

void redis_lookup_drop(struct redis_lookup *lookup)
{
    if (!lookup)
        return;
    mailbox_close(lookup->box);
    mailbox_detach(lookup->box);
    let_go(lookup);
}
