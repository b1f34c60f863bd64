/* A Redis that goes away, comes back empty, holds still, is full, has lost its script. */
#include "tests/unit/relay/tallies.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Until it has noticed: from then on there is nobody to tell. */
static void kill_redis(void)
{
    redis_server_kill(server);
    pass_members(50);
}

static void while_redis_is_away_buckets_refill_and_the_rest_is_kept(void **state)
{
    const struct rate rate = rate_of(1, 10);
    struct member *a = enter_member(*state, 0);
    sit(a, "taken", 2);
    spend(a, "before", 1);
    assert_true(hears(a, TALLY_QUOTA, "before", 1));
    kill_redis();
    draw(a, "k", &rate, 5);
    spend(a, "k", 5);
    sit(a, "k", 5);
    spend(a, "before", 1);
    pass_members(TALLY_EVERY_MS * 2);
    spend(a, "k", 1);
    redis_server_start(server);
    assert_true(hears(a, TALLY_QUOTA, "k", 6));
    assert_true(hears(a, TALLY_QUOTA, "before", 1)); /* what it was before is gone */
    assert_non_null(strstr(redis_server_ask(server, "HVALS t:seats:k"), "5 "));
    assert_non_null(strstr(redis_server_ask(server, "HVALS t:seats:taken"), "2 "));
    pass_members(TALLY_EVERY_MS * 2);
    assert_int_equal(redis_server_number(server, "EXISTS t:rate:k"), 0);
    draw(a, "k", &rate, 1);
    assert_true(hears(a, TALLY_BUCKET, "k", TOKEN));
}

static void while_redis_is_away_buckets_take_no_place(void **state)
{
    const struct rate rate = rate_of(1, 10);
    struct member *a = enter_member(*state, 0);
    char key[16];
    draw(a, "before", &rate, 1);
    kill_redis();
    for (int i = 0; i < TALLY_MAX + 1; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        draw(a, key, &rate, 1);
    }
    spend(a, "k", 1);
    assert_int_equal(counts_of(a).untold, 0);
    redis_server_start(server);
    assert_true(hears(a, TALLY_QUOTA, "k", 1));
    pass_members(TALLY_EVERY_MS);
    assert_int_equal(redis_server_number(server, "DBSIZE"), 1);
}

static void a_redis_that_is_emptied_is_told_of_seats_again(void **state)
{
    struct member *a = enter_member(*state, 0), *b = enter_member(*state, 1);
    sit(a, "k", 2);
    sit(b, "k", 3);
    spend(a, "k", 4);
    assert_true(hears(a, TALLY_SEATS, "k", 3));
    assert_true(hears(a, TALLY_QUOTA, "k", 4));
    redis_server_ask(server, "FLUSHALL");
    pass_members(STALE_MS / 3 + 100);
    assert_int_equal(redis_server_number(server, "HLEN t:seats:k"), 2);
    spend(a, "k", 1);
    assert_true(hears(a, TALLY_QUOTA, "k", 1));
    assert_in_range(redis_server_number(server, "PTTL t:quota:k"), 1, A_MINUTE);
}

static void a_script_that_redis_forgot_is_loaded_again(void **state)
{
    const struct rate rate = rate_of(1, 10);
    struct member *a = enter_member(*state, 0);
    for (int i = 1; i <= 3; i++) {
        redis_server_ask(server, "SCRIPT FLUSH");
        spend(a, "k", 1);
        assert_true(hears(a, TALLY_QUOTA, "k", (uint64_t)i));
    }
    assert_int_equal(counts_of(a).failed, 3);
    redis_server_ask(server, "SCRIPT FLUSH");
    draw(a, "k", &rate, 2);
    assert_true(hears(a, TALLY_BUCKET, "k", 2 * TOKEN));
}

static void a_script_that_could_not_be_loaded_is_tried_again(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server, "SCRIPT FLUSH");
    redis_server_ask(server, "ACL SETUSER default -script");
    spend(a, "k", 1);
    pass_members(TALLY_EVERY_MS);
    assert_int_equal(counts_of(a).failed, 1);
    redis_server_ask(server, "ACL SETUSER default +script");
    assert_true(hears(a, TALLY_QUOTA, "k", 1));
}

static void who_closes_tells_all_to_a_redis_that_forgot_the_script(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server, "SCRIPT FLUSH");
    spend(a, "k", 1);
    assert_true(close_member(a, SOON) < SOON);
    assert_int_equal(redis_server_number(server, "GET t:quota:k"), 1);
}

static void who_closes_does_not_wait_for_what_redis_refuses(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server, "LPUSH t:quota:bad 1");
    redis_server_ask(server, "CONFIG RESETSTAT");
    spend(a, "bad", 1);
    spend(a, "k", 1);
    assert_true(close_member(a, SOON) < SOON / 2);
    assert_int_equal(redis_server_number(server, "GET t:quota:k"), 1);
    assert_non_null(
        strstr(redis_server_ask(server, "INFO commandstats"), "cmdstat_evalsha:calls=1,"));
}

static void a_redis_that_holds_still_counts_at_most_twice(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_pause(server);
    spend(a, "k", 1);
    pass_members(TIMEOUT_MS + 50);
    assert_int_equal(counts_of(a).failed, 1);
    redis_server_resume(server);
    uint64_t number = hears_again(a, TALLY_QUOTA, "k", 1)->number;
    assert_in_range(number, 1, 2);
}

static void what_a_full_redis_refuses_is_told_later(void **state)
{
    struct member *a = enter_member(*state, 0);
    sit(a, "k", 1);
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    redis_server_ask(server, "CONFIG SET maxmemory 1");
    spend(a, "k", 2);
    pass_members(TALLY_EVERY_MS);
    assert_int_equal(redis_server_number(server, "EXISTS t:quota:k"), 0);
    assert_true(counts_of(a).failed > 0);
    sit(a, "k", 0); /* that makes room */
    pass_members(2 * TALLY_EVERY_MS);
    assert_int_equal(redis_server_number(server, "EXISTS t:seats:k"), 0);
    redis_server_ask(server, "CONFIG SET maxmemory 0");
    assert_true(hears(a, TALLY_QUOTA, "k", 2));
}

static int connections(void)
{
    static const char word[] = "total_connections_received:";
    const char *found = strstr(redis_server_ask(server, "INFO stats"), word);
    return found ? atoi(found + strlen(word)) : 0;
}

/* Its name may lead to the new master by now, so the link must see what the script met. */
static void a_redis_that_follows_is_left(void **state)
{
    struct member *a = enter_member(*state, 0);
    redis_server_ask(server, "REPLICAOF 127.0.0.1 1");
    spend(a, "k", 3);
    redis_server_ask(server, "CONFIG RESETSTAT");
    for (unsigned end = now_ms() + SOON; !connections() && now_ms() < end;)
        turn_members();
    assert_true(connections() > 0);
    assert_true(counts_of(a).failed > 0);
    assert_int_equal(known_of(a, TALLY_QUOTA, jf_str("k"))->times, 0);
    redis_server_ask(server, "REPLICAOF NO ONE");
    unsigned end = now_ms() + 3 * SOON; /* the pauses between tries have grown */
    while (!known_of(a, TALLY_QUOTA, jf_str("k"))->times && now_ms() < end)
        turn_members();
    assert_int_equal(redis_server_number(server, "GET t:quota:k"), 3);
}

/* docs/redis.md has the list. */
static void the_rights_of_the_book_are_enough(void **state)
{
    (void)state;
    const struct rate rate = rate_of(1, 10);
    char url[64];
    const char *why;
    struct town town = { 0 };
    redis_server_ask(server, "ACL SETUSER jf on >pass ~t:* resetchannels -@all +ping "
                             "+script|load +evalsha +time +pttl +pexpire +hmget +hset "
                             "+hgetall +hdel +del +incrby");
    snprintf(url, sizeof(url), "redis://jf:pass@127.0.0.1:%d", redis_server_port(server));
    assert_int_equal(redis_url_parse(jf_str(url), &town.url, &why), JF_OK);
    struct member *a = enter_member(&town, 0);
    draw(a, "k", &rate, 1);
    spend(a, "k", 2);
    sit(a, "k", 3);
    assert_true(hears(a, TALLY_SEATS, "k", 0));
    assert_true(hears(a, TALLY_BUCKET, "k", TOKEN));
    assert_true(hears(a, TALLY_QUOTA, "k", 2));
    draw(a, "k", &rate, 0); /* by then it may be full, and goes */
    sit(a, "k", 0);
    pass_members(2 * TALLY_EVERY_MS);
    assert_int_equal(counts_of(a).failed, 0);
    close_member(a, SOON);
    redis_url_fini(&town.url);
}

/* ---- Junk ---- */

/* Greets like a Redis, knows scripts like a Redis, and answers them with `junk`. */
struct impostor {
    int listening;
    const char *junk;
    pthread_t thread;
};

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        return;
}

static void *pose(void *data)
{
    struct impostor *impostor = data;
    char heard[16384];
    ssize_t len;
    int fd = accept(impostor->listening, NULL, NULL);
    while (fd >= 0 && (len = recv(fd, heard, sizeof(heard) - 1, 0)) > 0) {
        heard[len] = '\0';
        if (strstr(heard, "PING"))
            say(fd, "+PONG\r\n");
        else if (strstr(heard, "LOAD"))
            say(fd, "$40\r\n0123456789012345678901234567890123456789\r\n");
        else if (strstr(heard, "EVALSHA"))
            say(fd, impostor->junk);
    }
    close(fd);
    return NULL;
}

static void start_impostor(struct impostor *impostor, struct redis_url *url)
{
    char text[64];
    const char *why;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(address);
    impostor->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(impostor->listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(impostor->listening, 1), 0);
    getsockname(impostor->listening, (struct sockaddr *)&address, &len);
    snprintf(text, sizeof(text), "redis://127.0.0.1:%d", ntohs(address.sin_port));
    assert_int_equal(redis_url_parse(jf_str(text), url, &why), JF_OK);
    assert_int_equal(pthread_create(&impostor->thread, NULL, pose, impostor), 0);
}

static void meet_impostor(const char *junk)
{
    struct impostor impostor = { .junk = junk };
    struct town town = { 0 };
    start_impostor(&impostor, &town.url);
    struct member *c = open_member(&town, 2);
    sit(c, "k", 5);
    spend(c, "k", 5);
    for (unsigned end = now_ms() + SOON; counts_of(c).failed < 2 && now_ms() < end;)
        turn_members();
    assert_true(counts_of(c).failed >= 2);
    assert_int_equal(c->count, 0);
    close_member(c, 0);
    close(impostor.listening);
    pthread_join(impostor.thread, NULL);
    redis_url_fini(&town.url);
}

static void junk_for_an_answer_is_a_failure(void **state)
{
    (void)state;
    meet_impostor("+OK\r\n");
    meet_impostor(":7\r\n");
    meet_impostor("$-1\r\n");
    meet_impostor("*0\r\n");
    meet_impostor("*1\r\n$1\r\n5\r\n");
    meet_impostor("*3\r\n$1\r\n5\r\n$1\r\n5\r\n$1\r\n5\r\n");
    meet_impostor("*2\r\n:5\r\n*0\r\n");
    meet_impostor("*2\r\n$2\r\n-1\r\n$20\r\n99999999999999999999\r\n");
    meet_impostor("*2\r\n$-1\r\n-ERR no\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TALLY_TEST(while_redis_is_away_buckets_refill_and_the_rest_is_kept),
        TALLY_TEST(while_redis_is_away_buckets_take_no_place),
        TALLY_TEST(a_redis_that_is_emptied_is_told_of_seats_again),
        TALLY_TEST(a_script_that_redis_forgot_is_loaded_again),
        TALLY_TEST(a_script_that_could_not_be_loaded_is_tried_again),
        TALLY_TEST(who_closes_tells_all_to_a_redis_that_forgot_the_script),
        TALLY_TEST(who_closes_does_not_wait_for_what_redis_refuses),
        TALLY_TEST(a_redis_that_holds_still_counts_at_most_twice),
        TALLY_TEST(what_a_full_redis_refuses_is_told_later),
        TALLY_TEST(a_redis_that_follows_is_left),
        TALLY_TEST(the_rights_of_the_book_are_enough),
        TALLY_TEST(junk_for_an_answer_is_a_failure),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
