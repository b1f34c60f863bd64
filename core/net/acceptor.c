/* Accepts until the kernel has no more or a batch is full, and copes with running out: of
 * slots, and of file descriptors, for which one is kept in reserve, since a client that
 * cannot be accepted could not be refused either. */
#include "core/net/acceptor.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/net/conn_impl.h"

#define BACKLOG 4096
#define BATCH 128
#define PAUSE_MS 100 /* when not even the reserve helped */

struct acceptor {
    struct pollee pollee;
    struct server *server;
    struct timer *pause;
    int reserve;
    uint8_t which;
};

static int bind_status(int error, const char **why)
{
    switch (error) {
    case EADDRINUSE:
        *why = "the address is in use by another program";
        return JF_E_FULL;
    case EACCES:
        *why = "not permitted; ports below 1024 need a privilege";
        return JF_E_DENIED;
    case EADDRNOTAVAIL:
        *why = "no interface of this machine has that address";
        return JF_E_INVALID;
    default:
        *why = "the system refused the socket";
        return JF_E_UNAVAILABLE;
    }
}

static int open_socket(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int error = errno;
    close(fd);
    return -error;
}

/* With SO_REUSEPORT two gateways could share a port and half the clients each. A socket
 * without it finds out whether somebody is there already. */
static int check_unused(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    int error = bind(fd, info->ai_addr, info->ai_addrlen) < 0 ? errno : 0;
    close(fd);
    return -error;
}

union name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool get_name(int fd, union name *out)
{
    socklen_t len = sizeof(*out);
    return getsockname(fd, &out->any, &len) == 0;
}

static uint16_t port_of(int fd)
{
    union name name;
    if (!get_name(fd, &name))
        return 0;
    return ntohs(name.any.sa_family == AF_INET6 ? name.v6.sin6_port : name.v4.sin_port);
}

bool acceptor_is_local(int fd)
{
    union name name;
    if (!get_name(fd, &name))
        return false;
    if (name.any.sa_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&name.v6.sin6_addr);
    return ntohl(name.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

int acceptor_bind(const char *host, uint16_t port, bool first, int *fd,
                  uint16_t *bound_port, const char **why)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *found;
    char service[8];
    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0) {
        *why = "no such address";
        return JF_E_INVALID;
    }
    int got = first ? check_unused(found) : 0;
    if (got == 0)
        got = open_socket(found);
    freeaddrinfo(found);
    if (got < 0)
        return bind_status(-got, why);
    *fd = got;
    *bound_port = port_of(got);
    return JF_OK;
}

static int open_reserve(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A client we have no room for: told so, and let go without waiting for its request. */
static void turn_away(struct server *server, int fd, const char *reason)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\n"
                                 "Content-Type: application/json\r\nContent-Length: 33\r\n"
                                 "Retry-After: 1\r\nConnection: close\r\n\r\n"
                                 "{\"message\":\"Service Unavailable\"}";
    server->counters.over_ceiling++;
    LOG_RARELY(WARN, NET, 60, "event=turned_away reason=%s", reason);
    if (server->options->tls_cert == NULL) {
        uint8_t request[4096];
        ssize_t ignored = send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        /* What has come already is read, or closing would reset the answer away. */
        while (recv(fd, request, sizeof(request), 0) > 0)
            ;
        (void)ignored;
    }
    close(fd);
}

static void welcome(struct acceptor *acceptor, int fd, const struct sockaddr *peer)
{
    struct server *server = acceptor->server;
    int on = 1;
    struct conn *conn = slot_take(server);
    if (!conn) {
        turn_away(server, fd, "limits.connections");
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    conn->listener = acceptor->which;
    conn_start(conn, fd, peer);
}

/* Out of descriptors: spend the reserve to tell one client so. False: wait a little. */
static bool spend_reserve(struct acceptor *acceptor)
{
    if (acceptor->reserve < 0)
        return false;
    close(acceptor->reserve);
    int fd = accept4(acceptor->pollee.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        turn_away(acceptor->server, fd, "open_files");
    acceptor->reserve = open_reserve();
    return fd >= 0 && acceptor->reserve >= 0;
}

static void pause_accepting(struct acceptor *acceptor)
{
    poller_set_interest(acceptor->server->poller, &acceptor->pollee, 0);
    timer_start(acceptor->pause, PAUSE_MS);
}

static void resume_accepting(void *data)
{
    struct acceptor *acceptor = data;
    if (acceptor->reserve < 0)
        acceptor->reserve = open_reserve();
    poller_set_interest(acceptor->server->poller, &acceptor->pollee, EPOLLIN);
}

static void on_ready(struct pollee *pollee, uint32_t events)
{
    struct acceptor *acceptor = CONTAINER_OF(pollee, struct acceptor, pollee);
    (void)events;
    for (int i = 0; i < BATCH; i++) {
        union {
            struct sockaddr any;
            struct sockaddr_in6 largest;
        } peer;
        socklen_t len = sizeof(peer);
        int fd = accept4(pollee->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(acceptor, fd, &peer.any);
        } else if (errno == EMFILE || errno == ENFILE) {
            if (!spend_reserve(acceptor)) {
                pause_accepting(acceptor);
                return;
            }
        } else if (errno != EINTR && errno != ECONNABORTED) {
            if (errno != EAGAIN)
                pause_accepting(acceptor);
            return;
        }
    }
}

int acceptor_new(struct server *server, uint8_t which, int fd, struct acceptor **out)
{
    struct acceptor *acceptor = xnew(struct acceptor);
    acceptor->server = server;
    acceptor->which = which;
    acceptor->pollee = (struct pollee){ fd, EPOLLIN, on_ready };
    acceptor->reserve = open_reserve();
    int status = poller_add(server->poller, &acceptor->pollee);
    if (status < 0) {
        close(fd);
        if (acceptor->reserve >= 0)
            close(acceptor->reserve);
        free(acceptor);
        return status;
    }
    timer_new(server->loop, resume_accepting, acceptor, &acceptor->pause);
    *out = acceptor;
    return JF_OK;
}

void acceptor_free(struct acceptor *acceptor)
{
    if (!acceptor)
        return;
    poller_remove(acceptor->server->poller, &acceptor->pollee);
    close(acceptor->pollee.fd);
    if (acceptor->reserve >= 0)
        close(acceptor->reserve);
    timer_free(acceptor->pause);
    free(acceptor);
}
