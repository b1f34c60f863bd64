/* Host and base path to stage: who is known, what fits best, what is left. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/host/domains.h"

static const char text[] =
    "{\"plugins\": [\"/a.so\"], \"domains\": {"
    " \"Chat.Example.COM\": {\"/\": \"prod\", \"/v2\": \"beta\", \"/v2/old\": \"prod\"},"
    " \"api.example.com\": {\"/v$1\": \"beta\"},"
    " \"[2001:db8::1]\": {\"/\": \"beta\"},"
    " \"empty.example\": {}}}";

static struct domains domains;

static int start(void **state)
{
    (void)state;
    struct config *config;
    struct config_error wrong;
    assert_int_equal(config_parse(jf_str(text), "/", &config, &wrong), JF_OK);
    domains_init(&domains, config);
    config_free(config); /* it has copies */
    return 0;
}

static int stop(void **state)
{
    (void)state;
    domains_free(&domains);
    return 0;
}

/* `expected` is the stage and what is left of the path, "none" or "unknown host". */
static void check(const char *host, const char *path, const char *expected)
{
    char got[128] = "unknown host";
    jf_bytes stage, left;
    if (domains_find(&domains, jf_str(host), jf_str(path), &stage, &left))
        snprintf(got, sizeof(got), "%.*s", (int)stage.len, stage.ptr ? stage.ptr : "");
    if (strcmp(got, "unknown host") != 0 && stage.ptr)
        snprintf(got + stage.len, sizeof(got) - stage.len, " %.*s", (int)left.len,
                 left.ptr ? left.ptr : "");
    if (strcmp(got, expected) != 0)
        fail_msg("%s%s: %s", host, path, got);
}

static void a_known_host_has_base_paths(void **state)
{
    (void)state;
    check("chat.example.com", "/", "prod /");
    check("chat.example.com", "", "prod ");
    check("chat.example.com", "/v2", "beta ");
    check("chat.example.com", "/v2/", "beta /");
    check("chat.example.com", "/v2/@connections/x", "beta /@connections/x");
    check("chat.example.com", "/@connections/x", "prod /@connections/x");
    check("api.example.com", "/v$1/room", "beta /room");
}

static void the_longest_base_path_in_whole_parts_wins(void **state)
{
    (void)state;
    check("chat.example.com", "/v2/old/x", "prod /x");
    check("chat.example.com", "/v2/older", "beta /older");
    check("chat.example.com", "/v22", "prod /v22");
    check("chat.example.com", "/V2", "prod /V2");
    check("chat.example.com", "//v2", "prod //v2");
    check("chat.example.com", "/beta", "prod /beta");
}

static void a_known_host_has_no_other_paths(void **state)
{
    (void)state;
    check("api.example.com", "/", "");
    check("api.example.com", "", "");
    check("api.example.com", "/prod", "");
    check("api.example.com", "/v", "");
    check("api.example.com", "/v$12", "");
    check("empty.example", "/", "");
    check("empty.example", "/prod", "");
    check("chat.example.com", "*", "");
}

static void a_host_is_known_in_any_case_and_at_any_port(void **state)
{
    (void)state;
    check("CHAT.example.com", "/v2", "beta ");
    check("chat.example.com:8443", "/v2", "beta ");
    check("chat.example.com:", "/v2", "beta ");
    check("chat.example.com.", "/v2", "beta ");
    check("chat.example.com.:1", "/v2", "beta ");
    check("[2001:DB8::1]:80", "/", "beta /");
    check("[2001:db8::1]", "/x", "beta /x");
}

static void others_are_not(void **state)
{
    (void)state;
    static const char *const others[] = {
        "example.com",
        "xchat.example.com",
        "chat.example.comm",
        "chat.example.com..",
        "chat.example.com/",
        ":80",
        "",
        "[2001:db8::1",
        "2001:db8::1",
        "[2001:db8::2]",
        "*",
        "localhost:8080",
    };
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        check(others[i], "/v2", "unknown host");
}

static void a_name_of_any_length_may_be_asked_for(void **state)
{
    (void)state;
    static char name[70000];
    memset(name, 'h', sizeof(name) - 1);
    for (size_t len = 250; len < 260; len++) {
        jf_bytes stage, left;
        assert_false(
            domains_find(&domains, jf_view(name, len), jf_str("/"), &stage, &left));
    }
    check(name, "/", "unknown host");
}

static void without_domains_nobody_is_known(void **state)
{
    (void)state;
    struct domains none = { 0 };
    jf_bytes stage, left;
    assert_false(domains_find(&none, jf_str("h"), jf_str("/"), &stage, &left));
    domains_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_host_has_base_paths),
        cmocka_unit_test(the_longest_base_path_in_whole_parts_wins),
        cmocka_unit_test(a_known_host_has_no_other_paths),
        cmocka_unit_test(a_host_is_known_in_any_case_and_at_any_port),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(a_name_of_any_length_may_be_asked_for),
        cmocka_unit_test(without_domains_nobody_is_known),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
