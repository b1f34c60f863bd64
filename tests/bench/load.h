/*
 * load - the load generator: one thread, one epoll set, many clients.
 *
 * A scene says what the clients do; load connects them, waits for sockets, keeps the time
 * and measures between warm-up and end. It dies with a message and exit code 1 on whatever
 * makes a measurement worthless: a refused handshake, a closed connection, a stall.
 */
#ifndef JF_BENCH_LOAD_H
#define JF_BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/bench/latency.h"

#define NODES_MAX 8

struct client;
struct load;

struct load_options {
    const char *address;
    uint16_t ports[NODES_MAX]; /* clients are spread over them, in as many blocks */
    unsigned port_count;
    pid_t servers[NODES_MAX]; /* whose CPU is read, and the first one's memory */
    unsigned server_count;
    const char *action; /* the route of the messages; NULL: the scene's own */
    const char *header; /* one more of each upgrade, "Name: value"; NULL: none */
    unsigned connections;
    unsigned active;     /* so many of them talk; the others are idle */
    unsigned depth;      /* messages in flight on each, or messages of a burst */
    unsigned size;       /* octets of payload */
    unsigned concurrent; /* handshakes at a time */
    double warm_up, seconds;
    double rate; /* messages per second in all; 0: as fast as the answers come */
};

struct scene {
    const char *name;
    const char *action; /* the route its messages select */
    bool recycles;      /* a client that is open is closed and connects again */
    bool may_be_silent; /* no traffic is no stall */
    bool pairs;         /* a client of the first half writes to one of the second */
    void (*start)(struct load *load); /* all are connected */
    void (*on_turn)(struct load *load);
    /* So many complete messages came in one read. */
    void (*on_messages)(struct load *load, struct client *client, unsigned count);
};

extern const struct scene scene_echo, scene_far, scene_fan, scene_handshake, scene_idle;

struct load {
    struct load_options options;
    const struct scene *scene;
    int epoll;
    uint64_t now; /* of this turn, CLOCK_MONOTONIC in nanoseconds */

    struct client *clients;
    unsigned open;
    size_t frame_len;
    uint8_t *frames; /* `depth` copies of the masked frame that the scene sends */

    /* Of the scene. */
    uint64_t outstanding; /* messages that have to come and have not */
    uint64_t due;         /* the next message at a fixed rate */
    unsigned turn;        /* the client that sends it */
    uint64_t burst_start;
    unsigned nameless; /* clients whose id is not known yet */
    bool ending;       /* nothing more is to be sent */

    /* What was measured. */
    bool measuring;
    uint64_t start, operations;
    uint64_t server_cpu[NODES_MAX], own_cpu; /* at the start */
    uint64_t rss_empty; /* of the server, before the first connection */
    uint64_t last_arrival;
    struct latency latency;
    struct latency bursts; /* until the last one had the last message */
};

_Noreturn void load_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint64_t load_clock(void);

/* An operation has succeeded, after so many nanoseconds. */
static inline void load_count(struct load *load, uint64_t ns)
{
    load->last_arrival = load->now;
    if (!load->measuring)
        return;
    load->operations++;
    latency_add(&load->latency, ns);
}

#endif
