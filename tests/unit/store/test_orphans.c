/* A node dies with 1,000 connections, and others take care of them: each is handed over
 * with all that was known, and is done once, whoever stops in the middle or comes back
 * late. */
#include "tests/unit/store/reapers.h"

static void everyone_is_handed_over_once_with_all_that_was_known(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    orphans_allow(reaper->orphans, 50);
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, DEAD);
    assert_int_equal(redis_server_number(server, "EXISTS jf:m:1"), 0);
    assert_true(redis_server_number(server, "GET jf:fence:1") == FENCE);
    all_are_done(town, reaper);
}

static void what_is_in_hand_stays_in_redis_and_is_as_many_as_allowed(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    pass(town, 50);
    assert_int_equal(reaper->taken, 0);
    orphans_allow(reaper->orphans, 37);
    until_taken(reaper, 37);
    pass(town, 100);
    assert_int_equal(reaper->taken, 37);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), DEAD);
    for (unsigned i = 0; i < reaper->in_hand; i++)
        audit_person(town, &town->people[conn_id_slot(reaper->hand[i]->conn)]);
    finish_some(reaper, 20);
    until_left(town, DEAD - 20);
    for (unsigned i = 0; i < reaper->in_hand; i++)
        audit_person(town, &town->people[conn_id_slot(reaper->hand[i]->conn)]);
    orphans_allow(reaper->orphans, UINT32_MAX);
    orphans_allow(reaper->orphans, UINT32_MAX);
    until_taken(reaper, DEAD);
    pass(town, 300);
    assert_int_equal(reaper->ends, 0); /* while something is in hand */
    finish_some(reaper, DEAD);
    until_ended(reaper, JF_OK);
    all_are_done(town, reaper);
}

/* No more is allowed than there are, and each page has some that are done. */
static void allowing_just_as_many_as_there_are_is_enough(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    for (unsigned i = 0; i < 10; i++) {
        orphans_allow(reaper->orphans, DEAD / 10);
        until_taken(reaper, (i + 1) * DEAD / 10);
        finish_some(reaper, DEAD);
    }
    until_ended(reaper, JF_OK);
    all_are_done(town, reaper);
}

static void another_goes_on_where_one_closed(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    unsigned taken = 0;
    for (unsigned i = 0; i < 4; i++) {
        struct reaper *reaper = reaper_new(town, FENCE + i);
        reaper->keeps = i < 3;
        orphans_allow(reaper->orphans, 200);
        if (reaper->keeps) {
            until_taken(reaper, 200);
            finish_some(reaper, 130); /* and closes before Redis knows */
        } else {
            until_ended(reaper, JF_OK);
        }
        taken += reaper->taken;
        reaper_free(reaper);
    }
    assert_int_equal(taken, DEAD + 3 * (200 - 130));
    assert_all_done(town);
    town_free(town);
}

/* Whoever has an old fence hears of it and changes nothing. */
static void one_with_a_later_fence_takes_over(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *early = reaper_new(town, FENCE), *late = NULL;
    early->keeps = true;
    orphans_allow(early->orphans, 100);
    until_taken(early, 100);
    finish_some(early, 40);
    until_left(town, DEAD - 40);
    late = reaper_new(town, FENCE + 1);
    late->keeps = true;
    orphans_allow(late->orphans, 1);
    until_taken(late, 1);
    orphans_done(early->orphans, early->hand[0]->conn);
    until_ended(early, JF_E_GONE);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), DEAD - 40);
    orphans_done(early->orphans, early->hand[1]->conn);
    orphans_allow(early->orphans, 10);
    late->keeps = false;
    finish_some(late, 1);
    orphans_allow(late->orphans, 100);
    until_ended(late, JF_OK);
    assert_int_equal(early->taken, 100);
    assert_int_equal(late->taken, DEAD - 40);
    reaper_free(early);
    reaper_free(late);
    assert_all_done(town);
    town_free(town);
}

static void one_with_an_old_fence_gets_none(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    redis_server_ask(server, "SET jf:fence:1 %llu", (unsigned long long)FENCE);
    struct reaper *reaper = reaper_new(town, FENCE - 1);
    orphans_allow(reaper->orphans, 100);
    until_ended(reaper, JF_E_GONE);
    assert_int_equal(reaper->taken, 0);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), DEAD);
    assert_int_equal(redis_server_number(server, "EXISTS jf:m:1"), 1);
    reaper_free(reaper);
    town_free(town);
}

static uint64_t claim;

static int leave_by_claim(struct store *store, struct store_op *op)
{
    return kind->orphan_leave(store, op, claim);
}

static int leave_for(struct town *town, const struct person *person, const char *group)
{
    struct asked asked = { .op.conn = person->id, .op.key = jf_str(group) };
    return ask(town, town->stores[1][0], leave_by_claim, &asked);
}

/* While its $disconnect runs on another node; who is left is counted after that. */
static void an_orphan_leaves_a_group_for_whoever_has_the_claim(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    const struct person *person = town->people;
    while (person->node != 0 || !person->in[0])
        person++;
    long members = redis_server_number(server, "SCARD jf:g:%s", groups[0]);
    redis_server_ask(server, "SET jf:fence:1 %llu", (unsigned long long)FENCE);
    claim = FENCE - 1;
    assert_int_equal(leave_for(town, person, groups[0]), JF_E_GONE);
    assert_int_equal(redis_server_number(server, "SCARD jf:g:%s", groups[0]), members);
    claim = FENCE;
    assert_int_equal(leave_for(town, person, groups[0]), JF_OK);
    assert_int_equal(leave_for(town, person, groups[0]), JF_OK); /* twice is once */
    assert_int_equal(redis_server_number(server, "SCARD jf:g:%s", groups[0]), members - 1);
    redis_server_pause(server);
    assert_int_equal(leave_for(town, person, groups[0]), JF_E_UNAVAILABLE);
    redis_server_resume(server);
    town_free(town);
}

/* The node was not dead, only away: with all it knows it cannot undo anything. */
static void the_dead_that_come_back_are_refused(void **state)
{
    (void)state;
    memset(done, 0, sizeof(done));
    struct town *town = town_here("jf:");
    struct store_options options = {
        .url = town->url, .node = 1, .timeout_ms = TIMEOUT_MS, .fence = FENCE - 1
    };
    close_node(town, 0);
    kind->unshare(town->shared[0]);
    assert_int_equal(kind->share(&options, &town->shared[0]), JF_OK);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(
            kind->open(town->loop, town->shared[0], (unsigned)i, &town->stores[0][i]),
            JF_OK);
    until_true(town, 5000);
    everybody_arrives(town, 200);
    for (size_t i = 0; i < town->count; i++)
        enter(town, &town->people[i]);
    until_done(town);
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    orphans_allow(reaper->orphans, 50);
    until_taken(reaper, 50);
    finish_some(reaper, 25);
    for (size_t i = 0; i < town->count; i += 2) /* all of node 1 */
        assert_int_equal(act(town, &town->people[i], kind->attr_set, "late", "1"), JF_OK);
    for (size_t i = 0; i < town->count; i += 4)
        assert_int_equal(act(town, &town->people[i], kind->forget, "", ""), JF_OK);
    pass(town, 100);
    assert_true(store_redis_is_fenced(town->shared[0]));
    reaper->keeps = false;
    finish_some(reaper, 25);
    orphans_allow(reaper->orphans, 50);
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, 100);
    close_node(town, 0);
    all_are_done(town, reaper);
}

static void what_is_no_connection_of_the_node_is_no_orphan(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    redis_server_ask(server, "SADD jf:n:1 nonsense \"\" %s", town->people[1].text);
    redis_server_ask(server, "HSET jf:c:%s \"\" nonsense", town->people[0].text);
    town->people[0].entered = false; /* as good as */
    orphans_allow(reaper->orphans, 10);
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, DEAD);
    assert_int_equal(redis_server_number(server, "EXISTS jf:n:1 jf:m:1"), 0);
    all_are_done(town, reaper);
}

static void one_of_whom_nothing_is_known_is_handed_over_too(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct person *person = &town->people[0];
    redis_server_ask(server, "FLUSHALL");
    until_true(town, 5000);
    *person = (struct person){ .id = person->id, .node = 0 };
    conn_id_to_text(person->id, person->text);
    redis_server_ask(server, "SADD jf:n:1 %s", person->text);
    struct reaper *reaper = reaper_new(town, FENCE);
    orphans_allow(reaper->orphans, 10);
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, 1);
    assert_true(done[0]);
    reaper_free(reaper);
    pass(town, 2500); /* the living are told anew */
    assert_buried(town);
    town_free(town);
}

static void a_node_without_connections_is_done_with_at_once(void **state)
{
    (void)state;
    memset(done, 0, sizeof(done));
    struct town *town = town_here("jf:");
    close_node(town, 0);
    redis_server_ask(server, "SADD jf:m:1 0 1");
    struct reaper *reaper = reaper_new(town, 0);
    until_ended(reaper, JF_OK);
    assert_int_equal(redis_server_number(server, "EXISTS jf:m:1 jf:fence:1"), 0);
    orphans_allow(reaper->orphans, 5); /* in vain, and no harm */
    orphans_done(reaper->orphans, conn_id_make(1, 0, 0));
    pass(town, 20);
    assert_int_equal(reaper->ends, 1);
    reaper_free(reaper);
    orphans_close(NULL);
    orphan_free(NULL);
    town_free(town);
}

static void what_was_not_handed_over_cannot_be_done(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    for (unsigned i = 0; i < 30; i++) {
        orphans_allow(reaper->orphans, 2);
        for (size_t person = 0; person < town->count; person++) {
            if (!reaper->had[person])
                orphans_done(reaper->orphans, town->people[person].id);
        }
        turn(town);
    }
    until_taken(reaper, 60);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), DEAD);
    jf_conn_id first = reaper->hand[reaper->in_hand - 1]->conn;
    finish_some(reaper, 1);
    for (unsigned i = 0; i < 20; i++, turn(town))
        orphans_done(reaper->orphans, first); /* once is enough */
    until_left(town, DEAD - 1);
    reaper_free(reaper);
    town_free(town);
}

static void closing_in_the_middle_is_safe(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    for (unsigned i = 0; i < 60; i++) {
        struct reaper *reaper = reaper_new(town, FENCE + i);
        reaper->keeps = true;
        orphans_allow(reaper->orphans, 20);
        for (unsigned turns = 0; turns < i; turns++) {
            turn(town);
            finish_some(reaper, 1);
        }
        assert_int_equal(reaper->ends, 0);
        reaper_free(reaper);
    }
    struct reaper *last = reaper_new(town, FENCE + 60);
    orphans_allow(last->orphans, 20);
    until_ended(last, JF_OK);
    reaper_free(last);
    assert_all_done(town);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(everyone_is_handed_over_once_with_all_that_was_known),
        TOWN_TEST(what_is_in_hand_stays_in_redis_and_is_as_many_as_allowed),
        TOWN_TEST(allowing_just_as_many_as_there_are_is_enough),
        TOWN_TEST(another_goes_on_where_one_closed),
        TOWN_TEST(one_with_a_later_fence_takes_over),
        TOWN_TEST(one_with_an_old_fence_gets_none),
        TOWN_TEST(an_orphan_leaves_a_group_for_whoever_has_the_claim),
        TOWN_TEST(the_dead_that_come_back_are_refused),
        TOWN_TEST(what_is_no_connection_of_the_node_is_no_orphan),
        TOWN_TEST(one_of_whom_nothing_is_known_is_handed_over_too),
        TOWN_TEST(a_node_without_connections_is_done_with_at_once),
        TOWN_TEST(what_was_not_handed_over_cannot_be_done),
        TOWN_TEST(closing_in_the_middle_is_safe),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
