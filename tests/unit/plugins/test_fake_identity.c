/* Who a connection is, in the fake host: what $authorize may say, and that it stays. */
#include "tests/unit/test.h"

#include "sdk/testing/fake_host.h"

/* The route keeps its event until the test finishes it. */
static struct jf_event *held;

static int hold(struct jf_event *ev)
{
    held = ev;
    return JF_LATER;
}

static const struct jf_route routes[] = {
    { "$authorize", hold },
    { "hold", hold },
    { NULL, NULL },
};

static const struct jf_plugin plugin = { .size = sizeof(plugin),
                                         .abi_major = JF_ABI_MAJOR,
                                         .abi_minor = JF_ABI_MINOR,
                                         .name = "test",
                                         .version = "1",
                                         .routes = routes };

static struct fake_host *start(void)
{
    struct fake_host *host = fake_host_new(&plugin, 1);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    return host;
}

static void finish(struct fake_host *host)
{
    jf_finish(held, JF_OK);
    fake_host_turn(host);
}

static void what_was_said_stays_when_another_takes_over(void **state)
{
    (void)state;
    struct fake_host *old = start(), *new = fake_host_new(&plugin, 1);
    size_t count;
    jf_conn_id ann = fake_host_connect(old, NULL);
    assert_int_equal(jf_principal(held, jf_str("ann")), JF_OK);
    assert_int_equal(jf_context(held, jf_str("team"), jf_view("a\0b", 3)), JF_OK);
    finish(old);
    assert_int_equal(fake_host_take_over(new, old, "{}"), JF_OK);
    fake_host_free(old);

    fake_host_say(new, ann, "hold", "");
    const struct jf_pair *pairs = jf_authorizer(held, &count);
    assert_int_equal(count, 2);
    assert_true(jf_same(pairs[0].value, jf_str("ann")));
    assert_true(jf_same(pairs[1].name, jf_str("team")));
    assert_true(jf_same(pairs[1].value, jf_view("a\0b", 3)));
    finish(new);
    fake_host_free(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_stays_when_another_takes_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
