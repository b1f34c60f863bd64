/* A script that computes too long: its call ends, its state goes on. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"
#include "tests/unit/plugins/lua_ticks.h"

static const char script[] =
    "local function spin() while true do end end\n"
    "return { routes = {\n"
    "  ['$connect'] = function(ev) if ev.query.spin then spin() end end,\n"
    "  fine = function() return 'fine' end,\n"
    "  run = function(ev)\n"
    "    return assert(load('local ev, spin = ...\\n' .. ev.body, '=chunk'))(ev, spin)\n"
    "  end } }";

static jf_conn_id ann;

static struct fake_host *play(struct scene *scene)
{
    char options[32];
    snprintf(options, sizeof(options), ",\"budget_ms\":%d", BUDGET_MS);
    scene_init(scene, 1);
    scene_file(scene, "main.lua", script);
    assert_int_equal(scene_run(scene, options), JF_OK);
    ann = fake_host_connect(scene->host, NULL);
    return scene->host;
}

/* It ends, soon enough, with the status of a call that took too long. */
static void check_ended(struct fake_host *host, const char *chunk)
{
    double start = cpu_ms();
    fake_host_say(host, ann, "run", chunk);
    fake_host_advance(host, 1);
    double took = cpu_ms() - start;
    if (fake_host_status(host, ann) != JF_E_TIMEOUT)
        fail_msg("%s: %d", chunk, fake_host_status(host, ann));
    if (took > 3 * BUDGET_MS * SLOWNESS)
        fail_msg("%s: %f ms", chunk, took);
    scene_check(host, ann, "fine", "fine");
}

static void a_call_over_its_budget_ends_and_the_state_goes_on(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    static const char *const chunks[] = {
        "spin()",
        "while true do pcall(spin) end",
        "pcall(pcall, spin)",
        "return pcall(spin)",
        "coroutine.wrap(spin)()",
        "while true do pcall(coroutine.wrap(function() pcall(spin) end)) end",
        "jf.attr.set(ev.conn, 'a', 'b') spin()",
        "jf.sleep(1) pcall(spin) jf.sleep(1) jf.send(ev.conn, 'never')",
        "local x <close> = setmetatable({}, { __close = spin }) spin()",
        "table.sort({ 1, 2, 3 }, spin)",
        "return { body = 'a', statusCode = setmetatable({}, { __index = spin })[1] }",
        "local t = {} for i = 1, 1000 do t[i] = i end while true do jf.json.encode(t) end",
        "local s = '[' .. ('0,'):rep(1000) .. '0]' while true do jf.json.decode(s) end",
        "while true do jf.send(ev.conn:sub(1, 3), 'x') end",
        "print(setmetatable({}, { __tostring = spin }))",
        "jf.log.info('%s', setmetatable({}, { __tostring = spin }))",
        "return ev[setmetatable({}, { __tostring = spin })]",
    };
    struct scene scene;
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++)
        check_ended(host, chunks[i]);
    scene_fini(&scene);
}

/* It had failed before, and is ended while what it left open is closed. */
static void closing_after_an_error_has_a_budget_too(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    struct scene scene;
    struct fake_host *host = play(&scene);
    double start = cpu_ms();
    fake_host_say(host, ann, "run",
                  "local x <close> = setmetatable({}, { __close = spin }) error('x')");
    assert_int_equal(fake_host_status(host, ann), JF_E_INTERNAL);
    assert_true(cpu_ms() - start < 3 * BUDGET_MS * SLOWNESS);
    scene_check(host, ann, "fine", "fine");
    scene_fini(&scene);
}

static void it_is_logged_and_counted(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_ended(host, "spin()");
    assert_true(fake_host_logged(host, JF_ERROR, "ran longer than its budget of 40 ms"));
    assert_true(fake_host_logged(host, JF_ERROR, "| route=run conn="));
    assert_true(fake_host_logged(host, JF_ERROR, "main.lua:1: in "));
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO, "errors=0 over_budget=1 out_of_memory=0"));
    scene_fini(&scene);
}

static void a_connection_that_takes_too_long_is_a_504(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    struct scene scene;
    struct fake_host *host = play(&scene);
    jf_conn_id bob = fake_host_connect(host, "spin=1");
    assert_int_equal(fake_host_verdict(host, bob).http_status, 504);
    scene_fini(&scene);
}

static void waiting_is_not_computing(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_say(host, ann, "run", "for i = 1, 100 do jf.sleep(100) end return 'patient'");
    fake_host_advance(host, 20000);
    assert_string_equal(fake_host_hear(host, ann), "patient");
    scene_fini(&scene);
}

static void a_timers_function_has_the_same_budget(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_say(host, ann, "run", "jf.after(1, spin) return 'set'");
    assert_string_equal(fake_host_hear(host, ann), "set");
    fake_host_advance(host, 1);
    assert_true(fake_host_logged(host, JF_ERROR, "budget of 40 ms | in a timer"));
    scene_check(host, ann, "fine", "fine");
    scene_fini(&scene);
}

static void a_script_that_loads_too_long_does_not_start(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    static const char *const scripts[] = {
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "pcall(function() while true do end end) return { routes = { a = print } }",
        "require 'slow' return { routes = { a = print } }",
    };
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        struct scene scene;
        scene_init(&scene, 1);
        scene_file(&scene, "slow.lua", "while true do end");
        scene_file(&scene, "main.lua", scripts[i]);
        assert_int_equal(scene_run(&scene, ",\"budget_ms\":20"), JF_E_TIMEOUT);
        assert_true(fake_host_logged(scene.host, JF_ERROR, "longer than its budget"));
        scene_fini(&scene);
    }
}

static void a_module_that_loads_too_long_may_be_tried_again(void **state)
{
    (void)state;
    if (!HAS_TICKS)
        return;
    struct scene scene;
    struct fake_host *host = play(&scene);
    scene_file(&scene, "slow.lua", "if not tried then tried = true while true do end end");
    check_ended(host, "require 'slow'");
    fake_host_say(host, ann, "run", "return tostring(require 'slow')");
    assert_string_equal(fake_host_hear(host, ann), "true");
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_over_its_budget_ends_and_the_state_goes_on),
        cmocka_unit_test(closing_after_an_error_has_a_budget_too),
        cmocka_unit_test(it_is_logged_and_counted),
        cmocka_unit_test(a_connection_that_takes_too_long_is_a_504),
        cmocka_unit_test(waiting_is_not_computing),
        cmocka_unit_test(a_timers_function_has_the_same_budget),
        cmocka_unit_test(a_script_that_loads_too_long_does_not_start),
        cmocka_unit_test(a_module_that_loads_too_long_may_be_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
