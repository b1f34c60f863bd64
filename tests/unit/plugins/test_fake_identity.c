/* Who a connection is, in the fake host: what $authorize may say, and that it stays. */
#include "tests/unit/test.h"

#include <stdio.h>

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

static int say(const char *name, const char *value)
{
    return jf_context(held, jf_str(name), jf_str(value));
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

static void an_api_key_is_no_attribute(void **state)
{
    (void)state;
    struct fake_host *host = start();
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(say("usageIdentifierKey", "a secret"), JF_OK);
    assert_int_equal(say("team", "a"), JF_OK);
    finish(host);
    assert_string_equal(fake_host_attr(host, ann, "authorizer.team"), "a");
    assert_null(fake_host_attr(host, ann, "authorizer.usageIdentifierKey"));
    fake_host_free(host);
}

/* ---- As much as the real host keeps ----------------------------------------------------
 */

static void a_name_has_1_to_256_octets(void **state)
{
    (void)state;
    struct fake_host *host = start();
    char name[258] = "";
    fake_host_connect(host, NULL);
    memset(name, 'n', 257);
    assert_int_equal(say("", "v"), JF_E_INVALID);
    assert_int_equal(say(name, "v"), JF_E_INVALID);
    assert_int_equal(say(name + 1, "v"), JF_OK);
    finish(host);
    fake_host_free(host);
}

static void all_together_has_8_kib(void **state)
{
    (void)state;
    struct fake_host *host = start();
    static char text[8194];
    fake_host_connect(host, NULL);
    memset(text, 'x', 8193);
    assert_int_equal(say("a", text), JF_E_TOO_BIG);
    assert_int_equal(say("a", text + 2), JF_OK);
    assert_int_equal(say("b", ""), JF_E_TOO_BIG);
    assert_int_equal(say("a", "less"), JF_OK);
    assert_int_equal(say("b", "fits"), JF_OK);
    finish(host);
    fake_host_free(host);
}

static void what_is_said_again_takes_the_place_of_the_first(void **state)
{
    (void)state;
    struct fake_host *host = start();
    size_t count;
    fake_host_connect(host, NULL);
    assert_int_equal(say("a", "1"), JF_OK);
    assert_int_equal(say("b", "2"), JF_OK);
    assert_int_equal(say("a", "other"), JF_OK);
    const struct jf_pair *pairs = jf_authorizer(held, &count);
    assert_int_equal(count, 2);
    assert_true(jf_same(pairs[0].value, jf_str("other")));
    finish(host);
    fake_host_free(host);
}

static void there_are_at_most_64(void **state)
{
    (void)state;
    struct fake_host *host = start();
    char name[16];
    fake_host_connect(host, NULL);
    for (int i = 0; i < 64; i++) {
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(say(name, "v"), JF_OK);
    }
    assert_int_equal(say("one more", "v"), JF_E_FULL);
    assert_int_equal(say("n63", "another"), JF_OK);
    finish(host);
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_said_stays_when_another_takes_over),
        cmocka_unit_test(an_api_key_is_no_attribute),
        cmocka_unit_test(a_name_has_1_to_256_octets),
        cmocka_unit_test(all_together_has_8_kib),
        cmocka_unit_test(what_is_said_again_takes_the_place_of_the_first),
        cmocka_unit_test(there_are_at_most_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
