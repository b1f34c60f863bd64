/* Configuration: what a file may say, what it is told when it is wrong, and that nothing is
 * left behind either way (the leak sanitizer looks on). */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/config.h"

#define ONE_PLUGIN "\"plugins\":[\"a.so\"]"

static struct config *parsed_in(const char *text, const char *folder)
{
    struct config *config = NULL;
    struct config_error error = { 0, 0, "no error" };
    if (config_parse(jf_str(text), folder, &config, &error) != JF_OK)
        fail_msg("%u:%u: %s: %s", error.line, error.column, error.text, text);
    return config;
}

static struct config *parsed(const char *text)
{
    return parsed_in(text, NULL);
}

static const struct config_error *refused_bytes(jf_bytes text)
{
    static struct config_error error;
    struct config *untouched = (struct config *)&error;
    struct config *config = untouched;
    error = (struct config_error){ 99, 99, "" };
    if (config_parse(text, NULL, &config, &error) != JF_E_INVALID)
        fail_msg("accepted: %.*s", BYTES_FMT(text));
    assert_ptr_equal(config, untouched);
    assert_true(strlen(error.text) > 0);
    return &error;
}

static const char *refused(const char *text)
{
    const struct config_error *error = refused_bytes(jf_str(text));
    assert_int_equal(error->line, 0);
    assert_int_equal(error->column, 0);
    return error->text;
}

static void the_defaults_are_ours(void **state)
{
    (void)state;
    struct config *config;
    config_new(&config);
    assert_int_equal(config->profile, PROFILE_JACKFIELD);
    assert_string_equal(config->listen_host, "127.0.0.1");
    assert_int_equal(config->listen_port, 8080);
    assert_int_equal(config->workers, 0);
    assert_int_equal(config->log_level, JF_INFO);
    assert_false(config->log_json);
    assert_null(config->tls_cert);
    assert_int_equal(config->slow_reader, SLOW_REFUSE);
    assert_false(config->refuse_binary);
    assert_string_equal(config->store.kind, "memory");
    assert_int_equal(config->limits.message_bytes, 131072);
    assert_int_equal(config->limits.frame_bytes, 131072);
    assert_int_equal(config->limits.inbox_bytes, 262144);
    assert_int_equal(config->limits.outbox_bytes, 1048576);
    assert_int_equal(config->limits.mailbox_bytes, 67108864);
    assert_int_equal(config->limits.connections, 100000);
    assert_int_equal(config->limits.event_ms, 29000);
    assert_int_equal(config->limits.ping_s, 60);
    assert_int_equal(config->limits.idle_s, 600);
    assert_int_equal(config->limits.lifetime_s, 0);
    assert_int_equal(config->limits.drain_s, 30);
    assert_int_equal(config->limits.drain_jitter_s, 5);
    assert_int_equal(config->stage_count, 0);
    config_free(config);
    config_free(NULL);
}

static void the_smallest_configuration_is_one_plugin(void **state)
{
    (void)state;
    static const char *const smallest[] = {
        "{ \"plugins\": [ { \"file\": \"echo.so\" } ] }",
        "{ \"plugins\": [ \"echo.so\" ] }",
    };
    for (size_t i = 0; i < 2; i++) {
        struct config_error error;
        struct config *config = parsed(smallest[i]);
        assert_int_equal(config->stage_count, 1);
        assert_string_equal(config->stages[0].name, "$default");
        assert_string_equal(config->stages[0].route, "$request.body.action");
        assert_int_equal(config->stages[0].plugin_count, 1);
        assert_string_equal(config->stages[0].plugins[0].file, "echo.so");
        assert_string_equal(config->stages[0].plugins[0].options, "{}");
        assert_int_equal(config_check(config, &error), JF_OK);
        config_free(config);
    }
}

static void every_option_can_be_set(void **state)
{
    (void)state;
    struct config *config = parsed(
        "{\"listen\":{\"host\":\"::\",\"port\":0},\"workers\":64,"
        "\"log\":{\"level\":\"debug\",\"format\":\"json\"},"
        "\"tls\":{\"cert\":\"c.pem\",\"key\":\"/k.pem\"},\"store\":{\"kind\":\"memory\"},"
        "\"slow_reader\":\"drop_oldest\",\"binary\":\"refuse\",\"profile\":\"jackfield\","
        "\"limits\":{\"message_bytes\":1,\"frame_bytes\":2,\"inbox_bytes\":1024,"
        "\"outbox_bytes\":1025,\"mailbox_bytes\":17179869184,\"connections\":16777216,"
        "\"event_ms\":50,\"head_ms\":100,\"close_ms\":101,\"ping_s\":0,\"idle_s\":1e3,"
        "\"lifetime_s\":7,\"drain_s\":0,\"drain_jitter_s\":3600}}");
    assert_string_equal(config->listen_host, "::");
    assert_int_equal(config->listen_port, 0);
    assert_int_equal(config->workers, 64);
    assert_int_equal(config->log_level, JF_DEBUG);
    assert_true(config->log_json);
    assert_string_equal(config->tls_cert, "c.pem");
    assert_string_equal(config->tls_key, "/k.pem");
    assert_int_equal(config->slow_reader, SLOW_DROP_OLDEST);
    assert_true(config->refuse_binary);
    assert_int_equal(config->limits.message_bytes, 1);
    assert_int_equal(config->limits.frame_bytes, 2);
    assert_int_equal(config->limits.inbox_bytes, 1024);
    assert_int_equal(config->limits.outbox_bytes, 1025);
    assert_int_equal(config->limits.mailbox_bytes, 17179869184);
    assert_int_equal(config->limits.connections, 16777216);
    assert_int_equal(config->limits.event_ms, 50);
    assert_int_equal(config->limits.head_ms, 100);
    assert_int_equal(config->limits.close_ms, 101);
    assert_int_equal(config->limits.ping_s, 0);
    assert_int_equal(config->limits.idle_s, 1000);
    assert_int_equal(config->limits.lifetime_s, 7);
    assert_int_equal(config->limits.drain_s, 0);
    assert_int_equal(config->limits.drain_jitter_s, 3600);
    config_free(config);
}

static void the_aws_profile_changes_defaults_and_yields_to_the_file(void **state)
{
    (void)state;
    struct config *config = parsed("{\"limits\":{\"ping_s\":30},\"profile\":\"aws\"}");
    assert_int_equal(config->profile, PROFILE_AWS);
    assert_true(config->refuse_binary);
    assert_int_equal(config->limits.frame_bytes, 32768);
    assert_int_equal(config->limits.message_bytes, 131072);
    assert_int_equal(config->limits.lifetime_s, 7200);
    assert_int_equal(config->limits.idle_s, 600);
    assert_int_equal(config->limits.ping_s, 30);
    config_free(config);
    config = parsed("{\"binary\":\"accept\",\"profile\":\"aws\"}");
    assert_false(config->refuse_binary);
    assert_int_equal(config->limits.ping_s, 0);
    config_free(config);
}

static void frames_are_as_long_as_messages_unless_told(void **state)
{
    (void)state;
    struct config *config = parsed("{\"limits\":{\"message_bytes\":5000}}");
    assert_int_equal(config->limits.frame_bytes, 5000);
    config_free(config);
}

static void stages_have_their_own_routes_and_plugins(void **state)
{
    (void)state;
    struct config *config = parsed(
        "{\"stages\":{"
        "\"prod\":{\"route\":\"${request.body.a}/x\",\"plugins\":["
        "{\"file\":\"chat.so\",\"options\":{\"history\": 50, \"words\":[\"a\",null]}},"
        "{\"routes\":{\"hello\":\"greet\",\"$connect\":\"in\"},\"file\":\"greet.so\"}]},"
        "\"$default\":{\"plugins\":[\"a.so\",\"b.so\"]},\"Dev_2-x\":{\"plugins\":[]}}}");
    assert_int_equal(config->stage_count, 3);
    const struct config_stage *prod = &config->stages[0];
    assert_string_equal(prod->name, "prod");
    assert_string_equal(prod->route, "${request.body.a}/x");
    assert_int_equal(prod->plugin_count, 2);
    assert_string_equal(prod->plugins[0].options,
                        "{\"history\":50,\"words\":[\"a\",null]}");
    assert_int_equal(prod->plugins[0].rename_count, 0);
    assert_string_equal(prod->plugins[1].file, "greet.so");
    assert_int_equal(prod->plugins[1].rename_count, 2);
    assert_string_equal(prod->plugins[1].renames[0].key, "hello");
    assert_string_equal(prod->plugins[1].renames[0].name, "greet");
    assert_int_equal(config->stages[1].plugin_count, 2);
    struct config_error error;
    assert_int_equal(config_check(config, &error), JF_E_INVALID);
    assert_non_null(strstr(error.text, "stages.Dev_2-x.plugins"));
    config_free(config);
}

static void relative_files_are_relative_to_the_folder(void **state)
{
    (void)state;
    const char *text = "{\"plugins\":[\"a.so\",\"/b.so\",{\"file\":\"c/d.so\"}],"
                       "\"tls\":{\"cert\":\"c.pem\",\"key\":\"/k.pem\"},"
                       "\"static\":{\"/\":\"web\",\"/x/\":\"/srv/x\"}}";
    static const char *const folders[] = { "/etc/jackfield", "/etc/jackfield/" };
    for (size_t i = 0; i < 2; i++) {
        struct config *config = parsed_in(text, folders[i]);
        const struct config_plugin *plugins = config->stages[0].plugins;
        assert_string_equal(plugins[0].file, "/etc/jackfield/a.so");
        assert_string_equal(plugins[1].file, "/b.so");
        assert_string_equal(plugins[2].file, "/etc/jackfield/c/d.so");
        assert_string_equal(config->tls_cert, "/etc/jackfield/c.pem");
        assert_string_equal(config->tls_key, "/k.pem");
        assert_int_equal(config->static_count, 2);
        assert_string_equal(config->statics[0].path, "/");
        assert_string_equal(config->statics[0].folder, "/etc/jackfield/web");
        assert_string_equal(config->statics[1].path, "/x");
        assert_string_equal(config->statics[1].folder, "/srv/x");
        config_free(config);
    }
}

static void comments_are_blanks_but_not_inside_text(void **state)
{
    (void)state;
    struct config *config =
        parsed("\xef\xbb\xbf// first\n{ /* a \" */ \"plugins\": [ // b\r\n"
               "\"http://x/*y*/.so\" /**/ , /* \n */ \"q\\\"//z.so\" ] } // end");
    assert_string_equal(config->stages[0].plugins[0].file, "http://x/*y*/.so");
    assert_string_equal(config->stages[0].plugins[1].file, "q\"//z.so");
    config_free(config);
}

static void syntax_errors_have_a_line_and_a_column(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, column;
        const char *says;
    } wrong[] = {
        { "", 1, 1, "ends too early" },
        { "  // only\n", 2, 1, "ends too early" },
        { "{", 1, 2, "ends too early" },
        { "{\"workers\": 1", 1, 14, "ends too early" },
        { "{\n  \"workers\": 1,\n}", 3, 1, "comma before this }" },
        { "{\"plugins\": [1,]}", 1, 16, "comma before this ]" },
        { "{\"workers\" 1}", 1, 12, "colon" },
        { "{\"workers\": }", 1, 13, "a value" },
        { "{\"workers\": tru}", 1, 13, "a value" },
        { "{workers: 1}", 1, 2, "double quotes" },
        { "{'workers': 1}", 1, 2, "double quotes" },
        { "{\"workers\": 1 \"log\": 2}", 1, 15, "a comma or }" },
        { "{\"plugins\": [1 2]}", 1, 16, "a comma or ]" },
        { "{\"plugins\": [1}", 1, 15, "a comma or ]" },
        { "{} x", 1, 4, "nothing may follow" },
        { "{}}", 1, 3, "nothing may follow" },
        { "{}\n\n/* never", 3, 1, "comment" },
        { "{} /", 1, 4, "nothing may follow" },
        { "/* \xc3\xa4\xc3\xb6 */ {,}", 1, 11, "double quotes" },
        { "// one\n/* two\nthree */ {\"a\":\n  01}", 4, 3, "number" },
        { "{\"a\": +1}", 1, 7, "a value" },
        { "{\"a\": 1.}", 1, 7, "number" },
        { "{\"a\": -}", 1, 7, "number" },
        { "{\"a\": 0x10}", 1, 7, "number" },
        { "{\"a\": \"b", 1, 7, "closing quote" },
        { "{\"a\": \"b\nc\"}", 1, 7, "closing quote" },
        { "{\"a\": \"\\q\"}", 1, 7, "closing quote" },
        { "{\"a\": \"x\\u0000y\"}", 1, 9, "\\u0000" },
        { "{\"a\": \"\\\\\\u0000\"}", 1, 10, "\\u0000" },
        { "{\"a\": \"\\ud800\"}", 1, 8, "surrogate" },
        { "{\"a\": \x01}", 1, 7, "a value" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct config_error *error = refused_bytes(jf_str(wrong[i].text));
        if (error->line != wrong[i].line || error->column != wrong[i].column ||
            !strstr(error->text, wrong[i].says))
            fail_msg("%s\nsays %u:%u %s", wrong[i].text, error->line, error->column,
                     error->text);
    }
    assert_int_equal(refused_bytes(jf_view("{}\0", 3))->column, 3);
    assert_int_equal(refused_bytes(jf_view("{\0}", 3))->column, 2);
    assert_int_equal(refused_bytes(jf_view("{\"a\0\":1}", 8))->column, 2);
    config_free(
        parsed("{\"plugins\":[{\"file\":\"a\",\"options\":{\"x\":\"\\\\u0000\"}}]}"));
}

static void nesting_and_length_are_bounded(void **state)
{
    (void)state;
    char text[256];
    memset(text, '[', sizeof(text));
    const struct config_error *error = refused_bytes(jf_view(text, sizeof(text)));
    assert_int_equal(error->column, 65);
    assert_non_null(strstr(error->text, "nested"));

    size_t size = CONFIG_TEXT_MAX + 1;
    char *large = malloc(size);
    memset(large, ' ', size);
    memcpy(large, "{}", 2);
    assert_non_null(strstr(refused_bytes(jf_view(large, size))->text, "4 MiB"));
    struct config *config = NULL;
    struct config_error unused;
    assert_int_equal(config_parse(jf_view(large, size - 1), NULL, &config, &unused), JF_OK);
    config_free(config);
    free(large);
}

static void unknown_keys_name_the_closest_known_one(void **state)
{
    (void)state;
    assert_string_equal(
        refused("{\"limits\":{\"mesage_bytes\":1}}"),
        "limits.mesage_bytes: unknown key, did you mean \"message_bytes\"?");
    assert_string_equal(refused("{\"Workers\":1}"),
                        "Workers: unknown key, did you mean \"workers\"?");
    assert_string_equal(refused("{\"ping_s\":1}"),
                        "ping_s: unknown key, did you mean \"limits.ping_s\"?");
    assert_string_equal(
        refused("{\"tls\":{\"certificate_file\":1}}"),
        "tls.certificate_file: unknown key; known here are cert, key, client, "
        "client_ca");
    assert_string_equal(
        refused("{\"stages\":{\"prod\":{\"plugins\":[\"a\",{\"option\":{}}]}}}"),
        "stages.prod.plugins[1].option: unknown key, did you mean \"options\"?");
    assert_non_null(strstr(refused("{\"\":1}"), "unknown key"));
    assert_non_null(
        strstr(refused("{\"\\u001b[31m\xff\":1}"), "[\"\\x1b[31m\\xff\"]: unknown"));
    char text[2048];
    snprintf(text, sizeof(text), "{\"%01000d\":1}", 0);
    assert_non_null(strstr(refused(text), "unknown key"));
}

static void wrong_values_are_told_with_their_key(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        { "[]", "a configuration is an object, not an array" },
        { "5", "a configuration is an object, not a number" },
        { "{\"workers\":\"4\"}", "workers: must be a whole number, not a text" },
        { "{\"workers\":null}", "workers: must be a whole number, not null" },
        { "{\"workers\":1.5}", "workers: must be a whole number, not 1.5" },
        { "{\"workers\":65}", "workers: must be within 0 .. 64, not 65" },
        { "{\"workers\":-1}", "workers: must be within 0 .. 64, not -1" },
        { "{\"workers\":1e999}", "workers: must be within 0 .. 64, not inf" },
        { "{\"listen\":{\"port\":65536}}", "listen.port: must be within 0 .. 65535" },
        { "{\"limits\":{\"message_bytes\":0}}",
          "limits.message_bytes: must be within 1 .." },
        { "{\"limits\":{\"message_bytes\":67108865}}", "not 67108865" },
        { "{\"limits\":{\"event_ms\":49}}", "50 .. 3600000" },
        { "{\"limits\":[]}", "limits: must be an object, not an array" },
        { "{\"listen\":8080}", "listen: must be an object, not a number" },
        { "{\"listen\":{\"host\":\"\"}}", "listen.host: must not be empty" },
        { "{\"listen\":{\"host\":1}}", "listen.host: must be a text, not a number" },
        { "{\"profile\":\"azure\"}", "profile: must be one of jackfield, aws, not azure" },
        { "{\"binary\":false}", "binary: must be a text, not false" },
        { "{\"log\":{\"level\":\"loud\"}}", "log.level: must be one of error, warn, info" },
        { "{\"store\":{\"kind\":\"etcd\"}}",
          "store.kind: etcd is not in this build, which has: memory, redis" },
        { "{\"store\":{\"url\":\"\"}}", "store.url: must not be empty" },
        { "{\"workers\":1,\"workers\":1}", "workers: given twice" },
        { "{\"limits\":{\"ping_s\":1,\"ping_s\":2}}", "limits.ping_s: given twice" },
        { "{\"stages\":{\"a\":{},\"a\":{}}}", "stages.a: given twice" },
        { "{\"stages\":{\"a b\":{}}}", "stages[\"a b\"]: a stage's name is" },
        { "{\"stages\":{\"\":{}}}", "a stage's name is" },
        { "{\"stages\":{\"$connect\":{}}}", "a stage's name is" },
        { "{\"stages\":{\"a/b\":{}}}", "a stage's name is" },
        { "{\"stages\":[]}", "stages: must be an object" },
        { "{\"stages\":{\"a\":[]}}", "stages.a: must be an object, not an array" },
        { "{\"stages\":{}," ONE_PLUGIN "}", "plugins: choose one" },
        { "{\"route\":\"x\",\"stages\":{}}", "route: choose one" },
        { "{\"plugins\":\"a.so\"}", "plugins: must be an array, not a text" },
        { "{\"plugins\":[1]}", "plugins[0]: must be a file name or an object" },
        { "{\"plugins\":[\"\"]}", "plugins[0]: must not be empty" },
        { "{\"plugins\":[\"a\",{}]}", "plugins[1]: needs a \"file\"" },
        { "{\"plugins\":[{\"file\":\"a\",\"file\":\"b\"}]}",
          "plugins[0].file: given twice" },
        { "{\"plugins\":[{\"file\":\"a\",\"options\":[]}]}",
          "plugins[0].options: must be an object" },
        { "{\"plugins\":[{\"file\":\"a\",\"routes\":{\"k\":1}}]}",
          "plugins[0].routes.k: must be a text" },
        { "{\"plugins\":[{\"file\":\"a\",\"routes\":{\"\":\"x\"}}]}", "must not be empty" },
        { "{\"plugins\":[{\"file\":\"a\",\"routes\":{\"k\":\"x\",\"k\":\"y\"}}]}",
          "plugins[0].routes.k: given twice" },
        { "{\"plugins\":[{\"file\":\"a\",\"routes\":[]}]}", "must be an object" },
        { "{\"static\":{\"web\":\"x\"}}", "static.web: must be the path of a URL" },
        { "{\"static\":{\"/a?b\":\"x\"}}", "must be the path of a URL" },
        { "{\"static\":{\"/../x\":\"x\"}}", "must be the path of a URL" },
        { "{\"static\":{\"/a//b\":\"x\"}}", "must be the path of a URL" },
        { "{\"static\":{\"/a\":\"x\",\"/a/\":\"y\"}}", "given twice" },
        { "{\"static\":{\"/\":\"\"}}", "static./: must not be empty" },
        { "{\"tls\":{\"cert\":true}}", "tls.cert: must be a text, not true" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const char *text = refused(wrong[i].text);
        if (!strstr(text, wrong[i].says))
            fail_msg("%s\nsays %s", wrong[i].text, text);
    }
}

static void a_wrong_route_points_at_the_character(void **state)
{
    (void)state;
    assert_string_equal(
        refused("{\"stages\":{\"prod\":{\"route\":\"$request.body.a[*]\"}}}"),
        "stages.prod.route: wildcards are not supported: only names and indexes are, at "
        "character 17 of $request.body.a[*]");
    assert_non_null(strstr(refused("{\"route\":\"\"}"), "route: must not be empty"));
    assert_non_null(
        strstr(refused("{\"route\":\"${request.body.a\"}"), "at character 1 of"));
}

static void the_command_line_adds_plugins(void **state)
{
    (void)state;
    struct config *config;
    config_new(&config);
    config_add_plugin(config, "./a.so");
    config_add_plugin(config, "b.so");
    assert_int_equal(config->stage_count, 1);
    assert_string_equal(config->stages[0].name, "$default");
    assert_int_equal(config->stages[0].plugin_count, 2);
    assert_string_equal(config->stages[0].plugins[1].file, "b.so");
    assert_string_equal(config->stages[0].plugins[1].options, "{}");
    config_free(config);

    config = parsed("{\"route\":\"x\"}");
    config_add_plugin(config, "a.so");
    assert_int_equal(config->stage_count, 1);
    assert_string_equal(config->stages[0].route, "x");
    config_free(config);
}

static void the_command_line_sets_the_address(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        uint64_t port;
    } good[] = {
        { "9000", "127.0.0.1", 9000 },     { "0", "127.0.0.1", 0 },
        { "10.0.0.1:80", "10.0.0.1", 80 }, { "localhost:65535", "localhost", 65535 },
        { ":81", "0.0.0.0", 81 },          { "[::1]:82", "::1", 82 },
    };
    static const char *const bad[] = {
        "",      ":",     "x",       "65536",   "1:65536",     "::1:80",
        "[]:80", "[::1]", "a b:80",  "h:-1",    "h:080000",    "h:8 0",
        "-1",    "h:",    "[::1:80", "::1]:80", "http://h:80",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct config *config;
        config_new(&config);
        assert_int_equal(config_set_listen(config, jf_str(good[i].text)), JF_OK);
        assert_string_equal(config->listen_host, good[i].host);
        assert_int_equal(config->listen_port, good[i].port);
        config_free(config);
    }
    struct config *config;
    config_new(&config);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (config_set_listen(config, jf_str(bad[i])) != JF_E_INVALID)
            fail_msg("accepted %s", bad[i]);
        assert_string_equal(config->listen_host, "127.0.0.1");
        assert_int_equal(config->listen_port, 8080);
    }
    assert_int_equal(config_set_listen(config, jf_view(NULL, 0)), JF_E_INVALID);
    config_free(config);
}

#define IN_REDIS "\"kind\":\"redis\",\"url\":\"redis://a\""

static void the_whole_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } wrong[] = {
        { "{}", "plugins: there are none" },
        { "{\"plugins\":[]}", "plugins: there are none" },
        { "{\"stages\":{}}", "plugins: there are none" },
        { "{" ONE_PLUGIN ",\"tls\":{\"cert\":\"c\"}}", "tls.key: must be given" },
        { "{" ONE_PLUGIN ",\"tls\":{\"key\":\"k\"}}", "tls.cert: must be given" },
        { "{" ONE_PLUGIN ",\"tls\":{\"cert\":\"c\",\"key\":\"k\",\"client\":\"ask\"}}",
          "tls.client_ca: must be given too, since tls.client is" },
        { "{" ONE_PLUGIN ",\"tls\":{\"cert\":\"c\",\"key\":\"k\",\"client\":\"require\"}}",
          "tls.client_ca: must be given too, since tls.client is" },
        { "{" ONE_PLUGIN ",\"tls\":{\"cert\":\"c\",\"key\":\"k\",\"client_ca\":\"a\"}}",
          "tls.client: must be ask or require, since tls.client_ca is given" },
        { "{" ONE_PLUGIN ",\"tls\":{\"client\":\"require\",\"client_ca\":\"a\"}}",
          "tls.cert: must be given too, since tls.client is" },
        { "{" ONE_PLUGIN ",\"limits\":{\"outbox_bytes\":131081}}", "limits.outbox_bytes" },
        { "{" ONE_PLUGIN ",\"limits\":{\"mailbox_bytes\":65536}}", "limits.mailbox_bytes" },
        { "{" ONE_PLUGIN ",\"store\":{\"kind\":\"redis\"}}", "store.url: a store of kind" },
        { "{" ONE_PLUGIN ",\"store\":{\"url\":\"redis://a\"}}",
          "store.url: is for a store" },
        { "{" ONE_PLUGIN ",\"store\":{\"cluster\":\"redis://a\"}}",
          "store.cluster: is for a store" },
        { "{" ONE_PLUGIN ",\"store\":{" IN_REDIS ",\"lease_ms\":2999}}", "store.lease_ms" },
        { "{" ONE_PLUGIN ",\"store\":{" IN_REDIS
          ",\"cluster\":\"redis://a\",\"prefix\":\"{a}:\"}}",
          "store.prefix: with store.cluster" },
        { "{" ONE_PLUGIN ",\"store\":{" IN_REDIS "},\"limits\":{\"message_bytes\":2097153,"
          "\"outbox_bytes\":9000000}}",
          "limits.message_bytes: at most 2097152" },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct config_error error = { 99, 99, "" };
        struct config *config = parsed(wrong[i].text);
        assert_int_equal(config_check(config, &error), JF_E_INVALID);
        if (!strstr(error.text, wrong[i].says) || error.line)
            fail_msg("%s\nsays %s", wrong[i].text, error.text);
        config_free(config);
    }
    struct config_error error;
    struct config *config = parsed("{" ONE_PLUGIN ",\"limits\":{\"outbox_bytes\":131082},"
                                   "\"tls\":{\"cert\":\"c\",\"key\":\"k\"}}");
    assert_int_equal(config_check(config, &error), JF_OK);
    config_free(config);
    config = parsed("{" ONE_PLUGIN ",\"store\":{" IN_REDIS "}}");
    assert_int_equal(config_check(config, &error), JF_OK);
    assert_string_equal(config->store.prefix, "jf:");
    config_free(config);
}

/* What a person reads fits a terminal and leaves no option out. */
static void the_help_names_every_option_in_80_columns(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    config_print_help(to);
    fclose(to);
    static const char *const some[] = { "profile ",        "host ",    "cert ",
                                        "level ",          "kind ",    "frame_bytes ",
                                        "drain_jitter_s ", "route ",   "plugins ",
                                        "static ",         "options ", "routes " };
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
        assert_non_null(strstr(text, some[i]));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    free(text);
}

/* The examples we print must be ones we read. */
static void the_example_of_the_manual_works(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *to = open_memstream(&text, &size);
    config_print_markdown(to);
    fclose(to);
    char *example = strstr(text, "```json\n") + 8;
    *strstr(example, "```") = '\0';
    struct config_error error;
    struct config *config = parsed(example);
    assert_int_equal(config_check(config, &error), JF_OK);
    assert_string_equal(config->stages[0].name, "prod");
    config_free(config);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_ours),
        cmocka_unit_test(the_smallest_configuration_is_one_plugin),
        cmocka_unit_test(every_option_can_be_set),
        cmocka_unit_test(the_aws_profile_changes_defaults_and_yields_to_the_file),
        cmocka_unit_test(frames_are_as_long_as_messages_unless_told),
        cmocka_unit_test(stages_have_their_own_routes_and_plugins),
        cmocka_unit_test(relative_files_are_relative_to_the_folder),
        cmocka_unit_test(comments_are_blanks_but_not_inside_text),
        cmocka_unit_test(syntax_errors_have_a_line_and_a_column),
        cmocka_unit_test(nesting_and_length_are_bounded),
        cmocka_unit_test(unknown_keys_name_the_closest_known_one),
        cmocka_unit_test(wrong_values_are_told_with_their_key),
        cmocka_unit_test(a_wrong_route_points_at_the_character),
        cmocka_unit_test(the_command_line_adds_plugins),
        cmocka_unit_test(the_command_line_sets_the_address),
        cmocka_unit_test(the_whole_is_checked),
        cmocka_unit_test(the_help_names_every_option_in_80_columns),
        cmocka_unit_test(the_example_of_the_manual_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
