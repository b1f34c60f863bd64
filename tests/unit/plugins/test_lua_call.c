/* Calls that wait, sleep and are called by timers; and coroutines of the script's own. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"

/* Text is a chunk that is run as the handler's body; its results are the handler's. */
static const char chunks[] =
    "return { routes = { run = function(ev)\n"
    "  return assert(load('local ev = ...\\n' .. ev.body, '=chunk'))(ev)\n"
    "end } }";

static jf_conn_id ann;

static struct fake_host *play(struct scene *scene)
{
    struct fake_host *host = scene_play(scene, chunks);
    ann = fake_host_connect(host, NULL);
    return host;
}

/* Say it, let all happen that is due, and tell what was heard. */
static const char *hear(struct fake_host *host, const char *chunk)
{
    fake_host_say(host, ann, "run", chunk);
    fake_host_turn(host);
    return fake_host_hear(host, ann);
}

static void check(struct fake_host *host, const char *chunk, const char *expected)
{
    scene_asks(host, ann, "run", chunk, expected);
}

static void an_attribute_is_set_read_and_removed(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    const char *set = "return tostring(jf.attr.set(ev.conn, 'name', 'A\\0n'))";
    assert_int_equal(fake_host_say(host, ann, "run", set), JF_LATER);
    fake_host_turn(host);
    assert_int_equal(fake_host_status(host, ann), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "true");
    check(host, "return (jf.attr.get(ev.conn, 'name'):gsub('%z', '0'))", "A0n");
    check(
        host,
        "jf.attr.set(ev.conn, 'name', nil) return select(2, jf.attr.get(ev.conn, 'name'))",
        "not_found");
    check(host, "jf.attr.set(ev.conn, 'name', 1) return jf.attr.get(ev.conn, 'name')", "1");
    check(host,
          "jf.attr.set(ev.conn, 'name', '') return select(2, jf.attr.get(ev.conn, 'name'))",
          "not_found");
    scene_fini(&scene);
}

static void what_an_answer_says_is_what_the_call_returns(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "jf.attr.set(ev.conn, 'a', 'b')", "jf.attr.get(ev.conn, 'a')",
        "jf.group.join('g', ev.conn)",    "jf.group.leave('g', ev.conn)",
        "jf.group.members('g')",
    };
    char chunk[128];
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        snprintf(chunk, sizeof(chunk), "local a, b = %s return tostring(a) .. b", calls[i]);
        check(host, chunk, "nilunavailable");
    }
    snprintf(chunk, sizeof(chunk), "return %s", calls[0]);
    assert_null(hear(host, chunk));
    assert_int_equal(fake_host_status(host, ann), JF_E_UNAVAILABLE);
    scene_fini(&scene);
}

static void groups_are_joined_listed_and_left(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return tostring(jf.group.join('g', ev.conn))", "true");
    assert_int_equal(fake_host_members(host, "g"), 1);
    check(host, "local m = jf.group.members('g') return #m .. tostring(m[1] == ev.conn)",
          "1true");
    check(host, "return jf.json.encode(jf.group.members('nobody'))", "[]");
    check(host, "return tostring(jf.group.leave('g', ev.conn))", "true");
    assert_int_equal(fake_host_members(host, "g"), 0);
    scene_fini(&scene);
}

static void members_are_counted(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return tostring(jf.group.count('g'))", "0");
    check(host,
          "jf.group.join('g', ev.conn) return jf.group.count('g') .. math.type("
          "jf.group.count('g'))",
          "1integer");
    check(host, "return select(2, jf.group.count(''))", "invalid");
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    check(host, "return select(2, jf.group.count('g'))", "unavailable");
    scene_fini(&scene);
}

static void a_call_that_cannot_begin_does_not_wait(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return select(2, jf.attr.get('nobody', 'a'))", "invalid");
    check(host, "return select(2, jf.attr.get(ev.conn, ''))", "invalid");
    check(host, "return select(2, jf.group.join('g', 'nobody'))", "invalid");
    check(host, "return select(2, jf.group.members(''))", "invalid");
    check(host, "return select(2, jf.attr.get('AAEAAAAAAAAAAAA=', 'a'))", "gone");
    check(host, "return select(2, jf.send_wait('AAEAAAAAAAAAAAA=', 'a'))", "gone");
    scene_fini(&scene);
}

static void a_send_can_be_waited_for(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "local ok = jf.send_wait(ev.conn, 'first') return tostring(ok)", "first");
    assert_string_equal(fake_host_hear(host, ann), "true");
    scene_fini(&scene);
}

static void many_calls_wait_at_once_and_keep_apart(void **state)
{
    (void)state;
    struct scene scene;
    jf_conn_id guests[40];
    struct fake_host *host = play(&scene);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40; i++) {
            char chunk[128];
            guests[i] = fake_host_connect(host, NULL);
            snprintf(chunk, sizeof(chunk),
                     "jf.sleep(%d) jf.attr.set(ev.conn, 'a', '%d')"
                     "return jf.attr.get(ev.conn, 'a')",
                     i % 7, i);
            assert_int_equal(fake_host_say(host, guests[i], "run", chunk), JF_LATER);
        }
        fake_host_advance(host, 10);
        for (int i = 0; i < 40; i++) {
            char expected[8];
            snprintf(expected, sizeof(expected), "%d", i);
            assert_string_equal(fake_host_hear(host, guests[i]), expected);
        }
    }
    scene_fini(&scene);
}

/* If all were kept, the last call would not fit. */
static void coroutines_of_a_busy_hour_are_given_back(void **state)
{
    (void)state;
    struct scene scene;
    jf_conn_id guests[1000];
    scene_init(&scene, 1);
    scene_file(&scene, "main.lua", chunks);
    assert_int_equal(scene_run(&scene, ",\"memory_bytes\":4000000"), JF_OK);
    for (int i = 0; i < 1000; i++) {
        guests[i] = fake_host_connect(scene.host, NULL);
        fake_host_say(scene.host, guests[i], "run", "jf.sleep(1)");
    }
    fake_host_advance(scene.host, 1);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(fake_host_status(scene.host, guests[i]), JF_OK);
    ann = guests[0];
    check(scene.host,
          "local t = {} for i = 1, 3000 do t[i] = ('x'):rep(1000) .. i end return 'fits'",
          "fits");
    scene_fini(&scene);
}

static void sleeping_takes_its_time(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_say(host, ann, "run", "jf.sleep(100) return 'awake'");
    fake_host_advance(host, 99);
    assert_null(fake_host_hear(host, ann));
    fake_host_advance(host, 1);
    assert_string_equal(fake_host_hear(host, ann), "awake");
    check(host, "return select(2, pcall(jf.sleep, -1)):match('milliseconds')",
          "milliseconds");
    check(host, "return tostring(pcall(jf.sleep, 0/0))", "false");
    check(host, "return tostring(pcall(jf.sleep, 1e300))", "false");
    scene_fini(&scene);
}

static void a_wait_goes_through_pcall_and_metamethods(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "local ok, v = pcall(function() jf.attr.set(ev.conn, 'a', 'x')"
          " error(jf.attr.get(ev.conn, 'a'), 0) end) return tostring(ok) .. v",
          "falsex");
    check(host,
          "local t = setmetatable({}, { __index = function(_, k)"
          " return jf.attr.get(ev.conn, k) end }) return t.a",
          "x");
    check(host,
          "for v in function(_, v) if not v then return jf.attr.get(ev.conn, 'a') end end"
          " do return v end",
          "x");
    scene_fini(&scene);
}

static void where_lua_cannot_yield_a_wait_is_an_error(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "local ok, e = pcall(table.sort, { 2, 1 }, function() jf.sleep(1) end)"
          "return e:match('jf.sleep waits: not where Lua cannot')",
          "jf.sleep waits: not where Lua cannot");
    assert_int_equal(fake_host_timers(host), 0);
    scene_fini(&scene);
}

static void in_a_coroutine_of_the_scripts_own_a_wait_is_an_error(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "local co = coroutine.wrap(function() return jf.attr.get(ev.conn, 'a') end)\n"
          "return select(2, pcall(co))",
          "chunk:2: jf.attr.get waits: call it from the handler, not from a coroutine of "
          "your own");
    check(
        host,
        "local co = coroutine.wrap(function(n) while true do n = n + coroutine.yield(n) end"
        " end) co(1) co(2) return tostring(co(3))",
        "6");
    scene_fini(&scene);
}

static void a_handler_that_yields_by_itself_fails(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fake_host_say(host, ann, "run", "coroutine.yield(1)"),
                         JF_E_INTERNAL);
        check(host, "return 'fine'", "fine");
    }
    assert_true(fake_host_logged(host, JF_ERROR, "a handler yields by itself"));
    assert_true(fake_host_logged(host, JF_ERROR, "chunk:2: in "));
    scene_fini(&scene);
}

static void who_resumes_or_closes_a_waiting_handler_gets_nothing(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    jf_conn_id bob = fake_host_connect(host, NULL);
    const char *wait = "co = coroutine.running() jf.sleep(10) return 'awake'";
    static const char *const attacks[] = {
        "return tostring(coroutine.resume(co, 1, 2))",
        "return tostring(pcall(coroutine.close, co))",
        "return tostring(pcall(coroutine.wrap(function() coroutine.resume(co) end)))",
    };
    for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
        fake_host_say(host, bob, "run", wait);
        assert_non_null(hear(host, attacks[i]));
        fake_host_advance(host, 10);
        assert_int_not_equal(fake_host_status(host, bob), JF_LATER);
        fake_host_say(host, bob, "run", "jf.sleep(1) return 'fine'");
        fake_host_advance(host, 1);
        while (fake_host_status(host, bob) == JF_LATER)
            fake_host_advance(host, 1);
        assert_int_equal(fake_host_status(host, bob), JF_OK);
    }
    scene_fini(&scene);
}

static void a_timer_runs_its_function_once(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "n = 0 jf.after(50, function(...) n = n + 1 + select('#', ...) end) return 'a'",
          "a");
    fake_host_advance(host, 49);
    check(host, "return tostring(n)", "0");
    fake_host_advance(host, 200);
    check(host, "return tostring(n)", "1");
    assert_int_equal(fake_host_timers(host), 0);
    scene_fini(&scene);
}

static void a_stopped_timer_never_runs(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "n = 0 local t = jf.after(5, function() n = 1 end)"
          "return tostring(t:stop()) .. tostring(t:stop()) .. tostring(t):match('%a+')",
          "truetruetimer");
    fake_host_advance(host, 10);
    check(host, "return tostring(n)", "0");
    check(host, "t = jf.after(5, function() t:stop() n = 2 end) return 'set'", "set");
    fake_host_advance(host, 10);
    check(host, "t:stop() return tostring(n)", "2");
    check(host, "return select(2, pcall(t.stop, ev)):match('timer expected')",
          "timer expected");
    check(host, "return tostring(pcall(jf.after, 1, 'f'))", "false");
    check(host, "return tostring(pcall(jf.after, -1, print))", "false");
    scene_fini(&scene);
}

static void a_timers_function_may_wait_send_and_fail(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "local c = ev.conn jf.after(1, function() jf.attr.set(c, 'a', 'set')"
          " jf.sleep(5) jf.send(c, jf.attr.get(c, 'a')) error('late') end) return 'soon'",
          "soon");
    fake_host_advance(host, 5);
    assert_null(fake_host_hear(host, ann));
    fake_host_advance(host, 5);
    assert_string_equal(fake_host_hear(host, ann), "set");
    assert_true(fake_host_logged(host, JF_ERROR, "chunk:2: late | in a timer | stack"));
    scene_fini(&scene);
}

static void timers_survive_a_collection_and_nobody_holding_them(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "n = 0 for i = 1, 1000 do jf.after(i, function() n = n + 1 end) end return 'set'",
          "set");
    for (int i = 0; i < 50; i++) {
        check(host, "local t = {} for i = 1, 1e4 do t[i] = { i } end return 'garbage'",
              "garbage");
    }
    fake_host_advance(host, 1000);
    check(host, "return tostring(n)", "1000");
    scene_fini(&scene);
}

static void what_waits_at_the_end_is_dropped_with_its_state(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "for i = 1, 10 do jf.after(1e9, function() end) end\n"
          "jf.after(1, function() jf.sleep(1e9) end) return 'set'",
          "set");
    fake_host_advance(host, 5);
    assert_int_equal(fake_host_timers(host), 11);
    fake_host_stop(host);
    assert_int_equal(fake_host_timers(host), 0);
    scene_fini(&scene);
}

static void an_unfinished_handler_is_waited_for_at_the_end(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_say(host, ann, "run", "jf.sleep(20000) jf.log.info('slept') return true");
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO, "slept"));
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_attribute_is_set_read_and_removed),
        cmocka_unit_test(what_an_answer_says_is_what_the_call_returns),
        cmocka_unit_test(groups_are_joined_listed_and_left),
        cmocka_unit_test(members_are_counted),
        cmocka_unit_test(a_call_that_cannot_begin_does_not_wait),
        cmocka_unit_test(a_send_can_be_waited_for),
        cmocka_unit_test(many_calls_wait_at_once_and_keep_apart),
        cmocka_unit_test(coroutines_of_a_busy_hour_are_given_back),
        cmocka_unit_test(sleeping_takes_its_time),
        cmocka_unit_test(a_wait_goes_through_pcall_and_metamethods),
        cmocka_unit_test(where_lua_cannot_yield_a_wait_is_an_error),
        cmocka_unit_test(in_a_coroutine_of_the_scripts_own_a_wait_is_an_error),
        cmocka_unit_test(a_handler_that_yields_by_itself_fails),
        cmocka_unit_test(who_resumes_or_closes_a_waiting_handler_gets_nothing),
        cmocka_unit_test(a_timer_runs_its_function_once),
        cmocka_unit_test(a_stopped_timer_never_runs),
        cmocka_unit_test(a_timers_function_may_wait_send_and_fail),
        cmocka_unit_test(timers_survive_a_collection_and_nobody_holding_them),
        cmocka_unit_test(what_waits_at_the_end_is_dropped_with_its_state),
        cmocka_unit_test(an_unfinished_handler_is_waited_for_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
