/* Letters over a Redis Cluster of three, next to the Redis that has the directory. */
#include <pthread.h>

#include "tests/unit/relay/posts.h"

#define MASTERS 3
#define SLOTS 16384

static struct post *const a = &posts[0], *const b = &posts[1], *const c = &posts[2];

/* ---- The cluster ---- */

static struct master {
    struct redis_server *server;
    int port, bus;
    char id[64];
} masters[MASTERS];

static struct redis_url cluster_url;

static int first_slot(size_t master)
{
    return (int)master * SLOTS / MASTERS;
}

static void point_at(int port)
{
    char text[64];
    const char *why = NULL;
    snprintf(text, sizeof(text), "redis://127.0.0.1:%d", port);
    redis_url_fini(&cluster_url);
    assert_int_equal(redis_url_parse(jf_str(text), &cluster_url, &why), JF_OK);
}

static void start_master(struct master *master)
{
    char options[300];
    master->bus = redis_server_free_port();
    snprintf(options, sizeof(options),
             "--cluster-enabled yes --cluster-config-file nodes.conf --cluster-port %d "
             "--cluster-node-timeout 1000 --cluster-require-full-coverage no",
             master->bus);
    master->server = redis_server_new(options);
    master->port = redis_server_port(master->server);
    snprintf(master->id, sizeof(master->id), "%s",
             redis_server_ask(master->server, "CLUSTER MYID"));
}

static void end_master(struct master *master)
{
    char file[128];
    const char *path = redis_server_socket(master->server);
    snprintf(file, sizeof(file), "%.*s/nodes.conf", (int)(strrchr(path, '/') - path), path);
    redis_server_kill(master->server);
    unlink(file);
    redis_server_free(master->server);
}

/* Each knows of all slots and all masters. */
static bool is_whole(struct master *master)
{
    const char *info = redis_server_ask(master->server, "CLUSTER INFO");
    return strstr(info, "cluster_state:ok") && strstr(info, "cluster_slots_ok:16384") &&
           strstr(info, "cluster_known_nodes:3");
}

/* Leases are renewed meanwhile, if there is a town. */
static void wait_until_whole(struct town *town)
{
    for (size_t i = 0; i < MASTERS; i++) {
        for (int tries = 0; !is_whole(&masters[i]); tries++) {
            assert_true(tries < 1000);
            if (town)
                pass(town, 20);
            else
                usleep(20000);
        }
    }
}

static int set_up_cluster(void **state)
{
    (void)state;
    for (int i = 0; i < MASTERS; i++) {
        start_master(&masters[i]);
        redis_server_ask(masters[i].server, "CLUSTER ADDSLOTSRANGE %d %d",
                         first_slot((size_t)i), first_slot((size_t)i + 1) - 1);
        redis_server_ask(masters[i].server, "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
    }
    for (int i = 1; i < MASTERS; i++)
        redis_server_ask(masters[0].server, "CLUSTER MEET 127.0.0.1 %d %d", masters[i].port,
                         masters[i].bus);
    wait_until_whole(NULL);
    redis_server_kill(server); /* so long has it kept its port from them */
    return 0;
}

static int tear_down_cluster(void **state)
{
    (void)state;
    for (size_t i = 0; i < MASTERS; i++)
        end_master(&masters[i]);
    redis_url_fini(&cluster_url);
    return 0;
}

static int set_up_sharded(void **state)
{
    point_at(masters[0].port);
    posts_at.cluster = &cluster_url;
    return set_up_posts(state);
}

static int slot_of(uint16_t node)
{
    return (int)redis_server_number(masters[0].server, "CLUSTER KEYSLOT t:to:%d", node);
}

static size_t owner_of(uint16_t node)
{
    size_t owner = 0;
    while (slot_of(node) >= first_slot(owner + 1))
        owner++;
    return owner;
}

static uint16_t number_behind(uint16_t node, size_t master)
{
    do
        node++;
    while (owner_of(node) != master);
    return node;
}

/* A number whose channel that master has. */
static uint16_t number_at(size_t master)
{
    return number_behind(1000, master);
}

static void give_slot(int slot, size_t to)
{
    for (size_t i = 0; i < MASTERS; i++)
        redis_server_ask(masters[(to + i) % MASTERS].server, "CLUSTER SETSLOT %d NODE %s",
                         slot, masters[to].id);
}

static void join(const char *group, uint16_t node)
{
    redis_server_ask(server, "HSET t:gn:%s %d 1", group, node);
}

static int send_to(struct post *from, uint16_t node, const char *body)
{
    const struct letter letter = send_of(body);
    return relay_send(from->out, node, &letter);
}

static void listen_as(struct town *town, struct post *post, uint16_t node)
{
    int before = post->listening;
    relay_in_listen(post->in, node);
    assert_true(pass_until(town, 5000, &post->listening, before + 1));
}

/* ---- When all is well ---- */

static void letters_find_the_master_that_has_the_channel(void **state)
{
    struct town *town = *state;
    for (size_t i = 0; i < MASTERS; i++) {
        uint16_t node = number_at(i);
        listen_as(town, b, node);
        b->letters = 0;
        send_to(a, node, "1");
        send_to(a, node, "2");
        assert_true(pass_until(town, 2000, &b->letters, 2));
        assert_string_equal(bodies(b), "1 2");
        assert_int_equal(redis_server_number(masters[i].server, "SPUBLISH t:to:%d x", node),
                         1);
    }
    assert_int_equal(a->undelivered, 0);
    assert_int_equal(b->deaf, 0);
}

static void a_first_burst_over_many_turns_arrives_in_order(void **state)
{
    struct town *town = *state;
    char text[16];
    for (size_t i = 0; i < MASTERS; i++) {
        listen_as(town, b, number_at(i));
        b->letters = 0;
        for (int j = 0; j < 500; j++) {
            snprintf(text, sizeof(text), "%d", j);
            assert_int_equal(send_to(a, number_at(i), text), JF_OK);
            timer_start(a->node->guard, 1);
            loop_run(a->node->loop);
        }
        assert_true(pass_until(town, 3000, &b->letters, 500));
        for (int j = 0; j < 500; j++)
            assert_int_equal(atoi(b->heard[j].body), j);
    }
}

static void groups_and_all_reach_every_other_node_in_order(void **state)
{
    struct town *town = *state;
    char text[16];
    join("g/1", b->node->self.node);
    join("g/1", a->node->self.node);
    join("g/2", b->node->self.node);
    redis_server_ask(server, "HSET t:gn:g/2 nonsense 1 70000 1");
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        int dice = rand() % 5;
        int status = dice < 2   ? send_text(a, b, text)
                     : dice < 3 ? send_group(a, "g/1", text)
                     : dice < 4 ? send_group(a, "g/2", text)
                                : send_all(a, text);
        assert_int_equal(status, JF_OK);
        if (rand() % 20 == 0)
            pass(town, 1);
    }
    assert_true(pass_until(town, 10000, &b->letters, 2000));
    for (int i = 0; i < 2000; i++)
        assert_int_equal(atoi(b->heard[i].body), i);
    pass(town, 50);
    assert_int_equal(a->letters, 0);
    assert_true(c->letters > 0);
    for (int i = 0; i < c->letters; i++)
        assert_int_equal(c->heard[i].kind, LETTER_STAGE);
    assert_int_equal(a->undelivered, 0);
}

static void who_is_gone_and_who_does_not_listen_are_told_apart(void **state)
{
    struct town *town = *state;
    pass_until_known(town);
    assert_int_equal(send_question(a, number_at(1), 4), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_GONE);
    assert_int_equal(a->last.first, 4);
    relay_in_ignore(b->in);
    pass(town, 50);
    assert_int_equal(send_text(a, b, "x"), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 2));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
}

static void what_was_sent_is_done_before_the_close(void **state)
{
    struct town *town = *state;
    send_text(a, b, "0");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    for (int i = 1; i < 100; i++)
        send_text(a, b, "x");
    relay_out_close(a->out, 1000);
    a->out = NULL;
    assert_true(pass_until(town, 2000, &b->letters, 100));
}

static void *resume_soon(void *data)
{
    usleep(100000);
    redis_server_resume(data);
    return NULL;
}

/* The first is on its way to find out where the channel is, and the others behind it. */
static void close_during_a_probe(struct town *town, size_t master, uint16_t node)
{
    pthread_t resumer;
    listen_as(town, b, node);
    b->letters = 0;
    redis_server_pause(masters[master].server);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(send_to(a, node, "x"), JF_OK);
        if (i < 2)
            pass(town, 1);
    }
    assert_int_equal(b->letters, 0);
    pthread_create(&resumer, NULL, resume_soon, masters[master].server);
    relay_out_close(a->out, 1000);
    a->out = NULL;
    pthread_join(resumer, NULL);
    assert_true(pass_until(town, 2000, &b->letters, 100));
}

static void a_close_waits_for_where_a_channel_is(void **state)
{
    close_during_a_probe(*state, 0, number_at(0));
}

static void a_close_follows_to_where_a_channel_is(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(1);
    listen_as(town, b, node);
    send_to(a, node, "they have met");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    close_during_a_probe(town, 0, number_behind(node, 1));
}

static void a_close_waits_no_longer_than_its_patience(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(0);
    redis_server_pause(masters[0].server);
    assert_int_equal(send_to(a, node, "x"), JF_OK);
    pass(town, 1);
    assert_int_equal(send_to(a, node, "y"), JF_OK);
    unsigned began = now_ms();
    relay_out_close(a->out, 100);
    a->out = NULL;
    assert_in_range(now_ms() - began, 100, 500);
    redis_server_resume(masters[0].server);
}

static void closing_in_the_middle_of_everything_is_quiet(void **state)
{
    struct town *town = *state;
    (void)town;
    for (uint16_t node = 1; node < 200; node++) {
        send_question(a, node, node);
        send_all(a, "all");
    }
    timer_start(a->node->guard, 1);
    loop_run(a->node->loop);
    send_group(a, "g", "x");
    close_post(a, 0);
    pass(town, 50);
    assert_int_equal(a->undelivered, 0);
}

/* ---- When a channel moves, or a master goes ---- */

static void a_channel_that_moves_is_followed_by_both_sides(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(1);
    int slot = slot_of(node);
    listen_as(town, b, node);
    send_to(a, node, "before");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    give_slot(slot, 2);
    assert_true(pass_until(town, 5000, &b->listening, 3));
    assert_int_equal(b->deaf, 1);
    send_to(a, node, "after");
    assert_true(pass_until(town, 2000, &b->letters, 2));
    assert_int_equal(a->undelivered, 0);
    give_slot(slot, 1);
    assert_true(pass_until(town, 5000, &b->listening, 4));
    send_to(a, node, "back");
    assert_true(pass_until(town, 2000, &b->letters, 3));
    assert_string_equal(bodies(b), "before after back");
}

static void a_master_that_restarts_is_found_again(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(1);
    listen_as(town, b, node);
    send_to(a, node, "before");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    redis_server_kill(masters[1].server);
    assert_true(pass_until(town, 2000, &b->deaf, 1));
    pass(town, 50);
    assert_int_equal(send_to(a, node, "lost"), JF_OK);
    assert_true(pass_until(town, 3000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    redis_server_start(masters[1].server);
    assert_true(pass_until(town, 15000, &b->listening, 3));
    wait_until_whole(town);
    assert_int_equal(send_to(a, node, "after"), JF_OK);
    assert_true(pass_until(town, 5000, &b->letters, 2));
    assert_string_equal(bodies(b), "before after");
}

static void the_others_go_on_without_the_first(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(1), third = number_at(2);
    listen_as(town, b, node);
    send_to(a, node, "1");
    send_to(a, third, "met");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    redis_server_kill(masters[0].server);
    pass(town, 100);
    send_to(a, node, "2");
    assert_true(pass_until(town, 2000, &b->letters, 2));
    int undelivered = a->undelivered;
    redis_server_start(masters[0].server);
    wait_until_whole(town);
    assert_int_equal(a->undelivered, undelivered);
    pass(town, 3500); /* so long may a pause between two attempts be */
    send_to(a, number_at(0), "x");
    assert_true(pass_until(town, 2000, &a->undelivered, undelivered + 1));
    assert_int_equal(a->last.status, JF_E_GONE); /* it is answered */
}

static long refused_at(size_t master, const char *command)
{
    char name[64];
    snprintf(name, sizeof(name), "cmdstat_%s:", command);
    const char *stats = redis_server_ask(masters[master].server, "INFO commandstats");
    const char *ours = strstr(stats, name);
    const char *rejected = ours ? strstr(ours, "rejected_calls=") : NULL;
    return rejected ? strtol(rejected + strlen("rejected_calls="), NULL, 10) : 0;
}

static void masters_that_name_each_other_are_not_followed_for_ever(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(1);
    int slot = slot_of(node);
    redis_server_ask(masters[1].server, "CLUSTER SETSLOT %d NODE %s", slot, masters[2].id);
    redis_server_ask(masters[2].server, "CLUSTER SETSLOT %d NODE %s", slot, masters[1].id);
    for (size_t i = 0; i < MASTERS; i++)
        redis_server_ask(masters[i].server, "CONFIG RESETSTAT");
    relay_in_listen(b->in, node);
    assert_int_equal(send_to(a, node, "x"), JF_OK);
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_UNAVAILABLE);
    pass(town, 2000);
    long refusals = refused_at(1, "ssubscribe") + refused_at(2, "ssubscribe");
    assert_true(refusals >= 2 && refusals <= 20);
    assert_true(refused_at(1, "spublish") + refused_at(2, "spublish") <= 2);
    give_slot(slot, 1);
    assert_true(pass_until(town, 5000, &b->listening, 2));
    assert_int_equal(send_to(a, node, "y"), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 1));
    assert_string_equal(bodies(b), "y");
}

static void a_master_that_holds_still_is_waited_for_only_so_long(void **state)
{
    struct town *town = *state;
    uint16_t node = number_at(2);
    listen_as(town, b, node);
    send_to(a, node, "1");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    redis_server_pause(masters[2].server);
    send_question(a, node, 5);
    send_text(a, c, "meanwhile");
    assert_true(pass_until(town, 2000, &a->undelivered, 1));
    assert_int_equal(a->last.status, JF_E_TIMEOUT);
    redis_server_resume(masters[2].server);
    wait_until_whole(town);
}

static void a_directory_that_is_away_stops_groups_only_for_its_time(void **state)
{
    struct town *town = *state;
    send_text(a, b, "1");
    assert_true(pass_until(town, 2000, &b->letters, 1));
    redis_server_pause(server);
    send_group(a, "g/1", "lost");
    send_text(a, b, "2");
    assert_true(pass_until(town, 2000, &b->letters, 2));
    assert_string_equal(bodies(b), "1 2");
    assert_int_equal(out_counts(a).undelivered, 1);
    redis_server_resume(server);
}

static void without_a_cluster_sharded_channels_work_too(void **state)
{
    struct town *town = *state;
    for (size_t i = 0; i < NODES; i++)
        close_post(&posts[i], 0);
    point_at(redis_server_port(server));
    for (size_t i = 0; i < NODES; i++)
        open_post(town, &posts[i], posts[i].node);
    for (size_t i = 0; i < NODES; i++)
        assert_true(pass_until(town, 2000, &posts[i].listening, 1));
    send_text(a, b, "1");
    send_all(a, "2");
    assert_true(pass_until(town, 2000, &b->letters, 2));
    assert_true(pass_until(town, 2000, &c->letters, 1));
}

#define CLUSTER_TEST(name)                                                                 \
    cmocka_unit_test_setup_teardown(name, set_up_sharded, tear_down_posts)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLUSTER_TEST(letters_find_the_master_that_has_the_channel),
        CLUSTER_TEST(a_first_burst_over_many_turns_arrives_in_order),
        CLUSTER_TEST(groups_and_all_reach_every_other_node_in_order),
        CLUSTER_TEST(who_is_gone_and_who_does_not_listen_are_told_apart),
        CLUSTER_TEST(what_was_sent_is_done_before_the_close),
        CLUSTER_TEST(a_close_waits_for_where_a_channel_is),
        CLUSTER_TEST(a_close_follows_to_where_a_channel_is),
        CLUSTER_TEST(a_close_waits_no_longer_than_its_patience),
        CLUSTER_TEST(closing_in_the_middle_of_everything_is_quiet),
        CLUSTER_TEST(a_channel_that_moves_is_followed_by_both_sides),
        CLUSTER_TEST(a_master_that_restarts_is_found_again),
        CLUSTER_TEST(the_others_go_on_without_the_first),
        CLUSTER_TEST(masters_that_name_each_other_are_not_followed_for_ever),
        CLUSTER_TEST(a_master_that_holds_still_is_waited_for_only_so_long),
        CLUSTER_TEST(a_directory_that_is_away_stops_groups_only_for_its_time),
        CLUSTER_TEST(without_a_cluster_sharded_channels_work_too),
    };
    if (!redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    server = redis_server_new(NULL);
    int failed =
        _cmocka_run_group_tests("relay_cluster", tests, sizeof(tests) / sizeof(tests[0]),
                                set_up_cluster, tear_down_cluster);
    redis_server_free(server);
    return failed;
}
