/* The machine's practical limit: WebSocket on epoll with nothing between them. An echo
 * sends once per read, a fan-out once per delivery.
 *
 * It knows what the load generator sends and no more: whole masked frames, no UTF-8 check,
 * no routes, no timers, no backpressure. What it costs is what the kernel costs. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "tests/bench/yard.h"

#define READ_MAX (256 << 10)
#define EVENTS_MAX 1024
#define ACCEPTS_MAX 64

struct peer {
    int fd;
    bool open; /* the handshake is done */
    unsigned index;
    uint8_t *rest; /* an incomplete head or frame */
    size_t rest_len;
};

static struct {
    int epoll, listener;
    bool fan;
    struct peer **peers;
    unsigned count, room;
    uint8_t in[READ_MAX], out[READ_MAX]; /* a frame goes out shorter than it came in */
    size_t out_len;
} yard;

/* ---- Out ------------------------------------------------------------------------ */

/* The kernel's buffers hold all that the load generator has in flight, so that waiting
 * here is an exception. */
static void send_all(struct peer *peer, const uint8_t *data, size_t len)
{
    while (len) {
        ssize_t sent = send(peer->fd, data, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd room = { .fd = peer->fd, .events = POLLOUT };
            poll(&room, 1, 1000);
            continue;
        }
        if (sent < 0)
            return; /* its end will be read */
        data += sent;
        len -= (size_t)sent;
    }
}

/* Append a frame to what goes out; server to client, so unmasked. */
static void put_frame(unsigned opcode, const uint8_t *payload, size_t len)
{
    uint8_t *out = yard.out + yard.out_len;
    size_t header = len < 126 ? 2 : 4;
    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(len < 126 ? len : 126);
    if (len >= 126) {
        out[2] = (uint8_t)(len >> 8);
        out[3] = (uint8_t)len;
    }
    memcpy(out + header, payload, len);
    yard.out_len += header + len;
}

static void send_to_all(void)
{
    for (unsigned i = 0; i < yard.count; i++) {
        if (yard.peers[i]->open)
            send_all(yard.peers[i], yard.out, yard.out_len);
    }
    yard.out_len = 0;
}

/* ---- In ------------------------------------------------------------------------- */

static void unmask(uint8_t *payload, size_t len, const uint8_t *key)
{
    uint64_t wide;
    uint32_t narrow;
    size_t i = 0;
    memcpy(&narrow, key, sizeof(narrow));
    wide = (uint64_t)narrow << 32 | narrow;
    for (; i + sizeof(wide) <= len; i += sizeof(wide)) {
        uint64_t word;
        memcpy(&word, payload + i, sizeof(word));
        word ^= wide;
        memcpy(payload + i, &word, sizeof(word));
    }
    for (; i < len; i++)
        payload[i] ^= key[i % 4];
}

/* Answers the whole frames; returns how much that was, or -1 on what it does not know. */
static ssize_t take_frames(uint8_t *data, size_t len)
{
    size_t at = 0;
    while (len - at >= 6) {
        uint8_t *frame = data + at;
        size_t size = frame[1] & 0x7f, header = 6;
        unsigned opcode = frame[0] & 0x0f;
        if (!(frame[1] & 0x80) || size == 127 || !(frame[0] & 0x80) || opcode > 2)
            return -1;
        if (size == 126) {
            size = (size_t)frame[2] << 8 | frame[3];
            header = 8;
        }
        if (len - at < header + size)
            break;
        unmask(frame + header, size, frame + header - 4);
        put_frame(opcode, frame + header, size);
        if (yard.fan)
            send_to_all();
        at += header + size;
    }
    return (ssize_t)at;
}

/* Returns the length of the request head, 0 if it is incomplete, -1 if it has no key. */
static ssize_t take_head(struct peer *peer, const uint8_t *data, size_t len)
{
    static const char name[] = "\r\nSec-WebSocket-Key: ";
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[24 + sizeof(guid) - 1], digest[SHA_DIGEST_LENGTH];
    char accept[32], response[256];
    const uint8_t *end = memmem(data, len, "\r\n\r\n", 4);
    if (!end)
        return 0;
    const uint8_t *key = memmem(data, len, name, sizeof(name) - 1);
    if (!key || end - key < (ptrdiff_t)(sizeof(name) - 1 + 24))
        return -1;
    memcpy(text, key + sizeof(name) - 1, 24);
    memcpy(text + 24, guid, sizeof(guid) - 1);
    SHA1(text, sizeof(text), digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof(digest));
    int n = snprintf(response, sizeof(response),
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
    send_all(peer, (const uint8_t *)response, (size_t)n);
    peer->open = true;
    return end + 4 - data;
}

static void keep_rest(struct peer *peer, const uint8_t *data, size_t len)
{
    free(peer->rest);
    peer->rest = len ? xalloc(len) : NULL;
    peer->rest_len = len;
    if (len)
        memcpy(peer->rest, data, len);
}

/* ---- Peers ---------------------------------------------------------------------- */

static void drop(struct peer *peer)
{
    struct peer *last = yard.peers[--yard.count];
    yard.peers[peer->index] = last;
    last->index = peer->index;
    close(peer->fd);
    free(peer->rest);
    free(peer);
}

static void on_readable(struct peer *peer)
{
    size_t len = peer->rest_len, used = 0;
    ssize_t n = 0;
    if (len)
        memcpy(yard.in, peer->rest, len);
    ssize_t got = recv(peer->fd, yard.in + len, sizeof(yard.in) - len, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        drop(peer);
        return;
    }
    len += (size_t)got;
    if (!peer->open)
        n = take_head(peer, yard.in, len);
    if (n >= 0 && peer->open) {
        used = (size_t)n;
        n = take_frames(yard.in + used, len - used);
    }
    if (n < 0) {
        drop(peer);
        return;
    }
    if (peer->open)
        used += (size_t)n;
    send_all(peer, yard.out, yard.out_len);
    yard.out_len = 0;
    if (used < len || peer->rest_len)
        keep_rest(peer, yard.in + used, len - used);
}

static void on_connection(void)
{
    int one = 1;
    for (unsigned i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(yard.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        struct peer *peer = xnew(struct peer);
        if (yard.count == yard.room) {
            yard.room = yard.room ? yard.room * 2 : 64;
            yard.peers = xrealloc(yard.peers, yard.room * sizeof(struct peer *));
        }
        peer->fd = fd;
        peer->index = yard.count;
        yard.peers[yard.count++] = peer;
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
        if (epoll_ctl(yard.epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            yard_die("epoll_ctl");
    }
}

static void start(const struct yard_options *options)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(options->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
    int one = 1;
    yard.fan = options->fan;
    yard.epoll = epoll_create1(EPOLL_CLOEXEC);
    yard.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (yard.epoll < 0 || yard.listener < 0)
        yard_die("socket");
    setsockopt(yard.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(yard.listener, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(yard.listener, 4096) < 0)
        yard_die("listen");
    if (epoll_ctl(yard.epoll, EPOLL_CTL_ADD, yard.listener, &event) < 0)
        yard_die("epoll_ctl");
}

int main(int argc, char **argv)
{
    struct yard_options options = yard_options(argc, argv);
    struct epoll_event events[EVENTS_MAX];
    start(&options);
    for (;;) {
        int n = epoll_wait(yard.epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++) {
            struct peer *peer = events[i].data.ptr;
            if (peer)
                on_readable(peer);
            else
                on_connection();
        }
    }
}
