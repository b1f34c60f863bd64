/* greet: a name from the store, a count per worker, and a store that has a bad day. */
#include "tests/unit/test.h"

#include "sdk/testing/fake_host.h"

#define NO_NAME "\"name\" is a string of 1 to 64 bytes"

static struct fake_host *start(uint32_t workers)
{
    struct fake_host *host = fake_host_new(&jf_entry, workers);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    return host;
}

static jf_conn_id enter(struct fake_host *host, uint32_t worker)
{
    struct fake_client client = { .worker = worker };
    return fake_host_connect_as(host, &client);
}

/* What is answered, once the store has answered. */
static const char *ask(struct fake_host *host, jf_conn_id conn, const char *route,
                       const char *body)
{
    fake_host_say(host, conn, route, body);
    fake_host_turn(host);
    assert_int_equal(fake_host_status(host, conn), JF_OK);
    return fake_host_hear(host, conn);
}

static void a_stranger_is_greeted_as_one(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = enter(host, 0);
    assert_int_equal(fake_host_say(host, ann, "greet", ""), JF_LATER);
    assert_null(fake_host_hear(host, ann));
    fake_host_turn(host);
    assert_string_equal(fake_host_hear(host, ann),
                        "Hello stranger, greeting 1 of worker 0");
    fake_host_free(host);
}

static void who_gave_a_name_is_greeted_by_it(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = enter(host, 0), bob = enter(host, 0);
    assert_string_equal(ask(host, ann, "name", "{\"name\":\"Ann\"}"), "Nice to meet you");
    assert_string_equal(fake_host_attr(host, ann, "name"), "Ann");
    assert_string_equal(ask(host, ann, "greet", ""), "Hello Ann, greeting 1 of worker 0");
    assert_string_equal(ask(host, bob, "greet", ""),
                        "Hello stranger, greeting 2 of worker 0");

    ask(host, ann, "name", "{\"name\":\"%s%n\"}");
    assert_string_equal(ask(host, ann, "greet", ""), "Hello %s%n, greeting 3 of worker 0");
    fake_host_free(host);
}

static void each_worker_counts_its_own(void **state)
{
    (void)state;
    struct fake_host *host = start(2);
    jf_conn_id ann = enter(host, 0), bob = enter(host, 1);
    ask(host, ann, "greet", "");
    ask(host, ann, "greet", "");
    assert_string_equal(ask(host, bob, "greet", ""),
                        "Hello stranger, greeting 1 of worker 1");
    assert_string_equal(ask(host, ann, "greet", ""),
                        "Hello stranger, greeting 3 of worker 0");
    fake_host_free(host);
}

static void a_name_that_is_none_is_not_kept(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "Ann",
        "[\"name\"]",
        "{}",
        "{\"Name\":\"Ann\"}",
        "{\"name\":\"\"}",
        "{\"name\":\"\\u0000Ann\"}",
        "{\"name\":42}",
        "{\"name\":{\"name\":\"Ann\"}}",
        "{\"name\":\"12345678901234567890123456789012345678901234567890123456789012345\"}",
    };
    struct fake_host *host = start(1);
    jf_conn_id ann = enter(host, 0);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_string_equal(ask(host, ann, "name", bodies[i]), NO_NAME);
        assert_null(fake_host_attr(host, ann, "name"));
    }
    fake_host_free(host);
}

static void the_longest_name_fits(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = enter(host, 0);
    ask(host, ann, "name",
        "{\"name\":\"1234567890123456789012345678901234567890123456789012345678901234\"}");
    assert_string_equal(
        ask(host, ann, "greet", ""),
        "Hello 1234567890123456789012345678901234567890123456789012345678901234"
        ", greeting 1 of worker 0");
    fake_host_free(host);
}

static void without_a_store_there_is_no_greeting(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = enter(host, 0);
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    fake_host_say(host, ann, "greet", "");
    fake_host_turn(host);
    assert_int_equal(fake_host_status(host, ann), JF_E_UNAVAILABLE);
    fake_host_say(host, ann, "name", "{\"name\":\"Ann\"}");
    fake_host_turn(host);
    assert_int_equal(fake_host_status(host, ann), JF_E_UNAVAILABLE);
    assert_null(fake_host_hear(host, ann));

    fake_host_store_answers(host, JF_OK);
    assert_string_equal(ask(host, ann, "greet", ""),
                        "Hello stranger, greeting 1 of worker 0");
    fake_host_free(host);
}

static void who_vanishes_meanwhile_is_no_trouble(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = enter(host, 0), bob = enter(host, 0);
    fake_host_say(host, ann, "greet", "");
    fake_host_say(host, bob, "name", "{\"name\":\"Bob\"}");
    fake_host_hang_up(host, ann, 1006, NULL);
    fake_host_hang_up(host, bob, 1006, NULL);
    fake_host_turn(host);
    assert_null(fake_host_fault(host));
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stranger_is_greeted_as_one),
        cmocka_unit_test(who_gave_a_name_is_greeted_by_it),
        cmocka_unit_test(each_worker_counts_its_own),
        cmocka_unit_test(a_name_that_is_none_is_not_kept),
        cmocka_unit_test(the_longest_name_fits),
        cmocka_unit_test(without_a_store_there_is_no_greeting),
        cmocka_unit_test(who_vanishes_meanwhile_is_no_trouble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
