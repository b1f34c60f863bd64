/* JSON in scripts: there and back, and what is no JSON. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"

static const char script[] =
    "local dec, enc, null, array = jf.json.decode, jf.json.encode, jf.json.null, "
    "jf.json.array\n"
    "return { routes = { run = function(ev)\n"
    "  local env = setmetatable({ dec = dec, enc = enc, null = null, array = array },\n"
    "                           { __index = _G })\n"
    "  return tostring(assert(load('return ' .. ev.body, '=chunk', 't', env))())\n"
    "end,\n"
    "back = function(ev)\n" /* decoded, encoded, decoded and encoded again */
    "  local value, err = dec(ev.body)\n"
    "  if err then return err end\n"
    "  local text = enc(value)\n"
    "  assert(enc(dec(text)) == text)\n"
    "  return text\n"
    "end,\n"
    "fails = function(ev)\n" /* what encode says */
    "  local chunk = assert(load('return ' .. ev.body))\n"
    "  return select(2, pcall(function() return enc(chunk()) end))\n"
    "end } }";

static jf_conn_id ann;

static struct fake_host *play(struct scene *scene)
{
    struct fake_host *host = scene_play(scene, script);
    ann = fake_host_connect(host, NULL);
    return host;
}

static void check(struct fake_host *host, const char *route, const char *text,
                  const char *expected)
{
    fake_host_say(host, ann, route, text);
    scene_hears(host, ann, text, expected);
}

static void check_invalid(struct fake_host *host, const void *text, size_t len)
{
    fake_host_say_bytes(host, ann, "back", JF_BINARY, jf_view(text, len));
    const char *heard = fake_host_hear(host, ann);
    if (!heard || strcmp(heard, "invalid") != 0)
        fail_msg("%.*s: %s", (int)len, (const char *)text, heard ? heard : "nothing");
}

static void what_was_decoded_is_encoded_alike(void **state)
{
    (void)state;
    static const char *const same[] = {
        "[]",
        "{}",
        "[[]]",
        "[{}]",
        "{\"a\":[]}",
        "[null]",
        "null",
        "true",
        "false",
        "[1,null,3]",
        "\"\"",
        "\"a\"",
        "{\"a\":null}",
        "[[1],[2,[3]]]",
        "0",
        "-1",
        "9007199254740992",
        "-9007199254740992",
        "0.1",
        "1e-05",
        "1.7976931348623157e+308",
        "4.94065645841247e-324",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\"",
        "\"/\x7f\"",
        "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
        "{\"1\":2}",
        "{\"\":0}",
    };
    struct scene scene;
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        check(host, "back", same[i], same[i]);
    scene_fini(&scene);
}

static void what_means_the_same_becomes_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        { " [ 1 , 2 ]\r\n\t", "[1,2]" },
        { "1.0", "1" },
        { "1e3", "1000" },
        { "-0", "0" },
        { "\"\\u0041\\/\\u00e4\"", "\"A/\xc3\xa4\"" },
        { "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
        { "{\"a\":1,\"a\":2}", "{\"a\":2}" },
        { "9007199254740993.0", "9007199254740992" },
        { "100000000000000000000", "1e+20" },
        { "\"\\\\u0000\"", "\"\\\\u0000\"" },
    };
    struct scene scene;
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        check(host, "back", pairs[i][0], pairs[i][1]);
    scene_fini(&scene);
}

static void what_is_no_json_is_invalid(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "no",
        "nul",
        "{",
        "[",
        "[1,]",
        "{\"a\"}",
        "{\"a\":}",
        "{a:1}",
        "'a'",
        "1 2",
        "[] x",
        "\"a",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "+1",
        "\"\\u0000\"",
        "\"a\\\\\\u0000\"",
        "{\"\\u0000\":1}",
        "NaN",
        "Infinity",
        "/**/1",
        "\"\xff\"",
        "\"\xc0\xaf\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xe2\x82\"",
        "\\",
    };
    struct scene scene;
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_invalid(host, texts[i], strlen(texts[i]));
    check_invalid(host, "1\0", 2);
    check_invalid(host, "\"a\0b\"", 5);
    check_invalid(host, "[1\0]", 4);
    scene_fini(&scene);
}

static void numbers_keep_their_kind(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "run", "math.type(dec('1'))", "integer");
    check(host, "run", "math.type(dec('1.5'))", "float");
    check(host, "run", "math.type(dec('9007199254740994'))", "float");
    check(host, "run", "dec('1e400') == math.huge and dec('-1e400') == -math.huge", "true");
    check(host, "run", "enc(math.maxinteger)", "9223372036854775807");
    check(host, "run", "enc(math.mininteger)", "-9223372036854775808");
    check(host, "run", "enc(3.0)", "3");
    check(host, "run", "enc(0.1 + 0.2)", "0.30000000000000004");
    check(host, "run", "enc(-0.0)", "-0");
    scene_fini(&scene);
}

static void null_is_a_value_of_its_own(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "run", "dec('null') == null and null ~= nil and null", "null");
    check(host, "run", "#dec('[null,null]')", "2");
    check(host, "run", "dec('{\"a\":null}').a == null", "true");
    check(host, "run", "enc(null) .. enc(nil) .. enc({ a = null })",
          "nullnull{\"a\":null}");
    scene_fini(&scene);
}

static void arrays_are_told_from_objects(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "run", "enc({})", "{}");
    check(host, "run", "enc(array({}))", "[]");
    check(host, "run", "enc(array(array({ 1 })))", "[1]");
    check(host, "run", "enc({ 1, 2, 3 })", "[1,2,3]");
    check(host, "run", "enc({ [2] = 'b', [1] = 'a' })", "[\"a\",\"b\"]");
    check(host, "run", "enc({ a = { {}, array {} } })", "{\"a\":[{},[]]}");
    check(host, "run", "enc(setmetatable({ 1 }, { __index = error, __pairs = error }))",
          "[1]");
    check(host, "run", "pcall(array, setmetatable({}, {}))", "false");
    check(host, "run", "pcall(array, 'a')", "false");
    scene_fini(&scene);
}

static void what_json_cannot_hold_is_an_error(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "print", "JSON: a function is no value of it" },
        { "{ coroutine.create(print) }", "JSON: a thread is no value of it" },
        { "0/0", "nan is no number" },
        { "1/0", "JSON: inf is no number" },
        { "{ 1, a = 2 }", "JSON: an array with a string as key" },
        { "{ a = 2, [true] = 1 }",
          "JSON: a table with strings and with a boolean as keys" },
        { "{ [2] = 1 }", "JSON: an array with holes: jf.json.null keeps a place" },
        { "{ [0] = 1 }", "JSON: an array with the key 0" },
        { "{ [1.5] = 1 }", "JSON: an array with a number as key" },
        { "{ [1 << 53] = 1 }", "JSON: an array with holes: jf.json.null keeps a place" },
        { "jf.json.array({ a = 1 })", "JSON: an array with a string as key" },
        { "'\\xff'", "JSON: a string that is not UTF-8" },
        { "{ ['\\xff'] = 1 }", "JSON: a string that is not UTF-8" },
        { "(function() local t = {} t[1] = t return t end)()",
          "JSON: more than 128 tables in each other, or a table in itself" },
    };
    struct scene scene;
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fake_host_say(host, ann, "fails", cases[i][0]);
        const char *heard = fake_host_hear(host, ann);
        if (!heard || !strstr(heard, cases[i][1]))
            fail_msg("%s: %s", cases[i][0], heard ? heard : "nothing");
    }
    scene_fini(&scene);
}

static void sizes_and_depths_are_bounded(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "run", "select(2, dec('\"' .. ('x'):rep(1 << 20) .. '\"'))", "too_big");
    check(host, "run", "#dec('\"' .. ('x'):rep((1 << 20) - 2) .. '\"')", "1048574");
    check(host, "run", "select(2, dec(('['):rep(1 << 20)))", "invalid");
    check(host, "run", "select(2, dec(('['):rep(5000) .. (']'):rep(5000)))", "invalid");
    check(host, "run", "type(dec(('['):rep(1000) .. (']'):rep(1000)))", "table");
    check(host, "run", "#dec('[' .. ('0,'):rep(100000) .. '0]')", "100001");
    check(host, "run", "#enc(dec('[' .. ('0,'):rep(100000) .. '0]'))", "200003");
    check(host, "run",
          "(function() local t = {} for i = 1, 127 do t = { t } end return #enc(t) end)()",
          "256");
    check(host, "run", "#enc(('\\1'):rep(100000))", "600002");
    scene_fini(&scene);
}

/* Tables in tables share their parts: what is written grows without what is held. */
static void a_small_value_with_a_huge_text_is_stopped(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_say(host, ann, "run",
                  "(function() local t = { 'x' } for i = 1, 60 do t = { t, t } end"
                  " return enc(t) end)()");
    assert_true(fake_host_status(host, ann) < 0);
    check(host, "run", "enc({ 'fine' })", "[\"fine\"]");
    scene_fini(&scene);
}

/* The tree is cJSON's, its memory not Lua's: the address sanitizer sees what is lost. */
static void a_tree_is_freed_when_its_tables_do_not_fit(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "main.lua", script);
    assert_int_equal(scene_run(&scene, ",\"memory_bytes\":1000000"), JF_OK);
    ann = fake_host_connect(scene.host, NULL);
    for (int i = 0; i < 3; i++) {
        fake_host_say(scene.host, ann, "run", "#dec('[' .. ('{},'):rep(30000) .. '0]')");
        assert_int_equal(fake_host_status(scene.host, ann), JF_E_NOMEM);
        fake_host_say(scene.host, ann, "run",
                      "pcall(dec, '[' .. ('{},'):rep(30000) .. '0]')");
        assert_string_equal(fake_host_hear(scene.host, ann), "false");
        check(scene.host, "run", "#dec('[1,2,3]')", "3");
    }
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_decoded_is_encoded_alike),
        cmocka_unit_test(what_means_the_same_becomes_the_same),
        cmocka_unit_test(what_is_no_json_is_invalid),
        cmocka_unit_test(numbers_keep_their_kind),
        cmocka_unit_test(null_is_a_value_of_its_own),
        cmocka_unit_test(arrays_are_told_from_objects),
        cmocka_unit_test(what_json_cannot_hold_is_an_error),
        cmocka_unit_test(sizes_and_depths_are_bounded),
        cmocka_unit_test(a_small_value_with_a_huge_text_is_stopped),
        cmocka_unit_test(a_tree_is_freed_when_its_tables_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
