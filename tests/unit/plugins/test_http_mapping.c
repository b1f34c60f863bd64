/* From an event to headers and URLs: what AWS's parameter mapping says, and what hostile
 * values do not become. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "plugins/http/http_mapping.h"
#include "sdk/testing/fake_host.h"

static struct jf_event *held;

static int hold(struct jf_event *ev)
{
    held = ev;
    return JF_LATER;
}

static const struct jf_route routes[] = {
    { "$connect", hold }, { "say", hold }, { "$disconnect", hold }, { NULL, NULL }
};

static const struct jf_plugin plugin = { .size = sizeof(plugin),
                                         .abi_major = JF_ABI_MAJOR,
                                         .abi_minor = JF_ABI_MINOR,
                                         .name = "test",
                                         .version = "1",
                                         .routes = routes };

static struct fake_host *host;
static jf_conn_id ann;

static int set_up(void **state)
{
    (void)state;
    host = fake_host_new(&plugin, 1);
    return fake_host_start(host, "{}") < 0;
}

static void let_go(void)
{
    jf_finish(held, JF_OK);
    fake_host_turn(host);
}

static int tear_down(void **state)
{
    (void)state;
    fake_host_hang_up(host, ann, 1000, "");
    let_go();
    fake_host_free(host);
    return 0;
}

static void connect_with(const char *query, const char *headers)
{
    struct fake_client client = { .query = query, .headers = headers };
    ann = fake_host_connect_as(host, &client);
}

static void say(const char *body)
{
    connect_with(NULL, NULL);
    let_go();
    fake_host_say(host, ann, "say", body);
}

/* Its value for the event at hand; NULL: it has none. */
static const char *value(const char *source, const char *route)
{
    static char text[256];
    const char *complaint = NULL;
    struct http_source read;
    struct http_facts facts = { .ev = held };
    struct http_text out = { .max = 255 };
    assert_int_equal(http_source_read(jf_str(source), route, &read, &complaint), JF_OK);
    bool found = http_source_add(&read, &facts, &out);
    snprintf(text, sizeof(text), "%s", out.ptr ? out.ptr : "");
    http_text_fini(&out);
    http_facts_fini(&facts);
    http_source_fini(&read);
    return found ? text : NULL;
}

static void a_connect_has_query_headers_and_context(void **state)
{
    (void)state;
    connect_with("a=1&a=2&e=&A=3", "X-One: first\nx-one: second\nHost: here");
    assert_string_equal(value("route.request.querystring.a", "$connect"), "2");
    assert_string_equal(value("route.request.querystring.A", "$connect"), "3");
    assert_string_equal(value("route.request.querystring.e", "$connect"), "");
    assert_null(value("route.request.querystring.none", "$connect"));
    assert_string_equal(value("route.request.header.X-ONE", "$connect"), "second");
    assert_null(value("route.request.header.None", "$connect"));
    assert_string_equal(value("context.eventType", "$connect"), "CONNECT");
    assert_string_equal(value("context.identity.sourceIp", "$connect"), "192.0.2.1");
    assert_string_equal(value("'a, b: c'", "$connect"), "a, b: c");
    assert_string_equal(value("''", "$connect"), "");
    let_go();
}

static void a_body_is_walked_by_names_and_indexes(void **state)
{
    (void)state;
    say("{\"a\":{\"b-c\":[0,{\"d\":\"deep\"}]},\"n\":5,\"f\":1.5,\"t\":true,\"z\":null,"
        "\"o\":{\"x\":1},\"l\":[1,\"2\"],\"e\":\"\",\"u\":\"\\u00e9\"}");
    assert_string_equal(value("route.request.body.a.b-c[1].d", "say"), "deep");
    assert_string_equal(value("route.request.body.n", "say"), "5");
    assert_string_equal(value("route.request.body.f", "say"), "1.5");
    assert_string_equal(value("route.request.body.t", "say"), "true");
    assert_null(value("route.request.body.z", "say"));
    assert_string_equal(value("route.request.body.o", "say"), "{\"x\":1}");
    assert_string_equal(value("route.request.body.l", "say"), "[1,\"2\"]");
    assert_string_equal(value("route.request.body.e", "say"), "");
    assert_string_equal(value("route.request.body.u", "say"), "\xc3\xa9");
    assert_null(value("route.request.body.a.b-c[2]", "say"));
    assert_null(value("route.request.body.n.m", "say"));
    assert_null(value("route.request.body.o[0]", "say"));
    assert_null(value("route.request.body.A", "say"));
    let_go();
}

static void a_body_that_is_no_json_has_no_fields(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "", "hello", "{", "5", "[1]", "{\"a\":", "\"a\""
    };
    connect_with(NULL, NULL);
    let_go();
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        fake_host_say(host, ann, "say", bodies[i]);
        assert_null(value("route.request.body.a", "say"));
        let_go();
    }
}

static void stage_variables_are_found_by_name(void **state)
{
    (void)state;
    fake_host_set_variable(host, "team", "blue");
    say("{}");
    assert_string_equal(value("stageVariables.team", "say"), "blue");
    assert_null(value("stageVariables.Team", "say"));
    let_go();
}

static void sources_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "", "say" },
        { "x", "say" },
        { "'", "say" },
        { "'a", "say" },
        { "'a\r\nb'", "say" },
        { "context.", "say" },
        { "context..a", "say" },
        { "context.a.", "say" },
        { "context.a b", "say" },
        { "context.a\n", "say" },
        { "route.request.body.", "say" },
        { "route.request.body.[0]", "say" },
        { "route.request.body.a[", "say" },
        { "route.request.body.a[]", "say" },
        { "route.request.body.a[x]", "say" },
        { "route.request.body.a[123456789]", "say" },
        { "route.request.body.a", "$connect" },
        { "route.request.body.a", "$disconnect" },
        { "route.request.header.a", "say" },
        { "route.request.querystring.a", "$default" },
        { "Context.stage", "say" },
        { "stageVariables.", "say" },
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct http_source out;
        const char *complaint = NULL;
        assert_int_equal(http_source_read(jf_str(bad[i][0]), bad[i][1], &out, &complaint),
                         JF_E_INVALID);
        assert_non_null(complaint);
    }
    connect_with(NULL, NULL);
    let_go();
}

static void headers_are_tokens_that_are_ours_to_set_and_values_without_controls(
    void **state)
{
    (void)state;
    assert_true(http_header_name_ok("X-Id"));
    assert_true(http_header_name_ok("Host"));
    static const char *const bad[] = { "",        "a b",
                                       "a:",      "a\r\nb",
                                       "TE",      "connection",
                                       "UPGRADE", "content-length",
                                       "\xc3",    "Transfer-Encoding" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(http_header_name_ok(bad[i]));
    assert_int_equal(http_header_check(jf_str("a\tb \xc3\xa9")), JF_OK);
    for (int octet = 0; octet < 256; octet++) {
        char c = (char)octet;
        bool bad_one = (octet < 0x20 && octet != '\t') || octet == 0x7f;
        assert_int_equal(http_header_check(jf_view(&c, 1)), bad_one ? JF_E_INVALID : JF_OK);
    }
    connect_with(NULL, NULL);
    let_go();
}

/* ---- URLs -------------------------------------------------------------- */

/* "!" and the status if it cannot be built. */
static const char *built(const char *template, const char *route)
{
    static char text[HTTP_URL_MAX + 64];
    const char *complaint = "?";
    struct http_url url;
    struct http_facts facts = { .ev = held };
    struct http_text out = { .max = HTTP_URL_MAX };
    if (http_url_read(jf_str(template), route, &url, &complaint) < 0) {
        snprintf(text, sizeof(text), "?%s", complaint);
        return text;
    }
    int status = http_url_build(&url, &facts, &out);
    if (status < 0)
        snprintf(text, sizeof(text), "!%d", status);
    else
        snprintf(text, sizeof(text), "%s", out.ptr);
    http_text_fini(&out);
    http_facts_fini(&facts);
    http_url_fini(&url);
    return text;
}

static void values_are_percent_encoded_where_they_stand(void **state)
{
    (void)state;
    fake_host_set_variable(host, "host", "backend-1.local:8080");
    fake_host_set_variable(host, "path", "v 1/x?");
    say("{\"v\":\"a/b?c#d&e=f%\\r\\n@\\u00e9\\\\\"}");
    assert_string_equal(built("http://h/p/${route.request.body.v}/q", "say"),
                        "http://h/p/a%2Fb%3Fc%23d%26e%3Df%25%0D%0A%40%C3%A9%5C/q");
    assert_string_equal(built("https://h?v=${route.request.body.v}", "say"),
                        "https://h?v=a%2Fb%3Fc%23d%26e%3Df%25%0D%0A%40%C3%A9%5C");
    assert_string_equal(
        built("http://${stageVariables.host}/${stageVariables.path}", "say"),
        "http://backend-1.local:8080/v%201/x%3F");
    assert_string_equal(built("http://h/?p=${stageVariables.path}", "say"),
                        "http://h/?p=v%201%2Fx%3F");
    assert_string_equal(built("http://h/a${route.request.body.none}b", "say"),
                        "http://h/ab");
    assert_string_equal(built("http://h/%20$5", "say"), "http://h/%20$5");
    let_go();
}

static void no_value_walks_up_or_becomes_another_host(void **state)
{
    (void)state;
    static const char *const hosts[] = { "",    "a/b",    "a@b",  "a b",    "a?b",
                                         "a#b", "a\r\nb", "\xc3", "a\\b.c", "a%2fb" };
    say("{\"dots\":\"..\",\"dot\":\".\",\"more\":\"...\",\"empty\":\"\"}");
    assert_string_equal(built("http://h/a/${route.request.body.dots}/b", "say"), "!-1");
    assert_string_equal(built("http://h/a/${route.request.body.dots}", "say"), "!-1");
    assert_string_equal(built("http://h/a/${route.request.body.dots}?b", "say"), "!-1");
    assert_string_equal(built("http://h/a/${route.request.body.dot}/b", "say"), "!-1");
    assert_string_equal(
        built("http://h/${route.request.body.dot}${route.request.body.dot}", "say"), "!-1");
    assert_string_equal(built("http://h/%2E${route.request.body.dot}/", "say"), "!-1");
    assert_string_equal(built("http://h/a/${route.request.body.more}/b", "say"),
                        "http://h/a/.../b");
    assert_string_equal(built("http://h/?a=${route.request.body.dots}", "say"),
                        "http://h/?a=..");
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        let_go();
        fake_host_set_variable(host, "host", hosts[i]);
        fake_host_say(host, ann, "say", "{}");
        assert_string_equal(built("http://${stageVariables.host}/", "say"), "!-1");
    }
    assert_string_equal(built("http://${stageVariables.none}/", "say"), "!-1");
    let_go();
}

static void a_url_that_grows_too_long_is_refused(void **state)
{
    (void)state;
    static char body[HTTP_URL_MAX + 64];
    memset(body, 'a', sizeof(body) - 1);
    memcpy(body, "{\"v\":\"", 6);
    memcpy(body + sizeof(body) - 4, "\"}", 3);
    say(body);
    assert_string_equal(built("http://h/${route.request.body.v}", "say"), "!-5");
    let_go();
}

static void templates_that_are_no_urls_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "h",
        "ftp://h/",
        "http://",
        "http:///a",
        "https://?a",
        "http://u@h/",
        "http://u:p@h/",
        "http://h/ a",
        "http://h/\r\n",
        "http://h/#a",
        "http://h\\@evil/",
        "http://h/${",
        "http://h/${}",
        "http://h/${x}",
        "http://h/{x}",
        "http://${context.stage}/",
        "http://h${route.request.body.a}/",
        "http://h:${context.stage}/",
        "http://h/${route.request.header.a}",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(built(bad[i], "say")[0], '?');
    connect_with(NULL, NULL);
    let_go();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connect_has_query_headers_and_context),
        TEST(a_body_is_walked_by_names_and_indexes),
        TEST(a_body_that_is_no_json_has_no_fields),
        TEST(stage_variables_are_found_by_name),
        TEST(sources_that_are_none_are_refused),
        TEST(headers_are_tokens_that_are_ours_to_set_and_values_without_controls),
        TEST(values_are_percent_encoded_where_they_stand),
        TEST(no_value_walks_up_or_becomes_another_host),
        TEST(a_url_that_grows_too_long_is_refused),
        TEST(templates_that_are_no_urls_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
