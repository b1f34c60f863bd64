/* Letters between three nodes, as long as all is well with Redis. */
#include "tests/unit/relay/posts.h"

static struct post *const a = &posts[0], *const b = &posts[1], *const c = &posts[2];

static void join(const char *group, const struct post *post)
{
    redis_server_ask(server, "HSET t:gn:%s %d 1", group, post->node->self.node);
}

static void a_letter_reaches_the_node_it_is_for(void **state)
{
    struct town *town = *state;
    assert_int_equal(send_text(a, b, "hello"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 1));
    assert_string_equal(b->heard[0].body, "hello");
    assert_int_equal(b->heard[0].kind, LETTER_SEND);
    assert_int_equal(b->heard[0].from, a->node->self.node);
    pass(town, 100);
    assert_int_equal(a->letters + c->letters, 0);
    assert_int_equal(a->undelivered, 0);
}

static void what_is_sent_in_a_turn_leaves_as_one_batch_for_each_node(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(send_text(a, b, "b"), JF_OK);
        assert_int_equal(send_text(a, c, "c"), JF_OK);
    }
    assert_true(pass_until(town, 2000, &b->letters, 100));
    assert_true(pass_until(town, 2000, &c->letters, 100));
    assert_int_equal(out_counts(a).letters, 200);
    assert_int_equal(out_counts(a).batches, 2);
    assert_int_equal(in_counts(b).batches, 1);
    assert_int_equal(in_counts(b).letters, 100);
}

static void a_group_is_sent_to_once_per_node_that_has_members(void **state)
{
    struct town *town = *state;
    join("chat/room", b);
    join("chat/room", a);
    for (int i = 0; i < 10; i++)
        assert_int_equal(send_group(a, "chat/room", "hello"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 10));
    pass(town, 100);
    assert_int_equal(in_counts(b).batches, 1);
    assert_int_equal(b->heard[0].kind, LETTER_GROUP);
    assert_int_equal(a->letters + c->letters, 0);
    assert_int_equal(out_counts(a).batches, 1);
    assert_int_equal(redis_server_number(server, "PUBSUB NUMPAT"), 0);
}

static void a_group_that_nobody_is_in_and_one_with_dead_nodes_are_no_fault(void **state)
{
    struct town *town = *state;
    join("half/dead", c);
    redis_server_ask(server, "HSET t:gn:half/dead 65535 3");
    assert_int_equal(send_group(a, "no/body", "x"), JF_OK);
    assert_int_equal(send_group(a, "half/dead", "y"), JF_OK);
    assert_true(pass_until(town, 2000, &c->letters, 1));
    pass(town, 50);
    assert_int_equal(a->undelivered, 0);
    assert_int_equal(out_counts(a).undelivered, 0);
}

static void what_is_for_all_reaches_every_other_node(void **state)
{
    struct town *town = *state;
    assert_int_equal(send_all(a, "one"), JF_OK);
    assert_int_equal(send_all(a, "two"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 2));
    assert_true(pass_until(town, 2000, &c->letters, 2));
    pass(town, 50);
    assert_int_equal(a->letters, 0);
    assert_int_equal(in_counts(b).batches, 1);
    assert_string_equal(bodies(c), "one two");
}

static void letters_arrive_in_the_order_in_which_they_were_sent(void **state)
{
    struct town *town = *state;
    join("g/1", b);
    join("g/2", b);
    send_text(a, b, "1");
    send_text(a, c, "x");
    send_text(a, b, "2");
    send_group(a, "g/1", "3");
    send_text(a, b, "4");
    send_group(a, "g/1", "5");
    send_group(a, "g/2", "6");
    send_group(a, "g/1", "7");
    send_group(a, "g/1", "8");
    send_text(a, c, "y");
    send_text(a, b, "9");
    send_all(a, "10");
    send_text(a, b, "11");
    send_all(a, "12");
    send_all(a, "13");
    assert_true(pass_until(town, 2000, &b->letters, 13));
    assert_string_equal(bodies(b), "1 2 3 4 5 6 7 8 9 10 11 12 13");
    assert_string_equal(bodies(c), "x y 10 12 13");
}

static void order_holds_at_random_and_over_turns(void **state)
{
    struct town *town = *state;
    char text[16];
    join("g/1", b);
    join("g/2", b);
    for (int i = 0; i < 3000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        int dice = rand() % 5;
        int status = dice < 2   ? send_text(a, b, text)
                     : dice < 3 ? send_group(a, "g/1", text)
                     : dice < 4 ? send_group(a, "g/2", text)
                                : send_all(a, text);
        assert_int_equal(status, JF_OK);
        if (rand() % 100 == 0)
            pass(town, 1);
    }
    assert_true(pass_until(town, 5000, &b->letters, 3000));
    for (int i = 0; i < 3000; i++)
        assert_int_equal(atoi(b->heard[i].body), i);
}

static void a_group_is_told_by_its_octets(void **state)
{
    struct town *town = *state;
    struct letter letter = group_of("", "body");
    letter.name = jf_view("a\0b", 3);
    redis_server_ask(server, "HSET \"t:gn:a\\x00b\" %d 1", b->node->self.node);
    redis_server_ask(server, "HSET t:gn:a %d 1", c->node->self.node);
    assert_int_equal(relay_send_group(a->out, &letter), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 1));
    assert_int_equal(c->letters, 0);
}

static void large_letters_go_in_batches_of_their_own(void **state)
{
    struct town *town = *state;
    char *large = xcalloc(1, RELAY_LETTER_MAX + 1);
    memset(large, 'x', RELAY_LETTER_MAX);
    struct letter letter = send_of("");
    letter.body = jf_view(large, RELAY_LETTER_MAX);
    assert_int_equal(relay_send(a->out, b->node->self.node, &letter), JF_E_TOO_BIG);
    letter.body.len = RELAY_LETTER_MAX - 100;
    send_text(a, b, "before");
    assert_int_equal(relay_send(a->out, b->node->self.node, &letter), JF_OK);
    send_text(a, b, "after");
    assert_true(pass_until(town, 5000, &b->letters, 3));
    assert_int_equal(in_counts(b).batches, 3);
    assert_string_equal(b->heard[2].body, "after");
    letter.body.len = 100 << 10;
    for (int i = 0; i < 10; i++)
        assert_int_equal(relay_send(a->out, b->node->self.node, &letter), JF_OK);
    assert_true(pass_until(town, 5000, &b->letters, 13));
    assert_int_equal(in_counts(b).batches, 3 + 5);
    free(large);
}

static void more_than_may_wait_is_refused_and_counted(void **state)
{
    struct town *town = *state;
    char *large = xcalloc(1, 1 << 20);
    struct letter letter = send_of("");
    letter.body = jf_view(large, 1 << 20);
    int sent = 0;
    while (sent < 100 && relay_send(a->out, b->node->self.node, &letter) == JF_OK)
        sent++;
    assert_int_equal(sent, (RELAY_BYTES_MAX >> 20) - 1);
    assert_int_equal(relay_send(a->out, b->node->self.node, &letter), JF_E_FULL);
    assert_int_equal(out_counts(a).full, 2);
    assert_true(pass_until(town, 5000, &b->letters, sent));
    pass(town, 50);
    assert_int_equal(relay_send(a->out, b->node->self.node, &letter), JF_OK);
    free(large);
}

static void more_batches_than_may_wait_are_refused(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < RELAY_PARCELS_MAX / 2; i++) {
        assert_int_equal(send_text(a, b, "x"), JF_OK);
        assert_int_equal(send_all(a, "y"), JF_OK);
    }
    assert_int_equal(send_text(a, b, "x"), JF_E_FULL);
    assert_true(pass_until(town, 5000, &b->letters, RELAY_PARCELS_MAX));
    pass(town, 50);
    assert_int_equal(send_text(a, b, "x"), JF_OK);
}

static void who_has_no_number_is_gone(void **state)
{
    struct town *town = *state;
    uint16_t nobody = 1;
    while (redis_server_number(server, "EXISTS t:alive:%d", nobody))
        nobody++;
    pass_until_known(town);
    assert_int_equal(send_question(a, nobody, 7), JF_OK);
    assert_int_equal(send_text(a, b, "between"), JF_OK);
    assert_int_equal(send_question(a, nobody, 9), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.node, nobody);
    assert_int_equal(a->last.status, JF_E_GONE);
    assert_int_equal(a->last.first, 7);
    assert_int_equal(a->last.last, 9);
    assert_int_equal(out_counts(a).undelivered, 2);
}

static void who_does_not_listen_is_unavailable(void **state)
{
    struct town *town = *state;
    relay_in_ignore(b->in);
    pass(town, 50);
    assert_int_equal(send_text(a, b, "x"), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    assert_int_equal(a->last.first, 0);
    assert_int_equal(a->last.last, 0);
    assert_int_equal(b->letters, 0);
    relay_in_listen(b->in, b->node->self.node);
    assert_true(pass_until(town, 2000, &b->listening, 2));
    assert_int_equal(b->deaf, 0);
    assert_int_equal(send_text(a, b, "y"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 1));
}

static void answers_have_numbers_of_others_and_are_not_named(void **state)
{
    struct town *town = *state;
    const struct letter answer = { .kind = LETTER_ANSWER, .number = 99 };
    relay_in_ignore(b->in);
    pass(town, 50);
    assert_int_equal(relay_send(a->out, b->node->self.node, &answer), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.first, 0);
}

static void ask_again_at_once(struct post *post)
{
    if (post->undelivered < 5)
        assert_int_equal(send_text(post, b, "again"), JF_OK);
}

static void what_is_sent_when_something_failed_goes_with_the_next_turn(void **state)
{
    struct town *town = *state;
    relay_in_ignore(b->in);
    pass(town, 50);
    a->failed = ask_again_at_once;
    assert_int_equal(send_text(a, b, "x"), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 5));
}

static void turn_to_another_number(struct post *post)
{
    relay_in_listen(post->in, 4242);
}

static void another_number_is_another_channel(void **state)
{
    struct town *town = *state;
    b->then = turn_to_another_number;
    send_text(a, b, "1");
    send_text(a, b, "2");
    assert_true(pass_until(town, 2000, &b->listening, 2));
    assert_int_equal(b->letters, 1); /* the second was for somebody else */
    b->then = NULL;
    const struct letter letter = send_of("3");
    assert_int_equal(relay_send(a->out, 4242, &letter), JF_OK);
    assert_int_equal(send_all(a, "4"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 3));
    assert_string_equal(bodies(b), "1 3 4");
    assert_int_equal(redis_server_number(server, "PUBLISH t:to:%d x", b->node->self.node),
                     0);
}

static void listening_and_ignoring_in_one_turn_ends_as_the_last_word_said(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < 20; i++) {
        relay_in_ignore(b->in);
        relay_in_listen(b->in, (uint16_t)(i % 2 ? 77 : 78));
    }
    relay_in_listen(b->in, b->node->self.node);
    relay_in_ignore(c->in);
    relay_in_listen(c->in, c->node->self.node);
    relay_in_ignore(c->in);
    pass(town, 300);
    assert_true(relay_in_is_listening(b->in));
    assert_false(relay_in_is_listening(c->in));
    send_text(a, b, "x");
    send_all(a, "y");
    assert_true(pass_until(town, 2000, &b->letters, 2));
    assert_int_equal(c->letters, 0);
}

static void what_was_sent_reaches_redis_before_the_close(void **state)
{
    struct town *town = *state;
    join("g/1", b);
    send_text(a, b, "1");
    send_group(a, "g/1", "2");
    send_all(a, "3");
    relay_out_close(a->out, 1000);
    a->out = NULL;
    assert_true(pass_until(town, 2000, &b->letters, 3));
    assert_string_equal(bodies(b), "1 2 3");
    assert_int_equal(a->undelivered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POST_TEST(a_letter_reaches_the_node_it_is_for),
        POST_TEST(what_is_sent_in_a_turn_leaves_as_one_batch_for_each_node),
        POST_TEST(a_group_is_sent_to_once_per_node_that_has_members),
        POST_TEST(a_group_that_nobody_is_in_and_one_with_dead_nodes_are_no_fault),
        POST_TEST(what_is_for_all_reaches_every_other_node),
        POST_TEST(letters_arrive_in_the_order_in_which_they_were_sent),
        POST_TEST(order_holds_at_random_and_over_turns),
        POST_TEST(a_group_is_told_by_its_octets),
        POST_TEST(large_letters_go_in_batches_of_their_own),
        POST_TEST(more_than_may_wait_is_refused_and_counted),
        POST_TEST(more_batches_than_may_wait_are_refused),
        POST_TEST(who_has_no_number_is_gone),
        POST_TEST(who_does_not_listen_is_unavailable),
        POST_TEST(answers_have_numbers_of_others_and_are_not_named),
        POST_TEST(what_is_sent_when_something_failed_goes_with_the_next_turn),
        POST_TEST(another_number_is_another_channel),
        POST_TEST(listening_and_ignoring_in_one_turn_ends_as_the_last_word_said),
        POST_TEST(what_was_sent_reaches_redis_before_the_close),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
