/* A plain wire: our own socket in the worker's epoll set. Moves bytes, nothing else. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/net/conn_impl.h"

/* While a head is being read its octets stay in the kernel, so that a plain HTTP request
 * can be handed on whole. SO_RCVLOWAT keeps a half head from waking us again and again. */
static void set_low_water(struct wire *wire, size_t octets)
{
    int value = (int)octets;
    if (octets == 1 && !wire->low_water)
        return;
    setsockopt(wire->pollee.fd, SOL_SOCKET, SO_RCVLOWAT, &value, sizeof(value));
    wire->low_water = octets > 1;
}

static void discard(int fd, uint8_t *buffer, size_t len)
{
    while (len) {
        ssize_t got = recv(fd, buffer, len, 0);
        if (got <= 0)
            return;
        len -= (size_t)got;
    }
}

static void read_peeking(struct wire *wire, uint32_t events)
{
    struct server *server = wire->server;
    int fd = wire->pollee.fd;
    ssize_t got = recv(fd, server->read_buffer, READ_BUFFER_BYTES, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    bool ended = got <= 0 || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR));
    if (got <= 0) {
        wire->events->on_end(wire);
        return;
    }
    size_t taken = wire->events->on_bytes(wire, server->read_buffer, (size_t)got);
    if (!wire_open(wire) || wire->pollee.fd != fd)
        return;
    if (taken) {
        discard(fd, server->read_buffer, taken);
        set_low_water(wire, 1);
    } else if (ended) { /* what is missing will not come */
        wire->events->on_end(wire);
    } else {
        set_low_water(wire, (size_t)got + 1);
    }
}

/* The C library's recv() and send() are points where a thread can be cancelled, which costs
 * two atomic operations each in a program with threads. Nobody cancels ours. */
static ssize_t receive(int fd, void *buffer, size_t len)
{
    return syscall(SYS_recvfrom, fd, buffer, len, 0, NULL, NULL);
}

static ssize_t transmit(int fd, const void *buffer, size_t len)
{
    return syscall(SYS_sendto, fd, buffer, len, MSG_NOSIGNAL, NULL, 0);
}

static void read_all(struct wire *wire)
{
    uint8_t *buffer = wire->server->read_buffer;
    ssize_t got = receive(wire->pollee.fd, buffer, READ_BUFFER_BYTES);
    if (got > 0)
        wire->events->on_bytes(wire, buffer, (size_t)got);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        wire->events->on_end(wire);
}

static void on_ready(struct pollee *pollee, uint32_t events)
{
    struct wire *wire = CONTAINER_OF(pollee, struct wire, pollee);
    if (events & EPOLLOUT) {
        wire->events->on_writable(wire);
        if (!wire_open(wire))
            return;
    }
    if (!wire->reading) {
        if (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP))
            wire->events->on_end(wire);
    } else if (wire->peek) {
        read_peeking(wire, events);
    } else if (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
        read_all(wire);
    }
}

static ssize_t plain_write(struct wire *wire, const struct iovec *parts, int count)
{
    ssize_t sent;
    do {
        if (count == 1) {
            sent = transmit(wire->pollee.fd, parts->iov_base, parts->iov_len);
        } else {
            union {
                const struct iovec *in;
                struct iovec *out;
            } iov = { .in = parts }; /* sendmsg() reads them only */
            struct msghdr message = { .msg_iov = iov.out, .msg_iovlen = (size_t)count };
            sent = sendmsg(wire->pollee.fd, &message, MSG_NOSIGNAL);
        }
    } while (sent < 0 && errno == EINTR);
    if (sent >= 0)
        return sent;
    return errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM ? 0 : JF_E_GONE;
}

/* Before the upgrade the end of the peer's stream matters at once: a half head will never
 * be whole, and nobody waits for the verdict. Later it is noticed by reading, after what
 * came before it. Errors and resets are reported always. */
static void plain_set_interest(struct wire *wire, bool reading, bool writing)
{
    uint32_t interest = 0;
    if (reading)
        interest |= EPOLLIN;
    if (writing)
        interest |= EPOLLOUT;
    if (wire->peek)
        interest |= EPOLLRDHUP;
    wire->reading = reading;
    wire->writing = writing;
    poller_set_interest(wire->server->poller, &wire->pollee, interest);
}

static void plain_finish(struct wire *wire)
{
    shutdown(wire->pollee.fd, SHUT_WR);
}

int wire_plain_release(struct wire *wire)
{
    int fd = wire->pollee.fd;
    poller_remove(wire->server->poller, &wire->pollee);
    set_low_water(wire, 1);
    wire->kind = NULL;
    wire->pollee.fd = -1;
    return fd;
}

static void plain_close(struct wire *wire)
{
    poller_remove(wire->server->poller, &wire->pollee);
    close(wire->pollee.fd);
    wire->kind = NULL;
    wire->pollee.fd = -1;
}

static const struct wire_kind wire_plain = {
    .write = plain_write,
    .set_interest = plain_set_interest,
    .write_max = 1 << 20,
    .finish = plain_finish,
    .close = plain_close,
};

int wire_plain_open(struct wire *wire, int fd)
{
    wire->pollee = (struct pollee){ fd, EPOLLIN | EPOLLRDHUP, on_ready };
    wire->reading = true;
    int status = poller_add(wire->server->poller, &wire->pollee);
    if (status < 0) {
        close(fd);
        return status;
    }
    wire->kind = &wire_plain;
    return JF_OK;
}
