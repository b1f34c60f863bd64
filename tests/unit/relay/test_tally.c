/* Several tallies on one Redis: what each learns of the others, when, and of how much. */
#include "tests/unit/relay/tallies.h"

#include <pthread.h>

#include "core/relay/tally_script.h"

/* ---- Buckets ---- */

static void what_is_taken_from_a_bucket_is_known_to_who_takes_next(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1);
    const struct rate rate = rate_of(1, 10);
    draw(a, "k", &rate, 3);
    assert_true(hears(a, TALLY_BUCKET, "k", 3 * TOKEN));
    draw(b, "k", &rate, 2);
    uint64_t missing = hears_again(b, TALLY_BUCKET, "k", 1)->number;
    assert_true(missing <= 5 * TOKEN && missing > 4 * TOKEN);
}

static void the_first_use_is_told_at_once_and_later_ones_together(void **state)
{
    struct member *a = enter_member(*state, 0);
    unsigned start = now_ms();
    spend(a, "k", 1);
    const struct known *known = hears_again(a, TALLY_QUOTA, "k", 1);
    unsigned first = known->at;
    assert_true(first - start < TALLY_EVERY_MS / 2);
    for (int i = 0; i < 10; i++) {
        spend(a, "k", 1);
        turn_members();
    }
    hears_again(a, TALLY_QUOTA, "k", 2);
    assert_true(known->at - first >= TALLY_EVERY_MS - 1);
    assert_int_equal(known->number, 11);
    pass_members(TALLY_EVERY_MS + 20);
    assert_int_equal(known->times, 2);
    start = now_ms();
    spend(a, "k", 1);
    hears_again(a, TALLY_QUOTA, "k", 3);
    assert_true(known->at - start < TALLY_EVERY_MS / 2);
}

static void what_was_used_since_it_was_asked_is_in_the_number(void **state)
{
    struct member *a = enter_member(*state, 0);
    const struct rate rate = rate_of(1, 10);
    redis_server_pause(server);
    draw(a, "k", &rate, 1);
    spend(a, "k", 1);
    pass_members(20);
    draw(a, "k", &rate, 4);
    spend(a, "k", 4);
    redis_server_resume(server);
    assert_int_equal(hears_again(a, TALLY_BUCKET, "k", 1)->number, 5 * TOKEN);
    assert_int_equal(hears_again(a, TALLY_QUOTA, "k", 1)->number, 5);
    assert_true(hears_again(a, TALLY_BUCKET, "k", 2)->number > 4 * TOKEN);
    assert_int_equal(hears_again(a, TALLY_QUOTA, "k", 2)->number, 5);
}

static void a_bucket_refills_by_the_clock_of_redis(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1);
    const struct rate rate = rate_of(20, 100);
    draw(a, "k", &rate, 10);
    assert_true(hears(a, TALLY_BUCKET, "k", 10 * TOKEN));
    unsigned told = now_ms();
    pass_members(200);
    draw(b, "k", &rate, 1);
    uint64_t missing = hears_again(b, TALLY_BUCKET, "k", 1)->number;
    uint64_t gained = 11 * TOKEN - missing, passed = now_ms() - told;
    assert_true(gained >= 190 * rate.gain && gained <= (passed + 20) * rate.gain);
}

static void the_key_of_a_full_bucket_goes(void **state)
{
    struct member *a = enter_member(*state, 0);
    const struct rate rate = rate_of(100, 10);
    draw(a, "k", &rate, 10);
    assert_true(hears(a, TALLY_BUCKET, "k", 10 * TOKEN));
    assert_in_range(redis_server_number(server, "PTTL t:rate:k"), 1, 101);
    usleep(120000);
    assert_int_equal(redis_server_number(server, "EXISTS t:rate:k"), 0);
}

static void what_is_owed_has_an_end(void **state)
{
    struct member *a = enter_member(*state, 0);
    const struct rate rate = rate_of(1, 2);
    draw(a, "k", &rate, 4000000000u);
    assert_true(hears(a, TALLY_BUCKET, "k", (uint64_t)RATE_DEBT_BURSTS * 2 * TOKEN));
    assert_in_range(redis_server_number(server, "PTTL t:rate:k"), 120000, 128001);
}

/* ---- Quotas ---- */

static void a_quota_is_the_sum_of_all_and_is_kept_from_when_it_began(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1);
    spend(a, "k", 3);
    assert_true(hears(a, TALLY_QUOTA, "k", 3));
    assert_in_range(redis_server_number(server, "PTTL t:quota:k"), A_MINUTE - 5000,
                    A_MINUTE);
    redis_server_ask(server, "PEXPIRE t:quota:k 9000");
    spend(b, "k", 4);
    assert_true(hears(b, TALLY_QUOTA, "k", 7));
    assert_in_range(redis_server_number(server, "PTTL t:quota:k"), 1, 9000);
    spend(a, "k", 1);
    assert_true(hears(a, TALLY_QUOTA, "k", 8));
}

/* ---- Seats ---- */

static void of_seats_each_knows_what_the_others_have(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1),
                  *c = enter_member(*state, 2);
    sit(a, "k", 3);
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    sit(b, "k", 4);
    assert_true(hears(b, TALLY_SEATS, "k", 3));
    sit(c, "k", 5);
    assert_true(hears(c, TALLY_SEATS, "k", 7));
    assert_true(hears(a, TALLY_SEATS, "k", 9)); /* it asks again by itself */
    sit(b, "k", 1);
    assert_true(hears(a, TALLY_SEATS, "k", 6));
    sit(b, "k", 0);
    assert_true(hears(a, TALLY_SEATS, "k", 5));
    close_member(c, 500);
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    sit(a, "k", 0);
    pass_members(2 * TALLY_EVERY_MS);
    assert_int_equal(redis_server_number(server, "DBSIZE"), 0);
}

static void seats_stay_as_long_as_their_node_lives(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1);
    sit(a, "k", 3);
    sit(b, "k", 4);
    for (unsigned i = 0; i < 2 * STALE_MS / 50; i++) {
        pass_members(50);
        assert_int_equal(redis_server_number(server, "HLEN t:seats:k"), 2);
    }
    assert_true(hears(a, TALLY_SEATS, "k", 4));
    /* Three times while they would get stale, not at every opportunity. */
    assert_true(known_of(a, TALLY_SEATS, jf_str("k"))->times <= 10);
}

static void seats_of_a_node_that_fell_silent_vanish_until_it_speaks(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1);
    sit(b, "k", 4);
    assert_true(hears(b, TALLY_SEATS, "k", 0));
    sit(a, "k", 3);
    assert_true(hears(a, TALLY_SEATS, "k", 4));
    b->stopped = true;
    unsigned start = now_ms();
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    assert_in_range(now_ms() - start, STALE_MS / 2, 2 * STALE_MS);
    assert_int_equal(redis_server_number(server, "HLEN t:seats:k"), 1);
    b->stopped = false;
    assert_true(hears(b, TALLY_SEATS, "k", 3));
    assert_true(hears(a, TALLY_SEATS, "k", 4));
}

static void the_key_of_seats_goes_with_the_last_node(void **state)
{
    struct member *a = enter_member(*state, 0);
    sit(a, "k", 3);
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    usleep((STALE_MS + 50) * 1000);
    assert_int_equal(redis_server_number(server, "EXISTS t:seats:k"), 0);
}

/* ---- Many keys, strange ones ---- */

static void spend_many(struct member *member, int count)
{
    char key[16];
    for (int i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        spend(member, key, 1);
    }
}

static void many_keys_go_in_few_commands(void **state)
{
    struct member *a = enter_member(*state, 0);
    const int many = 64 * 8 + 200;
    redis_server_ask(server, "CONFIG RESETSTAT");
    spend_many(a, many);
    assert_true(is_told(a, (uint64_t)many + 1));
    assert_int_equal(redis_server_number(server, "DBSIZE"), many);
    const char *stats = redis_server_ask(server, "INFO commandstats");
    assert_non_null(strstr(stats, "cmdstat_evalsha:calls=12,"));
    assert_int_equal(counts_of(a).failed, 0);
}

static void of_too_many_keys_and_too_long_ones_nothing_is_told(void **state)
{
    char key[TALLY_KEY_MAX + 1];
    struct member *a = enter_member(*state, 0);
    memset(key, 'x', sizeof(key));
    tally_spend(a->tally, jf_view(key, sizeof(key)), A_MINUTE, 1);
    assert_int_equal(counts_of(a).untold, 1);
    pass_members(TALLY_EVERY_MS + 20); /* forgets that it entered */
    spend_many(a, TALLY_MAX + 10);
    assert_int_equal(counts_of(a).untold, 11);
    spend(a, "k0", 1); /* that one has its place */
    assert_int_equal(counts_of(a).untold, 11);
    close_member(a, 0);
}

static void a_key_may_have_any_octets(void **state)
{
    static const char odd[] = "a\0 b\r\n\"'\xff\xc3(*?%s\\";
    const jf_bytes key = jf_view(odd, sizeof(odd)); /* the NUL at its end, too */
    char longest[TALLY_KEY_MAX];
    const struct rate rate = rate_of(1, 10);
    struct member *a = enter_member(*state, 0);
    tally_take(a->tally, key, &rate, 1);
    tally_spend(a->tally, key, A_MINUTE, 2);
    tally_seats(a->tally, key, 3);
    tally_spend(a->tally, jf_str(""), A_MINUTE, 4);
    assert_true(hears(a, TALLY_QUOTA, "", 4));
    assert_int_equal(known_of(a, TALLY_BUCKET, key)->number, TOKEN);
    assert_int_equal(known_of(a, TALLY_QUOTA, key)->number, 2);
    assert_int_equal(known_of(a, TALLY_SEATS, key)->times, 1);
    assert_int_equal(
        redis_server_number(server,
                            "GET \"t:quota:a\\x00 b\\r\\n\\\"'\\xff\\xc3(*?%%s\\\\\\x00\""),
        2);
    memset(longest, '\0', sizeof(longest));
    tally_spend(a->tally, jf_view(longest, sizeof(longest)), A_MINUTE, 1);
    assert_true(is_told(a, 6));
    assert_int_equal(redis_server_number(server, "DBSIZE"), 5);
}

static void a_key_of_the_wrong_type_does_not_stop_the_others(void **state)
{
    const struct rate rate = rate_of(1, 10);
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server, "SET t:rate:bad 1");
    redis_server_ask(server, "SET t:seats:bad 1");
    redis_server_ask(server, "LPUSH t:quota:bad 1");
    draw(a, "bad", &rate, 1);
    spend(a, "bad", 1);
    sit(a, "bad", 1);
    spend(a, "good", 5);
    assert_true(hears(a, TALLY_QUOTA, "good", 5));
    assert_int_equal(known_of(a, TALLY_QUOTA, jf_str("bad"))->times, 0);
    assert_true(counts_of(a).failed >= 3);
    spend(a, "bad", 2);
    redis_server_ask(server, "DEL t:quota:bad");
    assert_true(hears(a, TALLY_QUOTA, "bad", 3));
    assert_int_equal(redis_server_number(server, "GET t:quota:good"), 5);
}

static void junk_inside_a_key_is_taken_for_nothing(void **state)
{
    const struct rate rate = rate_of(1, 10);
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server, "HSET t:rate:k m nan at inf");
    redis_server_ask(server, "HSET t:rate:l m -5 at x");
    redis_server_ask(server, "SET t:quota:k -50");
    redis_server_ask(server, "SET t:quota:l 9223372036854775807");
    redis_server_ask(server, "HSET t:seats:k x y z 1");
    draw(a, "k", &rate, 1);
    draw(a, "l", &rate, 1);
    spend(a, "k", 1);
    spend(a, "l", 1);
    sit(a, "k", 1);
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    assert_true(hears(a, TALLY_BUCKET, "k", TOKEN));
    assert_true(hears(a, TALLY_BUCKET, "l", TOKEN));
    assert_true(hears(a, TALLY_QUOTA, "k", 0));
    assert_int_equal(known_of(a, TALLY_QUOTA, jf_str("l"))->times, 0);
    assert_true(counts_of(a).failed >= 1);
    assert_int_equal(redis_server_number(server, "HLEN t:seats:k"), 1);
}

static void seats_from_later_than_now_are_from_now(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server,
                     "EVAL \"redis.call('HSET','t:seats:k','x','7\\ 9999999999999')\" 0");
    sit(a, "k", 1);
    assert_true(hears(a, TALLY_SEATS, "k", 7));
    assert_true(hears(a, TALLY_SEATS, "k", 0));
}

static void of_a_key_that_redis_refuses_it_says_why(void **state)
{
    (void)state;
    redis_server_ask(server, "LPUSH t:quota:bad 1");
    const char *answer = redis_server_ask(
        server, "EVAL \"%s\" 0 t: token 600 q bad 1 1000 0 q good 2 1000 0", tally_script);
    assert_memory_equal(answer, "!WRONGTYPE ", 11);
    assert_string_equal(strchr(answer, '\n'), "\n2");
}

/* ---- Threads ---- */

#define THREADS 4
#define ROUNDS 5000

static void *use_again_and_again(void *data)
{
    struct member *member = data;
    const struct rate rate = rate_of(1, 1000000);
    char key[8];
    for (int i = 0; i < ROUNDS; i++) {
        snprintf(key, sizeof(key), "k%d", i % 10);
        spend(member, key, 1);
        draw(member, key, &rate, 1);
        sit(member, key, (uint32_t)i % 5);
        counts_of(member);
    }
    return NULL;
}

static void several_threads_use_it_at_once(void **state)
{
    struct member *a = enter_member(*state, 0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_again_and_again, a), 0);
    pass_members(300);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 10; i++) {
        char key[8];
        snprintf(key, sizeof(key), "k%d", i);
        assert_true(hears(a, TALLY_QUOTA, key, THREADS * ROUNDS / 10));
    }
    assert_int_equal(counts_of(a).failed + counts_of(a).untold, 0);
}

/* ---- The end ---- */

static void who_closes_with_patience_tells_all(void **state)
{
    struct member *a = enter_member(*state, 0);
    const int many = 64 * 8 + 200;
    sit(a, "s", 3);
    assert_true(hears(a, TALLY_SEATS, "s", 0));
    spend(a, "k0", 1);
    assert_true(hears(a, TALLY_QUOTA, "k0", 1)); /* and now it rests */
    spend_many(a, many);
    assert_true(close_member(a, SOON) < SOON);
    assert_int_equal(redis_server_number(server, "GET t:quota:k0"), 2);
    assert_int_equal(redis_server_number(server, "DBSIZE"), many);
}

static void who_closes_without_patience_does_not_wait(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_pause(server);
    spend_many(a, 1000);
    pass_members(20);
    spend_many(a, 1000);
    assert_true(close_member(a, 0) < 50);
    redis_server_resume(server);
    a = open_member(*state, 0); /* not connected yet */
    spend_many(a, 10);
    assert_true(close_member(a, 0) < 50);
    tally_close(NULL, 0);
}

static void who_closes_waits_no_longer_than_its_patience(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_pause(server);
    spend_many(a, 1000);
    assert_in_range(close_member(a, 150), 140, 250);
    redis_server_resume(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALLY_TEST(what_is_taken_from_a_bucket_is_known_to_who_takes_next),
        TALLY_TEST(the_first_use_is_told_at_once_and_later_ones_together),
        TALLY_TEST(what_was_used_since_it_was_asked_is_in_the_number),
        TALLY_TEST(a_bucket_refills_by_the_clock_of_redis),
        TALLY_TEST(the_key_of_a_full_bucket_goes),
        TALLY_TEST(what_is_owed_has_an_end),
        TALLY_TEST(a_quota_is_the_sum_of_all_and_is_kept_from_when_it_began),
        TALLY_TEST(of_seats_each_knows_what_the_others_have),
        TALLY_TEST(seats_stay_as_long_as_their_node_lives),
        TALLY_TEST(seats_of_a_node_that_fell_silent_vanish_until_it_speaks),
        TALLY_TEST(the_key_of_seats_goes_with_the_last_node),
        TALLY_TEST(many_keys_go_in_few_commands),
        TALLY_TEST(of_too_many_keys_and_too_long_ones_nothing_is_told),
        TALLY_TEST(a_key_may_have_any_octets),
        TALLY_TEST(a_key_of_the_wrong_type_does_not_stop_the_others),
        TALLY_TEST(junk_inside_a_key_is_taken_for_nothing),
        TALLY_TEST(seats_from_later_than_now_are_from_now),
        TALLY_TEST(of_a_key_that_redis_refuses_it_says_why),
        TALLY_TEST(several_threads_use_it_at_once),
        TALLY_TEST(who_closes_with_patience_tells_all),
        TALLY_TEST(who_closes_without_patience_does_not_wait),
        TALLY_TEST(who_closes_waits_no_longer_than_its_patience),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
