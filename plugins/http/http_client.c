/* curl's callbacks only write down what it wants; the host is called when curl has
 * returned.
 *
 * A descriptor that curl has opened through us is waited for until curl closes it, and
 * rests with an interest of none while its connection is idle: that is one system call less
 * each way than to begin anew. Others (the ones by which its threads report names) begin
 * and end as curl says. */
#include "http_client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http_clock.h"
#include "http_transfer.h"

#define SPARE_MAX 256
#define KICKS_MAX 64 /* in a row, before the loop has its turn again */

struct watch {
    struct http_client *client;
    int fd;
    jf_poll poll; /* 0: not waited for */
    uint32_t interest;
    bool kept; /* we opened it, so we are told when it is closed */
};

struct http_client {
    jf_worker *w;
    CURLM *multi;
    struct watch **watches; /* by descriptor */
    size_t watch_count;

    jf_timer timer;
    bool timer_runs;
    uint64_t timer_due, due; /* when the timer rings, when curl wants it; 0: never */
    bool inside, again;

    struct http_transfer *running, *spare;
    size_t spare_count;
};

/* ---- Descriptors -------------------------------------------------------- */

static struct watch *watch_of(struct http_client *client, int fd)
{
    size_t count = client->watch_count;
    if (fd >= 0 && (size_t)fd < count && client->watches[fd])
        return client->watches[fd];
    if ((size_t)fd >= count) {
        size_t more = (size_t)fd + 64;
        struct watch **watches = realloc(client->watches, more * sizeof(*watches));
        if (!watches)
            return NULL;
        memset(watches + count, 0, (more - count) * sizeof(*watches));
        client->watches = watches;
        client->watch_count = more;
    }
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch) {
        watch->client = client;
        watch->fd = fd;
    }
    client->watches[fd] = watch;
    return watch;
}

static void forget_watch(struct http_client *client, int fd)
{
    if ((size_t)fd >= client->watch_count || !client->watches[fd])
        return;
    jf_poll_stop(client->w, client->watches[fd]->poll);
    free(client->watches[fd]);
    client->watches[fd] = NULL;
}

static void run(struct http_client *client, int fd, int events);

static void on_ready(jf_worker *w, void *data, uint32_t ready)
{
    struct watch *watch = data;
    (void)w;
    run(watch->client, watch->fd,
        (ready & JF_READABLE ? CURL_CSELECT_IN : 0) |
            (ready & JF_WRITABLE ? CURL_CSELECT_OUT : 0));
}

static int wait_for(struct watch *watch, uint32_t interest)
{
    jf_worker *w = watch->client->w;
    int status = JF_OK;
    if (!watch->poll && interest)
        status = jf_poll_start(w, watch->fd, interest, on_ready, watch, &watch->poll);
    else if (watch->poll && interest != watch->interest)
        jf_poll_change(w, watch->poll, interest);
    watch->interest = interest;
    return status;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *mine)
{
    struct http_client *client = data;
    (void)easy;
    (void)mine;
    struct watch *watch = watch_of(client, fd);
    if (!watch)
        return -1;
    if (what == CURL_POLL_REMOVE && !watch->kept) {
        forget_watch(client, fd);
        return 0;
    }
    return wait_for(watch, (what & CURL_POLL_IN ? JF_READABLE : 0u) |
                               (what & CURL_POLL_OUT ? JF_WRITABLE : 0u)) < 0
               ? -1
               : 0;
}

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct http_client *client = data;
    (void)purpose;
    int fd = socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
    struct watch *watch = fd < 0 ? NULL : watch_of(client, fd);
    if (watch)
        watch->kept = true;
    return fd;
}

static int on_close(void *data, curl_socket_t fd)
{
    forget_watch(data, fd);
    return close(fd);
}

/* ---- Time --------------------------------------------------------------- */

static int on_timeout(CURLM *multi, long ms, void *data)
{
    struct http_client *client = data;
    (void)multi;
    client->due = ms < 0 ? 0 : http_now() + (uint64_t)ms;
    return 0;
}

static void on_timer(jf_worker *w, void *data)
{
    struct http_client *client = data;
    (void)w;
    client->timer_runs = false;
    run(client, CURL_SOCKET_TIMEOUT, 0);
}

/* One that rings too early does no harm, and is cheaper than to move it each time. */
static void set_timer(struct http_client *client)
{
    uint64_t now = http_now();
    if (!client->due || (client->timer_runs && client->timer_due <= client->due))
        return;
    if (client->timer_runs)
        jf_timer_stop(client->w, client->timer);
    uint64_t wait = client->due > now ? client->due - now : 0;
    client->timer_due = client->due;
    client->timer_runs =
        jf_timer_start(client->w, wait, on_timer, client, &client->timer) == JF_OK;
}

/* ---- What curl does ----------------------------------------------------- */

static void unlink_transfer(struct http_client *client, struct http_transfer *transfer)
{
    if (transfer->previous)
        transfer->previous->next = transfer->next;
    else
        client->running = transfer->next;
    if (transfer->next)
        transfer->next->previous = transfer->previous;
}

static void give_back(struct http_client *client, struct http_transfer *transfer)
{
    http_transfer_reset(transfer);
    if (client->spare_count == SPARE_MAX) {
        http_transfer_free(transfer);
        return;
    }
    transfer->next = client->spare;
    client->spare = transfer;
    client->spare_count++;
}

static void tell(struct http_client *client, struct http_transfer *transfer, CURLcode code)
{
    struct http_reply reply = { .body = http_text_bytes(&transfer->body),
                                .function_error = transfer->function_error };
    if (transfer->protocol_len)
        reply.protocol = jf_view(transfer->protocol, transfer->protocol_len);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &reply.status);
    enum http_end end = http_transfer_end(transfer, code);
    curl_multi_remove_handle(client->multi, transfer->easy);
    unlink_transfer(client, transfer);
    transfer->done(transfer->data, end, &reply,
                   code == CURLE_ABORTED_BY_CALLBACK ? "the connection was closed"
                                                     : curl_easy_strerror(code));
    give_back(client, transfer);
}

static void tell_all(struct http_client *client)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct http_transfer *transfer;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        tell(client, transfer, code);
    }
}

static void act(struct http_client *client, int fd, int events)
{
    int running;
    if (fd == CURL_SOCKET_TIMEOUT) /* curl says anew when it is next */
        client->due = 0;
    curl_multi_socket_action(client->multi, fd, events, &running);
    tell_all(client);
}

/* What a `done` starts, or curl wants to do at once, is run here, and not deeper. */
static void run(struct http_client *client, int fd, int events)
{
    if (client->inside) {
        client->again = true;
        return;
    }
    client->inside = true;
    act(client, fd, events);
    for (int kick = 0; kick < KICKS_MAX; kick++) {
        if (!client->again && (!client->due || client->due > http_now()))
            break;
        client->again = false;
        act(client, CURL_SOCKET_TIMEOUT, 0);
    }
    client->inside = false;
    set_timer(client);
}

void http_client_kick(struct http_client *client)
{
    run(client, CURL_SOCKET_TIMEOUT, 0);
}

/* ---- Its own life, and that of transfers -------------------------------- */

struct http_client *http_client_new(jf_worker *w, long connections)
{
    struct http_client *client = calloc(1, sizeof(*client));
    if (!client)
        return NULL;
    client->w = w;
    client->multi = curl_multi_init();
    if (!client->multi) {
        free(client);
        return NULL;
    }
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, connections);
    return client;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    client->inside = true;
    while (client->running)
        http_client_cancel(client, client->running);
    while (client->spare) {
        struct http_transfer *transfer = client->spare;
        client->spare = transfer->next;
        http_transfer_free(transfer);
    }
    curl_multi_cleanup(client->multi);
    for (size_t fd = 0; fd < client->watch_count; fd++)
        forget_watch(client, (int)fd);
    if (client->timer_runs)
        jf_timer_stop(client->w, client->timer);
    free(client->watches);
    free(client);
}

/* A spare one of the same integration, else a new one. */
static struct http_transfer *take(struct http_client *client,
                                  const struct http_integration *it)
{
    struct http_transfer **place = &client->spare;
    while (*place && (*place)->of != it)
        place = &(*place)->next;
    struct http_transfer *transfer = *place;
    if (transfer) {
        *place = transfer->next;
        client->spare_count--;
        return transfer;
    }
    transfer = http_transfer_new(it);
    if (!transfer)
        return NULL;
    curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(transfer->easy, CURLOPT_OPENSOCKETDATA, client);
    curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(transfer->easy, CURLOPT_CLOSESOCKETDATA, client);
    return transfer;
}

int http_client_start(struct http_client *client, const struct http_integration *it,
                      const struct http_request *request, http_done_fn *done, void *data,
                      struct http_transfer **out)
{
    struct http_transfer *transfer = take(client, it);
    if (!transfer)
        return JF_E_NOMEM;
    int status = http_transfer_prepare(transfer, request);
    if (status < 0) {
        give_back(client, transfer);
        return status;
    }
    transfer->done = done;
    transfer->data = data;
    transfer->previous = NULL;
    transfer->next = client->running;
    if (transfer->next)
        transfer->next->previous = transfer;
    client->running = transfer;
    curl_multi_add_handle(client->multi, transfer->easy);
    client->again = true;
    *out = transfer;
    return JF_OK;
}

void http_client_cancel(struct http_client *client, struct http_transfer *transfer)
{
    curl_multi_remove_handle(client->multi, transfer->easy);
    unlink_transfer(client, transfer);
    give_back(client, transfer);
}
