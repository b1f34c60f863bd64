/* The load of the management API: back ends that post to clients over connections they
 * keep, each as soon as the last one was answered. One line of JSON, as load's.
 *
 *     posts [-p PORT] [-P PID] [-c COUNT] [-s OCTETS] [-w SECONDS] [-t SECONDS] [-i]
 *
 * With -i each back end has a client of its own, which connects first, asks for its id,
 * and hears what is posted; without, nobody does, and a 410 is an answer too. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "tests/bench/latency.h"
#include "tests/bench/message.h"
#include "tests/bench/process.h"

#define STALL_MS 5000
#define ID_LEN 16

/* One socket: of a back end, or of the client that hears it. */
struct peer {
    int fd;
    bool hears;
    char *request;
    size_t request_len;
    uint64_t sent_at;
};

static struct {
    uint16_t port;
    pid_t server;
    unsigned connections;
    size_t size;
    double warm_up, seconds;
    bool clients;
    int epoll;
    bool measuring;
    uint64_t operations;
    struct latency latency;
} posts = { .port = 8080, .connections = 100, .size = 100, .warm_up = .5, .seconds = 3 };

_Noreturn static void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("posts: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int dial(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(posts.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
        die("connect: %s", strerror(errno));
    return fd;
}

static void watch(struct peer *peer)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = peer };
    if (epoll_ctl(posts.epoll, EPOLL_CTL_ADD, peer->fd, &event) < 0)
        die("epoll_ctl: %s", strerror(errno));
}

static void write_all(int fd, const void *bytes, size_t len)
{
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len)
        die("send: %s", strerror(errno));
}

/* ---- A client ------------------------------------------------------------------- */

/* Reads until what came ends so. */
static void read_until(int fd, const char *end, char *out, size_t size)
{
    size_t len = 0;
    while (len < strlen(end) || memcmp(out + len - strlen(end), end, strlen(end)) != 0) {
        ssize_t got = recv(fd, out + len, size - 1 - len, 0);
        if (got <= 0)
            die("a client was not let in");
        len += (size_t)got;
    }
    out[len] = '\0';
}

/* far.so answers a message of its route "id" with the client's id, in a frame of two. */
static void open_client(char id[ID_LEN + 1])
{
    static const char hello[] =
        "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    char text[1024];
    uint8_t payload[32], frame[sizeof(payload) + MESSAGE_HEADER_MAX];
    struct peer *peer = xnew(struct peer);
    peer->fd = dial();
    peer->hears = true;
    write_all(peer->fd, hello, sizeof(hello) - 1);
    read_until(peer->fd, "\r\n\r\n", text, sizeof(text));
    message_payload("id", payload, sizeof(payload));
    write_all(peer->fd, frame,
              message_frame(frame, MESSAGE_TEXT, payload, sizeof(payload)));
    size_t len = 0;
    while (len < 2 + sizeof(payload)) {
        ssize_t got = recv(peer->fd, text + len, sizeof(text) - len, 0);
        if (got <= 0)
            die("a client was not told its id");
        len += (size_t)got;
    }
    memcpy(id, text + 2, ID_LEN);
    id[ID_LEN] = '\0';
    watch(peer);
}

/* ---- A back end ----------------------------------------------------------------- */

static void post(struct peer *peer)
{
    peer->sent_at = now_ns();
    write_all(peer->fd, peer->request, peer->request_len);
}

static void open_back_end(void)
{
    char id[ID_LEN + 1] = "AAAAAAAAAAAAAAA=", head[256];
    struct peer *peer = xnew(struct peer);
    if (posts.clients)
        open_client(id);
    int n = snprintf(head, sizeof(head),
                     "POST /@connections/%.15s%%3D HTTP/1.1\r\nHost: localhost:%u\r\n"
                     "Accept-Encoding: identity\r\nUser-Agent: bench\r\n"
                     "Content-Length: %zu\r\n\r\n",
                     id, posts.port, posts.size);
    peer->fd = dial();
    peer->request_len = (size_t)n + posts.size;
    peer->request = xalloc(peer->request_len);
    memcpy(peer->request, head, (size_t)n);
    memset(peer->request + n, 'x', posts.size);
    watch(peer);
    post(peer);
}

static void on_answer(struct peer *peer, const char *bytes, size_t len)
{
    static const char ok[] = "HTTP/1.1 200 ", gone[] = "HTTP/1.1 410 ";
    bool fits = len >= sizeof(ok) &&
                (memcmp(bytes, ok, sizeof(ok) - 1) == 0 ||
                 (!posts.clients && memcmp(bytes, gone, sizeof(gone) - 1) == 0));
    if (!fits)
        die("answered: %.*s", (int)(len < 60 ? len : 60), bytes);
    if (memcmp(bytes + len - 4, "\r\n\r\n", 4) != 0)
        die("an answer came in pieces");
    if (posts.measuring) {
        posts.operations++;
        latency_add(&posts.latency, now_ns() - peer->sent_at);
    }
    post(peer);
}

static void on_ready(struct peer *peer)
{
    static char bytes[65536];
    ssize_t got = recv(peer->fd, bytes, sizeof(bytes), 0);
    if (got <= 0)
        die("the server has closed a connection");
    if (!peer->hears)
        on_answer(peer, bytes, (size_t)got);
}

static void spend(double seconds)
{
    struct epoll_event events[256];
    uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
    while (now_ns() < end) {
        int n = epoll_wait(posts.epoll, events, 256, STALL_MS);
        if (n == 0)
            die("stalled");
        for (int i = 0; i < n; i++)
            on_ready(events[i].data.ptr);
    }
}

/* ---- The measurement ------------------------------------------------------------ */

static void report(uint64_t took, uint64_t cpu, uint64_t own)
{
    double operations = (double)posts.operations;
    if (!posts.operations)
        die("nothing was measured");
    printf("{\"scene\":\"post\",\"connections\":%u,\"operations\":%llu,\"rate\":%.1f,"
           "\"cpu_ns\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,"
           "\"load_cpu_percent\":%.1f}\n",
           posts.connections, (unsigned long long)posts.operations,
           operations / ((double)took / 1e9), (double)cpu / operations,
           latency_percentile(&posts.latency, .5), latency_percentile(&posts.latency, .99),
           latency_percentile(&posts.latency, .999), 100.0 * (double)own / (double)took);
}

static void parse(int argc, char **argv)
{
    int option;
    while ((option = getopt(argc, argv, "p:P:c:s:w:t:i")) != -1) {
        switch (option) {
        case 'p':
            posts.port = (uint16_t)atoi(optarg);
            break;
        case 'P':
            posts.server = (pid_t)atoi(optarg);
            break;
        case 'c':
            posts.connections = (unsigned)atoi(optarg);
            break;
        case 's':
            posts.size = (size_t)atoi(optarg);
            break;
        case 'w':
            posts.warm_up = atof(optarg);
            break;
        case 't':
            posts.seconds = atof(optarg);
            break;
        case 'i':
            posts.clients = true;
            break;
        default:
            fputs("usage: posts [-p PORT] [-P PID] [-c COUNT] [-s OCTETS] [-w SECONDS] "
                  "[-t SECONDS] [-i]\n",
                  stderr);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    posts.epoll = epoll_create1(EPOLL_CLOEXEC);
    for (unsigned i = 0; i < posts.connections; i++)
        open_back_end();
    spend(posts.warm_up);
    posts.measuring = true;
    uint64_t start = now_ns(), own = process_own_cpu_ns();
    uint64_t cpu = process_cpu_ns(posts.server);
    spend(posts.seconds);
    report(now_ns() - start, process_cpu_ns(posts.server) - cpu,
           process_own_cpu_ns() - own);
    return 0;
}
