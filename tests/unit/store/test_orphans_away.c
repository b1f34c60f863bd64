/* The connections of a dead node, and a Redis that does not answer, restarts, refuses, and
 * forgets meanwhile: each that it still knows is handed over, and none twice. */
#include "tests/unit/store/reapers.h"

/* The connection is cut by Redis, which keeps what it knows; then Redis holds still, for a
 * moment and for so long that it is given up. */
static void lost_answers_lose_nobody(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    for (unsigned i = 1; i <= 12; i++) {
        orphans_allow(reaper->orphans, 60);
        until_taken(reaper, i * 50);
        finish_some(reaper, 45);
        redis_server_ask(server, "CLIENT KILL TYPE normal SKIPME yes");
    }
    for (unsigned i = 0; i < 2; i++) {
        redis_server_pause(server);
        finish_some(reaper, 30);
        orphans_allow(reaper->orphans, 100);
        pass(town, i ? 10 * TIMEOUT_MS : 2 * TIMEOUT_MS);
        redis_server_resume(server);
        until_taken(reaper, 650 + i * 50);
    }
    finish_all(reaper);
    assert_int_equal(reaper->taken, DEAD);
    all_are_done(town, reaper);
}

static void lost_scripts_are_no_harm(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    for (unsigned i = 1; i <= 4; i++) {
        redis_server_ask(server, "SCRIPT FLUSH");
        finish_some(reaper, DEAD);
        orphans_allow(reaper->orphans, 100);
        until_taken(reaper, i * 100);
    }
    redis_server_ask(server, "SCRIPT FLUSH");
    finish_all(reaper);
    assert_int_equal(reaper->taken, DEAD);
    all_are_done(town, reaper);
}

/* All of it frees memory, so it need not wait, not even to raise the fence. */
static void a_full_redis_is_cleaned_up_too(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    redis_server_ask(server, "SCRIPT FLUSH");
    struct reaper *reaper = reaper_new(town, FENCE);
    orphans_allow(reaper->orphans, 100);
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, DEAD);
    assert_true(redis_server_number(server, "GET jf:fence:1") == FENCE);
    redis_server_ask(server, "CONFIG SET maxmemory 0");
    all_are_done(town, reaper);
}

/* It answers what is asked, and writes nothing: what is to be forgotten stays bounded. */
static void a_redis_that_refuses_to_write_gives_no_more(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    orphans_allow(reaper->orphans, 10);
    until_taken(reaper, 100);
    redis_server_ask(server, "CONFIG SET min-replicas-to-write 1");
    pass(town, 20);
    unsigned taken = reaper->taken;
    pass(town, 800);
    assert_true(reaper->taken <= taken + 30);
    redis_server_ask(server, "CONFIG SET min-replicas-to-write 0");
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, DEAD);
    all_are_done(town, reaper);
}

static void forget_what_was_saved(void)
{
    char file[128];
    snprintf(file, sizeof(file), "%s", redis_server_socket(server));
    strcpy(strrchr(file, '/'), "/dump.rdb");
    unlink(file);
}

static void a_redis_that_restarts_with_all_it_had_loses_nobody(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    for (unsigned i = 1; i <= 3; i++) {
        orphans_allow(reaper->orphans, 150);
        until_taken(reaper, i * 150);
        redis_server_ask(server, "SAVE");
        redis_server_kill(server);
        finish_some(reaper, 100);
        pass(town, 20);
        redis_server_start(server);
    }
    finish_all(reaper);
    assert_int_equal(reaper->taken, DEAD);
    forget_what_was_saved();
    all_are_done(town, reaper);
}

static void a_redis_that_goes_back_in_time_brings_nobody_back(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    redis_server_ask(server, "SAVE");
    struct reaper *reaper = reaper_new(town, FENCE);
    orphans_allow(reaper->orphans, 10);
    for (unsigned i = 1; i <= 3; i++) {
        until_taken(reaper, i * 200);
        redis_server_kill(server);
        redis_server_start(server);
        assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), DEAD);
    }
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, DEAD);
    forget_what_was_saved();
    all_are_done(town, reaper);
}

/* Nobody knows of the others any more. */
static void a_redis_that_restarts_empty_is_done_with_what_is_in_hand(void **state)
{
    (void)state;
    struct town *town = town_of_dead();
    struct reaper *reaper = reaper_new(town, FENCE);
    reaper->keeps = true;
    orphans_allow(reaper->orphans, 300);
    until_taken(reaper, 300);
    finish_some(reaper, 100);
    redis_server_kill(server);
    finish_some(reaper, 50);
    pass(town, 20);
    redis_server_start(server);
    orphans_allow(reaper->orphans, DEAD);
    pass(town, 1000);
    assert_int_equal(reaper->ends, 0);
    finish_some(reaper, DEAD);
    until_ended(reaper, JF_OK);
    assert_int_equal(reaper->taken, 300);
    reaper_free(reaper);
    assert_buried(town);
    town_free(town);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(lost_answers_lose_nobody),
        TOWN_TEST(lost_scripts_are_no_harm),
        TOWN_TEST(a_full_redis_is_cleaned_up_too),
        TOWN_TEST(a_redis_that_refuses_to_write_gives_no_more),
        TOWN_TEST(a_redis_that_restarts_with_all_it_had_loses_nobody),
        TOWN_TEST(a_redis_that_goes_back_in_time_brings_nobody_back),
        TOWN_TEST(a_redis_that_restarts_empty_is_done_with_what_is_in_hand),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
