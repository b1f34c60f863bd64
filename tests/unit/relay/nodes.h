/* Nodes with a loop each, in one thread: one whose loop is not turned is a stopped process.
 * The clocks of this process are the test's. */
#ifndef JF_TEST_NODES_H
#define JF_TEST_NODES_H

#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/redis/redis_url.h"
#include "core/relay/lease.h"
#include "tests/redis/redis_server.h"

#define TTL_MS 900
#define NODES 3

static struct redis_server *server;

/* ---- Clocks ---- */

static time_t wall_jump_s, sleep_jump_s;

int clock_gettime(clockid_t id, struct timespec *out)
{
    int result = (int)syscall(SYS_clock_gettime, id, out);
    if (id == CLOCK_REALTIME)
        out->tv_sec += wall_jump_s;
    if (id == CLOCK_BOOTTIME)
        out->tv_sec += sleep_jump_s;
    return result;
}

static inline unsigned now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (unsigned)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

/* ---- Nodes ---- */

struct node {
    struct loop *loop;
    struct timer *guard;
    struct lease *lease;
    struct batch_from self;
    bool stopped, takes_again;
    int taken, doubts, sures, losts, deads, deads_lost;
    uint16_t dead;
    uint64_t dead_fence;
};

struct town {
    struct redis_url url;
    struct node nodes[NODES];
};

static inline void on_taken(void *data, struct batch_from self)
{
    struct node *node = data;
    node->taken++;
    node->self = self;
}

static inline void on_doubt(void *data)
{
    ((struct node *)data)->doubts++;
}

static inline void on_sure(void *data)
{
    ((struct node *)data)->sures++;
}

static inline void on_lost(void *data)
{
    struct node *node = data;
    node->losts++;
    assert_false(lease_sure(node->lease, NULL));
    if (node->takes_again)
        lease_take(node->lease);
}

static inline void on_dead(void *data, struct batch_from dead)
{
    struct node *node = data;
    node->deads++;
    node->dead = dead.node;
    node->dead_fence = dead.fence;
    assert_true(lease_holds_dead(node->lease, dead.node));
}

static inline void on_dead_lost(void *data, uint16_t dead)
{
    struct node *node = data;
    node->deads_lost++;
    assert_int_equal(node->dead, dead);
    assert_false(lease_holds_dead(node->lease, dead));
}

static const struct lease_events lease_events = {
    .on_taken = on_taken,
    .on_doubt = on_doubt,
    .on_sure = on_sure,
    .on_lost = on_lost,
    .on_dead = on_dead,
    .on_dead_lost = on_dead_lost,
};

static inline void stop_loop(void *data)
{
    loop_stop(data);
}

static inline void open_node(struct town *town, struct node *node, unsigned settle_ms)
{
    const struct lease_options options = { .url = &town->url,
                                           .prefix = "t:",
                                           .timeout_ms = TTL_MS / 3,
                                           .ttl_ms = TTL_MS,
                                           .settle_ms = settle_ms };
    memset(node, 0, sizeof(*node));
    assert_int_equal(loop_new(&node->loop), JF_OK);
    timer_new(node->loop, stop_loop, node->loop, &node->guard);
    assert_int_equal(lease_open(node->loop, &options, &lease_events, node, &node->lease),
                     JF_OK);
    lease_take(node->lease);
}

static inline void close_node(struct node *node, unsigned patience_ms)
{
    if (!node->loop)
        return;
    lease_close(node->lease, patience_ms);
    timer_free(node->guard);
    loop_free(node->loop);
    node->loop = NULL;
}

/* Every loop that is not stopped, in turn; until `what` is `value`, if there is a what. */
static inline bool pass_until(struct town *town, unsigned ms, const int *what, int value)
{
    unsigned end = now_ms() + ms;
    while (now_ms() < end && (!what || *what < value)) {
        for (size_t i = 0; i < NODES; i++) {
            struct node *node = &town->nodes[i];
            if (!node->loop || node->stopped)
                continue;
            timer_start(node->guard, 3);
            loop_run(node->loop);
        }
    }
    return !what || *what >= value;
}

static inline void pass(struct town *town, unsigned ms)
{
    pass_until(town, ms, NULL, 0);
}

static inline struct node *take(struct town *town, size_t index)
{
    struct node *node = &town->nodes[index];
    open_node(town, node, 0);
    assert_true(pass_until(town, 5000, &node->taken, 1));
    assert_true(lease_sure(node->lease, NULL));
    return node;
}

static inline int set_up(void **state)
{
    struct town *town = xnew(struct town);
    char text[64];
    const char *why = NULL;
    wall_jump_s = sleep_jump_s = 0;
    redis_server_start(server);
    snprintf(text, sizeof(text), "redis://127.0.0.1:%d", redis_server_port(server));
    assert_int_equal(redis_url_parse(jf_str(text), &town->url, &why), JF_OK);
    *state = town;
    return 0;
}

static inline int tear_down(void **state)
{
    struct town *town = *state;
    for (size_t i = 0; i < NODES; i++)
        close_node(&town->nodes[i], 0);
    redis_url_fini(&town->url);
    free(town);
    redis_server_kill(server);
    return 0;
}

#define NODE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static inline int run_with_server(const struct CMUnitTest *tests, size_t count)
{
    if (!redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    server = redis_server_new(NULL);
    redis_server_kill(server);
    int failed = _cmocka_run_group_tests("relay", tests, count, NULL, NULL);
    redis_server_free(server);
    return failed;
}

#endif
