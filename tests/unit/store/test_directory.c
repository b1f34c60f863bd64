/* What a node tells Redis about its connections, key by key, and what nodes learn of each
 * other there. */
#include "tests/unit/store/town.h"

static bool has(const struct asked *asked, const struct person *person)
{
    size_t found = 0;
    for (size_t i = 0; i < asked->count; i++)
        found += conn_id_eq(asked->members[i], person->id);
    assert_true(found <= 1);
    return found == 1;
}

static void ask_members(struct town *town, int node, int group, struct asked *asked)
{
    asked->op.key = jf_str(groups[group]);
    assert_int_equal(ask(town, town->stores[node][0], kind->group_members, asked), JF_OK);
}

static uint64_t count_members(struct town *town, int node, int group)
{
    struct asked asked = { .op.key = jf_str(groups[group]) };
    assert_int_equal(ask(town, town->stores[node][0], kind->group_count, &asked), JF_OK);
    return asked.number;
}

static void the_keys_are_those_of_the_book(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct person *ann = arrive(town, 0, 0);
    join(town, ann, 0);
    join(town, ann, 4);
    call(town, ann, "ann");
    until_done(town);
    assert_string_equal(redis_server_ask(server, "HGETALL jf:c:%s", ann->text),
                        "name\nann");
    assert_int_equal(redis_server_number(server, "SCARD jf:cg:%s", ann->text), 2);
    assert_string_equal(redis_server_ask(server, "SMEMBERS jf:g:prod/a"), ann->text);
    assert_string_equal(redis_server_ask(server, "HGETALL jf:gn:prod/a"), "1\n1");
    assert_string_equal(redis_server_ask(server, "SMEMBERS jf:g:$default/lobby"),
                        ann->text);
    assert_string_equal(redis_server_ask(server, "SMEMBERS jf:n:1"), ann->text);
    assert_int_equal(redis_server_number(server, "SCARD jf:m:1"), WORKERS);
    assert_int_equal(redis_server_number(server, "DBSIZE"), 2 + 4 + 1 + NODES);
    town_audit(town);
    town_free(town);
}

static void numbers_of_members_are_right_however_often_one_joins_and_leaves(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct person *ann = arrive(town, 0, 0), *bob = arrive(town, 0, 1),
                  *eve = arrive(town, 1, 0);
    for (int i = 0; i < 3; i++) {
        join(town, ann, 0);
        join(town, bob, 0);
        join(town, eve, 0);
    }
    until_done(town);
    assert_int_equal(redis_server_number(server, "HGET jf:gn:prod/a 1"), 2);
    assert_int_equal(redis_server_number(server, "HGET jf:gn:prod/a 2"), 1);
    for (int i = 0; i < 3; i++)
        leave(town, ann, 0);
    go(town, eve);
    go(town, eve);
    leave(town, eve, 0);
    until_done(town);
    town_audit(town);
    assert_string_equal(redis_server_ask(server, "HGETALL jf:gn:prod/a"), "1\n1");
    go(town, bob);
    until_done(town);
    town_audit(town);
    assert_int_equal(redis_server_number(server, "DBSIZE"), NODES); /* the markers */
    town_free(town);
}

static void an_attribute_that_goes_takes_what_is_empty_along(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct person *ann = arrive(town, 0, 0);
    call(town, ann, "ann");
    call(town, ann, "");
    until_done(town);
    town_audit(town);
    join(town, ann, 0);
    call(town, ann, "anne");
    call(town, ann, "");
    until_done(town);
    town_audit(town);
    town_free(town);
}

static void who_has_entered_is_known_until_forgotten(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct person *ann = arrive(town, 0, 1);
    enter(town, ann);
    until_done(town);
    assert_string_equal(redis_server_ask(server, "HGETALL jf:c:%s", ann->text),
                        "\n1000 prod");
    town_audit(town);
    call(town, ann, "ann");
    join(town, ann, 0);
    call(town, ann, "");
    leave(town, ann, 0);
    until_done(town);
    town_audit(town); /* what comes and goes leaves it there */
    enter(town, ann);
    until_done(town);
    town_audit(town);
    go(town, ann);
    until_done(town);
    town_audit(town);
    assert_int_equal(redis_server_number(server, "DBSIZE"), NODES);
    town_free(town);
}

static void nodes_see_each_others_members(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct asked asked = { .calls = 0 };
    struct person *ann = arrive(town, 0, 0), *bob = arrive(town, 1, 1),
                  *eve = arrive(town, 1, 0);
    join(town, ann, 1);
    join(town, bob, 1);
    join(town, eve, 2);
    until_done(town);
    for (int node = 0; node < NODES; node++) {
        ask_members(town, node, 1, &asked);
        assert_int_equal(asked.count, 2);
        assert_true(has(&asked, ann));
        assert_true(has(&asked, bob));
        assert_int_equal(count_members(town, node, 1), 2);
        assert_int_equal(count_members(town, node, 2), 1);
        assert_int_equal(count_members(town, node, 5), 0);
    }
    free(asked.members);
    town_free(town);
}

static void a_node_needs_nobody_to_know_its_own_members(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct person *ann = arrive(town, 0, 0), *eve = arrive(town, 1, 0);
    join(town, eve, 0);
    until_done(town);
    redis_server_ask(server, "CONFIG SET maxmemory 1"); /* nothing more gets in */
    join(town, ann, 0);
    assert_int_equal(count_members(town, 0, 0), 2);
    assert_int_equal(count_members(town, 1, 0), 1); /* that one cannot know */
    redis_server_ask(server, "CONFIG SET maxmemory 0");
    town_free(town);
}

static void a_large_group_comes_whole_and_everyone_once(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    enum { COUNT = 6000 };
    struct asked asked = { .calls = 0 };
    for (int i = 0; i < COUNT; i++) {
        struct person *person = arrive(town, 1, 0);
        assert_int_equal(act(town, person, kind->group_join, "prod/a", ""), JF_OK);
        person->in[0] = true;
    }
    until_done(town);
    ask_members(town, 0, 0, &asked);
    assert_int_equal(asked.count, COUNT);
    bool *seen = xcalloc(COUNT, 1);
    for (size_t i = 0; i < asked.count; i++) {
        uint32_t slot = conn_id_slot(asked.members[i]);
        assert_true(slot < COUNT && !seen[slot]);
        seen[slot] = true;
    }
    free(seen);
    free(asked.members);
    town_free(town);
}

static void what_is_no_id_is_no_member(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct asked asked = { .calls = 0 };
    struct person *eve = arrive(town, 1, 0);
    join(town, eve, 0);
    until_done(town);
    redis_server_ask(server, "SADD jf:g:prod/a nonsense AAAA *");
    ask_members(town, 0, 0, &asked);
    assert_int_equal(asked.count, 1);
    free(asked.members);
    redis_server_ask(server, "SET jf:g:prod/b text"); /* not even a set */
    asked = (struct asked){ .op.key = jf_str("prod/b") };
    assert_int_equal(ask(town, town->stores[0][0], kind->group_members, &asked),
                     JF_E_UNAVAILABLE);
    assert_int_equal(ask(town, town->stores[0][0], kind->group_count, &asked),
                     JF_E_UNAVAILABLE);
    town_free(town);
}

static void two_prefixes_are_two_worlds(void **state)
{
    (void)state;
    struct town *one = town_here("jf:"), *two = town_here("other:");
    everybody_arrives(one, 50);
    everybody_arrives(two, 50);
    everybody_lives(two, 100);
    until_done(one);
    until_done(two);
    town_audit(one);
    town_audit(two);
    assert_int_equal(count_keys("jf:") + count_keys("other:"),
                     redis_server_number(server, "DBSIZE"));
    town_free(one);
    town_free(two);
}

static void a_socket_file_and_another_database_will_do(void **state)
{
    (void)state;
    char url[160];
    snprintf(url, sizeof(url), "unix://%s?db=4", redis_server_socket(server));
    struct town *town = town_new("jf:", url);
    until_true(town, 5000);
    everybody_arrives(town, 40);
    until_done(town);
    redis_server_ask(server, "SELECT 4");
    town_audit(town);
    town_free(town);
}

static void with_a_wrong_password_all_goes_on_but_what_needs_redis(void **state)
{
    (void)state;
    char url[64];
    redis_server_ask(server, "CONFIG SET requirepass right");
    snprintf(url, sizeof(url), "redis://:wrong@127.0.0.1:%d", redis_server_port(server));
    struct town *town = town_new("jf:", url);
    pass(town, 200);
    everybody_arrives(town, 20);
    struct asked asked = { .op.key = jf_str("prod/a") };
    assert_int_equal(ask(town, town->stores[0][0], kind->group_members, &asked),
                     JF_E_UNAVAILABLE);
    assert_int_equal(ask(town, town->stores[0][0], kind->group_count, &asked),
                     JF_E_UNAVAILABLE);
    redis_server_ask(server, "AUTH right");
    redis_server_ask(server, "CONFIG SET requirepass wrong");
    until_true(town, 8000);
    town_audit(town);
    town_free(town);
}

/* docs/redis.md has the list. */
static void the_rights_of_the_book_are_enough(void **state)
{
    (void)state;
    char url[64];
    struct asked asked = { .calls = 0 };
    redis_server_ask(server,
                     "ACL SETUSER jf on >pass ~jf:* resetchannels -@all +select +ping "
                     "+script|load +evalsha +sadd +srem +scard +sismember +smembers "
                     "+sscan +hset +hget +hdel +hincrby +del +exists +get +set");
    snprintf(url, sizeof(url), "redis://jf:pass@127.0.0.1:%d/0", redis_server_port(server));
    struct town *town = town_new("jf:", url);
    until_true(town, 5000);
    everybody_arrives(town, 100);
    until_done(town);
    town_audit(town);
    ask_members(town, 0, 0, &asked);
    free(asked.members);
    redis_server_ask(server, "FLUSHALL");
    pass(town, 2500);
    until_true(town, 5000);
    town_audit(town);
    town_free(town);
}

static void what_was_told_at_the_end_is_done(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 400);
    close_node(town, 0);
    close_node(town, 1);
    town_audit(town); /* but for the markers, which are gone */
    town_free(town);
}

static void a_node_that_forgets_all_leaves_nothing_behind(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 400);
    for (size_t i = 0; i < town->count; i++)
        go(town, &town->people[i]);
    close_node(town, 0);
    close_node(town, 1);
    assert_int_equal(redis_server_number(server, "DBSIZE"), 0);
    town_free(town);
}

static void closing_answers_what_was_asked_of_redis(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct asked members = { .op = { .done = on_done, .key = jf_str("prod/a") } },
                 count = members, own = members;
    redis_server_pause(server);
    assert_int_equal(kind->group_members(town->stores[0][0], &members.op), JF_OK);
    assert_int_equal(kind->group_count(town->stores[0][0], &count.op), JF_OK);
    own.op.conn = arrive(town, 0, 0)->id;
    assert_int_equal(kind->group_join(town->stores[0][0], &own.op), JF_OK);
    unsigned start = now_ms();
    kind->close(town->stores[0][0]);
    town->stores[0][0] = NULL;
    assert_true(now_ms() - start < 1500);
    assert_int_equal(members.calls + count.calls + own.calls, 3);
    assert_int_equal(members.status, JF_E_STOPPING);
    assert_int_equal(count.status, JF_E_STOPPING);
    assert_int_equal(own.status, JF_E_STOPPING);
    redis_server_resume(server);
    town_free(town);
}

struct closer {
    struct store_op op;
    struct town *town;
};

static void on_done_close(struct store_op *op, int status)
{
    struct closer *closer = CONTAINER_OF(op, struct closer, op);
    (void)status;
    kind->close(closer->town->stores[0][0]);
    closer->town->stores[0][0] = NULL;
    loop_stop(closer->town->loop);
}

static void an_answer_of_redis_may_close_the_store(void **state)
{
    (void)state;
    op_fn *const fns[] = { kind->group_members, kind->group_count };
    for (int i = 0; i < 2; i++) {
        struct town *town = town_here("jf:");
        struct closer closer = { { .done = on_done_close, .key = jf_str("prod/a") }, town };
        struct asked behind = { .op = { .done = on_done, .key = jf_str("prod/a") } };
        assert_int_equal(fns[i](town->stores[0][0], &closer.op), JF_OK);
        assert_int_equal(fns[i](town->stores[0][0], &behind.op), JF_OK);
        loop_run(town->loop);
        assert_null(town->stores[0][0]);
        assert_int_equal(behind.calls, 1);
        assert_int_equal(behind.status, JF_E_STOPPING);
        town_free(town);
    }
}

static void options_are_checked(void **state)
{
    (void)state;
    const char *why = NULL;
    struct store_options options = { .url = "redis://h", .prefix = "jf:" };
    assert_int_equal(kind->check(&options, &why), JF_OK);
    options.prefix = NULL;
    assert_int_equal(kind->check(&options, &why), JF_OK);
    char longest[66];
    memset(longest, 'p', sizeof(longest));
    longest[65] = '\0';
    const char *const prefixes[] = { "", "a b", "a\n", "\xc3\xa4:", longest };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        options.prefix = prefixes[i];
        assert_int_equal(kind->check(&options, &why), JF_E_INVALID);
        assert_non_null(strstr(why, "prefix"));
    }
    options = (struct store_options){ .prefix = "jf:" };
    assert_int_equal(kind->check(&options, &why), JF_E_INVALID);
    assert_non_null(strstr(why, "url"));
    options.url = "http://h";
    struct store_shared *shared;
    assert_int_equal(kind->check(&options, &why), JF_E_INVALID);
    assert_int_equal(kind->share(&options, &shared), JF_E_INVALID);
    assert_ptr_equal(store_kind_find("redis"), &store_redis);
    assert_ptr_equal(store_kind_find("memory"), &store_memory);
    assert_null(store_kind_find("paper"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(the_keys_are_those_of_the_book),
        TOWN_TEST(numbers_of_members_are_right_however_often_one_joins_and_leaves),
        TOWN_TEST(an_attribute_that_goes_takes_what_is_empty_along),
        TOWN_TEST(who_has_entered_is_known_until_forgotten),
        TOWN_TEST(nodes_see_each_others_members),
        TOWN_TEST(a_node_needs_nobody_to_know_its_own_members),
        TOWN_TEST(a_large_group_comes_whole_and_everyone_once),
        TOWN_TEST(what_is_no_id_is_no_member),
        TOWN_TEST(two_prefixes_are_two_worlds),
        TOWN_TEST(a_socket_file_and_another_database_will_do),
        TOWN_TEST(with_a_wrong_password_all_goes_on_but_what_needs_redis),
        TOWN_TEST(the_rights_of_the_book_are_enough),
        TOWN_TEST(what_was_told_at_the_end_is_done),
        TOWN_TEST(a_node_that_forgets_all_leaves_nothing_behind),
        TOWN_TEST(closing_answers_what_was_asked_of_redis),
        TOWN_TEST(an_answer_of_redis_may_close_the_store),
        TOWN_TEST(options_are_checked),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
