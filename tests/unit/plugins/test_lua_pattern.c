/* Our patterns against Lua's own: the same call in both, thousands of times, must give the
 * same values or the same message. */
#include "tests/unit/plugins/lua_beside.h"

#include "tests/unit/plugins/lua_compare.h"

static struct beside beside = { .chunk = LUA_COMPARE,
                                .library = "string",
                                .open = luaopen_string };

static int setup(void **state)
{
    (void)state;
    return beside_open(&beside);
}

static int teardown(void **state)
{
    (void)state;
    scene_close(&beside.scene);
    return 0;
}

static void is_same(const char *code)
{
    beside_same(&beside, code);
}

/* ---- Generated -------------------------------------------------------------------------
 */

/* Pieces put together, most of them to a pattern, some to none. */
static const char generate[] = "math.randomseed(SEED)\n"
                               "local pieces = { 'a', 'b', 'c', '.', '%a', '%d', '%s', "
                               "'%w', '%p', '%x', '%u', '%l', '%A',\n"
                               "  '%S', '%c', '%g', '%z', '%%', '%.', '[ab]', '[^a]', "
                               "'[a-c]', '[%a-]', '[%]]', '[]]',\n"
                               "  '[^]]', '[a-%%]', '[%-c]', '[a', '[', '[^', ']', '%', "
                               "'(', ')', '()', '(a)', '(.)',\n"
                               "  '(%d+)', '(.-)', '%1', '%2', '%0', '%b()', '%bab', '%b', "
                               "'%bx', '%f[a]', '%f[%A]', '%f',\n"
                               "  '%f[^%w]', '%f[%z]', '$', '^', ' ', '1', '\\0', '-', "
                               "'*', '\\200', '[\\128-\\255]' }\n"
                               "local repeats = { '', '', '', '', '*', '+', '-', '?' }\n"
                               "local chars = { 'a', 'a', 'a', 'b', 'b', 'c', '(', ')', ' "
                               "', '1', '2', '%', '.', '\\0',\n"
                               "  ']', '-', 'X', '\\n', '\\200', '_' }\n"
                               "local function pick(t) return t[math.random(#t)] end\n"
                               "local function pattern()\n"
                               "  local t = { math.random(6) == 1 and '^' or '' }\n"
                               "  for i = 1, math.random(0, 5) do t[#t + 1] = pick(pieces) "
                               "t[#t + 1] = pick(repeats) end\n"
                               "  if math.random(8) == 1 then t[#t + 1] = '$' end\n"
                               "  return table.concat(t)\n"
                               "end\n"
                               "local function subject()\n"
                               "  local t = {}\n"
                               "  for i = 1, math.random(0, 12) do t[i] = pick(chars) end\n"
                               "  return table.concat(t)\n"
                               "end\n";

static void generated(const char *calls)
{
    char code[8192];
    for (int seed = 1; seed <= 4; seed++) {
        snprintf(code, sizeof(code), "SEED = %d %s for i = 1, %d do %s end", seed, generate,
                 5000 / SLOWNESS, calls);
        is_same(code);
    }
}

static void find_and_match_are_luas(void **state)
{
    (void)state;
    generated("local s, p = subject(), pattern() "
              "compare('find', s, p) compare('match', s, p) "
              "compare('find', s, p, math.random(-14, 14)) "
              "compare('match', s, p, math.random(-14, 14)) "
              "compare('find', s, p, math.random(-14, 14), math.random(2) == 1)");
}

static void gmatch_is_luas(void **state)
{
    (void)state;
    generated("local s, p = subject(), pattern() "
              "compare('gmatch', s, p) compare('gmatch', s, p, math.random(-14, 14))");
}

static void gsub_is_luas(void **state)
{
    (void)state;
    generated(
        "local s, p = subject(), pattern() "
        "local r = { '', 'x', '%0', '<%1>', '%2', '%%', '%', '%a', '%9', 1, 1.5, "
        "'%1%1', {}, { a = 'A', b = false, c = 3 }, function(...) return (...) end, "
        "function(...) return nil end, function() return {} end, "
        "function(...) return select('#', ...) end, true, print } "
        "local n = math.random(0, 8) "
        "compare('gsub', s, p, r[math.random(20)], n > 4 and 2 - n or n < 2 and n or nil) "
        "compare('gsub', s, p, r[math.random(20)])");
}

/* ---- By hand ---------------------------------------------------------------------------
 */

static void arguments_are_checked_like_luas(void **state)
{
    (void)state;
    static const char *const names[] = { "find", "match", "gmatch", "gsub" };
    for (size_t i = 0; i < 4; i++) {
        char code[1024];
        snprintf(
            code, sizeof(code),
            "local n = '%s' compare(n) compare(n, 'a') compare(n, {}, 'a') "
            "compare(n, 'a', {}) compare(n, 'a', 'a', {}) compare(n, 'a', 'a', 'a', {}) "
            "compare(n, 'a', 'a', 'a', 1.5) compare(n, 'a', 'a', 1.5) "
            "compare(n, 123, 2, 1) compare(n, 123, '%%d', '2') compare(n, 1.5, '.5', 1) "
            "compare(n, nil, 'a', 'b') compare(n, 'a', nil, 'b') "
            "compare(n, 'a', 'a', math.mininteger) compare(n, 'a', 'a', math.maxinteger) "
            "compare(n, 'aaa', 'a', 'b', math.mininteger) "
            "compare(n, 'aaa', 'a', 'b', math.maxinteger)",
            names[i]);
        is_same(code);
    }
}

static void limits_are_luas(void **state)
{
    (void)state;
    is_same("for n = 1, 40 do compare('find', ('a'):rep(40), ('(a)'):rep(n)) "
            "compare('match', ('a'):rep(40), ('()'):rep(n)) "
            "compare('match', '', ('('):rep(n)) end");
    is_same("for n = 190, 210 do "
            "compare('find', ('a'):rep(300), ('a?'):rep(n)) "
            "compare('find', ('b'):rep(300), ('a?'):rep(n)) "
            "compare('find', ('b'):rep(300), ('a*'):rep(n)) "
            "compare('find', ('b'):rep(300), ('a-'):rep(n)) "
            "compare('find', ('a'):rep(300), ('a*'):rep(n)) "
            "compare('find', ('a'):rep(300), ('a-'):rep(n)) "
            "compare('find', ('a'):rep(300), ('%f[a]'):rep(n) .. ('a'):rep(n)) "
            "compare('find', ('()'):rep(300), ('%b()'):rep(n)) end");
    is_same("compare('find', ('x'):rep(1e3), '.*y') local s = ('x'):rep(1e5) "
            "compare('find', s, '.-$') "
            "compare('match', s, '^(.+)x$') compare('gsub', s, 'x', '%0%0', 10) "
            "compare('find', s, 'xy', 1, true) compare('find', s .. 'y', 'xy', 1, true)");
}

static void every_character_is_in_luas_classes(void **state)
{
    (void)state;
    is_same("for c = 0, 255, SLOWNESS > 10 and 7 or 1 do local s = string.char(c) "
            "for p in ('acdglpsuwxzACDGLPSUWXZbf1.'):gmatch('.') do "
            "compare('find', s, '%' .. p) compare('find', s, '[%' .. p .. ']') "
            "compare('find', s, '[^%' .. p .. ']') compare('find', 'a' .. s, '%f[%' .. p "
            ".. ']') "
            "end compare('find', s, s) compare('find', s, '%' .. s) "
            "compare('find', s, '[' .. s .. ']') compare('find', s, '[a-' .. s .. ']') "
            "compare('find', s, '[' .. s .. '-z]') end");
}

static void the_end_of_a_pattern_is_as_luas(void **state)
{
    (void)state;
    is_same(
        "local all = { '%', '[', '[^', '[a', '[a-', '[%', '[%a', '[^%', '[]', '[^]', "
        "'[a%]', "
        "'[]]', '[^]]', '%b', '%ba', '%bab', '%f', '%f[', '%f[a', '%fa', '(', ')', '()', "
        "'(()', '())', '%1', '(%1)', '(a)%1', '()%1', '(a)%2', '%0', '$', '$$', '^', '^^', "
        "'a$b', 'a^', '*', '**', '+', '-', '--', '?', 'a**', 'a+?', '^*', '[a-]', '[-a]', "
        "'[a-c-e]', '[%a-z]', '[+-%]]', '[a-%]', '[a-%%]', '[%%-a]', '[^-]', '%b\\0\\0', "
        "'%f[\\0]', '%f[^\\0]', '.-%f[\\0]', '[\\0-a]', '\\0', '%\\0', 'a\\0b', "
        "'(a*(.)%w(%s*))' } "
        "for _, p in ipairs(all) do for _, s in ipairs({ '', 'a', 'aa', 'aab', '()', '-', "
        "'*', "
        "'a\\0b', '\\0', '%', ']', '^a', '$', 'a-z', '+', 'ab ab', '(a(b)c)' }) do "
        "compare('find', s, p) compare('match', s, p) compare('gmatch', s, p) "
        "compare('gsub', s, p, '<%0>') compare('gsub', s, p, '<%1>') compare('gsub', s, p, "
        "'%2') "
        "compare('find', s, p .. 'x') compare('find', s, 'a' .. p) end end");
}

static void a_callback_may_do_what_it_likes(void **state)
{
    (void)state;
    is_same("compare('gsub', 'hello world', '%w+', function(w) "
            "return (w:gsub('o', function(o) return o:rep(3) end)) end)");
    is_same(
        "compare('gsub', 'abc', '%w', function(c) if c == 'b' then error('no b') end end)");
    is_same("compare('gsub', 'abc', '%w', setmetatable({}, "
            "{ __index = function(t, k) return k .. k end }))");
    is_same(
        "compare('gsub', 'abc', '()', { 'x', [3] = 'y' }) compare('gsub', 'abc', '', '-')");
    is_same("compare('gsub', ('abc '):rep(2000), '%w+', function(w) return w:rep(10) end)");
}

/* The iterator belongs to nobody's coroutine. */
static void gmatch_goes_from_hand_to_hand(void **state)
{
    (void)state;
    assert_string_equal(
        scene_run(&beside.scene,
                  "local next = string.gmatch('one two three', '%a+') local t = { next() } "
                  "t[2] = coroutine.wrap(function() return next() end)() "
                  "t[3] = next() t[4] = tostring((next())) t[5] = tostring((next())) "
                  "return table.concat(t, ' ')"),
        "one two three nil nil");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_and_match_are_luas),
        cmocka_unit_test(gmatch_is_luas),
        cmocka_unit_test(gsub_is_luas),
        cmocka_unit_test(arguments_are_checked_like_luas),
        cmocka_unit_test(limits_are_luas),
        cmocka_unit_test(every_character_is_in_luas_classes),
        cmocka_unit_test(the_end_of_a_pattern_is_as_luas),
        cmocka_unit_test(a_callback_may_do_what_it_likes),
        cmocka_unit_test(gmatch_goes_from_hand_to_hand),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
