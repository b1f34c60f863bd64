/* echo: what a client says, it hears back, and nobody else does. */
#include "tests/unit/test.h"

#include "sdk/testing/fake_host.h"

static void a_client_hears_what_it_says(void **state)
{
    (void)state;
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    jf_conn_id ann = fake_host_connect(host, NULL), bob = fake_host_connect(host, NULL);

    assert_int_equal(fake_host_say(host, ann, "$default", "hello"), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hello");
    assert_int_equal(fake_host_say(host, ann, "echo", "{\"action\":\"echo\"}"), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "{\"action\":\"echo\"}");
    assert_int_equal(fake_host_say(host, ann, "nobody-knows-this", ""), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "");
    assert_null(fake_host_hear(host, ann));
    assert_null(fake_host_hear(host, bob));
    fake_host_free(host);
}

static void binary_stays_binary_zeros_and_all(void **state)
{
    (void)state;
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    struct fake_frame frame;
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    jf_conn_id ann = fake_host_connect(host, NULL);

    fake_host_say_bytes(host, ann, "$default", JF_BINARY, jf_view("\0\xff\0", 3));
    assert_true(fake_host_hear_frame(host, ann, &frame));
    assert_int_equal(frame.opcode, JF_BINARY);
    assert_int_equal(frame.len, 3);
    assert_memory_equal(frame.text, "\0\xff\0", 3);
    fake_host_free(host);
}

static void a_full_outbox_fails_the_event(void **state)
{
    (void)state;
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    jf_conn_id ann = fake_host_connect(host, NULL);

    fake_host_stuff(host, ann, true);
    assert_int_equal(fake_host_say(host, ann, "echo", "a"), JF_E_FULL);
    fake_host_stuff(host, ann, false);
    assert_int_equal(fake_host_say(host, ann, "echo", "b"), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "b");
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_hears_what_it_says),
        cmocka_unit_test(binary_stays_binary_zeros_and_all),
        cmocka_unit_test(a_full_outbox_fails_the_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
