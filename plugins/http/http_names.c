/* getaddrinfo(3) may take as long as it likes, so it has a thread of its own, and a timer
 * of the worker's looks now and then whether it has ended. The thread and who asked hold
 * the lookup together; the last frees it. So a thread may be late, and outlive the
 * instance: its code stays, as this library is never unloaded (plugins/meson.build). */
#include "http_names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "http_text.h"

#define LOOK_MS 10

struct http_lookup {
    /* the worker's */
    jf_worker *w;
    http_address_fn *done;
    void *data;
    jf_timer timer;

    /* the thread's, until it has ended */
    char *name;
    char address[INET6_ADDRSTRLEN];
    bool found;

    /* shared */
    atomic_bool ended;
    atomic_int holders;
};

static void let_go(struct http_lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->holders, 1) > 1)
        return;
    free(lookup->name);
    free(lookup);
}

static bool to_text(const struct addrinfo *info, char *text)
{
    const void *address;
    if (info->ai_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr;
    else
        address = &((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr;
    return inet_ntop(info->ai_family, address, text, INET6_ADDRSTRLEN) != NULL;
}

static void *look_up(void *data)
{
    struct http_lookup *lookup = data;
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *info = NULL;
    if (getaddrinfo(lookup->name, NULL, &hints, &info) == 0) {
        lookup->found = to_text(info, lookup->address);
        freeaddrinfo(info);
    }
    atomic_store(&lookup->ended, true);
    let_go(lookup);
    return NULL;
}

static void look(jf_worker *w, void *data)
{
    struct http_lookup *lookup = data;
    bool ended = atomic_load(&lookup->ended);
    if (!ended && jf_timer_start(w, LOOK_MS, look, lookup, &lookup->timer) == JF_OK)
        return;
    lookup->done(lookup->data, ended && lookup->found ? lookup->address : NULL);
    let_go(lookup);
}

static bool start_thread(struct http_lookup *lookup)
{
    pthread_t thread;
    if (!lookup->name)
        return false;
    atomic_store(&lookup->holders, 2);
    if (pthread_create(&thread, NULL, look_up, lookup) != 0)
        return false;
    pthread_detach(thread);
    return true;
}

struct http_lookup *http_lookup_start(jf_worker *w, const char *name, http_address_fn *done,
                                      void *data)
{
    struct http_lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        return NULL;
    lookup->w = w;
    lookup->done = done;
    lookup->data = data;
    lookup->name = http_text_copy(jf_str(name));
    if (!start_thread(lookup)) {
        atomic_store(&lookup->holders, 1);
        let_go(lookup);
        return NULL;
    }
    if (jf_timer_start(w, 1, look, lookup, &lookup->timer) < 0) {
        let_go(lookup);
        return NULL;
    }
    return lookup;
}

void http_lookup_stop(struct http_lookup *lookup)
{
    if (!lookup)
        return;
    jf_timer_stop(lookup->w, lookup->timer);
    let_go(lookup);
}
