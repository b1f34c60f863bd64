/* Redis dies, forgets, is stopped, is full, and loses its scripts, while life goes on. Each
 * time it ends with all of Redis being what is true, and nothing more. */
#include "tests/unit/store/town.h"

#define SOON_MS 6000

static void ask_in_vain(struct town *town, unsigned within_ms)
{
    struct asked asked = { .op.key = jf_str("prod/a") };
    op_fn *const fns[] = { kind->group_members, kind->group_count };
    for (int i = 0; i < 2; i++) {
        unsigned start = now_ms();
        assert_int_equal(ask(town, town->stores[0][0], fns[i], &asked), JF_E_UNAVAILABLE);
        assert_true(now_ms() - start <= within_ms);
    }
}

/* Redis is away: what concerns one's own connections is as ever. */
static void life_goes_on(struct town *town)
{
    struct asked asked = { .op.key = jf_str("name") };
    struct person *ann = &town->people[0];
    call(town, ann, "ann");
    asked.op.conn = ann->id;
    assert_int_equal(ask(town, store_of(town, ann), kind->attr_get, &asked), JF_OK);
    assert_string_equal(asked.answer, "ann");
    everybody_lives(town, town->count);
}

static void a_redis_that_restarts_empty_is_told_all(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 300);
    redis_server_kill(server);
    pass(town, 50);
    life_goes_on(town);
    ask_in_vain(town, 100);
    redis_server_start(server);
    until_true(town, SOON_MS);
    town_audit(town);
    everybody_lives(town, 200);
    until_done(town);
    town_audit(town);
    town_free(town);
}

static void dying_in_the_middle_of_the_telling_is_no_harm(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 600);
    for (int i = 0; i < 5; i++) {
        redis_server_kill(server);
        everybody_lives(town, 50);
        redis_server_start(server);
        for (unsigned start = now_ms();
             now_ms() - start < 3000 &&
             redis_server_number(server, "DBSIZE") < 50 + i * 50;)
            turn(town);
    }
    until_true(town, SOON_MS);
    town_audit(town);
    town_free(town);
}

static void life_during_the_telling_is_told_too(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 2000);
    redis_server_kill(server);
    pass(town, 20);
    redis_server_start(server);
    for (unsigned start = now_ms(); !is_true(town) && now_ms() - start < SOON_MS;) {
        everybody_lives(town, 5);
        turn(town);
    }
    until_true(town, SOON_MS);
    until_done(town);
    town_audit(town);
    town_free(town);
}

static void a_redis_that_is_emptied_while_it_is_up_is_told_all(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 200);
    until_done(town);
    for (int i = 0; i < 2; i++) {
        redis_server_ask(server, i ? "FLUSHDB" : "FLUSHALL");
        pass(town, 2500); /* it is found out by looking */
        until_true(town, SOON_MS);
        town_audit(town);
    }
    town_free(town);
}

static void a_redis_that_missed_the_end_of_some_hears_of_it(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 300);
    until_done(town);
    redis_server_pause(server);
    pass(town, 4 * TIMEOUT_MS + 3500); /* silent for long enough to be given up */
    for (size_t i = 0; i < town->count; i += 2)
        go(town, &town->people[i]);
    everybody_lives(town, 100);
    ask_in_vain(town, 50);
    redis_server_resume(server);
    until_true(town, 10000);
    town_audit(town);
    town_free(town);
}

static void a_redis_that_holds_still_for_a_moment_misses_nothing(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 100);
    until_done(town);
    redis_server_pause(server);
    everybody_lives(town, 300);
    ask_in_vain(town, TIMEOUT_MS + 150);
    redis_server_resume(server);
    until_true(town, SOON_MS);
    until_done(town);
    town_audit(town);
    town_free(town);
}

static void scripts_that_are_lost_are_brought_again(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 100);
    until_done(town);
    redis_server_ask(server, "SCRIPT FLUSH");
    everybody_lives(town, 100);
    pass(town, 100);
    until_true(town, SOON_MS);
    town_audit(town);
    redis_server_ask(server, "SCRIPT FLUSH");
    struct asked asked = { .op.key = jf_str("prod/a") };
    assert_int_equal(ask(town, town->stores[0][0], kind->group_count, &asked),
                     JF_E_UNAVAILABLE);
    until_true(town, SOON_MS);
    assert_int_equal(ask(town, town->stores[0][0], kind->group_count, &asked), JF_OK);
    town_free(town);
}

static void a_full_redis_lets_go_and_takes_no_more_until_there_is_room(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 200);
    until_done(town);
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    for (size_t i = 0; i < town->count; i += 2)
        go(town, &town->people[i]);
    pass(town, 100);
    town_audit(town); /* going needs no room, and numbers of members are right */
    everybody_lives(town, 300);
    pass(town, 1000);
    redis_server_ask(server, "CONFIG SET maxmemory 0");
    until_true(town, 8000);
    town_audit(town);
    town_free(town);
}

static void a_full_redis_that_restarts_is_told_when_there_is_room(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 100);
    until_done(town);
    redis_server_kill(server);
    pass(town, 20);
    redis_server_start(server);
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    everybody_lives(town, 100);
    pass(town, 3000);
    redis_server_ask(server, "CONFIG SET maxmemory 0");
    until_true(town, 10000);
    town_audit(town);
    town_free(town);
}

static void what_an_earlier_life_of_the_node_left_is_swept(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    everybody_arrives(town, 100);
    until_done(town);
    long keys = redis_server_number(server, "DBSIZE");
    assert_true(keys > 100);
    /* Two nodes end without a word, and begin again with the same numbers. */
    redis_server_pause(server);
    close_node(town, 0);
    close_node(town, 1);
    redis_server_resume(server);
    town_free(town);
    town = town_here("jf:");
    assert_int_equal(redis_server_number(server, "DBSIZE"), NODES);
    town_audit(town);
    town_free(town);
}

static void one_connection_with_much_is_told_whole(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    struct person *ann = arrive(town, 0, 0);
    enter(town, ann);
    static char value[STORE_VALUE_MAX];
    memset(value, 'v', sizeof(value));
    for (int i = 0; i < STORE_ATTRS_MAX; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        struct asked asked = { .op = { .conn = ann->id,
                                       .key = jf_str(key),
                                       .value = jf_view(value, sizeof(value)) } };
        assert_int_equal(ask(town, store_of(town, ann), kind->attr_set, &asked), JF_OK);
    }
    for (int i = 0; i < STORE_GROUPS_MAX; i++) {
        char name[300];
        snprintf(name, sizeof(name), "g%d-%0250d", i, i);
        assert_int_equal(act(town, ann, kind->group_join, name, ""), JF_OK);
    }
    redis_server_kill(server);
    pass(town, 20);
    redis_server_start(server);
    until_true(town, 30000);
    assert_int_equal(redis_server_number(server, "HLEN jf:c:%s", ann->text),
                     STORE_ATTRS_MAX + 1);
    assert_int_equal(redis_server_number(server, "HSTRLEN jf:c:%s k255", ann->text),
                     STORE_VALUE_MAX);
    assert_int_equal(redis_server_number(server, "SCARD jf:cg:%s", ann->text),
                     STORE_GROUPS_MAX);
    town_free(town);
}

/* The longest turn of a loop that tells of many. */
static void telling_of_many_holds_nobody_up(void **state)
{
    (void)state;
    struct town *town = town_here("jf:");
    for (int i = 0; i < PEOPLE_MAX; i++) {
        struct person *person = arrive(town, 0, (unsigned)i % WORKERS);
        join(town, person, i % GROUPS);
        call(town, person, "x");
    }
    redis_server_kill(server);
    pass(town, 20);
    redis_server_start(server);
    unsigned longest = 0, start = now_ms();
    while (!is_true(town) && now_ms() - start < 60000) {
        unsigned before = now_ms();
        turn(town);
        if (now_ms() - before > longest)
            longest = now_ms() - before;
    }
    until_true(town, SOON_MS);
    print_message("# %d connections told in %u ms, longest turn %u ms\n", PEOPLE_MAX,
                  now_ms() - start, longest);
    assert_true(longest < 150); /* some ms, were it not for sanitizers and neighbours */
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), PEOPLE_MAX);
    assert_int_equal(redis_server_number(server, "HGET jf:gn:prod/a 1"),
                     (PEOPLE_MAX + GROUPS - 1) / GROUPS);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(a_redis_that_restarts_empty_is_told_all),
        TOWN_TEST(dying_in_the_middle_of_the_telling_is_no_harm),
        TOWN_TEST(life_during_the_telling_is_told_too),
        TOWN_TEST(a_redis_that_is_emptied_while_it_is_up_is_told_all),
        TOWN_TEST(a_redis_that_missed_the_end_of_some_hears_of_it),
        TOWN_TEST(a_redis_that_holds_still_for_a_moment_misses_nothing),
        TOWN_TEST(scripts_that_are_lost_are_brought_again),
        TOWN_TEST(a_full_redis_lets_go_and_takes_no_more_until_there_is_room),
        TOWN_TEST(a_full_redis_that_restarts_is_told_when_there_is_room),
        TOWN_TEST(what_an_earlier_life_of_the_node_left_is_swept),
        TOWN_TEST(one_connection_with_much_is_told_whole),
        TOWN_TEST(telling_of_many_holds_nobody_up),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
