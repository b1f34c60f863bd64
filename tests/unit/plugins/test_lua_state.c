/* From options to a state: what loads, what does not and why, memory, the end. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"

/* ---- Loading ---------------------------------------------------------------------------
 */

static void a_script_that_cannot_be_used_says_where_and_why(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "\nreturn { routes = ", "main.lua:2: unexpected symbol near <eof>" },
        { "error('not today')", "main.lua:1: not today | stack traceback: | " },
        { "error({})", "the error is a table value" },
        { "", "main.lua: returns a nil, not { routes = { ... } }" },
        { "return 1", "main.lua: returns a number" },
        { "return {}", "main.lua: returns no table \"routes\"" },
        { "return { routes = 1 }", "main.lua: returns no table \"routes\"" },
        { "return { routes = {} }", "main.lua: returns no routes" },
        { "return { routes = { a = 1 } }",
          "main.lua: routes: 'a' is a number, not a function" },
        { "return { routes = { print } }",
          "main.lua: routes: a key is no name of a route" },
        { "return { routes = { [''] = print } }", "a key is no name of a route" },
        { "return { routes = { ['a\\0b'] = print } }", "a key is no name of a route" },
        { "return { routes = { a = print }, rotes = {} }", "a table with 'rotes'" },
        { "return { routes = { a = print }, [1] = {} }", "a table with '1'" },
        { "coroutine.yield()", "main.lua:1" },
        { "jf.sleep(1)", "main.lua:1: jf.sleep waits: call it from the handler, not from a "
                         "script that is loading" },
        { "require 'nowhere'", "module 'nowhere' not found: there is no nowhere.lua" },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        scene_refused(cases[i][0], JF_E_INVALID, cases[i][1]);
    scene_refused("\x1bLua", JF_E_INVALID, "attempt to load a binary chunk");
}

static void a_script_that_needs_too_much_memory_does_not_start(void **state)
{
    (void)state;
    scene_refused("local t = {} for i = 1, 1e7 do t[i] = i end", JF_E_NOMEM,
                  "not enough memory");
    scene_refused("x = pcall(string.rep, 'x', 1e7) return { routes = x }", JF_E_INVALID,
                  "returns no table");
}

static void options_are_checked(void **state)
{
    (void)state;
    static const char *const options[][2] = {
        { "[]", "script: the path of the script is missing" },
        { "{}", "script: the path of the script is missing" },
        { "{\"script\":1}", "script: the path of the script is missing" },
        { "{\"script\":\"x.lua\",\"memory_bytes\":1}",
          "memory_bytes: a number from 262144" },
        { "{\"script\":\"x.lua\",\"memory_bytes\":\"x\"}", "memory_bytes: a number" },
        { "{\"script\":\"x.lua\",\"budget_ms\":0}", "budget_ms: a number from 1 to 60000" },
        { "{\"script\":\"x.lua\",\"options\":[]}", "options: an object" },
        { "{\"script\":\"/nowhere/x.lua\"}", "x.lua: there is no such file" },
        { "{\"script\":\"/tmp/\"}", NULL },
        { "{\"script\":\"/tmp\"}", "tmp: cannot be read" },
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
        struct fake_host *host = fake_host_new(&jf_entry, 1);
        assert_int_equal(fake_host_start(host, options[i][0]), JF_E_INVALID);
        if (options[i][1] && !fake_host_logged(host, JF_ERROR, options[i][1]))
            fail_msg("%s", options[i][0]);
        fake_host_free(host);
    }
}

static void a_first_line_for_the_shell_is_skipped(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "main.lua",
               "\xef\xbb\xbf#!/usr/bin/env jackfield run\n"
               "return { routes = { a = function() error('here') end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    jf_conn_id ann = fake_host_connect(scene.host, NULL);
    fake_host_say(scene.host, ann, "a", "");
    assert_true(fake_host_logged(scene.host, JF_ERROR, "main.lua:2: here"));
    scene_fini(&scene);
}

static void each_worker_has_globals_of_its_own(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_client first = { .worker = 0 }, second = { .worker = 1 };
    scene_init(&scene, 2);
    scene_file(&scene, "main.lua",
               "n = 0\n"
               "return { routes = { add = function() n = n + 1 return tostring(n) end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    jf_conn_id ann = fake_host_connect_as(scene.host, &first);
    jf_conn_id bob = fake_host_connect_as(scene.host, &second);
    scene_check(scene.host, ann, "add", "1");
    scene_check(scene.host, ann, "add", "2");
    scene_check(scene.host, bob, "add", "1");
    scene_fini(&scene);
}

static void what_a_script_does_while_it_loads_it_does_per_worker(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 2);
    scene_file(&scene, "main.lua",
               "assert(jf.send_group('g', 'x')) assert(jf.send_all('$default', 'y'))\n"
               "n = 0 local t = jf.after(10, function() n = n + 1 end)\n"
               "jf.after(10, function() end):stop()\n"
               "return { routes = { n = function() return tostring(n) end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    assert_int_equal(fake_host_timers(scene.host), 2);
    jf_conn_id ann = fake_host_connect(scene.host, NULL);
    fake_host_advance(scene.host, 10);
    scene_check(scene.host, ann, "n", "1");
    scene_fini(&scene);
}

static void a_route_that_is_not_always_there_stops_the_start(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 2);
    scene_file(&scene, "main.lua",
               "local r = { a = print }\n"
               "if jf.worker == 1 then r = { b = print } end return { routes = r }");
    assert_int_equal(scene_run(&scene, ""), JF_E_INVALID);
    assert_true(
        fake_host_logged(scene.host, JF_ERROR, "the route 'a' is not there every time"));
    scene_fini(&scene);
}

/* ---- Memory ----------------------------------------------------------------------------
 */

static const char hoarder[] =
    "kept = {} loads = 'fresh'\n"
    "local function hoard() while true do kept[#kept + 1] = ('x'):rep(1000) .. #kept end "
    "end\n"
    "jf.after(1000, function() jf.log.info('tick') end)\n"
    "return { routes = {\n"
    "  hoard = hoard,\n"
    "  careful = function() local t = {} while true do t[#t + 1] = {} end end,\n"
    "  count = function() return tostring(#kept) end,\n"
    "  wait = function(ev) local n = tostring(#kept) jf.sleep(50) return n end,\n"
    "  late = function(ev) jf.sleep(10) return tostring(select(2, jf.after(1, print))) "
    "end,\n"
    "} }";

static struct fake_host *play_hoarder(struct scene *scene)
{
    scene_init(scene, 1);
    scene_file(scene, "main.lua", hoarder);
    assert_int_equal(scene_run(scene, ",\"memory_bytes\":1000000"), JF_OK);
    return scene->host;
}

static void a_call_that_wants_too_much_fails_and_its_state_goes_on(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play_hoarder(&scene);
    jf_conn_id ann = fake_host_connect(host, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fake_host_say(host, ann, "careful", ""), JF_E_NOMEM);
        scene_check(host, ann, "count", "0");
    }
    assert_true(fake_host_logged(host, JF_ERROR, "not enough memory | route=careful"));
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO, "out_of_memory=5 replaced=0"));
    scene_fini(&scene);
}

static void a_state_whose_memory_is_spent_is_replaced(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play_hoarder(&scene);
    jf_conn_id ann = fake_host_connect(host, NULL);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(fake_host_say(host, ann, "hoard", ""), JF_E_NOMEM);
        scene_check(host, ann, "count", "0");
        assert_int_equal(fake_host_timers(host), 1);
    }
    assert_true(fake_host_logged(host, JF_WARN,
                                 "main.lua: its memory is spent: a fresh state "
                                 "takes over, 1 timers end, 0 calls wait on"));
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO, "out_of_memory=5 replaced=5"));
    scene_fini(&scene);
}

static void what_waits_in_a_spent_state_goes_on_there(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play_hoarder(&scene);
    jf_conn_id ann = fake_host_connect(host, NULL), bob = fake_host_connect(host, NULL);
    jf_conn_id cid = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_say(host, bob, "wait", ""), JF_LATER);
    assert_int_equal(fake_host_say(host, cid, "late", ""), JF_LATER);
    assert_int_equal(fake_host_say(host, ann, "hoard", ""), JF_E_NOMEM);
    scene_check(host, ann, "count", "0");
    fake_host_advance(host, 20);
    assert_string_equal(fake_host_hear(host, cid), "stopping");
    fake_host_advance(host, 50);
    assert_string_equal(fake_host_hear(host, bob), "0");
    fake_host_advance(host, 1000);
    assert_true(fake_host_logged(host, JF_INFO, "tick"));
    scene_fini(&scene);
}

static void not_more_than_a_few_spent_states_are_kept(void **state)
{
    (void)state;
    struct scene scene;
    jf_conn_id guests[8];
    struct fake_host *host = play_hoarder(&scene);
    jf_conn_id ann = fake_host_connect(host, NULL);
    for (int i = 0; i < 8; i++) {
        guests[i] = fake_host_connect(host, NULL);
        fake_host_say(host, guests[i], "wait", "");
        assert_int_equal(fake_host_say(host, ann, "hoard", ""), JF_E_NOMEM);
    }
    fake_host_advance(host, 1000);
    for (int i = 0; i < 5; i++)
        assert_int_equal(fake_host_status(host, guests[i]), JF_OK);
    fake_host_say(host, ann, "hoard", "");
    scene_check(host, ann, "count", "0");
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO, "replaced=5"));
    scene_fini(&scene);
}

static void a_spent_state_with_waiting_calls_can_be_ended(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(
        &scene, "main.lua",
        "kept = {}\n"
        "return { routes = { sleep = function() jf.after(1, function() jf.sleep(1e9) end)"
        " return 'x' end,\n"
        "  hoard = function() while true do kept[#kept + 1] = {} end end } }");
    assert_int_equal(scene_run(&scene, ",\"memory_bytes\":1000000"), JF_OK);
    jf_conn_id ann = fake_host_connect(scene.host, NULL);
    scene_check(scene.host, ann, "sleep", "x");
    fake_host_advance(scene.host, 1);
    fake_host_say(scene.host, ann, "hoard", "");
    assert_int_equal(fake_host_timers(scene.host), 1);
    fake_host_stop(scene.host);
    assert_int_equal(fake_host_timers(scene.host), 0);
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_script_that_cannot_be_used_says_where_and_why),
        cmocka_unit_test(a_script_that_needs_too_much_memory_does_not_start),
        cmocka_unit_test(options_are_checked),
        cmocka_unit_test(a_first_line_for_the_shell_is_skipped),
        cmocka_unit_test(each_worker_has_globals_of_its_own),
        cmocka_unit_test(what_a_script_does_while_it_loads_it_does_per_worker),
        cmocka_unit_test(a_route_that_is_not_always_there_stops_the_start),
        cmocka_unit_test(a_call_that_wants_too_much_fails_and_its_state_goes_on),
        cmocka_unit_test(a_state_whose_memory_is_spent_is_replaced),
        cmocka_unit_test(what_waits_in_a_spent_state_goes_on_there),
        cmocka_unit_test(not_more_than_a_few_spent_states_are_kept),
        cmocka_unit_test(a_spent_state_with_waiting_calls_can_be_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
