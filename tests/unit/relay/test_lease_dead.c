/* Several nodes, of which some die, or only seemed to. */
#include "tests/unit/relay/nodes.h"

static int all_deads(const struct town *town)
{
    int count = 0;
    for (size_t i = 0; i < NODES; i++)
        count += town->nodes[i].deads;
    return count;
}

/* Whoever was told that a node is dead. */
static struct node *wait_for_reaper(struct town *town)
{
    for (int i = 0; i < 100 && !all_deads(town); i++)
        pass(town, TTL_MS / 10);
    for (size_t i = 0; i < NODES; i++) {
        if (town->nodes[i].deads)
            return &town->nodes[i];
    }
    fail_msg("nobody noticed");
    return NULL;
}

static void kill_node(struct node *node)
{
    lease_close(node->lease, 0);
    node->lease = NULL;
}

static void a_dead_node_is_cleaned_up_after_by_one(void **state)
{
    struct town *town = *state;
    struct node *dying = take(town, 0);
    take(town, 1);
    take(town, 2);
    uint16_t dead = dying->self.node;
    dying->stopped = true;
    struct node *reaper = wait_for_reaper(town);
    assert_int_equal(reaper->dead, dead);
    for (size_t i = 0; i < NODES; i++)
        assert_true(reaper->dead_fence > town->nodes[i].self.fence);
    pass(town, 3 * TTL_MS); /* it takes its time, and nobody else is told */
    assert_int_equal(all_deads(town), 1);
    assert_true(lease_holds_dead(reaper->lease, dead));
    assert_int_equal(redis_server_number(server, "HEXISTS t:nodes %d", dead), 1);
    lease_buried(reaper->lease, dead);
    pass(town, 3 * TTL_MS);
    assert_int_equal(redis_server_number(server, "HEXISTS t:nodes %d", dead), 0);
    assert_int_equal(redis_server_number(server, "EXISTS t:alive:%d", dead), 0);
    assert_int_equal(all_deads(town), 1);
    assert_int_equal(reaper->deads_lost, 0);
}

static void who_comes_back_after_it_was_claimed_is_lost_and_takes_another(void **state)
{
    struct town *town = *state;
    struct node *late = take(town, 0);
    take(town, 1);
    uint16_t old = late->self.node;
    uint64_t fence = late->self.fence;
    late->takes_again = true;
    late->stopped = true;
    struct node *reaper = wait_for_reaper(town);
    assert_false(lease_sure(late->lease, NULL)); /* before its loop has turned */
    late->stopped = false;
    assert_true(pass_until(town, 5000, &late->taken, 2));
    assert_int_equal(late->losts, 1);
    assert_int_equal(late->sures, 0);
    assert_true(late->self.node != old && late->self.fence > fence);
    assert_true(lease_holds_dead(reaper->lease, old));
}

static void who_comes_back_after_it_was_buried_is_lost(void **state)
{
    struct town *town = *state;
    struct node *late = take(town, 0);
    take(town, 1);
    late->stopped = true;
    struct node *reaper = wait_for_reaper(town);
    lease_buried(reaper->lease, reaper->dead);
    pass(town, TTL_MS / 2);
    assert_int_equal(redis_server_number(server, "HLEN t:nodes"), 1);
    late->stopped = false;
    assert_true(pass_until(town, 5000, &late->losts, 1));
    assert_int_equal(late->sures, 0);
    assert_int_equal(redis_server_number(server, "HLEN t:nodes"), 1);
}

/* Its number; who has claimed it, and who has not. */
static uint16_t one_of_three_dies(struct town *town, struct node **first,
                                  struct node **other)
{
    struct node *dying = take(town, 0), *b = take(town, 1), *c = take(town, 2);
    dying->stopped = true;
    *first = wait_for_reaper(town);
    *other = *first == b ? c : b;
    return dying->self.node;
}

static void a_reaper_that_dies_is_replaced(void **state)
{
    struct town *town = *state;
    struct node *first, *other;
    uint16_t dead = one_of_three_dies(town, &first, &other);
    first->stopped = true;
    assert_true(pass_until(town, 10 * TTL_MS, &other->deads, 1));
    uint16_t next = other->dead; /* the node, or its reaper: both are dead now */
    assert_true(next == dead || next == first->self.node);
    lease_buried(other->lease, next);
    assert_true(pass_until(town, 10 * TTL_MS, &other->deads, 2));
    assert_int_equal(other->dead, next == dead ? first->self.node : dead);
    assert_false(lease_holds_dead(first->lease, dead));
    first->stopped = false;
    assert_true(pass_until(town, 5000, &first->losts, 1));
    assert_int_equal(first->deads_lost, 1);
}

static void a_reaper_that_leaves_passes_it_on(void **state)
{
    struct town *town = *state;
    struct node *first, *other;
    uint16_t dead = one_of_three_dies(town, &first, &other);
    uint64_t fence = first->dead_fence;
    close_node(first, 500);
    assert_int_equal(redis_server_number(server, "HEXISTS t:nodes %d", dead), 1);
    assert_true(pass_until(town, 3 * TTL_MS, &other->deads, 1));
    assert_int_equal(other->dead, dead);
    assert_true(other->dead_fence > fence);
}

static void a_claim_that_is_given_back_goes_to_the_next(void **state)
{
    struct town *town = *state;
    struct node *first, *other;
    uint16_t dead = one_of_three_dies(town, &first, &other);
    uint64_t fence = first->dead_fence;
    int claims = first->deads + other->deads;
    lease_leave_dead(first->lease, dead);
    for (unsigned start = now_ms(); first->deads + other->deads == claims;) {
        assert_true(now_ms() - start < 5 * TTL_MS);
        pass(town, 10);
    }
    struct node *next = other->deads ? other : first;
    assert_int_equal(next->dead, dead);
    assert_true(next->dead_fence > fence);
    assert_int_equal(first->deads_lost, 0);
}

static void a_redis_that_was_away_makes_nobody_dead(void **state)
{
    struct town *town = *state;
    for (size_t i = 0; i < NODES; i++)
        take(town, i);
    redis_server_pause(server);
    pass(town, 3 * TTL_MS);
    redis_server_resume(server);
    town->nodes[0].stopped = true; /* and is the last that hears of it */
    pass(town, TTL_MS / 3);
    town->nodes[0].stopped = false;
    pass(town, 4 * TTL_MS);
    for (size_t i = 0; i < NODES; i++) {
        assert_int_equal(town->nodes[i].deads + town->nodes[i].losts, 0);
        assert_int_equal(town->nodes[i].sures, 1);
        assert_true(lease_sure(town->nodes[i].lease, NULL));
    }
}

static void a_redis_that_lost_all_makes_nobody_dead(void **state)
{
    struct town *town = *state;
    for (size_t i = 0; i < NODES; i++)
        take(town, i);
    for (int i = 0; i < 3; i++) {
        redis_server_ask(server, "FLUSHALL");
        pass(town, TTL_MS);
    }
    for (size_t i = 0; i < NODES; i++)
        assert_int_equal(town->nodes[i].deads + town->nodes[i].losts, 0);
    assert_int_equal(redis_server_number(server, "HLEN t:nodes"), 3);
}

static void who_was_killed_long_ago_is_found_by_who_starts_alone(void **state)
{
    struct town *town = *state;
    struct node *killed = take(town, 0);
    uint16_t dead = killed->self.node;
    kill_node(killed);
    redis_server_ask(server, "HSET t:nodes %d killed", dead);
    usleep(2 * TTL_MS * 1000);
    struct node *node = take(town, 1);
    assert_true(pass_until(town, 6 * TTL_MS, &node->deads, 1));
    assert_int_equal(node->dead, dead);
}

static void many_dead_nodes_are_passed_on_one_by_one(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    for (int i = 1; i <= 20; i++)
        redis_server_ask(server, "HSET t:nodes %d killed", i);
    for (int i = 1; i <= 20; i++) {
        assert_true(pass_until(town, 6 * TTL_MS, &node->deads, i));
        pass(town, 10);
        assert_int_equal(node->deads, i);
        lease_buried(node->lease, node->dead);
        lease_buried(node->lease, node->dead); /* once is enough */
    }
    pass(town, TTL_MS);
    assert_int_equal(redis_server_number(server, "HLEN t:nodes"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODE_TEST(a_dead_node_is_cleaned_up_after_by_one),
        NODE_TEST(who_comes_back_after_it_was_claimed_is_lost_and_takes_another),
        NODE_TEST(who_comes_back_after_it_was_buried_is_lost),
        NODE_TEST(a_reaper_that_dies_is_replaced),
        NODE_TEST(a_reaper_that_leaves_passes_it_on),
        NODE_TEST(a_claim_that_is_given_back_goes_to_the_next),
        NODE_TEST(a_redis_that_was_away_makes_nobody_dead),
        NODE_TEST(a_redis_that_lost_all_makes_nobody_dead),
        NODE_TEST(who_was_killed_long_ago_is_found_by_who_starts_alone),
        NODE_TEST(many_dead_nodes_are_passed_on_one_by_one),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
