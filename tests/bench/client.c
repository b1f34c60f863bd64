/* Connecting, shaking hands and reading frames, for a client that has thousands of twins:
 * one read buffer for all, and no system call more than needed, so that the server is
 * what is measured. The connection ends by reset: no TIME_WAIT keeps its port. */
#include "tests/bench/client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "tests/bench/message.h"

#define READ_MAX (256 << 10)
#define STALL_MS 5000
#define REQUEST_MAX 4096

static uint8_t buffer[READ_MAX];

/* ---- Out ------------------------------------------------------------------------ */

static void send_all(struct client *client, const void *data, size_t len)
{
    const uint8_t *at = data;
    while (len) {
        ssize_t sent = send(client->fd, at, len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd room = { .fd = client->fd, .events = POLLOUT };
            if (poll(&room, 1, STALL_MS) <= 0)
                load_die("the server does not read");
            continue;
        }
        if (sent < 0)
            load_die("send: %s", strerror(errno));
        at += sent;
        len -= (size_t)sent;
    }
}

/* `depth` of them, one behind the other. */
static uint8_t *make_frames(struct load *load, const uint8_t *payload)
{
    const struct load_options *options = &load->options;
    uint8_t *frame = xalloc(options->size + MESSAGE_HEADER_MAX);
    load->frame_len = message_frame(frame, MESSAGE_TEXT, payload, options->size);
    uint8_t *frames = xalloc(load->frame_len * options->depth);
    for (unsigned i = 0; i < options->depth; i++)
        memcpy(frames + i * load->frame_len, frame, load->frame_len);
    free(frame);
    return frames;
}

void client_prepare_frames(struct load *load)
{
    const struct load_options *options = &load->options;
    uint8_t *payload = xalloc(options->size + 1);
    message_payload(options->action ? options->action : load->scene->action, payload,
                    options->size);
    load->frames = make_frames(load, payload);
    free(payload);
}

void client_address(struct load *load, struct client *client,
                    const char id[JF_CONN_ID_TEXT])
{
    uint8_t *payload = xalloc(load->options.size);
    memset(payload, 'x', load->options.size);
    memcpy(payload, id, JF_CONN_ID_TEXT);
    client->frames = make_frames(load, payload);
    free(payload);
}

void client_send(struct load *load, struct client *client, unsigned count)
{
    send_all(client, client->frames ? client->frames : load->frames,
             load->frame_len * count);
}

static void send_pong(struct client *client)
{
    uint8_t frame[MESSAGE_HEADER_MAX + sizeof(client->control)];
    send_all(client, frame,
             message_frame(frame, MESSAGE_PONG, client->control, client->control_len));
}

/* ---- In ------------------------------------------------------------------------- */

static void frame_begins(struct load *load, struct client *client)
{
    unsigned opcode = client->header[0] & 0x0f;
    client->control_len = 0;
    if (opcode == MESSAGE_CLOSE)
        load_die("the server closed a connection with a close frame");
    if (client->header[0] & 0x70 || client->header[1] & 0x80 ||
        (opcode > MESSAGE_TEXT && opcode < MESSAGE_PING) || opcode > MESSAGE_PONG ||
        (opcode >= MESSAGE_PING && client->payload_left > sizeof(client->control)))
        load_die("the server sent a frame that starts %02x %02x", client->header[0],
                 client->header[1]);
    if (opcode <= MESSAGE_TEXT)
        client->message_len += client->payload_left;
    if (client->message_len > load->options.size)
        load_die("a message of %u octets came back as %llu or more", load->options.size,
                 (unsigned long long)client->message_len);
}

/* Returns how many messages it completes, which is one or none. */
static unsigned frame_ends(struct load *load, struct client *client)
{
    unsigned opcode = client->header[0] & 0x0f;
    client->header_len = 0;
    if (opcode == MESSAGE_PING)
        send_pong(client);
    if (opcode > MESSAGE_TEXT || !(client->header[0] & 0x80))
        return 0;
    if (client->message_len != load->options.size)
        load_die("a message of %u octets came back as %llu", load->options.size,
                 (unsigned long long)client->message_len);
    client->message_len = 0;
    return 1;
}

/* One more octet of the header; true when it is complete. */
static bool take_header(struct client *client, uint8_t octet)
{
    client->header[client->header_len++] = octet;
    if (client->header_len < 2)
        return false;
    unsigned len7 = client->header[1] & 0x7f;
    unsigned need = len7 == 126 ? 4 : len7 == 127 ? 10 : 2;
    if (client->header_len < need)
        return false;
    client->payload_left = need == 2 ? len7 : 0;
    for (unsigned i = 2; i < need; i++)
        client->payload_left = client->payload_left << 8 | client->header[i];
    return true;
}

static void keep_start(struct client *client, const uint8_t *data, size_t len)
{
    uint64_t at = client->message_len - client->payload_left;
    for (; len && at < sizeof(client->start); len--)
        client->start[at++] = (char)*data++;
}

static unsigned take_frames(struct load *load, struct client *client, const uint8_t *data,
                            size_t len)
{
    unsigned messages = 0;
    while (len) {
        if (client->payload_left) {
            size_t n = client->payload_left < len ? (size_t)client->payload_left : len;
            if ((client->header[0] & 0x0f) == MESSAGE_PING) {
                memcpy(client->control + client->control_len, data, n);
                client->control_len = (uint8_t)(client->control_len + n);
            } else if (load->scene->pairs) {
                keep_start(client, data, n);
            }
            data += n;
            len -= n;
            client->payload_left -= n;
        } else {
            len--;
            if (!take_header(client, *data++))
                continue;
            frame_begins(load, client);
        }
        if (!client->payload_left)
            messages += frame_ends(load, client);
    }
    return messages;
}

/* Returns how much of the data was the response head. */
static size_t take_head(struct load *load, struct client *client, const uint8_t *data,
                        size_t len)
{
    static const char status[] = "HTTP/1.1 101", end[] = "\r\n\r\n";
    for (size_t i = 0; i < len; i++) {
        if (client->head_len < sizeof(status) - 1 && data[i] != status[client->head_len])
            load_die("a handshake was answered: %.*s", (int)(len > 200 ? 200 : len), data);
        client->head_len++;
        if (data[i] == end[client->head_end])
            client->head_end++;
        else
            client->head_end = data[i] == '\r';
        if (client->head_end < sizeof(end) - 1)
            continue;
        client->state = CLIENT_OPEN;
        load->open++;
        return i + 1;
    }
    return len;
}

static unsigned take_data(struct load *load, struct client *client)
{
    size_t head = 0;
    ssize_t n = recv(client->fd, buffer, sizeof(buffer), 0);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n <= 0)
        load_die("the server closed a connection: %s",
                 n < 0 ? strerror(errno) : "end of stream");
    if (client->state == CLIENT_HANDSHAKE)
        head = take_head(load, client, buffer, (size_t)n);
    return take_frames(load, client, buffer + head, (size_t)n - head);
}

/* ---- Connecting ----------------------------------------------------------------- */

static void watch(struct load *load, struct client *client, int how, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = client };
    if (epoll_ctl(load->epoll, how, client->fd, &event) < 0)
        load_die("epoll_ctl: %s", strerror(errno));
}

static uint16_t port_of(const struct load *load, const struct client *client)
{
    const struct load_options *options = &load->options;
    uint64_t at = (uint64_t)(client - load->clients);
    return options->ports[at * options->port_count / options->connections];
}

void client_open(struct load *load, struct client *client)
{
    uint16_t port = port_of(load, client);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct linger reset = { .l_onoff = 1 };
    int one = 1;
    uint64_t *sent_at = client->sent_at;
    *client = (struct client){ .port = port, .sent_at = sent_at, .opened_at = load->now };

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        load_die("socket: %s", strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    if (inet_pton(AF_INET, load->options.address, &address.sin_addr) != 1)
        load_die("no IPv4 address: %s", load->options.address);
    if (connect(client->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 &&
        errno != EINPROGRESS)
        load_die("connect: %s", strerror(errno));
    watch(load, client, EPOLL_CTL_ADD, EPOLLOUT);
}

void client_close(struct client *client)
{
    close(client->fd);
    client->fd = -1;
}

static void send_request(struct load *load, struct client *client)
{
    char request[REQUEST_MAX];
    const char *header = load->options.header;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
        load_die("connect: %s", strerror(error ? error : errno));
    int len = snprintf(request, sizeof(request),
                       "GET / HTTP/1.1\r\nHost: %s:%u\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s\r\n",
                       load->options.address, client->port, header ? header : "",
                       header ? "\r\n" : "");
    if (len >= (int)sizeof(request))
        load_die("the header is too long");
    client->state = CLIENT_HANDSHAKE;
    watch(load, client, EPOLL_CTL_MOD, EPOLLIN);
    send_all(client, request, (size_t)len);
}

unsigned client_ready(struct load *load, struct client *client)
{
    if (client->state != CLIENT_CONNECTING)
        return take_data(load, client);
    send_request(load, client);
    return 0;
}
