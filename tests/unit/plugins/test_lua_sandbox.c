/* What a script can reach, and what it cannot. */
#include "tests/unit/plugins/lua_scene.h"

static int setup(void **state)
{
    static struct scene scene;
    scene_open(&scene);
    *state = &scene;
    return 0;
}

static int teardown(void **state)
{
    scene_close(*state);
    return 0;
}

static void gives(void **state, const char *code, const char *expected)
{
    const char *text = scene_run(*state, code);
    if (strcmp(text, expected) != 0)
        print_message("%s\n-> %s\n", code, text);
    assert_string_equal(text, expected);
}

static void contains(void **state, const char *code, const char *expected)
{
    const char *text = scene_run(*state, code);
    if (!strstr(text, expected))
        print_message("%s\n-> %s\n", code, text);
    assert_non_null(strstr(text, expected));
}

/* ---- Libraries -------------------------------------------------------------------------
 */

static void the_globals_are_those_of_the_list(void **state)
{
    static const char list[] =
        "local function names(t) local n = {} for k in pairs(t) do n[#n + 1] = k end "
        "table.sort(n) return table.concat(n, ' ') end ";
    static const struct {
        const char *of, *names;
    } expected[] = {
        { "_G",
          "_G _VERSION assert collectgarbage coroutine error getmetatable ipairs load "
          "math next os pairs pcall rawequal rawget rawlen rawset select setmetatable "
          "string table tonumber tostring type utf8 xpcall" },
        { "coroutine", "close create isyieldable resume running status wrap yield" },
        { "os", "clock date difftime time" },
        { "string", "byte char find format gmatch gsub len lower match pack packsize rep "
                    "reverse sub unpack upper" },
        { "table", "concat insert move pack remove sort unpack" },
        { "math",
          "abs acos asin atan ceil cos deg exp floor fmod huge log max maxinteger min "
          "mininteger modf pi rad random randomseed sin sqrt tan tointeger type ult" },
        { "utf8", "char charpattern codepoint codes len offset" },
    };
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        char code[512];
        snprintf(code, sizeof(code), "%s return names(%s)", list, expected[i].of);
        gives(state, code, expected[i].names);
    }
}

static void nothing_leads_out(void **state)
{
    gives(state, "return tostring(io or debug or package or require or dofile or loadfile)",
          "nil");
    gives(state,
          "return tostring(os.execute or os.getenv or os.exit or os.remove or os.rename "
          "or os.tmpname or os.setlocale or string.dump)",
          "nil");
    gives(state, "return tostring(('x').dump)", "nil");
    gives(state, "return _G._G == _G and _ENV == _G", "true");
    gives(state, "local env = load('return _ENV')() return env == _G", "true");
    gives(state, "return string == getmetatable", "false");
}

static void a_global_of_one_event_is_there_in_the_next(void **state)
{
    gives(state, "x = 5", "nil");
    gives(state, "return x", "5");
}

/* ---- load ------------------------------------------------------------------------------
 */

static void load_takes_text(void **state)
{
    gives(state, "return load('return 1 + 1')()", "2");
    gives(state, "return load('return x', 'name', 't', { x = 7 })()", "7");
    gives(state, "return load('return x', 'name', 'b', { x = 7 })()", "7");
    gives(state, "return (load('x = 1', 'c', 't', nil))", "function");
    gives(state, "return select(2, load('x =', '=here'))",
          "here:1: unexpected symbol near <eof>");
    gives(state, "return select(2, load('x =', '@here'))",
          "here:1: unexpected symbol near <eof>");
    gives(state, "return select(2, load('x ='))",
          "[string \"x =\"]:1: unexpected symbol near <eof>");
    gives(state, "return load('return ...')('a')", "a");
}

static void load_takes_nothing_else(void **state)
{
    gives(state, "return select(2, load('\\27Lua', 'x'))",
          "attempt to load a binary chunk (mode is 't')");
    gives(state, "return select(2, load('\\27Lua', 'x', 'b'))",
          "attempt to load a binary chunk (mode is 't')");
    gives(state, "return select(2, load('\\27Lua', 'x', 'bt'))",
          "attempt to load a binary chunk (mode is 't')");
    contains(state, "load(function() return 'x = 1' end)", "string expected, got function");
    contains(state, "load()", "string expected, got no value");
    contains(state, "load(('x = 1 '):rep(50000))", "more than 256 KiB");
    gives(state, "return (load((' '):rep(256 * 1024)))", "function");
    contains(state, "load((' '):rep(256 * 1024 + 1))", "more than 256 KiB");
}

static void text_that_nests_too_deeply_is_an_error(void **state)
{
    static const char *const nested[] = {
        "('('):rep(1e5)",
        "('{'):rep(1e5)",
        "('do '):rep(8e4)",
        "('a='):rep(1e5)",
        "'x=' .. ('-'):rep(1e5)",
        "'x=' .. ('not '):rep(6e4)",
        "'x=' .. ('a..'):rep(8e4)",
        "'x=' .. ('2^'):rep(1e5)",
        "('if a then '):rep(2e4)",
        "('function f() '):rep(1e4)",
        "'x=' .. ('function() return '):rep(1e4)",
        "('::a::'):rep(4e4)",
        "'x=a' .. ('.b'):rep(1e5) .. '('",
    };
    for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
        char code[256];
        snprintf(code, sizeof(code), "return type((load(%s)))", nested[i]);
        gives(state, code, "nil");
    }
}

/* ---- Metatables ------------------------------------------------------------------------
 */

static void there_are_no_finalizers(void **state)
{
    contains(state, "setmetatable({}, { __gc = function() end })", "__gc is not allowed");
    contains(state, "setmetatable({}, { __gc = true })", "__gc is not allowed");
    contains(state, "setmetatable({}, { __gc = false })", "__gc is not allowed");
    contains(state,
             "pcall(rawset) local mt = {} mt.__gc = print or error "
             "setmetatable({}, mt)",
             "__gc is not allowed");
    gives(state,
          "ran = false local mt = {} for i = 1, 100 do setmetatable({}, mt) end "
          "mt.__gc = function() ran = true end "
          "for i = 1, 1e5 do local t = {} end return ran",
          "false");
    gives(state,
          "local mt = setmetatable({}, { __index = { __gc = function() end } }) "
          "setmetatable({}, mt) return 'harmless'",
          "harmless");
    lua_gc(((struct scene *)*state)->L, LUA_GCCOLLECT);
    gives(state, "return ran", "false");
}

static void setmetatable_is_otherwise_luas(void **state)
{
    gives(state,
          "local t, mt = {}, {} "
          "return setmetatable(t, mt) == t and getmetatable(t) == mt "
          "and getmetatable(setmetatable(t, nil)) == nil",
          "true");
    contains(state, "setmetatable({})",
             "bad argument #2 to 'setmetatable' (nil or table expected");
    contains(state, "setmetatable('x', {})", "table expected, got string");
    contains(state, "setmetatable(setmetatable({}, { __metatable = 1 }), {})",
             "cannot change a protected metatable");
    gives(state, "return setmetatable({}, { __call = function(_, x) return x * 2 end })(4)",
          "8");
}

static void the_metatable_of_strings_is_out_of_reach(void **state)
{
    gives(state, "return getmetatable('')", "false");
    contains(state, "getmetatable('').__index = { upper = error }", "attempt to index");
    contains(state, "setmetatable('', {})", "table expected");
    gives(state, "return ('x'):rep(3) .. ('%d'):format(5) .. ('abc'):sub(2) .. #('abc')",
          "xxx5bc3");
    gives(state, "return ('10' + 5) .. ' ' .. ('3' * '4')", "15 12");
    gives(state, "return ('x').find == string.find", "true");
}

/* ---- What is bounded -------------------------------------------------------------------
 */

static void rep_is_bounded(void **state)
{
    gives(state,
          "return ('ab'):rep(3, '-') .. ('x'):rep(1, 'y') .. ('x'):rep(0) .. "
          "('x'):rep(-1) .. ('a'):rep(7) .. (''):rep(3, ',')",
          "ab-ab-abxaaaaaaa,,");
    gives(state,
          "for n = 0, 70 do for _, s in ipairs { '', 'a', 'abc' } do "
          "for _, sep in ipairs { '', ',', '::' } do local t = {} "
          "for i = 1, n do t[i] = s end "
          "assert(s:rep(n, sep) == table.concat(t, sep)) end end end",
          "nil");
    gives(state, "return #(''):rep(1e18)", "0");
    gives(state, "return #(''):rep(math.maxinteger, '')", "0");
    contains(state, "return ('x'):rep(1e18)", "not enough memory");
    contains(state, "return ('xx'):rep(math.maxinteger)", "resulting string too large");
    contains(state, "return ('x'):rep(1e10, ('y'):rep(1e6))", "not enough memory");
    contains(state, "return (''):rep(math.maxinteger, ('y'):rep(1e6))",
             "resulting string too large");
    contains(state, "string.rep()", "string expected");
    contains(state, "string.rep('x')", "number expected");
    contains(state, "string.rep('x', 1.5)", "number has no integer representation");
}

static void dates_are_bounded(void **state)
{
    gives(state, "return os.date('!%Y-%m-%d', 0)", "1970-01-01");
    gives(state, "return os.date('!*t', 86400).day", "2");
    gives(state, "return math.type(os.time()) .. type(os.date()) .. type(os.clock())",
          "integerstringnumber");
    contains(state, "os.date(('%c'):rep(1e6))", "format too long");
    contains(state, "os.date('%Ez', 0)", "invalid conversion specifier");
    contains(state, "os.date({})", "string expected");
}

static void the_collector_is_only_asked(void **state)
{
    gives(state, "return math.type(collectgarbage('count'))", "float");
    gives(state, "return collectgarbage('count') > 10 and collectgarbage('count') < 1000",
          "true");
    contains(state, "collectgarbage()", "only \"count\" is allowed");
    contains(state, "collectgarbage('stop')", "only \"count\" is allowed");
    contains(state, "collectgarbage('generational')", "only \"count\" is allowed");
}

static void results_are_bounded(void **state)
{
    contains(state, "return table.unpack({}, 1, 1e7)", "too many results to unpack");
    contains(state, "return table.unpack({}, math.mininteger, math.maxinteger)",
             "too many results to unpack");
    contains(state, "return ('x'):rep(4e6):byte(1, -1)", "string slice too long");
    contains(state, "return string.char(table.unpack({}, 1, 9e5))", "");
}

/* ---- Depth -----------------------------------------------------------------------------
 * An error, not the end of the process. */

static void endless_recursion_is_an_error(void **state)
{
    struct scene roomy;
    void *at = &roomy;
    (void)state;
    scene_open_with(&roomy, 128 * MIB, 600000);
    contains(&at, "local function f() return 1 + f() end f()", "stack overflow");
    contains(&at, "local function f() f() f() end f()", "stack overflow");
    contains(&at,
             "local t = setmetatable({}, {}) "
             "getmetatable(t).__index = function(t, k) return t[k] end return t.x",
             "C stack overflow");
    contains(&at, "local t = {} setmetatable(t, { __index = t }) return t.x",
             "'__index' chain too long; possibl");
    contains(&at,
             "local t = setmetatable({}, {}) "
             "getmetatable(t).__tostring = function() return tostring(t) end "
             "return tostring(t)",
             "C stack overflow");
    contains(&at,
             "local t = setmetatable({}, {}) "
             "getmetatable(t).__lt = function(a, b) return a < b end return t < t",
             "C stack overflow");
    contains(&at, "local function f(s) return (s:gsub('.', f)) end f('x')",
             "C stack overflow");
    contains(&at, "local function f() table.sort({ 1, 2 }, f) end f()", "C stack overflow");
    contains(&at, "local function f() load('local f = ... f()')(f) end f()", "overflow");
    contains(&at,
             "local function f() for x in setmetatable({}, { __call = f }) do end end f()",
             "C stack overflow");
    scene_close(&roomy);
}

static void nested_protection_is_an_error(void **state)
{
    gives(state,
          "local depth = 0 local function f() depth = depth + 1 "
          "local ok, m = pcall(f) if not ok then error(m, 0) end end "
          "return pcall(f)",
          "false");
    gives(state, "local function f() return pcall(f) end return f()", "true");
    gives(state, "local function f() return xpcall(f, error) end return f()", "true");
    contains(state,
             "local function f(n) if n == 0 then return pcall(error, 'x') end "
             "return (f(n - 1)) end return f(2000)",
             "more than 1000 calls deep");
    gives(state,
          "local function f(n) if n == 0 then return pcall(error, 'x') end "
          "return (f(n - 1)) end return f(900)",
          "false");
    contains(state, "local function f(m) error(m) end return select(2, xpcall(f, f))", "");
    gives(state, "return (xpcall(error, function(m) error(m) end))", "false");
}

static void nested_coroutines_are_an_error(void **state)
{
    gives(state,
          "local function f() return coroutine.wrap(f)() end "
          "return select(2, pcall(f)):match('C stack overflow')",
          "C stack overflow");
    gives(state,
          "local function f() return assert(coroutine.resume(coroutine.create(f))) end "
          "return select(2, pcall(f)):match('C stack overflow')",
          "C stack overflow");
    contains(state, "local co co = coroutine.wrap(function() return co() end) co()",
             "cannot resume non-suspended coroutine");
}

/* Each is resumed where the C stack is shallow, and closed within the one before. */
static void nested_closing_is_an_error(void **state)
{
    struct scene roomy;
    void *at = &roomy;
    (void)state;
    scene_open_with(&roomy, 128 * MIB, 600000);
    contains(&at,
             "local last "
             "for i = 1, 30000 do local inner = last "
             "last = coroutine.create(function() "
             "local x <close> = setmetatable({}, { __close = function() "
             "if inner then assert(coroutine.close(inner)) end end }) "
             "coroutine.yield() end) coroutine.resume(last) end "
             "return select(2, coroutine.close(last))",
             "C stack overflow");
    scene_close(&roomy);
}

/* ---- Coroutines ------------------------------------------------------------------------
 */

static void coroutines_are_luas(void **state)
{
    gives(state,
          "local co = coroutine.create(function(a, b) "
          "local c = coroutine.yield(a + b) local d, e = coroutine.yield(c * 2) "
          "return d + e end) "
          "local t = {} for _, args in ipairs { { 1, 2 }, { 5 }, { 3, 4 }, {} } do "
          "local ok, x = coroutine.resume(co, table.unpack(args)) "
          "t[#t + 1] = tostring(ok) .. ' ' .. tostring(x) .. ' ' .. coroutine.status(co) "
          "end return table.concat(t, '; ')",
          "true 3 suspended; true 10 suspended; true 7 dead; "
          "false cannot resume dead coroutine dead");
    gives(state,
          "local t = {} for a, b in coroutine.wrap(function() "
          "for i = 1, 3 do coroutine.yield(i, i * i) end end) do t[#t + 1] = a .. b end "
          "return table.concat(t, ' ')",
          "11 24 39");
    gives(state, "local ok, m = pcall(coroutine.wrap(function() error('no') end)) return m",
          "scene:1: no");
    gives(state,
          "local function f() coroutine.wrap(function() error('no') end)() end "
          "return select(2, pcall(f))",
          "scene:1: scene:1: no");
    gives(state,
          "local ok, m = pcall(coroutine.wrap(function() error({}) end)) return type(m)",
          "table");
    gives(state,
          "local ok, m = coroutine.resume(coroutine.create(function() error('no', 0) end))"
          " return m",
          "no");
    gives(state,
          "return select('#', coroutine.resume(coroutine.create(function(...) "
          "return ... end), 1, nil, nil))",
          "4");
    gives(state,
          "return select(2, coroutine.resume(coroutine.create(function() "
          "return table.unpack({}, 1, 1e5) end)))",
          "nil");
    contains(state, "coroutine.resume(1)", "coroutine expected");
    contains(state, "coroutine.create(1)", "function expected");
    contains(state, "coroutine.wrap()", "function expected");
    gives(state,
          "local co = coroutine.wrap(function() return pcall(function() "
          "return coroutine.yield(1) + 1 end) end) co() return select(2, co(41))",
          "42");
    gives(state,
          "local co = coroutine.wrap(function() return xpcall(function() "
          "return coroutine.yield(1) + 1 end, error) end) co() return select(2, co(41))",
          "42");
}

static void coroutines_are_closed_like_luas(void **state)
{
    static const char make[] =
        "local log = {} local function make(f) return coroutine.create(function() "
        "local x <close> = setmetatable({}, { __close = function(_, e) "
        "log[#log + 1] = tostring(e) end }) f() end) end ";
    char code[1024];
#define WITH_MAKE(text) (snprintf(code, sizeof(code), "%s%s", make, text), code)
    gives(state,
          WITH_MAKE("local co = make(coroutine.yield) coroutine.resume(co) "
                    "return tostring(coroutine.close(co)) .. log[1] .. "
                    "coroutine.status(co)"),
          "truenildead");
    gives(state,
          WITH_MAKE("local co = make(function() error('no', 0) end) "
                    "coroutine.resume(co) local ok, m = coroutine.close(co) "
                    "return tostring(ok) .. m .. log[1] .. tostring(coroutine.close(co))"),
          "falsenonotrue");
    gives(state, WITH_MAKE("local co = make(error) return coroutine.close(co)"), "true");
    gives(state,
          "local co = coroutine.create(function() local x <close> = setmetatable({}, "
          "{ __close = function() error('late', 0) end }) coroutine.yield() end) "
          "coroutine.resume(co) return select(2, coroutine.close(co))",
          "late");
    gives(state,
          "return select(2, pcall(coroutine.wrap(function() local x <close> = "
          "setmetatable({}, { __close = function() error('late', 0) end }) "
          "error('early', 0) end)))",
          "late");
    contains(state, "coroutine.wrap(function() coroutine.close(coroutine.running()) end)()",
             "cannot close a running coroutine");
    contains(state,
             "local outer outer = coroutine.create(function() "
             "coroutine.wrap(function() coroutine.close(outer) end)() end) "
             "error(select(2, coroutine.resume(outer)), 0)",
             "cannot close a normal coroutine");
}

/* ---- pcall, xpcall ---------------------------------------------------------------------
 */

static void protected_calls_are_luas(void **state)
{
    gives(state, "return select('#', pcall(function(...) return ... end, 1, nil, nil))",
          "4");
    gives(state, "return select(2, pcall(error, 'x', 0))", "x");
    gives(state, "return (pcall(error))", "false");
    contains(state, "pcall()", "value expected");
    gives(state, "return select(2, xpcall(function(a, b) return a + b end, error, 1, 2))",
          "3");
    gives(state,
          "return select(2, xpcall(error, function(m) return '<' .. m .. '>' end, 'x'))",
          "<x>");
    gives(state, "return select('#', xpcall(error, function() return 1, 2 end))", "2");
    contains(state, "xpcall(error)", "function expected");
    contains(state, "xpcall(error, {})", "function expected");
    gives(state, "return tostring(xpcall(nil, function(m) return m end))", "false");
    gives(state, "return select(2, xpcall(nil, function(m) return m end))",
          "attempt to call a nil value");
}

static void errors_may_be_anything(void **state)
{
    gives(state, "error({})", "error: table");
    gives(state, "error(nil)", "error: nil");
    gives(state, "error(setmetatable({}, { __tostring = function() error('again') end }))",
          "error: table");
    gives(state,
          "return select(2, pcall(tostring, setmetatable({}, "
          "{ __tostring = function() return {} end })))",
          "'__tostring' must return a string");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_globals_are_those_of_the_list, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_leads_out, setup, teardown),
        cmocka_unit_test_setup_teardown(a_global_of_one_event_is_there_in_the_next, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(load_takes_text, setup, teardown),
        cmocka_unit_test_setup_teardown(load_takes_nothing_else, setup, teardown),
        cmocka_unit_test_setup_teardown(text_that_nests_too_deeply_is_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(there_are_no_finalizers, setup, teardown),
        cmocka_unit_test_setup_teardown(setmetatable_is_otherwise_luas, setup, teardown),
        cmocka_unit_test_setup_teardown(the_metatable_of_strings_is_out_of_reach, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rep_is_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(dates_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(the_collector_is_only_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(results_are_bounded, setup, teardown),
        cmocka_unit_test(endless_recursion_is_an_error),
        cmocka_unit_test_setup_teardown(nested_protection_is_an_error, setup, teardown),
        cmocka_unit_test_setup_teardown(nested_coroutines_are_an_error, setup, teardown),
        cmocka_unit_test(nested_closing_is_an_error),
        cmocka_unit_test_setup_teardown(coroutines_are_luas, setup, teardown),
        cmocka_unit_test_setup_teardown(coroutines_are_closed_like_luas, setup, teardown),
        cmocka_unit_test_setup_teardown(protected_calls_are_luas, setup, teardown),
        cmocka_unit_test_setup_teardown(errors_may_be_anything, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
