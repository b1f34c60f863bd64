/* One node and its number: taken, kept, given back, doubted, lost. */
#include "tests/unit/relay/nodes.h"

#include <pthread.h>

static void a_number_is_taken_kept_and_given_back(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    struct batch_from self;
    pass(town, 3 * TTL_MS);
    assert_true(lease_sure(node->lease, &self));
    assert_int_equal(self.node, node->self.node);
    assert_true(self.fence == node->self.fence && self.fence > 0);
    assert_int_equal(node->taken, 1);
    assert_int_equal(node->doubts + node->losts + node->deads, 0);
    assert_true(redis_server_number(server, "PTTL t:alive:%d", self.node) > TTL_MS / 3);
    close_node(node, 500);
    assert_int_equal(redis_server_number(server, "EXISTS t:alive:%d", self.node), 0);
    assert_int_equal(redis_server_number(server, "EXISTS t:nodes"), 0);
    pass(town, TTL_MS);
    usleep(TTL_MS * 1000);
    assert_string_equal(redis_server_ask(server, "KEYS *"), "t:era");
}

static void each_has_another_and_the_later_has_the_larger_fence(void **state)
{
    struct town *town = *state;
    struct node *a = take(town, 0), *b = take(town, 1), *c = take(town, 2);
    assert_true(a->self.node != b->self.node && b->self.node != c->self.node);
    assert_true(a->self.node != c->self.node);
    assert_true(a->self.fence < b->self.fence && b->self.fence < c->self.fence);
    assert_int_equal(redis_server_number(server, "HLEN t:nodes"), 3);
}

static void a_number_that_somebody_has_is_not_given(void **state)
{
    redis_server_ask(server, "EVAL \"for i=1,65535 do if i%%4~=0 then "
                             "redis.call('HSET','t:nodes',i,'x') end end\" 0");
    struct node *node = take(*state, 0);
    assert_int_equal(node->self.node % 4, 0);
}

static void who_is_away_is_in_doubt_and_sure_again_if_nobody_came(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    redis_server_pause(server);
    assert_true(pass_until(town, 2 * TTL_MS, &node->doubts, 1));
    assert_false(lease_sure(node->lease, NULL));
    pass(town, TTL_MS);
    redis_server_resume(server);
    assert_true(pass_until(town, 5000, &node->sures, 1));
    assert_true(lease_sure(node->lease, NULL));
    assert_int_equal(node->taken, 1);
    assert_int_equal(node->losts, 0);
}

static void a_machine_that_slept_is_in_doubt_before_it_says_anything(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    sleep_jump_s = 60;
    assert_false(lease_sure(node->lease, NULL));
    assert_true(pass_until(town, 5000, &node->sures, 1));
    assert_int_equal(node->doubts, 1);
}

static void the_time_of_day_may_jump(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    for (int i = 0; i < 4; i++) {
        wall_jump_s = i % 2 ? 86400 : -86400;
        assert_true(lease_sure(node->lease, NULL));
        pass(town, TTL_MS / 2);
    }
    assert_true(lease_sure(node->lease, NULL));
    assert_int_equal(node->doubts + node->losts, 0);
}

static void a_redis_that_is_emptied_is_told_again(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    redis_server_ask(server, "FLUSHALL");
    pass(town, TTL_MS);
    assert_int_equal(redis_server_number(server, "HEXISTS t:nodes %d", node->self.node), 1);
    assert_int_equal(redis_server_number(server, "EXISTS t:alive:%d", node->self.node), 1);
    assert_int_equal(node->doubts + node->losts, 0);
    assert_true(lease_sure(node->lease, NULL));
}

static void a_redis_that_restarts_empty_is_told_again(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    redis_server_kill(server);
    pass(town, 2 * TTL_MS);
    assert_int_equal(node->doubts, 1);
    redis_server_start(server);
    assert_true(pass_until(town, 8000, &node->sures, 1));
    assert_int_equal(redis_server_number(server, "HEXISTS t:nodes %d", node->self.node), 1);
    assert_int_equal(node->losts, 0);
}

static void in_an_emptied_redis_a_number_may_have_gone_to_another(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    node->takes_again = true;
    uint16_t old = node->self.node;
    redis_server_ask(server, "FLUSHALL");
    redis_server_ask(server, "HSET t:nodes %d somebody", old);
    assert_true(pass_until(town, 5000, &node->taken, 2));
    assert_int_equal(node->losts, 1);
    assert_true(node->self.node != old);
    assert_string_equal(redis_server_ask(server, "HGET t:nodes %d", old), "somebody");
}

static void in_an_emptied_redis_newcomers_wait_for_those_who_come_back(void **state)
{
    struct town *town = *state;
    unsigned start = now_ms();
    struct node *node = &town->nodes[0];
    open_node(town, node, TTL_MS);
    assert_true(pass_until(town, 5000, &node->taken, 1));
    assert_true(now_ms() - start >= TTL_MS);
    start = now_ms();
    open_node(town, &town->nodes[1], TTL_MS);
    assert_true(pass_until(town, 5000, &town->nodes[1].taken, 1));
    assert_true(now_ms() - start < TTL_MS / 2);
}

static void a_redis_that_went_back_in_time_is_told_again(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    redis_server_ask(server, "HDEL t:nodes %d", node->self.node);
    redis_server_ask(server, "HINCRBY t:era fence -1");
    pass(town, TTL_MS);
    assert_int_equal(redis_server_number(server, "HEXISTS t:nodes %d", node->self.node), 1);
    assert_int_equal(node->losts, 0);
}

static void who_was_buried_in_the_same_era_is_lost(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    redis_server_ask(server, "HDEL t:nodes %d", node->self.node);
    assert_true(pass_until(town, 5000, &node->losts, 1));
    pass(town, TTL_MS);
    assert_int_equal(node->taken, 1); /* it takes none unasked */
    assert_int_equal(redis_server_number(server, "HLEN t:nodes"), 0);
}

static void a_full_redis_renews(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    assert_non_null(strstr(redis_server_ask(server, "SET t:other 1"), "OOM"));
    pass(town, 3 * TTL_MS);
    assert_int_equal(node->doubts + node->losts, 0);
    assert_true(lease_sure(node->lease, NULL));
    redis_server_ask(server, "CONFIG SET maxmemory 0");
}

static _Atomic bool enough;

static void *ask_again_and_again(void *data)
{
    struct batch_from self = { .node = 0 };
    while (!enough) {
        if (lease_sure(data, &self))
            assert_true(self.node != 0 && self.fence != 0);
    }
    return NULL;
}

static void other_threads_may_ask(void **state)
{
    struct town *town = *state;
    struct node *node = take(town, 0);
    pthread_t thread;
    enough = false;
    assert_int_equal(pthread_create(&thread, NULL, ask_again_and_again, node->lease), 0);
    redis_server_ask(server, "HDEL t:nodes %d", node->self.node);
    assert_true(pass_until(town, 5000, &node->losts, 1));
    lease_take(node->lease);
    assert_true(pass_until(town, 5000, &node->taken, 2));
    enough = true;
    pthread_join(thread, NULL);
}

static void times_that_make_no_sense_are_refused(void **state)
{
    struct town *town = *state;
    struct lease_options options = { .url = &town->url, .prefix = "t:" };
    struct loop *loop;
    struct lease *lease;
    assert_int_equal(loop_new(&loop), JF_OK);
    options.ttl_ms = LEASE_TTL_MIN_MS - 1;
    assert_int_equal(lease_open(loop, &options, &lease_events, NULL, &lease), JF_E_INVALID);
    options.ttl_ms = 3000;
    options.timeout_ms = 1001;
    assert_int_equal(lease_open(loop, &options, &lease_events, NULL, &lease), JF_E_INVALID);
    lease_close(NULL, 0);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODE_TEST(a_number_is_taken_kept_and_given_back),
        NODE_TEST(each_has_another_and_the_later_has_the_larger_fence),
        NODE_TEST(a_number_that_somebody_has_is_not_given),
        NODE_TEST(who_is_away_is_in_doubt_and_sure_again_if_nobody_came),
        NODE_TEST(a_machine_that_slept_is_in_doubt_before_it_says_anything),
        NODE_TEST(the_time_of_day_may_jump),
        NODE_TEST(a_redis_that_is_emptied_is_told_again),
        NODE_TEST(a_redis_that_restarts_empty_is_told_again),
        NODE_TEST(in_an_emptied_redis_a_number_may_have_gone_to_another),
        NODE_TEST(in_an_emptied_redis_newcomers_wait_for_those_who_come_back),
        NODE_TEST(a_redis_that_went_back_in_time_is_told_again),
        NODE_TEST(who_was_buried_in_the_same_era_is_lost),
        NODE_TEST(a_full_redis_renews),
        NODE_TEST(other_threads_may_ask),
        NODE_TEST(times_that_make_no_sense_are_refused),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
