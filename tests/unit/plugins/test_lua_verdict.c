/* What a handler's return values mean, and what becomes of errors. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"

/* Each message is a chunk of Lua, without `return` an expression; what it evaluates to is
 * what the handler returns. It sees `ev` and `jf` as globals. */
#define EVALUATE                                                                           \
    "local function run(ev)\n"                                                             \
    "  _G.ev = ev\n"                                                                       \
    "  return assert(load('return ' .. ev.body))()\n"                                      \
    "end\n"

static const char messages[] = EVALUATE "return { routes = { run = run } }";

/* The query is `verdict=` and a chunk. */
static const char connects[] = "return { routes = {\n"
                               "  ['$connect'] = function(ev)\n"
                               "    _G.ev = ev\n"
                               "    return assert(load('return ' .. ev.query.verdict))()\n"
                               "  end,\n"
                               "  ['$disconnect'] = function(ev)\n"
                               "    jf.log.info('%s %s', ev.code, ev.reason)\n"
                               "    return verdict\n"
                               "  end } }";

static void check_status(struct fake_host *host, jf_conn_id conn, const char *chunk,
                         int status)
{
    if (fake_host_say(host, conn, "run", chunk) != status)
        fail_msg("%s: %d, not %d", chunk, fake_host_status(host, conn), status);
}

static void nothing_nil_and_true_are_success(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    check_status(host, ann, "", JF_OK);
    check_status(host, ann, "nil", JF_OK);
    check_status(host, ann, "true", JF_OK);
    check_status(host, ann, "nil, nil", JF_OK);
    check_status(host, ann, "true, 'denied'", JF_OK);
    check_status(host, ann, "jf.send(ev.conn, 'a')", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "a");
    assert_null(fake_host_hear(host, ann));
    assert_false(fake_host_logged(host, JF_ERROR, ""));
    scene_fini(&scene);
}

static void false_and_named_statuses_are_failures(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    check_status(host, ann, "false", JF_E_DENIED);
    check_status(host, ann, "nil, 'denied'", JF_E_DENIED);
    check_status(host, ann, "false, 'full'", JF_E_FULL);
#define XX(code, upper, lower, text)                                                       \
    check_status(host, ann, "nil, '" lower "'", JF_E_##upper);
    JF_STATUS_MAP(XX)
#undef XX
    assert_false(fake_host_logged(host, JF_ERROR, ""));
    scene_fini(&scene);
}

static void what_means_nothing_is_logged_and_internal(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    check_status(host, ann, "nil, 'no_such_status'", JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "\"no_such_status\", which is no status"));
    check_status(host, ann, "nil, 42", JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "returned nil and a number"));
    check_status(host, ann, "42", JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "the handler returned a number"));
    check_status(host, ann, "print", JF_E_INTERNAL);
    check_status(host, ann, "ev", JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "the handler returned a userdata"));
    assert_true(fake_host_logged(host, JF_ERROR, "route=run conn="));
    assert_null(fake_host_hear(host, ann));
    scene_fini(&scene);
}

static void a_string_is_the_answer(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_frame frame;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    check_status(host, ann, "'hello'", JF_OK);
    assert_true(fake_host_hear_frame(host, ann, &frame));
    assert_int_equal(frame.opcode, JF_TEXT);
    assert_string_equal(frame.text, "hello");
    check_status(host, ann, "''", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "");
    check_status(host, ann, "'a\\0b'", JF_OK);
    assert_true(fake_host_hear_frame(host, ann, &frame));
    assert_int_equal(frame.len, 3);
    fake_host_stuff(host, ann, true);
    check_status(host, ann, "'hello'", JF_E_FULL);
    scene_fini(&scene);
}

static void a_lambda_answer_to_a_message_is_its_body(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    check_status(host, ann, "{ statusCode = 200, body = 'hi' }", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hi");
    check_status(host, ann, "{ statusCode = 500, body = 'still' }", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "still");
    check_status(host, ann, "{ body = '' }", JF_OK);
    check_status(host, ann, "{}", JF_OK);
    assert_null(fake_host_hear(host, ann));
    check_status(host, ann, "{ body = { a = 1 } }", JF_E_INTERNAL);
    assert_true(
        fake_host_logged(host, JF_ERROR, "a body that is a table: jf.json.encode it"));
    check_status(host, ann,
                 "setmetatable({}, { __index = function() error('not asked') end })",
                 JF_OK);
    scene_fini(&scene);
}

static void one_way_what_is_returned_is_dropped(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_set_way(host, JF_ONE_WAY);
    check_status(host, ann, "'hello'", JF_OK);
    check_status(host, ann, "''", JF_OK);
    check_status(host, ann, "{ statusCode = 200, body = 'hi' }", JF_OK);
    check_status(host, ann, "{ statusCode = 500 }", JF_OK);
    fake_host_stuff(host, ann, true);
    check_status(host, ann, "'hello'", JF_OK);
    fake_host_stuff(host, ann, false);
    assert_null(fake_host_hear(host, ann));
    check_status(host, ann, "jf.send(ev.conn, 'by hand') and 'x'", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "by hand");
    assert_null(fake_host_hear(host, ann));
    check_status(host, ann, "{ body = {} }", JF_E_INTERNAL); /* a mistake stays one */
    check_status(host, ann, "nil, 'denied'", JF_E_DENIED);
    scene_fini(&scene);
}

static void two_way_an_empty_body_is_an_empty_message(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, messages);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_set_way(host, JF_TWO_WAY);
    check_status(host, ann, "'hello'", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hello");
    check_status(host, ann, "{ statusCode = 500, body = 'hi' }", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hi");
    check_status(host, ann, "{ statusCode = 200, body = '' }", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "");
    check_status(host, ann, "{ statusCode = 200 }", JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "");
    check_status(host, ann, "nil", JF_OK);
    check_status(host, ann, "true", JF_OK);
    assert_null(fake_host_hear(host, ann));
    scene_fini(&scene);
}

static void the_body_of_a_connect_follows_only_two_way(void **state)
{
    (void)state;
    static const struct {
        enum jf_way way;
        const char *chunk, *heard;
    } known[] = {
        { JF_ANY_WAY, "{statusCode=200,body='hi'}", NULL },
        { JF_ONE_WAY, "{statusCode=200,body='hi'}", NULL },
        { JF_TWO_WAY, "{statusCode=200,body='hi'}", "hi" },
        { JF_TWO_WAY, "{statusCode=200}", NULL },
        { JF_TWO_WAY, "{statusCode=200,body=''}", NULL },
        { JF_ANY_WAY, "'hi'", "hi" },
        { JF_ONE_WAY, "'hi'", NULL },
        { JF_TWO_WAY, "'hi'", "hi" },
    };
    struct scene scene;
    struct fake_host *host = scene_play(&scene, connects);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        char query[128];
        fake_host_set_way(host, known[i].way);
        snprintf(query, sizeof(query), "verdict=%s", known[i].chunk);
        jf_conn_id ann = fake_host_connect(host, query);
        assert_int_equal(fake_host_verdict(host, ann).http_status, 101);
        const char *heard = fake_host_hear(host, ann);
        if (!heard != !known[i].heard || (heard && strcmp(heard, known[i].heard) != 0))
            fail_msg("%s, %d: %s", known[i].chunk, (int)known[i].way, heard);
    }
    fake_host_set_way(host, JF_TWO_WAY);
    jf_conn_id bob = fake_host_connect(host, "verdict={statusCode=403,body='no'}");
    assert_int_equal(fake_host_verdict(host, bob).http_status, 403);
    assert_string_equal(fake_host_verdict(host, bob).body, "no");
    assert_null(fake_host_hear(host, bob));
    scene_fini(&scene);
}

static struct fake_verdict verdict_on(struct fake_host *host, const char *chunk)
{
    char query[256];
    struct fake_client client = { .query = query, .subprotocols = "chat, superchat" };
    snprintf(query, sizeof(query), "verdict=%s", chunk);
    return fake_host_verdict(host, fake_host_connect_as(host, &client));
}

static void a_lambda_answer_decides_on_a_connection(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, connects);
    struct fake_verdict v = verdict_on(host, "{statusCode=200}");
    assert_int_equal(v.http_status, 101);
    assert_null(v.subprotocol);
    v = verdict_on(host, "{statusCode=204.0,headers={['sec-websocket-PROTOCOL']='chat'}}");
    assert_int_equal(v.http_status, 101);
    assert_string_equal(v.subprotocol, "chat");
    v = verdict_on(host, "{statusCode=401,body='who?'}");
    assert_int_equal(v.http_status, 401);
    assert_string_equal(v.body, "who?");
    assert_false(fake_host_logged(host, JF_ERROR, ""));
    scene_fini(&scene);
}

static void a_lambda_answer_that_is_malformed_is_a_502(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "{}",
        "{statusCode='200'}",
        "{statusCode=0/0}",
        "{statusCode=-1}",
        "{statusCode=1e300}",
        "{statusCode=101}",
        "{statusCode=200,headers={['Sec-WebSocket-Protocol']='other'}}",
        "{statusCode=403,body={}}",
        "{statusCode=200,body=1}",
    };
    struct scene scene;
    struct fake_host *host = scene_play(&scene, connects);
    for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
        struct fake_verdict v = verdict_on(host, malformed[i]);
        if (v.status != JF_E_INTERNAL || v.http_status != 502)
            fail_msg("%s: %d, %u", malformed[i], v.status, v.http_status);
    }
    assert_true(fake_host_logged(host, JF_ERROR, "without a number as statusCode"));
    assert_true(fake_host_logged(host, JF_ERROR, "\"other\" was not offered"));
    scene_fini(&scene);
}

static void a_connection_is_refused_by_name_or_by_call(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, connects);
    assert_int_equal(verdict_on(host, "true").http_status, 101);
    assert_int_equal(verdict_on(host, "false").http_status, 403);
    assert_int_equal(verdict_on(host, "nil,'timeout'").http_status, 504);
    struct fake_verdict v = verdict_on(host, "ev:refuse(404,'no')");
    assert_int_equal(v.http_status, 404);
    assert_string_equal(v.body, "no");
    v = verdict_on(host, "ev:refuse(410)");
    assert_int_equal(v.http_status, 410);
    assert_int_equal(verdict_on(host, "ev:refuse(99)").status, JF_E_INVALID);
    assert_int_equal(verdict_on(host, "ev:refuse(-1)").status, JF_E_INVALID);
    v = verdict_on(host, "ev:subprotocol('superchat')");
    assert_int_equal(v.http_status, 101);
    assert_string_equal(v.subprotocol, "superchat");
    assert_int_equal(verdict_on(host, "ev:subprotocol('x')").status, JF_E_INVALID);
    v = verdict_on(host, "ev:refuse('a')");
    assert_int_equal(v.status, JF_E_INTERNAL);
    v = verdict_on(host, "ev.refuse({},404)");
    assert_int_equal(v.status, JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "event expected, got table"));
    scene_fini(&scene);
}

static void what_a_disconnect_returns_is_nobodys_business(void **state)
{
    (void)state;
    static const char *const returned[] = { "{statusCode='x',body={}}", "nil", "true" };
    struct scene scene;
    struct fake_host *host = scene_play(&scene, connects);
    for (size_t i = 0; i < 3; i++) {
        char query[128];
        snprintf(query, sizeof(query), "verdict=load[[verdict=%s]]()", returned[i]);
        jf_conn_id ann = fake_host_connect(host, query);
        fake_host_hang_up(host, ann, 4000, "bye");
        assert_int_equal(fake_host_status(host, ann), JF_OK);
    }
    assert_true(fake_host_logged(host, JF_INFO, "4000 bye"));
    assert_false(fake_host_logged(host, JF_ERROR, ""));
    scene_fini(&scene);
}

static void an_error_is_logged_with_its_place(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(&scene, "local function inner()\n"
                                                "  error('boom')\n"
                                                "end\n"
                                                "return { routes = { run = function(ev)\n"
                                                "  inner() return true\n"
                                                "end, other = function() error({}) end,\n"
                                                "  nothing = function() error() end } }");
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_say(host, ann, "run", ""), JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "main.lua:2: boom | route=run conn="));
    assert_true(fake_host_logged(host, JF_ERROR, "main.lua:5: in function <main.lua:4>"));
    assert_int_equal(fake_host_say(host, ann, "other", ""), JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "the error is a table value"));
    assert_int_equal(fake_host_say(host, ann, "nothing", ""), JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "the error is a nil value"));
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO, "calls=3 errors=3 over_budget=0"));
    scene_fini(&scene);
}

static void a_flood_of_errors_is_counted_not_logged(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host =
        scene_play(&scene, "local n = 0\n"
                           "return { routes = { run = function()\n"
                           "  n = n + 1 error('number ' .. n) end } }");
    jf_conn_id ann = fake_host_connect(host, NULL);
    for (int i = 0; i < 100; i++)
        assert_int_equal(fake_host_say(host, ann, "run", ""), JF_E_INTERNAL);
    assert_true(fake_host_logged(host, JF_ERROR, "number 1 "));
    assert_false(fake_host_logged(host, JF_ERROR, "number 90 "));
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_ERROR, "more failures were not logged"));
    assert_true(fake_host_logged(host, JF_INFO, "errors=100"));
    scene_fini(&scene);
}

static void deep_recursion_is_an_error_like_any_other(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = scene_play(
        &scene, "local function f(n) return 1 + f(n + 1) end\n"
                "return { routes = { deep = function() return f(1) end,\n"
                "  gsub = function() local function h(s) return (s:gsub('.', h)) end\n"
                "    return h('a') end,\n"
                "  fine = function() return 'fine' end } }");
    jf_conn_id ann = fake_host_connect(host, NULL);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fake_host_say(host, ann, "deep", ""), JF_E_NOMEM);
        assert_int_equal(fake_host_say(host, ann, "gsub", ""), JF_E_INTERNAL);
        assert_int_equal(fake_host_say(host, ann, "fine", ""), JF_OK);
        assert_string_equal(fake_host_hear(host, ann), "fine");
    }
    fake_host_stop(host);
    assert_true(fake_host_logged(host, JF_INFO,
                                 "errors=3 over_budget=0 out_of_memory=3 "
                                 "replaced=0"));
    scene_fini(&scene);
}

static void variables_to_be_closed_are_closed_after_an_error(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host =
        scene_play(&scene, "local closed = 0\n"
                           "local mt = { __close = function() closed = closed + 1 end }\n"
                           "return { routes = { run = function()\n"
                           "  local x <close> = setmetatable({}, mt)\n"
                           "  error('boom') end,\n"
                           "  ask = function() return tostring(closed) end } }");
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_say(host, ann, "run", "");
    fake_host_say(host, ann, "run", "");
    fake_host_say(host, ann, "ask", "");
    assert_string_equal(fake_host_hear(host, ann), "2");
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_nil_and_true_are_success),
        cmocka_unit_test(false_and_named_statuses_are_failures),
        cmocka_unit_test(what_means_nothing_is_logged_and_internal),
        cmocka_unit_test(a_string_is_the_answer),
        cmocka_unit_test(a_lambda_answer_to_a_message_is_its_body),
        cmocka_unit_test(one_way_what_is_returned_is_dropped),
        cmocka_unit_test(two_way_an_empty_body_is_an_empty_message),
        cmocka_unit_test(the_body_of_a_connect_follows_only_two_way),
        cmocka_unit_test(a_lambda_answer_decides_on_a_connection),
        cmocka_unit_test(a_lambda_answer_that_is_malformed_is_a_502),
        cmocka_unit_test(a_connection_is_refused_by_name_or_by_call),
        cmocka_unit_test(what_a_disconnect_returns_is_nobodys_business),
        cmocka_unit_test(an_error_is_logged_with_its_place),
        cmocka_unit_test(a_flood_of_errors_is_counted_not_logged),
        cmocka_unit_test(deep_recursion_is_an_error_like_any_other),
        cmocka_unit_test(variables_to_be_closed_are_closed_after_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
