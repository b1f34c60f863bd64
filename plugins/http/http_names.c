/* getaddrinfo_a(3), asked now and then whether it has ended. One that is given up while its
 * thread is busy cannot be freed yet; its timer goes on until it can, or, if there are no
 * more timers because the worker ends, it stays. */
#include "http_names.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>

#include "http_text.h"

#define LOOK_MS 10

struct http_lookup {
    jf_worker *w;
    struct gaicb request, *list[1];
    struct addrinfo hints;
    char *name;
    http_address_fn *done; /* NULL: nobody waits any more */
    void *data;
    jf_timer timer;
};

static void free_lookup(struct http_lookup *lookup)
{
    if (lookup->request.ar_result)
        freeaddrinfo(lookup->request.ar_result);
    free(lookup->name);
    free(lookup);
}

static bool to_text(const struct addrinfo *info, char text[INET6_ADDRSTRLEN])
{
    const void *address;
    if (!info)
        return false;
    if (info->ai_family == AF_INET6)
        address = &((const struct sockaddr_in6 *)(const void *)info->ai_addr)->sin6_addr;
    else
        address = &((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr;
    return inet_ntop(info->ai_family, address, text, INET6_ADDRSTRLEN) != NULL;
}

static void look(jf_worker *w, void *data)
{
    struct http_lookup *lookup = data;
    char text[INET6_ADDRSTRLEN];
    int code = gai_error(&lookup->request);
    if (code == EAI_INPROGRESS) {
        if (jf_timer_start(w, LOOK_MS, look, lookup, &lookup->timer) < 0 && lookup->done)
            lookup->done(lookup->data, NULL);
        return;
    }
    bool found = code == 0 && to_text(lookup->request.ar_result, text);
    if (lookup->done)
        lookup->done(lookup->data, found ? text : NULL);
    free_lookup(lookup);
}

struct http_lookup *http_lookup_start(jf_worker *w, const char *name, http_address_fn *done,
                                      void *data)
{
    struct http_lookup *lookup = calloc(1, sizeof(*lookup));
    if (!lookup)
        return NULL;
    lookup->w = w;
    lookup->name = http_text_copy(jf_str(name));
    lookup->done = done;
    lookup->data = data;
    lookup->hints.ai_socktype = SOCK_STREAM;
    lookup->request.ar_name = lookup->name;
    lookup->request.ar_request = &lookup->hints;
    lookup->list[0] = &lookup->request;
    if (!lookup->name || getaddrinfo_a(GAI_NOWAIT, lookup->list, 1, NULL) != 0) {
        free_lookup(lookup);
        return NULL;
    }
    if (jf_timer_start(w, 1, look, lookup, &lookup->timer) < 0) {
        http_lookup_stop(lookup);
        return NULL;
    }
    return lookup;
}

void http_lookup_stop(struct http_lookup *lookup)
{
    if (!lookup)
        return;
    lookup->done = NULL;
    if (gai_cancel(&lookup->request) == EAI_NOTCANCELED)
        return;
    jf_timer_stop(lookup->w, lookup->timer);
    free_lookup(lookup);
}
