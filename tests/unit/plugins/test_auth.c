/* auth: who has a token comes in and is known, and nobody else does. */
#include "tests/unit/test.h"

#include "sdk/testing/fake_host.h"
#include "tests/unit/plugins/wrong_options.h"

#define TOKENS "{\"tokens\":{\"secret\":\"Ann\",\"hush\":\"Bob\",\"hush-hush\":\"Eve\"}}"

static struct fake_host *start(void)
{
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    assert_int_equal(fake_host_start(host, TOKENS), JF_OK);
    return host;
}

static jf_conn_id knock(struct fake_host *host, const char *query, const char *headers)
{
    struct fake_client client = { .query = query, .headers = headers };
    jf_conn_id conn = fake_host_connect_as(host, &client);
    fake_host_turn(host);
    return conn;
}

static void is_let_in_as(const char *query, const char *headers, const char *who)
{
    struct fake_host *host = start();
    jf_conn_id conn = knock(host, query, headers);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    assert_string_equal(fake_host_attr(host, conn, "who"), who);
    assert_int_equal(fake_host_say(host, conn, "whoami", "{\"who\":\"root\"}"), JF_LATER);
    fake_host_turn(host);
    assert_string_equal(fake_host_hear(host, conn), who);
    fake_host_free(host);
}

static void is_kept_out(const char *query, const char *headers)
{
    struct fake_host *host = start();
    jf_conn_id conn = knock(host, query, headers);
    struct fake_verdict verdict = fake_host_verdict(host, conn);
    assert_int_equal(verdict.http_status, 401);
    assert_string_equal(verdict.body, "a token is needed, and this is none\n");
    assert_null(fake_host_attr(host, conn, "who"));
    fake_host_free(host);
}

static void a_token_in_the_header_says_who_it_is(void **state)
{
    (void)state;
    is_let_in_as(NULL, "Authorization: Bearer secret", "Ann");
    is_let_in_as(NULL, "Host: a\nauthorization: bEARER    hush\nOrigin: b", "Bob");
}

static void a_token_in_the_query_is_taken_where_there_is_no_header(void **state)
{
    (void)state;
    is_let_in_as("token=hush", NULL, "Bob");
    is_let_in_as("a=b&token=hush-hush", "Origin: c", "Eve");
    is_let_in_as("token=nonsense", "Authorization: Bearer secret", "Ann");
    is_kept_out("token=secret", "Authorization: Bearer nonsense");
    is_kept_out("token=secret", "Authorization: Digest nonsense");
}

static void no_token_is_refused_with_401_and_a_reason(void **state)
{
    (void)state;
    is_kept_out(NULL, NULL);
    is_kept_out("token", NULL);
    is_kept_out("token=", NULL);
    is_kept_out(NULL, "Authorization: Bearer ");
    is_kept_out(NULL, "Authorization: Bearer");
    is_kept_out(NULL, "Authorization: B");
}

static void what_only_resembles_a_token_is_none(void **state)
{
    (void)state;
    static const char *const tokens[] = {
        "token=s",       "token=secre",       "token=secrets",     "token=Secret",
        "token=secret ", "token=secret%00",   "token=%00",         "token=hush-hus",
        "token=Ann",     "token=secrethush",  "token=tokens",      "TOKEN=secre",
        "token=\xff",    "token=hush%00hush", "token=hush-hush-h", "tok=secret",
    };
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++)
        is_kept_out(tokens[i], NULL);
}

static void a_scheme_ends_with_a_blank(void **state)
{
    (void)state;
    is_kept_out(NULL, "Authorization: secret");
    is_kept_out(NULL, "Authorization: Bearersecret");
    is_kept_out(NULL, "Authorization: Bearer\tsecret");
    is_kept_out(NULL, "Authorization: Basic secret");
}

static void without_a_store_nobody_enters(void **state)
{
    (void)state;
    struct fake_host *host = start();
    jf_conn_id ann = knock(host, "token=secret", NULL);
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    jf_conn_id bob = knock(host, "token=hush", NULL);
    assert_int_equal(fake_host_verdict(host, bob).http_status, 502);
    fake_host_say(host, ann, "whoami", "");
    fake_host_turn(host);
    assert_int_equal(fake_host_status(host, ann), JF_E_UNAVAILABLE);
    assert_null(fake_host_hear(host, ann));
    fake_host_free(host);
}

static void who_vanishes_at_the_door_is_no_trouble(void **state)
{
    (void)state;
    struct fake_host *host = start();
    jf_conn_id ann = fake_host_connect(host, "token=secret");
    fake_host_hang_up(host, ann, 1006, NULL);
    fake_host_turn(host);
    assert_null(fake_host_fault(host));
    fake_host_free(host);
}

static void options_without_tokens_stop_the_start(void **state)
{
    (void)state;
    static const char *const options[][2] = {
        { "{}", "option=\"tokens\"" },
        { "{\"tokens\":{}}", "option=\"tokens\"" },
        { "{\"tokens\":null}", "option=\"tokens\"" },
        { "{\"tokens\":\"secret\"}", "option=\"tokens\"" },
        { "{\"tokens\":[\"secret\"]}", "option=\"tokens\"" },
        { "{\"tokens\":{\"\":\"Ann\"}}", "option=\"tokens\"" },
        { "{\"tokens\":{\"secret\":\"\"}}", "option=\"tokens\"" },
        { "{\"tokens\":{\"secret\":1}}", "option=\"tokens\"" },
        { "{\"tokens\":{\"secret\":\"Ann\",\"hush\":null}}", "option=\"tokens\"" },
        { "{\"tokens\":{\"secret\":\"Ann\"},\"realm\":\"x\"}", "option=\"realm\"" },
        { "[]", "option=\"\"" },
        { "", "option=\"\"" },
    };
    options_refused(options, sizeof(options) / sizeof(options[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_in_the_header_says_who_it_is),
        cmocka_unit_test(a_token_in_the_query_is_taken_where_there_is_no_header),
        cmocka_unit_test(no_token_is_refused_with_401_and_a_reason),
        cmocka_unit_test(what_only_resembles_a_token_is_none),
        cmocka_unit_test(a_scheme_ends_with_a_blank),
        cmocka_unit_test(without_a_store_nobody_enters),
        cmocka_unit_test(who_vanishes_at_the_door_is_no_trouble),
        cmocka_unit_test(options_without_tokens_stop_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
