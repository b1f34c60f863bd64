/* later: answers and verdicts that take their time, by a timer and by a thread. */
#include "tests/unit/test.h"

#include "sdk/testing/fake_host.h"

static struct fake_host *start(uint32_t workers)
{
    struct fake_host *host = fake_host_new(&jf_entry, workers);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    return host;
}

static void a_timer_answers_after_300_ms(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);

    assert_int_equal(fake_host_say(host, ann, "later", "hi"), JF_LATER);
    fake_host_advance(host, 299);
    assert_int_equal(fake_host_status(host, ann), JF_LATER);
    assert_null(fake_host_hear(host, ann));
    fake_host_advance(host, 1);
    assert_int_equal(fake_host_status(host, ann), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hi");
    fake_host_free(host);
}

static void nobody_else_is_held_up(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL), bob = fake_host_connect(host, NULL);

    fake_host_say(host, ann, "later", "a1");
    fake_host_say(host, ann, "later", "a2");
    fake_host_advance(host, 100);
    fake_host_say(host, bob, "later", "b1");
    fake_host_advance(host, 300);
    assert_string_equal(fake_host_hear(host, ann), "a1");
    assert_null(fake_host_hear(host, ann));
    assert_string_equal(fake_host_hear(host, bob), "b1");
    fake_host_advance(host, 200);
    assert_string_equal(fake_host_hear(host, ann), "a2");
    fake_host_free(host);
}

static void a_thread_answers_from_outside(void **state)
{
    (void)state;
    enum { CLIENTS = 8 };
    struct fake_host *host = start(2);
    jf_conn_id clients[CLIENTS];
    char text[16];
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct fake_client client = { .worker = i };
        clients[i] = fake_host_connect_as(host, &client);
        snprintf(text, sizeof(text), "from %u", i);
        assert_int_equal(fake_host_say(host, clients[i], "thread", text), JF_LATER);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        while (fake_host_status(host, clients[i]) == JF_LATER)
            assert_true(fake_host_wait(host, 5000));
        snprintf(text, sizeof(text), "from %u", i);
        assert_int_equal(fake_host_status(host, clients[i]), JF_OK);
        assert_string_equal(fake_host_hear(host, clients[i]), text);
    }
    fake_host_free(host);
}

static void who_has_left_meanwhile_is_no_trouble(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL), bob = fake_host_connect(host, NULL);

    fake_host_say(host, ann, "later", "a");
    fake_host_say(host, bob, "thread", "b");
    fake_host_hang_up(host, ann, 1006, NULL);
    fake_host_hang_up(host, bob, 1001, "Going away");
    fake_host_free(host); /* waits for both */
}

static void the_verdict_can_wait(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, "wait=250");

    assert_int_equal(fake_host_verdict(host, ann).status, JF_LATER);
    assert_int_equal(fake_host_verdict(host, ann).http_status, 0);
    fake_host_advance(host, 250);
    assert_int_equal(fake_host_verdict(host, ann).http_status, 101);
    fake_host_free(host);
}

static void a_refusal_has_the_status_and_body_that_were_asked_for(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id now =
        fake_host_connect(host, "verdict=refuse&status=418&body=a+%22teapot%22");
    jf_conn_id later = fake_host_connect(host, "verdict=refuse&wait=20");

    struct fake_verdict verdict = fake_host_verdict(host, now);
    assert_int_equal(verdict.status, JF_E_DENIED);
    assert_int_equal(verdict.http_status, 418);
    assert_string_equal(verdict.body, "a \"teapot\"");
    assert_int_equal(fake_host_say(host, now, "later", "?"), JF_E_GONE);

    fake_host_advance(host, 20);
    assert_int_equal(fake_host_verdict(host, later).http_status, 403);
    fake_host_free(host);
}

static void a_failure_is_a_502_and_a_subprotocol_must_be_offered(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    struct fake_client client = { .query = "subprotocol=chat", .subprotocols = "a, chat" };
    jf_conn_id fails = fake_host_connect(host, "verdict=fail");
    jf_conn_id offers = fake_host_connect_as(host, &client);
    jf_conn_id does_not = fake_host_connect(host, "subprotocol=chat");

    assert_int_equal(fake_host_verdict(host, fails).http_status, 502);
    assert_string_equal(fake_host_verdict(host, offers).subprotocol, "chat");
    assert_int_equal(fake_host_verdict(host, does_not).http_status, 502);
    fake_host_free(host);
}

static void a_wait_that_is_no_number_is_refused(void **state)
{
    (void)state;
    static const char *const queries[] = { "wait=-1", "wait=soon", "wait=", "wait=60001",
                                           "wait=99999999999999999999" };
    struct fake_host *host = start(1);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        jf_conn_id ann = fake_host_connect(host, queries[i]);
        assert_int_equal(fake_host_verdict(host, ann).http_status, 400);
    }
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_answers_after_300_ms),
        cmocka_unit_test(nobody_else_is_held_up),
        cmocka_unit_test(a_thread_answers_from_outside),
        cmocka_unit_test(who_has_left_meanwhile_is_no_trouble),
        cmocka_unit_test(the_verdict_can_wait),
        cmocka_unit_test(a_refusal_has_the_status_and_body_that_were_asked_for),
        cmocka_unit_test(a_failure_is_a_502_and_a_subprotocol_must_be_offered),
        cmocka_unit_test(a_wait_that_is_no_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
