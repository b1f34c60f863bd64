/* Memory and CPU time of a state: everything that never ends, ends. */
#include "tests/unit/plugins/lua_scene.h"

#include <pthread.h>
#include <signal.h>

static int setup(void **state)
{
    static struct scene scene;
    scene_open_with(&scene, 16 * MIB, BUDGET_MS);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    scene_close(*state);
    return 0;
}

/* ---- Time ------------------------------------------------------------------------------
 */

static void an_endless_loop_is_cut(void **state)
{
    scene_cut(*state, "while true do end");
    scene_cut(*state, "for i = 1, math.huge do local x = i * 2 end");
    scene_cut(*state, "::again:: goto again");
    scene_cut(*state, "local function f() return f() end f()");
    scene_cut(*state, "local function f(...) return f(...) end f(1, 2, 3)");
    scene_cut(*state, "repeat local t = {} until false");
    scene_cut(*state, "repeat local s = tostring({}) .. 'x' until false");
}

static void the_message_says_where(void **state)
{
#if HAS_TICKS
    struct scene *scene = *state;
    assert_string_equal(scene_run(scene, "\n\nwhile true do end"),
                        "error: scene:3: ran longer than its budget of 40 ms");
#else
    (void)state;
#endif
}

static void pcall_cannot_keep_it(void **state)
{
    scene_cut(*state, "while true do pcall(function() while true do end end) end");
    scene_cut(*state, "local function f() while true do pcall(f) end end f()");
    scene_cut(*state, "local function f() f() end while true do pcall(f) end");
    scene_cut(*state,
              "local function f() local x <close> = setmetatable({}, { __close = f }) "
              "pcall(f) error() end while true do pcall(f) end");
    scene_cut(*state, "while true do pcall(pcall, pcall, error) end");
    scene_cut(*state, "while true do pcall(string.rep) end");
    scene_cut(*state,
              "pcall(pcall, pcall, function() while true do end end) while true do end");
    scene_cut(*state, "local function loop() while true do end end "
                      "while true do xpcall(loop, loop) end");
}

/* A message handler would run where hooks are off. */
static void xpcall_cannot_keep_it(void **state)
{
    scene_cut(*state, "local function loop() while true do end end xpcall(loop, loop)");
    scene_cut(*state, "local function loop() while true do end end "
                      "xpcall(function() xpcall(loop, loop) end, loop)");
    scene_cut(*state, "xpcall(error, function() while true do end end, 1)");
    scene_cut(*state, "xpcall(function() while true do end end, pcall)");
    scene_cut(*state, "local co = coroutine.wrap(function() "
                      "xpcall(function() while true do end end, "
                      "function() while true do end end) end) co()");
}

static void coroutines_are_no_hiding_place(void **state)
{
    scene_cut(*state, "coroutine.wrap(function() while true do end end)()");
    scene_cut(*state, "while true do coroutine.wrap(function() end)() end");
    scene_cut(*state,
              "while true do pcall(coroutine.wrap(function() while true do end end)) end");
    scene_cut(*state, "while true do local co = coroutine.create(function() "
                      "while true do pcall(function() while true do end end) end end) "
                      "coroutine.resume(co) end");
    scene_cut(*state,
              "local function nest(n) "
              "if n == 0 then while true do end end "
              "while true do coroutine.resume(coroutine.create(nest), n - 1) end end "
              "nest(20)");
    scene_cut(*state, "local co = coroutine.wrap(function() "
                      "while true do coroutine.yield() end end) "
                      "while true do co() end");
    scene_cut(*state, "local co = coroutine.create(function() "
                      "while true do pcall(coroutine.yield) end end) "
                      "while true do pcall(coroutine.resume, co) end");
    scene_cut(*state, "for x in coroutine.wrap(function() "
                      "while true do coroutine.yield(1) end end) do end");
    scene_cut(*state, "coroutine.wrap(pcall)(function() while true do end end) "
                      "while true do end");
}

/* What it ended is left alone by the next event: its hooks are off for good. */
static void a_coroutine_that_was_cut_runs_no_more(void **state)
{
#if HAS_TICKS
    struct scene *scene = *state;
    scene_cut(scene, "co = coroutine.create(function() "
                     "local x <close> = setmetatable({}, { __close = function() "
                     "while true do end end }) "
                     "while true do end end) coroutine.resume(co)");
    assert_string_equal(scene_run(scene, "return coroutine.status(co)"), "dead");
    assert_string_equal(scene_run(scene, "return select(2, coroutine.close(co))"),
                        "this coroutine ran longer than its budget");
    assert_string_equal(scene_run(scene, "return select(2, coroutine.resume(co))"),
                        "this coroutine ran longer than its budget");
    assert_false(scene->over);

    scene_cut(scene, "co = coroutine.wrap(function() "
                     "local x <close> = setmetatable({}, { __close = function() "
                     "while true do end end }) "
                     "table.sort({ 1, 2, 3 }, function() while true do end end) end) co()");
    assert_string_equal(scene_run(scene, "return select(2, pcall(co))"),
                        "this coroutine ran longer than its budget");
    assert_false(scene->over);
#else
    (void)state;
#endif
}

static void a_coroutine_that_only_waited_runs_on(void **state)
{
    struct scene *scene = *state;
    scene_run(scene, "co = coroutine.wrap(function() local n = 0 "
                     "while true do n = n + 1 coroutine.yield(n) end end) co()");
    scene_cut(scene, "co() while true do end");
    assert_string_equal(scene_run(scene, "return co()"), HAS_TICKS ? "3" : "2");
    assert_false(scene->over);
}

static void what_a_handler_runs_in_is_not_the_scripts(void **state)
{
    struct scene *scene = *state;
    assert_string_equal(scene_run(scene, "handler = coroutine.running() "
                                         "return coroutine.status(handler)"),
                        "running");
    assert_string_equal(scene_run(scene, "return select(2, coroutine.resume(handler))"),
                        "this coroutine is not the script's own");
    assert_string_equal(scene_run(scene, "return select(2, coroutine.close(handler))"),
                        "this coroutine is not the script's own");
    assert_string_equal(scene_run(scene, "return coroutine.close(coroutine.running())"),
                        "false");
}

static void metamethods_are_cut(void **state)
{
    scene_cut(*state,
              "local t = setmetatable({}, { __index = function() while true do end end }) "
              "return t.x");
    scene_cut(*state, "local t = setmetatable({}, { __index = function() error() end }) "
                      "while true do pcall(function() return t.x end) end");
    scene_cut(*state,
              "local t t = setmetatable({}, { __eq = function() while true do end end }) "
              "return t == setmetatable({}, getmetatable(t))");
    scene_cut(*state, "return tostring(setmetatable({}, "
                      "{ __tostring = function() while true do end end }))");
    scene_cut(*state,
              "return setmetatable({}, { __concat = function() while true do end end })"
              " .. 'x'");
    scene_cut(*state,
              "return #setmetatable({}, { __len = function() while true do end end })");
    scene_cut(*state, "for k in pairs(setmetatable({}, "
                      "{ __pairs = function() while true do end end })) do end");
    scene_cut(*state, "setmetatable({}, { __call = function(self) return self() end })()");
    scene_cut(*state, "string.format('%s', setmetatable({}, "
                      "{ __tostring = function() while true do pcall(error) end end }))");
}

static void callbacks_of_the_libraries_are_cut(void **state)
{
    scene_cut(*state, "table.sort({ 3, 2, 1 }, function() while true do end end)");
    scene_cut(*state, "local t = {} for i = 1, 1e5 do t[i] = i end "
                      "while true do table.sort(t, function(a, b) return a > b end) end");
    scene_cut(*state, "local t = {} for i = 1, 2e5 do t[i] = i end "
                      "while true do table.sort(t) end");
    scene_cut(*state, "local t = {} for i = 1, 2e5 do t[i] = i end table.sort(t, pcall) "
                      "while true do end");
    scene_cut(*state, "return (('x'):rep(10):gsub('x', function() while true do end end))");
    scene_cut(*state, "return (('x'):rep(1e5):gsub('x', function() "
                      "return pcall(function() while true do end end) and '' end))");
    scene_cut(*state, "while true do ('x'):rep(1e5):gsub('x', pcall) end");
    scene_cut(*state, "while true do ('x'):rep(1e5):gsub('x', { x = 'y' }) end");
}

static void closing_is_cut(void **state)
{
    scene_cut(*state, "do local x <close> = setmetatable({}, "
                      "{ __close = function() while true do end end }) end");
    scene_cut(*state, "while true do pcall(function() local x <close> = setmetatable({}, "
                      "{ __close = function() while true do end end }) error() end) end");
    scene_cut(*state,
              "local co = coroutine.create(function() local x <close> = setmetatable({}, "
              "{ __close = function() while true do end end }) coroutine.yield() end) "
              "coroutine.resume(co) coroutine.close(co)");
    scene_cut(*state, "coroutine.wrap(function() local x <close> = setmetatable({}, "
                      "{ __close = function() while true do end end }) error('x') end)()");
    scene_cut(*state,
              "local mt = { __close = function() end } "
              "local function f() local x <close> = setmetatable({}, mt) return f(), 1 end "
              "while true do pcall(f) end");
    scene_cut(
        *state,
        "local v = setmetatable({}, { __close = function() while true do end end }) "
        "local function f(n) local x <close> = v "
        "if n == 0 then error('x') end return f(n - 1), 1 end "
        "local function g(n) if n == 0 then pcall(f, 4e4) else return g(n - 1), 1 end end "
        "g(900)");
    scene_cut(*state, "for x in next, {}, nil, setmetatable({}, "
                      "{ __close = function() while true do end end }) do end");
    scene_cut(*state, "local function f() local x <close> = setmetatable({}, "
                      "{ __close = function() f() end }) while true do end end f = f "
                      "while true do pcall(f) end");
}

static void large_strings_in_a_loop_are_cut(void **state)
{
    scene_cut(*state, "local s = ('x'):rep(1e6) while true do local t = s .. 'y' end");
    scene_cut(*state, "while true do local s = ('x'):rep(4e6) end");
    scene_cut(*state, "while true do pcall(string.rep, 'x', 1e9) end");
    scene_cut(*state, "local a, b = ('x'):rep(3e6) .. 'a', ('x'):rep(3e6) .. 'a' "
                      "while true do local same = a == b end");
    scene_cut(*state, "local a = ('x'):rep(3e6) while true do local less = a < a end");
    scene_cut(*state, "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(100) end "
                      "while true do table.concat(t) end");
    scene_cut(*state, "while true do ('x'):rep(1e6):upper():reverse():byte(-1) end");
    scene_cut(*state, "while true do local s = string.format('%99.99f', 1e308) end");
    scene_cut(*state, "local s = ('x'):rep(4e6) while true do utf8.len(s) end");
}

static void large_tables_in_a_loop_are_cut(void **state)
{
    scene_cut(*state, "local t = {} for i = 1, 1e5 do t['k' .. i] = 1 end "
                      "for k in pairs(t) do t[k] = nil end "
                      "while true do next(t) end");
    scene_cut(*state, "local t = {} for i = 1, 1e5 do t[i] = i end "
                      "while true do table.unpack(t) end");
    scene_cut(*state, "local t = {} while true do table.insert(t, 1, 1) end");
    scene_cut(*state, "while true do select('#', table.unpack({}, 1, 1e5)) end");
}

static void patterns_that_explode_are_cut(void **state)
{
    scene_cut(*state, "return (('a'):rep(40)):find(('a?'):rep(40) .. ('a'):rep(40))");
    scene_cut(*state, "return ('x'):rep(1e4):match(('.-'):rep(20) .. 'y')");
    scene_cut(*state, "return ('x'):rep(1e5):gsub(('.*'):rep(10) .. 'y', '')");
    scene_cut(*state, "for x in ('x'):rep(1e5):gmatch(('.-'):rep(10) .. 'y') do end");
    scene_cut(*state, "return ('('):rep(1e6):find('%b()')");
    scene_cut(*state, "return ('x'):rep(1e6):find('[' .. ('y'):rep(1e6) .. ']')");
    scene_cut(*state, "local s = ('x'):rep(2e6) return (s .. 'y' .. s):find('^(x*)y.-%1z')"
                      " or (s .. s):find('(x+)%1y')");
    scene_cut(*state, "while true do pcall(string.find, ('a'):rep(40), ('a?'):rep(40) .. "
                      "('a'):rep(40)) end");
    scene_cut(*state, "local s = ('x'):rep(1e6) while true do s:find('y', 1, true) end");
}

/* Each read goes a long way. */
static void tables_that_claim_a_length_are_cut(void **state)
{
    scene_cut(*state, "return table.concat(setmetatable({}, { "
                      "__len = function() return 1e15 end, "
                      "__index = function() return '' end }))");
    scene_cut(*state,
              "local t = {} for i = 1, 1500 do t = setmetatable({}, { __index = t }) end "
              "table.move(t, 1, 1e9, 1, {}) while true do end");
    scene_cut(*state, "return table.move({}, 1, 1e15, 2)");
    scene_cut(*state, "local mt = { __len = function() return 1e15 end } "
                      "table.insert(setmetatable({}, mt), 1, 'x')");
    scene_cut(*state, "local mt = { __len = function() return 1e15 end } "
                      "table.remove(setmetatable({}, mt), 1)");
    scene_cut(*state, "local mt = { __len = function() return 1e9 end, "
                      "__index = function() return 1 end, __newindex = function() end } "
                      "table.sort(setmetatable({}, mt))");
}

/* Labels are compared with all labels, jumps with all jumps. */
static void compiling_is_cut(void **state)
{
    scene_cut(*state, "local t = {} for i = 1, 2e4 do t[i] = '::l' .. i .. '::x()' end "
                      "t = table.concat(t) while true do assert(load(t)) end");
    scene_cut(*state, "local t = 'return ' .. ('a or '):rep(5e4) .. 'a' "
                      "while true do load(t) end");
}

static void errors_that_loop_are_cut(void **state)
{
    scene_cut(*state, "local e = setmetatable({}, "
                      "{ __tostring = function() while true do end end }) "
                      "while true do local ok, x = pcall(error, e) tostring(x) end");
    scene_cut(*state, "local function f() error(f) end while true do xpcall(f, f) end");
    scene_cut(*state, "while true do pcall(error, ('x'):rep(1e5)) end");
}

static void a_thread_that_rests_uses_up_nothing(void **state)
{
    struct scene *scene = *state;
    struct timespec pause = { .tv_nsec = 3 * BUDGET_MS * 1000000 };
    lua_budget_begin(scene->budget, scene->L);
    nanosleep(&pause, NULL);
    assert_false(lua_budget_overdue(scene->L));
    assert_false(lua_budget_end(scene->budget, scene->L));
}

static void each_call_has_the_whole_budget(void **state)
{
    struct scene *scene = *state;
    double start = cpu_ms();
    while (cpu_ms() - start < 4.0 * BUDGET_MS) {
        assert_string_equal(
            scene_run(scene, "local n = 0 for i = 1, 1000 do n = n + i end"), "nil");
        assert_false(scene->over);
    }
}

/* Each has its own time, and the tighter one is not the other's. */
static void two_budgets_live_on_one_thread(void **state)
{
    struct scene *wide = *state, tight;
    scene_open_with(&tight, 4 * MIB, 5);
#if HAS_TICKS
    const char *loop = "while true do end";
    assert_string_equal(scene_run(&tight, loop),
                        "error: scene:1: ran longer than its budget of 5 ms");
    assert_true(tight.over);
    scene_cut(wide, loop);
#endif
    scene_close(&tight);
    scene_cut(wide, "while true do end");
}

#if HAS_TICKS
static int call_other(lua_State *L)
{
    struct scene *other = lua_touserdata(L, lua_upvalueindex(1));
    lua_pushstring(L, scene_run(other, "while true do end"));
    return 1;
}

#endif

static void a_call_within_a_call_has_its_own(void **state)
{
#if HAS_TICKS
    struct scene *outer = *state, inner;
    scene_open_with(&inner, 4 * MIB, 5);
    lua_pushlightuserdata(outer->L, &inner);
    lua_pushcclosure(outer->L, call_other, 1);
    lua_setglobal(outer->L, "other");
    assert_string_equal(scene_run(outer, "return other()"),
                        "error: scene:1: ran longer than its budget of 5 ms");
    assert_false(outer->over);
    scene_cut(outer, "pcall(other) while true do end");
    scene_close(&inner);
#else
    (void)state;
#endif
}

static void *run_on_thread(void *data)
{
    struct scene scene;
    (void)data;
    scene_open_with(&scene, 16 * MIB, BUDGET_MS);
    for (int i = 0; i < 3; i++)
        scene_cut(&scene, "while true do pcall(function() while true do end end) end");
    scene_close(&scene);
    return NULL;
}

static void each_thread_has_its_own_timer(void **state)
{
    pthread_t threads[3];
    sigset_t all, before;
    (void)state;
    sigfillset(&all); /* a host may have blocked all signals there */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_on_thread, NULL), 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* A signal that no timer of ours sent. */
static void a_strangers_signal_is_ignored(void **state)
{
    (void)state;
    assert_int_equal(raise(SIGVTALRM), 0);
}

/* ---- Memory ----------------------------------------------------------------------------
 */

static void is_out_of_memory(struct scene *scene, const char *code)
{
    const char *text = scene_run(scene, code);
    if (!strstr(text, "not enough memory") && !strstr(text, "too large"))
        print_message("%s\n-> %s after %.1f ms\n", code, text, scene->ms);
    assert_true(strstr(text, "not enough memory") || strstr(text, "too large"));
    assert_true(lua_budget_memory(scene->budget) <= 16 * MIB);
    assert_string_equal(scene_run(scene, "return 1 + 1"), "2");
}

static void memory_has_a_ceiling(void **state)
{
    struct scene scene;
    (void)state;
    scene_open_with(&scene, 16 * MIB, 20000);
    is_out_of_memory(&scene, "return ('x'):rep(1e8)");
    is_out_of_memory(&scene, "return ('x'):rep(1e18)");
    is_out_of_memory(&scene, "return ('x'):rep(1e10, ('y'):rep(1e6))");
    is_out_of_memory(&scene, "local t = {} while true do t = { t } end");
    is_out_of_memory(&scene, "local s = 'x' while true do s = s .. s end");
    is_out_of_memory(&scene, "local t = {} for i = 1, 1e9 do t[i] = i end");
    is_out_of_memory(&scene, "local t = {} for i = 1, 1e9 do t['k' .. i] = i end");
    is_out_of_memory(&scene,
                     "local t = {} for i = 1, 1e9 do t[i] = function() return i end end");
    is_out_of_memory(&scene, "local t = {} for i = 1, 1e9 do "
                             "t[i] = coroutine.create(function() end) end");
    is_out_of_memory(&scene, "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(1e5) end "
                             "return table.concat(t)");
    is_out_of_memory(&scene, "return (('x'):rep(1e6):gsub('x', ('y'):rep(1e3)))");
    is_out_of_memory(&scene, "return string.pack('c1000000000', 'x')");
    is_out_of_memory(&scene,
                     "local s = ('x'):rep(1e6) "
                     "return string.format(('%s'):rep(20), s, s, s, s, s, s, s, s, s, s, "
                     "s, s, s, s, s, s, s, s, s, s)");
    scene_close(&scene);
}

static void what_a_script_lets_go_of_is_free_again(void **state)
{
    struct scene *scene = *state;
    scene_run(scene, "t = ('x'):rep(4e6)");
    assert_true(lua_budget_memory(scene->budget) > 4000000);
    scene_run(scene, "t = nil");
    lua_gc(scene->L, LUA_GCCOLLECT);
    assert_true(lua_budget_memory(scene->budget) < 200000);
}

static void a_loop_at_the_ceiling_is_cut(void **state)
{
    scene_cut(*state, "local t = {} while true do "
                      "pcall(function() while true do t[#t + 1] = {} end end) end");
}

static void a_state_that_does_not_fit_is_none(void **state)
{
    struct lua_budget *budget;
    (void)state;
    assert_int_equal(lua_budget_new(1000, 100, &budget), JF_OK);
    assert_null(lua_budget_newstate(budget));
    assert_int_equal(lua_budget_memory(budget), 0);
    lua_budget_free(budget);
    lua_budget_free(NULL);
}

/* From too little for anything to enough for all. */
static void opening_survives_any_ceiling(void **state)
{
    (void)state;
    for (size_t memory = 1000; memory < 64000; memory += 300) {
        struct lua_budget *budget;
        assert_int_equal(lua_budget_new(memory, 100, &budget), JF_OK);
        lua_State *L = lua_budget_newstate(budget);
        if (L) {
            lua_pushcfunction(L, open_libraries);
            int status = lua_pcall(L, 0, 0, 0);
            assert_true(status == LUA_OK || status == LUA_ERRMEM);
            lua_close(L);
        }
        assert_int_equal(lua_budget_memory(budget), 0);
        lua_budget_free(budget);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_endless_loop_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(the_message_says_where, setup, teardown),
        cmocka_unit_test_setup_teardown(pcall_cannot_keep_it, setup, teardown),
        cmocka_unit_test_setup_teardown(xpcall_cannot_keep_it, setup, teardown),
        cmocka_unit_test_setup_teardown(coroutines_are_no_hiding_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_coroutine_that_was_cut_runs_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_coroutine_that_only_waited_runs_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_a_handler_runs_in_is_not_the_scripts, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(metamethods_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(callbacks_of_the_libraries_are_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(closing_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(large_strings_in_a_loop_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(large_tables_in_a_loop_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(patterns_that_explode_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(tables_that_claim_a_length_are_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(compiling_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_that_loop_are_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(a_thread_that_rests_uses_up_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_call_has_the_whole_budget, setup, teardown),
        cmocka_unit_test_setup_teardown(two_budgets_live_on_one_thread, setup, teardown),
        cmocka_unit_test_setup_teardown(a_call_within_a_call_has_its_own, setup, teardown),
        cmocka_unit_test(each_thread_has_its_own_timer),
        cmocka_unit_test_setup_teardown(a_strangers_signal_is_ignored, setup, teardown),
        cmocka_unit_test(memory_has_a_ceiling),
        cmocka_unit_test_setup_teardown(what_a_script_lets_go_of_is_free_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_loop_at_the_ceiling_is_cut, setup, teardown),
        cmocka_unit_test(a_state_that_does_not_fit_is_none),
        cmocka_unit_test(opening_survives_any_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
