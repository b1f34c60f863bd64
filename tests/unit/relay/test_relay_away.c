/* Letters when something is wrong: with Redis, with a node, with what is said on a channel.
 */
#include "tests/unit/relay/posts.h"

#include "core/base/random.h"

static struct post *const a = &posts[0], *const b = &posts[1], *const c = &posts[2];

/* ---- Writing by hand ---- */

struct batch_text {
    char text[1024]; /* as \xHH, for the inline form of a command */
};

static void add_octets(struct batch_text *out, const void *octets, size_t len)
{
    size_t at = strlen(out->text);
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(out->text + at, sizeof(out->text) - at, "\\x%02x",
                               ((const uint8_t *)octets)[i]);
}

static void add_letter(struct batch_text *out, const void *octets, size_t len)
{
    uint8_t length[BATCH_LETTER_HEAD];
    batch_write_length(length, (uint32_t)len);
    add_octets(out, length, sizeof(length));
    add_octets(out, octets, len);
}

static void begin_batch(struct batch_text *out, uint16_t node, uint64_t fence)
{
    const struct batch_from from = { .node = node, .fence = fence };
    uint8_t head[BATCH_HEAD];
    out->text[0] = '\0';
    batch_write_head(head, &from);
    add_octets(out, head, sizeof(head));
}

static void add_send(struct batch_text *out, const char *body)
{
    const struct letter letter = send_of(body);
    uint8_t head[LETTER_HEAD];
    char octets[256];
    jf_bytes pieces[LETTER_PIECES];
    size_t len = 0, count = letter_write(&letter, head, pieces);
    for (size_t i = 0; i < count; i++) {
        memcpy(octets + len, pieces[i].ptr, pieces[i].len);
        len += pieces[i].len;
    }
    add_letter(out, octets, len);
}

static void publish(const struct post *to, const struct batch_text *batch)
{
    assert_int_equal(redis_server_number(server, "PUBLISH t:to:%d \"%s\"",
                                         to->node->self.node, batch->text),
                     1);
}

/* ---- What is said ---- */

static void what_comes_from_an_earlier_holder_is_dropped(void **state)
{
    struct town *town = *state;
    struct batch_text batch;
    const uint64_t fences[] = { 10, 9, 11, 10, 11, 0 };
    static const char *const texts[] = { "1", "stale", "2", "stale", "3", "stale" };
    for (size_t i = 0; i < 6; i++) {
        begin_batch(&batch, 5000, fences[i]);
        add_send(&batch, texts[i]);
        publish(b, &batch);
    }
    begin_batch(&batch, 5001, 1); /* of another one */
    add_send(&batch, "4");
    publish(b, &batch);
    assert_true(pass_until(town, 2000, &b->letters, 4));
    assert_string_equal(bodies(b), "1 2 3 4");
    assert_int_equal(in_counts(b).stale, 3);
    assert_int_equal(in_counts(b).batches, 4);
}

static void what_comes_from_our_own_number_is_dropped(void **state)
{
    struct town *town = *state;
    struct batch_text batch;
    const struct batch_from self = b->node->self;
    for (int i = -1; i <= 1; i++) {
        begin_batch(&batch, self.node, self.fence + (uint64_t)i);
        add_send(&batch, "own");
        publish(b, &batch);
    }
    pass(town, 100);
    assert_int_equal(b->letters, 0);
    assert_int_equal(in_counts(b).stale + in_counts(b).garbage, 0);
}

static void garbage_is_counted_and_what_is_good_next_to_it_arrives(void **state)
{
    struct town *town = *state;
    struct batch_text batch;
    uint16_t node = b->node->self.node;
    redis_server_ask(server, "PUBLISH t:to:%d garbage", node);
    redis_server_ask(server, "PUBLISH t:to:%d \"\"", node);
    redis_server_ask(server, "PUBLISH t:to:all JFB");
    begin_batch(&batch, 5000, 1); /* no letter in it */
    publish(b, &batch);
    begin_batch(&batch, 5000, 1);
    add_letter(&batch, "garbage", 7);
    add_send(&batch, "good");
    add_letter(&batch, "", 0);
    add_send(&batch, "too");
    publish(b, &batch);
    assert_true(pass_until(town, 2000, &b->letters, 2));
    assert_string_equal(bodies(b), "good too");
    assert_int_equal(in_counts(b).garbage, 6);
    assert_int_equal(in_counts(b).letters, 2);
}

static void octets_at_random_do_no_harm(void **state)
{
    struct town *town = *state;
    struct batch_text batch;
    for (int i = 0; i < 2000; i++) {
        uint8_t noise[60];
        random_fill(noise, sizeof(noise));
        noise[0] = (uint8_t)(noise[0] % 8);
        begin_batch(&batch, (uint16_t)random_below(5), 1);
        add_letter(&batch, noise, (size_t)random_below(sizeof(noise)));
        publish(b, &batch);
        if (i % 100 == 0)
            pass(town, 3);
    }
    pass(town, 100);
    send_text(a, b, "last");
    assert_true(pass_until(town, 2000, &b->listening, 1));
    pass(town, 50);
    assert_int_equal(b->deaf, 0);
    assert_string_equal(b->heard[(b->letters - 1) % HEARD_MAX].body, "last");
}

/* ---- Redis ---- */

static void scripts_that_are_flushed_do_not_matter(void **state)
{
    struct town *town = *state;
    redis_server_ask(server, "HSET t:gn:g/1 %d 1", b->node->self.node);
    for (int i = 0; i < 10; i++) {
        redis_server_ask(server, "SCRIPT FLUSH");
        assert_int_equal(send_group(a, "g/1", "x"), JF_OK);
        assert_int_equal(send_text(a, b, "y"), JF_OK);
        pass(town, 5);
    }
    assert_true(pass_until(town, 2000, &b->letters, 20));
    assert_string_equal(bodies(b), "x y x y x y x y x y x y x y x y x y x y");
    assert_int_equal(out_counts(a).undelivered, 0);
}

static void a_redis_that_restarts_is_listened_to_again(void **state)
{
    struct town *town = *state;
    redis_server_kill(server);
    assert_true(pass_until(town, 2000, &b->deaf, 1));
    assert_false(relay_in_is_listening(b->in));
    assert_int_equal(send_text(a, b, "lost"), JF_E_UNAVAILABLE);
    assert_int_equal(send_group(a, "g", "lost"), JF_E_UNAVAILABLE);
    assert_int_equal(send_all(a, "lost"), JF_E_UNAVAILABLE);
    redis_server_start(server);
    for (size_t i = 0; i < NODES; i++)
        assert_true(pass_until(town, 10000, &posts[i].listening, 2));
    while (send_text(a, b, "found") != JF_OK)
        pass(town, 20);
    assert_true(pass_until(town, 2000, &b->letters, 1));
    assert_string_equal(bodies(b), "found");
    assert_int_equal(in_counts(b).deaf, 1);
    assert_int_equal(b->deaf, 1);
}

/* Of b, which does not listen, it has nothing any more: as if b were slow to come back. */
static void nobody_is_called_gone_by_a_redis_that_was_emptied(void **state)
{
    struct town *town = *state;
    pass_until_known(town);
    relay_in_ignore(b->in);
    pass(town, 50);
    redis_server_ask(server, "FLUSHALL");
    assert_int_equal(send_question(a, b->node->self.node, 1), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    while (!redis_server_number(server, "EXISTS t:quiet"))
        pass(town, 20);
    redis_server_ask(server, "DEL t:alive:%d", b->node->self.node);
    assert_int_equal(send_question(a, b->node->self.node, 2), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 2));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
}

static void what_is_on_its_way_when_redis_dies_may_have_arrived(void **state)
{
    struct town *town = *state;
    redis_server_pause(server);
    assert_int_equal(send_question(a, b->node->self.node, 5), JF_OK);
    pass(town, 20);
    redis_server_kill(server);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_TIMEOUT);
    assert_int_equal(a->last.first, 5);
    redis_server_start(server);
}

static void what_leaves_when_redis_has_died_has_not_arrived(void **state)
{
    struct town *town = *state;
    a->node->stopped = true;
    assert_int_equal(send_question(a, b->node->self.node, 5), JF_OK);
    usleep(TTL_MS * 1000); /* and so long does the lease last, at most */
    a->node->stopped = false;
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    assert_int_equal(a->last.first, 5);
    assert_int_equal(b->letters, 0);
    assert_int_equal(out_counts(a).batches, 0);
}

static void a_redis_that_holds_still_is_waited_for_only_so_long(void **state)
{
    struct town *town = *state;
    redis_server_pause(server);
    assert_int_equal(send_question(a, b->node->self.node, 5), JF_OK);
    assert_int_equal(send_group(a, "g", "x"), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_TIMEOUT);
    assert_int_equal(out_counts(a).undelivered, 2);
    redis_server_resume(server);
    pass(town, 200);
    assert_int_equal(b->letters, 1); /* it has arrived after all */
    assert_int_equal(a->undelivered, 1);
}

static void a_redis_that_holds_still_does_not_fill_our_memory(void **state)
{
    struct town *town = *state;
    char *large = xcalloc(1, 1 << 20);
    struct letter letter = send_of("");
    int status = JF_OK, sent = 0;
    letter.body = jf_view(large, 1 << 20);
    redis_server_pause(server);
    for (int i = 0; i < 400 && status != JF_E_UNAVAILABLE; i++) {
        status = relay_send(a->out, b->node->self.node, &letter);
        sent += status == JF_OK;
        pass(town, 2);
    }
    assert_true(sent <= 2 * (RELAY_BYTES_MAX >> 20));
    assert_true(out_counts(a).full > 0);
    redis_server_resume(server);
    free(large);
}

static void in_doubt_nothing_is_sent(void **state)
{
    struct town *town = *state;
    sleep_jump_s = 60; /* the machine slept */
    assert_int_equal(send_text(a, b, "x"), JF_E_UNAVAILABLE);
    assert_true(pass_until(town, 2000, &a->node->sures, 1));
    assert_int_equal(send_text(a, b, "y"), JF_OK);
    sleep_jump_s = 120;
    assert_int_equal(send_text(a, b, "z"), JF_OK); /* joins what was begun */
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    assert_true(pass_until(town, 2000, &a->node->sures, 2));
    assert_int_equal(b->letters, 0);
    assert_int_equal(out_counts(a).undelivered, 2);
}

static void a_full_redis_passes_letters_on(void **state)
{
    struct town *town = *state;
    redis_server_ask(server, "HSET t:gn:g/1 %d 1", b->node->self.node);
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    assert_int_equal(send_text(a, b, "1"), JF_OK);
    assert_int_equal(send_group(a, "g/1", "2"), JF_OK);
    assert_int_equal(send_all(a, "3"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 3));
    assert_string_equal(bodies(b), "1 2 3");
}

static void who_may_not_publish_is_told_so(void **state)
{
    struct town *town = *state;
    redis_server_ask(server, "ACL SETUSER default -publish");
    assert_int_equal(send_question(a, b->node->self.node, 3), JF_OK);
    assert_int_equal(send_all(a, "x"), JF_OK);
    redis_server_ask(server, "HSET t:gn:g/1 %d 1", b->node->self.node);
    assert_int_equal(send_group(a, "g/1", "y"), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    pass(town, 50);
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    assert_int_equal(out_counts(a).undelivered, 3);
    assert_int_equal(b->letters, 0);
}

static void the_rights_in_the_manual_are_enough(void **state)
{
    struct town *town = *state;
    struct redis_url url;
    char text[64];
    const char *why = NULL;
    snprintf(text, sizeof(text), "redis://u:p@127.0.0.1:%d", redis_server_port(server));
    assert_int_equal(redis_url_parse(jf_str(text), &url, &why), JF_OK);
    redis_server_ask(server, "ACL SETUSER u on >p ~t:* resetchannels &t:to:* -@all +auth "
                             "+ping +publish +subscribe +unsubscribe +eval +hkeys +exists");
    for (size_t i = 0; i < NODES; i++)
        close_post(&posts[i], 0);
    posts_at.url = &url;
    for (size_t i = 0; i < NODES; i++)
        open_post(town, &posts[i], posts[i].node);
    assert_true(pass_until(town, 5000, &b->listening, 1));
    pass(town, 50);
    redis_server_ask(server, "HSET t:gn:g/1 %d 1", b->node->self.node);
    send_text(a, b, "1");
    send_group(a, "g/1", "2");
    send_all(a, "3");
    pass_until_known(town);
    send_question(a, 40000, 9);
    assert_true(pass_until(town, 2000, &b->letters, 3));
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_GONE);
    relay_in_listen(b->in, 77);
    assert_true(pass_until(town, 2000, &b->listening, 2));
    for (size_t i = 0; i < NODES; i++)
        close_post(&posts[i], 0);
    redis_url_fini(&url);
}

static void who_may_not_listen_tries_again_in_peace(void **state)
{
    struct town *town = *state;
    redis_server_ask(server, "ACL SETUSER default -subscribe");
    relay_in_listen(b->in, 777);
    pass(town, 3500);
    assert_false(relay_in_is_listening(b->in));
    redis_server_ask(server, "INFO commandstats");
    const char *stats = redis_server_ask(server, "INFO commandstats");
    const char *ours = strstr(stats, "cmdstat_subscribe:");
    assert_non_null(ours);
    const char *rejected = strstr(ours, "rejected_calls=");
    long times = rejected ? strtol(rejected + strlen("rejected_calls="), NULL, 10) : 0;
    assert_true(times >= 2 && times <= 5);
    redis_server_ask(server, "ACL SETUSER default +subscribe");
    assert_true(pass_until(town, 5000, &b->listening, 2));
    assert_int_equal(b->node->doubts, 0);
}

static void who_is_too_slow_is_cut_and_comes_back(void **state)
{
    struct town *town = *state;
    char *large = xcalloc(1, 1 << 20);
    struct letter letter = send_of("");
    letter.body = jf_view(large, 1 << 20);
    redis_server_ask(server, "CONFIG SET client-output-buffer-limit \"pubsub 2mb 0 0\"");
    b->node->stopped = true;
    for (int i = 0; i < 30 && !a->undelivered; i++) {
        relay_send(a->out, b->node->self.node, &letter);
        pass(town, 5);
    }
    assert_true(a->undelivered > 0); /* Redis has cut it, and nobody listens */
    b->node->stopped = false;
    assert_true(pass_until(town, 5000, &b->listening, 2));
    assert_int_equal(in_counts(b).deaf, 1);
    send_text(a, b, "last");
    pass(town, 100);
    assert_string_equal(b->heard[b->letters - 1].body, "last");
    free(large);
}

static void a_subscriber_that_is_killed_comes_back(void **state)
{
    struct town *town = *state;
    for (int i = 1; i <= 3; i++) {
        redis_server_ask(server, "CLIENT KILL TYPE pubsub");
        for (size_t j = 0; j < NODES; j++)
            assert_true(pass_until(town, 5000, &posts[j].listening, i + 1));
    }
    assert_int_equal(in_counts(c).deaf, 3);
    send_all(a, "all");
    assert_true(pass_until(town, 2000, &c->letters, 1));
}

static void closing_with_letters_on_their_way_is_quiet(void **state)
{
    struct town *town = *state;
    redis_server_pause(server);
    send_question(a, b->node->self.node, 1);
    pass(town, 10);
    send_question(a, b->node->self.node, 2);
    close_post(a, 50);
    redis_server_resume(server);
    pass(town, 50);
    assert_int_equal(a->undelivered, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POST_TEST(what_comes_from_an_earlier_holder_is_dropped),
        POST_TEST(what_comes_from_our_own_number_is_dropped),
        POST_TEST(garbage_is_counted_and_what_is_good_next_to_it_arrives),
        POST_TEST(octets_at_random_do_no_harm),
        POST_TEST(scripts_that_are_flushed_do_not_matter),
        POST_TEST(a_redis_that_restarts_is_listened_to_again),
        POST_TEST(nobody_is_called_gone_by_a_redis_that_was_emptied),
        POST_TEST(what_is_on_its_way_when_redis_dies_may_have_arrived),
        POST_TEST(what_leaves_when_redis_has_died_has_not_arrived),
        POST_TEST(a_redis_that_holds_still_is_waited_for_only_so_long),
        POST_TEST(a_redis_that_holds_still_does_not_fill_our_memory),
        POST_TEST(in_doubt_nothing_is_sent),
        POST_TEST(a_full_redis_passes_letters_on),
        POST_TEST(who_may_not_publish_is_told_so),
        POST_TEST(the_rights_in_the_manual_are_enough),
        POST_TEST(who_may_not_listen_tries_again_in_peace),
        POST_TEST(who_is_too_slow_is_cut_and_comes_back),
        POST_TEST(a_subscriber_that_is_killed_comes_back),
        POST_TEST(closing_with_letters_on_their_way_is_quiet),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
