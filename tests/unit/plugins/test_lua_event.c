/* What a handler sees of its event, and how long. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"

/* Chunks for messages; `saved` may hold an earlier event. $connect says what its query asks
 * for, $disconnect what was asked for before. */
static const char script[] =
    "local function run(ev, text)\n"
    "  return assert(load('local ev = ...\\n' .. text, '=chunk'))(ev)\n"
    "end\n"
    "return { routes = {\n"
    "  ['$connect'] = function(ev) return ev.query.run and run(ev, ev.query.run) end,\n"
    "  ['$disconnect'] = function(ev) print(run(ev, at_the_end or '')) end,\n"
    "  run = function(ev) return run(ev, ev.body) end,\n"
    "  body = function(ev) return tostring(run(ev, body)) end } }";

static jf_conn_id ann;

static struct fake_host *play(struct scene *scene)
{
    struct fake_host *host = scene_play(scene, script);
    ann = fake_host_connect(host, NULL);
    return host;
}

static void check(struct fake_host *host, const char *chunk, const char *expected)
{
    scene_asks(host, ann, "run", chunk, expected);
}

/* The same for a connection; what it asks to be sent comes first. */
static void check_connect(struct fake_host *host, const struct fake_client *like,
                          const char *chunk, const char *expected)
{
    char query[512];
    struct fake_client client = *like;
    snprintf(query, sizeof(query), "a=1&A=2&a=3&run=%s", chunk);
    client.query = query;
    jf_conn_id guest = fake_host_connect_as(host, &client);
    scene_hears(host, guest, chunk, expected);
}

static void every_event_knows_who_and_which_way(void **state)
{
    (void)state;
    struct scene scene;
    char id[JF_CONN_ID_TEXT + 1];
    struct fake_host *host = play(&scene);
    jf_id_to_text(fake_host_self(host), ann, id);
    check(host, "return ev.conn", id);
    check(host, "return ev.route .. ' ' .. ev.stage .. ' ' .. ev.kind",
          "run $default message");
    check_connect(host, &(struct fake_client){ 0 }, "return ev.route..ev.kind",
                  "$connectconnect");
    check(host, "at_the_end = 'return ev.kind .. ev.code .. ev.reason' return 'x'", "x");
    fake_host_hang_up(host, ann, 4321, "so long");
    assert_true(fake_host_logged(host, JF_INFO, "disconnect4321so long"));
    scene_fini(&scene);
}

static void fields_of_other_kinds_are_nil(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "local n = 0 for _, f in ipairs { 'headers', 'query', 'path', 'peer',"
          " 'subprotocols', 'code', 'reason' } do if ev[f] == nil then n = n + 1 end end"
          " return tostring(n)",
          "7");
    check_connect(host, &(struct fake_client){ 0 },
                  "local n=0 for _,f in ipairs{'body','binary','json','code','reason'} do "
                  "if ev[f]==nil then n=n%2b1 end end return tostring(n)",
                  "5");
    scene_fini(&scene);
}

static void the_context_is_that_of_the_whole_event(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return ev.context.stage .. ev.context.eventType", "$defaultMESSAGE");
    check(host, "return tostring(ev.context == ev.event().requestContext)", "true");
    check(host, "return tostring(ev.context.connectionId == ev.conn)", "true");
    check_connect(host, &(struct fake_client){ .peer = "192.0.2.7:1" },
                  "return ev.context.identity.sourceIp", "192.0.2.7");
    scene_fini(&scene);
}

static void the_variables_of_the_stage_are_a_table_or_nil(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return tostring(ev.stageVariables)", "nil");
    fake_host_set_variable(host, "table", "chat");
    fake_host_set_variable(host, "empty", "");
    check(host, "local v = ev.stageVariables return v.table .. #v.empty .. tostring(v.no)",
          "chat0nil");
    check(host, "ev.stageVariables.table = 'mine' return ev.stageVariables.table", "chat");
    check(host, "return ev.event().stageVariables.table", "chat");
    check_connect(host, &(struct fake_client){ 0 }, "return ev.stageVariables.table",
                  "chat");
    check(host, "saved = ev return 'x'", "x");
    check(host, "return tostring(pcall(function() return saved.stageVariables end))",
          "false");
    scene_fini(&scene);
}

static void a_field_that_does_not_exist_is_an_error(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return select(2, pcall(function() return ev.bdoy end))",
          "chunk:2: an event has no field 'bdoy'");
    check(host, "return tostring(pcall(function() return ev[1] end))", "false");
    check(host, "return tostring(pcall(function() return ev[nil] end))", "false");
    check(host, "return tostring(pcall(function() return ev[0/0] end))", "false");
    check(host, "return select(2, pcall(function() ev.body = 1 end))",
          "chunk:2: an event cannot be written to");
    check(host, "return tostring(ev):match('^event: ')", "event: ");
    scene_fini(&scene);
}

static void a_body_is_bytes_and_says_which_kind(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "body = 'return #ev.body .. tostring(ev.binary)' return 'x'", "x");
    fake_host_say_bytes(host, ann, "body", JF_BINARY, jf_view("\0\xff\0", 3));
    assert_string_equal(fake_host_hear(host, ann), "3true");
    fake_host_say(host, ann, "body", "");
    assert_string_equal(fake_host_hear(host, ann), "0false");
    scene_fini(&scene);
}

static void json_is_decoded_once(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "body = 'return ev.json.a.b[2] .. tostring(ev.json == ev.json)' return 'x'",
          "x");
    fake_host_say(host, ann, "body", "{\"a\":{\"b\":[1,\"two\"]}}");
    assert_string_equal(fake_host_hear(host, ann), "twotrue");
    check(host, "body = 'return ev.json' return 'x'", "x");
    static const char *const bodies[][2] = {
        { "no", "nil" }, { "", "nil" },    { "{} x", "nil" },        { "null", "null" },
        { "42", "42" },  { "\"s\"", "s" }, { "\"\\u0000\"", "nil" }, { "false", "false" },
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        fake_host_say(host, ann, "body", bodies[i][0]);
        assert_string_equal(fake_host_hear(host, ann), bodies[i][1]);
    }
    scene_fini(&scene);
}

static void headers_are_found_in_any_case_and_query_is_exact(void **state)
{
    (void)state;
    static const struct fake_client client = { .headers = "Cookie: a=b\nX-Two: 1\nx-two: 2",
                                               .path = "/room",
                                               .peer = "192.0.2.7" };
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_connect(host, &client, "return ev.headers.cookie..ev.headers['COOKIE']",
                  "a=ba=b");
    check_connect(host, &client, "return ev.headers['X-TWO']", "1");
    check_connect(host, &client, "return tostring(ev.headers['X-Three'])", "nil");
    check_connect(host, &client, "return tostring(ev.headers[1])", "nil");
    check_connect(host, &client, "return tostring(ev.headers[nil])", "nil");
    check_connect(host, &client, "return ev.query.a..ev.query.A", "12");
    check_connect(host, &client, "return tostring(ev.query.b)", "nil");
    check_connect(host, &client, "return ev.path..ev.peer", "/room192.0.2.7");
    check_connect(host, &client, "return tostring(ev.headers==ev.headers)", "true");
    check_connect(host, &client, "return tostring(pcall(function() ev.headers.a=1 end))",
                  "false");
    scene_fini(&scene);
}

static void pairs_shows_all_as_they_were_written(void **state)
{
    (void)state;
    static const struct fake_client client = { .headers = "X-Two: 1\nx-two: 2" };
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_connect(host, &client,
                  "local s='' for k,v in pairs(ev.headers) do if k:lower()=='x-two' "
                  "then s=s..k..v end end return s",
                  "X-Two1x-two2");
    check_connect(
        host, &client,
        "local s='' for k,v in pairs(ev.query) do if %23k==1 then s=s..k..v end end "
        "return s",
        "a1A2a3");
    scene_fini(&scene);
}

static void offered_subprotocols_are_an_array(void **state)
{
    (void)state;
    static const struct fake_client two = { .subprotocols = "chat, superchat" };
    static const struct fake_client none = { 0 };
    struct scene scene;
    struct fake_host *host = play(&scene);
    check_connect(host, &two, "return jf.json.encode(ev.subprotocols)",
                  "[\"chat\",\"superchat\"]");
    check_connect(host, &none, "return jf.json.encode(ev.subprotocols)", "[]");
    check_connect(host, &two,
                  "return ev:subprotocol(ev.subprotocols[2]) and ev.subprotocols[1]",
                  "chat");
    scene_fini(&scene);
}

static void methods_need_an_event_of_the_right_kind(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "return select(2, ev:subprotocol('a'))", "invalid");
    check(host, "return select(2, ev:refuse(404))", "invalid");
    check(host, "return select(2, pcall(ev.subprotocol, 'a', 'b')):match('event expected')",
          "event expected");
    scene_fini(&scene);
}

static void the_whole_event_is_the_one_of_a_lambda_function(void **state)
{
    (void)state;
    static const struct fake_client client = { .headers = "X-Two: 1" };
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host,
          "local e = ev.event() local c = e.requestContext\n"
          "return tostring(c.connectionId == ev.conn and c.routeKey == ev.route and"
          " c.eventType == 'MESSAGE' and e.body == ev.body and e.isBase64Encoded == false"
          " and e == ev:event())",
          "true");
    check_connect(
        host, &client,
        "local e=ev.event() return e.requestContext.eventType..e.headers['X-Two']..e."
        "queryStringParameters.A",
        "CONNECT12");
    check(host, "saved = ev saved:event() return 'x'", "x");
    check(host, "return saved.event().requestContext.routeKey", "run");
    check(host, "saved = ev return 'x'", "x");
    check(host, "return tostring(pcall(saved.event))", "false");
    scene_fini(&scene);
}

static void a_finished_event_gives_only_what_was_read_before(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    check(host, "saved = ev return ev.body and 'x'", "x");
    check(host, "return saved.conn == ev.conn and saved.route .. saved.kind .. saved.stage",
          "runmessage$default");
    check(host, "return saved.body", "saved = ev return ev.body and 'x'");
    check(host, "return select(2, pcall(function() return saved.json end))",
          "chunk:2: this event is finished: copy what you need before");
    check(host, "return tostring(pcall(function() return saved.binary end))", "false");
    check(host, "return tostring(pcall(saved.event))", "false");
    check(host, "return tostring(pcall(saved.refuse, saved, 404))", "false");
    scene_fini(&scene);
}

static void an_event_lives_while_its_handler_waits(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    fake_host_say(host, ann, "run", "saved = ev jf.sleep(5) return ev.body:sub(1, 5)");
    fake_host_advance(host, 5);
    assert_string_equal(fake_host_hear(host, ann), "saved");
    check(host, "return tostring(pcall(function() return saved.json end))", "false");
    scene_fini(&scene);
}

static void an_event_is_finished_after_an_error_too(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_host *host = play(&scene);
    assert_int_equal(fake_host_say(host, ann, "run", "saved = ev error('boom')"),
                     JF_E_INTERNAL);
    check(host, "return tostring(pcall(function() return saved.json end))", "false");
    assert_int_equal(fake_host_say(host, ann, "run", "saved = ev coroutine.yield()"),
                     JF_E_INTERNAL);
    check(host, "return tostring(pcall(function() return saved.json end))", "false");
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_knows_who_and_which_way),
        cmocka_unit_test(fields_of_other_kinds_are_nil),
        cmocka_unit_test(the_context_is_that_of_the_whole_event),
        cmocka_unit_test(the_variables_of_the_stage_are_a_table_or_nil),
        cmocka_unit_test(a_field_that_does_not_exist_is_an_error),
        cmocka_unit_test(a_body_is_bytes_and_says_which_kind),
        cmocka_unit_test(json_is_decoded_once),
        cmocka_unit_test(headers_are_found_in_any_case_and_query_is_exact),
        cmocka_unit_test(pairs_shows_all_as_they_were_written),
        cmocka_unit_test(offered_subprotocols_are_an_array),
        cmocka_unit_test(methods_need_an_event_of_the_right_kind),
        cmocka_unit_test(the_whole_event_is_the_one_of_a_lambda_function),
        cmocka_unit_test(a_finished_event_gives_only_what_was_read_before),
        cmocka_unit_test(an_event_lives_while_its_handler_waits),
        cmocka_unit_test(an_event_is_finished_after_an_error_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
