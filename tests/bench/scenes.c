/* What the clients do: ask and be answered, write to each other, speak to all, come and
 * go, or nothing. */
#include "tests/bench/client.h"

/* ---- Echo: `depth` messages in flight on each active client --------------------- */

static void echo_send(struct load *load, struct client *client, unsigned count,
                      uint64_t when)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned at = (client->oldest + client->in_flight++) % load->options.depth;
        client->sent_at[at] = when;
    }
    load->outstanding += count;
    client_send(load, client, count);
}

static void echo_start(struct load *load)
{
    load->due = load->now;
    if (load->options.rate > 0)
        return;
    for (unsigned i = 0; i < load->options.active; i++)
        echo_send(load, &load->clients[i], load->options.depth, load_clock());
}

/* At a fixed rate a message counts from when it was due, however late it left: a server
 * that pauses is charged for everything that waited meanwhile. */
static void echo_turn(struct load *load)
{
    if (load->options.rate <= 0)
        return;
    for (; load->due <= load->now; load->due += (uint64_t)(1e9 / load->options.rate)) {
        struct client *client = &load->clients[load->turn];
        load->turn = (load->turn + 1) % load->options.active;
        if (client->in_flight == load->options.depth)
            load_die("the server does not keep up: %u messages in flight on a connection",
                     client->in_flight);
        echo_send(load, client, 1, load->due);
    }
}

static void echo_messages(struct load *load, struct client *client, unsigned count)
{
    uint64_t now = load_clock();
    if (count > client->in_flight)
        load_die("%u answers to %u messages", count, client->in_flight);
    for (unsigned i = 0; i < count; i++) {
        load_count(load, now - client->sent_at[client->oldest]);
        client->oldest = (client->oldest + 1) % load->options.depth;
    }
    client->in_flight -= count;
    load->outstanding -= count;
    if (load->options.rate <= 0 && !load->ending)
        echo_send(load, client, count, now);
}

const struct scene scene_echo = {
    .name = "echo",
    .action = "echo",
    .start = echo_start,
    .on_turn = echo_turn,
    .on_messages = echo_messages,
};

/* ---- Far: what one client of a pair says, the other one hears ------------------- */

/* A pair's second half is asked for its id first; what its first half then sends begins
 * with that. A message is on its way until it has come, on the other connection. */
static void far_start(struct load *load)
{
    load->nameless = load->options.active;
    load->outstanding = load->nameless;
    for (unsigned i = 0; i < load->options.active; i++)
        client_send(load, &load->clients[load->options.connections / 2 + i], 1);
}

static void far_named(struct load *load, struct client *writer, const char *id)
{
    client_address(load, writer, id);
    load->outstanding--;
    load->nameless--;
    load->last_arrival = load->now;
    if (!load->nameless)
        echo_start(load);
}

static void far_turn(struct load *load)
{
    if (!load->nameless)
        echo_turn(load);
}

static void far_messages(struct load *load, struct client *client, unsigned count)
{
    unsigned half = load->options.connections / 2;
    if (client < load->clients + half)
        load_die("a message came to the one who writes");
    struct client *writer = client - half;
    if (writer->frames)
        echo_messages(load, writer, count);
    else
        far_named(load, writer, client->start);
}

const struct scene scene_far = {
    .name = "far",
    .action = "id",
    .pairs = true,
    .start = far_start,
    .on_turn = far_turn,
    .on_messages = far_messages,
};

/* ---- Fan-out: the first client speaks to all, itself included ------------------- */

/* A burst of `depth` messages; the next when everybody has heard all of it. */
static void fan_turn(struct load *load)
{
    if (load->outstanding)
        return;
    load->outstanding = (uint64_t)load->options.connections * load->options.depth;
    load->burst_start = load_clock();
    client_send(load, &load->clients[0], load->options.depth);
}

static void fan_messages(struct load *load, struct client *client, unsigned count)
{
    uint64_t now = load_clock();
    (void)client;
    if (count > load->outstanding)
        load_die("more deliveries than were asked for");
    load->outstanding -= count;
    for (unsigned i = 0; i < count; i++)
        load_count(load, now - load->burst_start);
    if (!load->outstanding && load->measuring)
        latency_add(&load->bursts, now - load->burst_start);
}

const struct scene scene_fan = {
    .name = "fan",
    .action = "fan",
    .start = fan_turn,
    .on_turn = fan_turn,
    .on_messages = fan_messages,
};

/* ---- Handshakes and idleness: no messages --------------------------------------- */

static void nothing(struct load *load)
{
    (void)load;
}

static void unexpected(struct load *load, struct client *client, unsigned count)
{
    (void)load;
    (void)client;
    load_die("%u messages came from a server that was not asked anything", count);
}

const struct scene scene_handshake = {
    .name = "handshake",
    .action = "none",
    .recycles = true,
    .start = nothing,
    .on_turn = nothing,
    .on_messages = unexpected,
};

const struct scene scene_idle = {
    .name = "idle",
    .action = "none",
    .may_be_silent = true,
    .start = nothing,
    .on_turn = nothing,
    .on_messages = unexpected,
};
