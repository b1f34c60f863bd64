/* The functions of the module that do not wait, and the module itself. */
#include "tests/unit/test.h"

#include "plugins/lua/lua_api.h"
#include "tests/unit/plugins/lua_script.h"

static const char chunks[] =
    "return { routes = { run = function(ev)\n"
    "  local chunk = assert(load('local ev = ...\\n' .. ev.body, '=chunk'))\n"
    "  return chunk(ev)\n"
    "end } }";

static jf_conn_id ann, bob;

static struct fake_host *play(struct scene *scene)
{
    struct fake_host *host = scene_play(scene, chunks);
    ann = fake_host_connect(host, NULL);
    bob = fake_host_connect(host, NULL);
    return host;
}

static void check(struct fake_host *host, const char *chunk, const char *expected)
{
    scene_asks(host, ann, "run", chunk, expected);
}

/* `%s` in the chunk is bob's id. */
static void check_bob(struct fake_host *host, const char *format, const char *expected)
{
    char id[JF_CONN_ID_TEXT + 1], chunk[512];
    const char *at = strstr(format, "%s");
    assert_non_null(at);
    jf_id_to_text(fake_host_self(host), bob, id);
    snprintf(chunk, sizeof(chunk), "%.*s%s%s", (int)(at - format), format, id, at + 2);
    check(host, chunk, expected);
}

static void a_message_goes_to_one(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_frame frame;
    struct fake_host *host = play(&scene);
    check_bob(host, "return tostring(jf.send('%s', 'hi'))", "true");
    assert_true(fake_host_hear_frame(host, bob, &frame));
    assert_int_equal(frame.opcode, JF_TEXT);
    assert_string_equal(frame.text, "hi");
    check_bob(host, "return tostring(jf.send('%s', '\\0\\xff', 'binary'))", "true");
    assert_true(fake_host_hear_frame(host, bob, &frame));
    assert_int_equal(frame.opcode, JF_BINARY);
    assert_memory_equal(frame.text, "\0\xff", 2);
    check_bob(host, "return tostring(jf.send('%s', 42, 'text'))", "true");
    assert_string_equal(fake_host_hear(host, bob), "42");
    fake_host_stuff(host, bob, true);
    check_bob(host, "local a, b = jf.send('%s', 'x') return tostring(a) .. b", "nilfull");
    scene_fini(&scene);
}

static void who_is_gone_or_nobody_is_told_apart(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_hang_up(host, bob, 1000, "");
    check_bob(host, "return select(2, jf.send('%s', 'x'))", "gone");
    check_bob(host, "return select(2, jf.close('%s'))", "gone");
    check(host, "return select(2, jf.send('', 'x'))", "invalid");
    check(host, "return select(2, jf.send('nobody', 'x'))", "invalid");
    check(host, "return select(2, jf.send(42, 'x'))", "invalid");
    scene_fini(&scene);
}

static void a_message_goes_to_many(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_bob(host, "return tostring(jf.send_many({ ev.conn, '%s' }, 'hi'))", "hi");
    assert_string_equal(fake_host_hear(host, ann), "true");
    assert_string_equal(fake_host_hear(host, bob), "hi");
    check(host, "return tostring(jf.send_many({}, 'hi'))", "true");
    check_bob(host, "return select(2, jf.send_many({ '%s', 'nobody' }, 'hi'))", "invalid");
    assert_null(fake_host_hear(host, bob));
    check(host, "return select(2, pcall(jf.send_many, { 1 }, 'hi')):match('ids expected')",
          "ids expected");
    check(host, "return tostring(pcall(jf.send_many, ev.conn, 'hi'))", "false");
    scene_fini(&scene);
}

static void a_message_goes_to_a_group_or_to_all(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_frame frame;
    struct fake_host *host = play(&scene);
    check_bob(host,
              "jf.group.join('g', '%s') return tostring(jf.send_group('g', 'x', 'binary'))",
              "true");
    assert_true(fake_host_hear_frame(host, bob, &frame));
    assert_int_equal(frame.opcode, JF_BINARY);
    check(host, "return select(2, jf.send_group('', 'x'))", "invalid");
    check(host, "return tostring(jf.send_all(ev.stage, 'all'))", "all");
    assert_string_equal(fake_host_hear(host, ann), "true");
    assert_string_equal(fake_host_hear(host, bob), "all");
    scene_fini(&scene);
}

static void a_connection_is_closed(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_bob(host, "return select(2, jf.close('%s', 99))", "invalid");
    check_bob(host, "return select(2, jf.close('%s', -1))", "invalid");
    check_bob(host, "return select(2, jf.close('%s', 1 << 40))", "invalid");
    check_bob(host, "return tostring(jf.close('%s', 4001, 'enough'))", "true");
    assert_int_equal(fake_host_closed(host, bob).code, 4001);
    assert_string_equal(fake_host_closed(host, bob).reason, "enough");
    bob = fake_host_connect(host, NULL);
    check_bob(host, "return tostring(jf.close('%s'))", "true");
    assert_int_equal(fake_host_closed(host, bob).code, 1000);
    scene_fini(&scene);
}

static void many_are_closed(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_bob(host, "jf.group.join('g', '%s') return tostring(jf.close_group('g', 4002))",
              "true");
    assert_int_equal(fake_host_closed(host, bob).code, 4002);
    assert_int_equal(fake_host_closed(host, ann).code, 0);
    bob = fake_host_connect(host, NULL);
    check_bob(host,
              "jf.attr.set('%s', 'k', 'v') jf.attr.set(ev.conn, 'k', 'w') "
              "return tostring(jf.close_where(ev.stage, 'k', 'v', 4003, 'enough'))",
              "true");
    assert_int_equal(fake_host_closed(host, bob).code, 4003);
    assert_string_equal(fake_host_closed(host, bob).reason, "enough");
    assert_int_equal(fake_host_closed(host, ann).code, 0);
    check(host, "return tostring(jf.close_where('other', 'k', 'w'))", "true");
    check(host, "return tostring(jf.close_group('nobody'))", "true");
    check(host, "return select(2, jf.close_group('', 1000))", "invalid");
    check(host, "return select(2, jf.close_group('g', 1006))", "invalid");
    check(host, "return select(2, jf.close_group('g', -1))", "invalid");
    check(host, "return select(2, jf.close_where(ev.stage, 'k', ''))", "invalid");
    check(host, "return select(2, jf.close_where(ev.stage, '', 'v'))", "invalid");
    check(host, "return select(2, jf.close_where(ev.stage, 'k', 'v', 1 << 40))", "invalid");
    scene_fini(&scene);
}

static void a_wrong_type_is_an_error_that_names_the_argument(void **state)
{
    (void)state;
    static const char *const calls[][2] = {
        { "jf.send()", "bad argument #1 to 'send' %(string expected" },
        { "jf.send({}, 'x')", "bad argument #1 to 'send'" },
        { "jf.send(ev, 'x')", "bad argument #1 to 'send' %(string expected, got event" },
        { "jf.send(ev.conn)", "bad argument #2 to 'send'" },
        { "jf.send(ev.conn, 'x', 'loud')", "bad argument #3 to 'send' %(invalid option" },
        { "jf.close(ev.conn, 'x')", "bad argument #2 to 'close'" },
        { "jf.attr.get(ev.conn)", "bad argument #2 to 'get'" },
        { "jf.attr.set(ev.conn, 'a', {})", "bad argument #3 to 'set'" },
        { "jf.group.join('g')", "bad argument #2 to 'join'" },
        { "jf.after('x')", "bad argument #1 to 'after'" },
        { "jf.json.decode()", "bad argument #1 to 'decode'" },
        { "jf.json.encode()", "bad argument #1 to 'encode'" },
        { "jf.log.info()", "bad argument #1 to 'info'" },
    };
    struct scene scene;
    char chunk[256];
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        snprintf(chunk, sizeof(chunk),
                 "local ok, e = pcall(function() local x = %s end)"
                 "return tostring(e:find(\"%s\") ~= nil) .. (e:find(\"%s\") and '' or e)",
                 calls[i][0], calls[i][1], calls[i][1]);
        check(host, chunk, "true");
    }
    scene_fini(&scene);
}

static void the_log_takes_formats(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "jf.log.error('e %d', 1) jf.log.warn('w %s', true) jf.log.info('i') "
          "jf.log.debug('d')"
          "string.format = nil jf.log.info('%5.1f|', 2) return 'x'",
          "x");
    assert_true(fake_host_logged(host, JF_ERROR, "e 1"));
    assert_true(fake_host_logged(host, JF_WARN, "w true"));
    assert_true(fake_host_logged(host, JF_INFO, "i"));
    assert_true(fake_host_logged(host, JF_DEBUG, "d"));
    assert_true(fake_host_logged(host, JF_INFO, "  2.0|"));
    check(host,
          "print('a', nil, 1, true, jf.json.null) print() print('two\\nlines') return 'x'",
          "x");
    assert_true(fake_host_logged(host, JF_INFO, "a nil 1 true null"));
    assert_true(fake_host_logged(host, JF_INFO, "two | lines"));
    check(host, "jf.log.info(('x'):rep(1e5)) print(('y'):rep(1e5)) return 'x'", "x");
    check(host, "return tostring(pcall(jf.log.info, '%d', 'x'))", "false");
    scene_fini(&scene);
}

static void a_script_knows_its_options_its_worker_and_the_time(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 3);
    scene_file(&scene, "main.lua", chunks);
    assert_int_equal(scene_run(&scene, ",\"options\":{\"name\":\"x\",\"list\":[]}"), JF_OK);
    struct fake_client client = { .worker = 2 };
    ann = fake_host_connect_as(scene.host, &client);
    check(scene.host, "return jf.options.name .. jf.json.encode(jf.options.list)", "x[]");
    check(scene.host, "return jf.worker .. '/' .. jf.workers", "2/3");
    check(scene.host, "return math.type(jf.now()) .. tostring(jf.now() > 1600000000000)",
          "integertrue");
    check(scene.host, "return tostring(jf == require 'jackfield')", "true");
    scene_fini(&scene);
}

static void every_row_of_the_table_is_there(void **state)
{
    (void)state;
    struct scene scene;
    char chunk[256];
    struct fake_host *host = play(&scene);
    for (const struct lua_binding *row = lua_api_bindings; row->name; row++) {
        const char *type = row->kind == LUA_VALUE ? "value" : "function";
        if (strncmp(row->name, "jf.", 3) != 0)
            continue;
        snprintf(
            chunk, sizeof(chunk),
            "return type(%s) == 'function' and 'function' or %s ~= nil and 'value' or 'no'",
            row->name, row->name);
        check(host, chunk, type);
    }
    scene_fini(&scene);
}

static void the_engines_metatables_are_out_of_reach(void **state)
{
    (void)state;
    static const char *const objects[] = {
        "ev",           "jf.after(1, print)",   "jf.json.array({})",
        "jf.json.null", "jf.json.decode('[]')",
    };
    struct scene scene;
    char chunk[256];
    struct fake_host *host = play(&scene);
    for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
        snprintf(chunk, sizeof(chunk), "return tostring(getmetatable(%s))", objects[i]);
        check(host, chunk, "false");
    }
    check(host, "return tostring(pcall(setmetatable, jf.json.array({}), {}))", "false");
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_goes_to_one),
        cmocka_unit_test(who_is_gone_or_nobody_is_told_apart),
        cmocka_unit_test(a_message_goes_to_many),
        cmocka_unit_test(a_message_goes_to_a_group_or_to_all),
        cmocka_unit_test(a_connection_is_closed),
        cmocka_unit_test(many_are_closed),
        cmocka_unit_test(a_wrong_type_is_an_error_that_names_the_argument),
        cmocka_unit_test(the_log_takes_formats),
        cmocka_unit_test(a_script_knows_its_options_its_worker_and_the_time),
        cmocka_unit_test(every_row_of_the_table_is_there),
        cmocka_unit_test(the_engines_metatables_are_out_of_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
