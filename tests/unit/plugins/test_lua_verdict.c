/* What a handler's return values mean. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_scene.h"

static void a_string_is_the_answer(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(
        &scene, "return { routes = { echo = function(ev) return ev.body end } }");
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_say(host, ann, "echo", "hello"), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hello");
    assert_null(fake_host_hear(host, ann));
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_is_the_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
