/* Request heads: their first line, the query, and where they end. */
#include "tests/unit/parse/head_talk.h"

/* ---- The request line --------------------------------------------------- */

static void a_malformed_request_line_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "GET",
        "GET ",
        "GET /",
        "GET / ",
        "GET  / HTTP/1.1",
        "GET /  HTTP/1.1",
        "GET / HTTP/1.1 ",
        " GET / HTTP/1.1",
        "GET\t/\tHTTP/1.1",
        "G(T / HTTP/1.1",
        "G\xc3\x84T / HTTP/1.1",
        "/ HTTP/1.1",
        "GET / http/1.1",
        "GET / HTTP/1.10",
        "GET / HTTP/1,1",
        "GET / HTTP/11",
        "GET / HTTPS/1.1",
        "GET / HTTP /1.1",
        "GET / HTTP/x.1",
        "GET / HTTP/1.x",
        "GET /a b HTTP/1.1",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), "%s\r\n" HOST "\r\n", lines[i]);
        refused(text, 400, "the request line is not a method, a target and a version");
    }
}

static void a_target_has_no_odd_character(void **state)
{
    (void)state;
    static const char *const targets[] = { "/caf\xc3\xa9",       "/#fragment", "/a\tb",
                                           "http://h/#fragment", "/?caf\xe9",  "#",
                                           "http://h\xc3\xa4/",  "/?a=b#c" };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        refused_target(targets[i], "the request target has a character it may not have");
}

static void a_control_character_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "GET /\x01 HTTP/1.1\r\n" HOST "\r\n",
        "GET /\x7f HTTP/1.1\r\n" HOST "\r\n",
        "GET /\r HTTP/1.1\r\n" HOST "\r\n",
        LINE "Host: h\r\r\n\r\n",
        LINE HOST "A: b\rC: d\r\n\r\n",
        LINE "\rHost: h\r\n\r\n",
        LINE HOST "Name: a\x01z\r\n\r\n",
        LINE HOST "Name: \x7f\r\n\r\n",
        LINE HOST "Name: \x1b[31m\r\nC: d\r\n\r\n",
        LINE HOST "Name: a\x0b\r\n\r\n",
        LINE HOST "Na\x02me: a\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        refused(heads[i], 400, "there is a control character in the head");
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char text[] = "GET /a HTTP/1.1\r\nHost: h\r\nName: value\r\n\r\n";
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        char with[sizeof(text)];
        unsigned status = 0;
        const char *why = NULL;
        memcpy(with, text, sizeof(text));
        with[at] = '\0';
        assert_int_equal(parse(with, sizeof(text) - 1, &status, &why), JF_E_INVALID);
        assert_true(status == 400 || status == 505); /* HTTP/\0.1 is another version */
        assert_non_null(why);
    }
    done();
}

static void another_version_is_refused_with_505(void **state)
{
    (void)state;
    static const char *const versions[] = { "HTTP/0.9", "HTTP/1.2", "HTTP/1.9",
                                            "HTTP/2.0", "HTTP/2.1", "HTTP/3.0" };
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), "GET / %s\r\n" HOST "\r\n", versions[i]);
        refused(text, 505, "HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    /* What a client begins with that takes HTTP/2 for granted (RFC 9113, 3.4). */
    refused("PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/1.1 and HTTP/1.0 are spoken here");
}

static void a_target_that_is_no_path_is_refused(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "example.com:443", "a",       "?a=1",  "*?a",          "**",        "http:/x",
        "ftp://h/x",       "http://", "ws://", "http:///path", "wss://?a",  "javascript:x",
        "wss://user@h//x", "*",       "://h/", "http://h:x/",  "http://[/", "http://[]/"
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        refused_target(targets[i], "the request target is neither a path nor a URL");
}

static void the_target_is_split_as_written(void **state)
{
    (void)state;
    read_target("/chat/%2e%2E/a?x=%41&y");
    is(head.method, "GET");
    is(head.target, "/chat/%2e%2E/a?x=%41&y");
    is(head.path, "/chat/%2e%2E/a");
    is(head.query_text, "x=%41&y");
    read_target("/");
    is(head.path, "/");
    is(head.query_text, "");
    assert_int_equal(head.query_count, 0);
    read_target("//two//slashes");
    is(head.path, "//two//slashes");
    read_target("/?");
    is(head.query_text, "");
    read_target("/a?b?c=d?e");
    is(head.path, "/a");
    is(head.query_text, "b?c=d?e");
    read_head("OPTIONS * HTTP/1.1\r\n" HOST "\r\n");
    is(head.path, "*");
    done();
}

static void an_absolute_target_is_its_path(void **state)
{
    (void)state;
    static const char *const same[][3] = {
        { "http://example.com/chat?a=1", "/chat", "a=1" },
        { "HTTPS://example.com:8443/", "/", "" },
        { "ws://h/x/y", "/x/y", "" },
        { "wss://h//x", "//x", "" },
        { "ws://[::1]:80?q=/", "/", "q=/" },
        { "http://example.com", "/", "" },
        { "http://example.com?a=1", "/", "a=1" },
        { "http://example.com?next=/admin", "/", "next=/admin" },
        { "http://example.com?", "/", "" },
    };
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        read_target(same[i][0]);
        is(head.target, same[i][0]);
        is(head.path, same[i][1]);
        is(head.query_text, same[i][2]);
    }
    done();
}

/* ---- The query ---------------------------------------------------------- */

static void a_malformed_escape_is_refused(void **state)
{
    (void)state;
    static const char *const queries[] = { "%",    "%4",    "a=%",   "a=%4",  "a=%4&b",
                                           "a%=b", "%=41",  "a=%4g", "a=%g4", "a=%%41",
                                           "%&41", "a=%+1", "a=%-1" };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        char target[40];
        (void)snprintf(target, sizeof(target), "/?%s", queries[i]);
        refused_target(target, "a percent escape in the query is malformed");
        (void)snprintf(target, sizeof(target), "/?x=y&%s", queries[i]);
        refused_target(target, "a percent escape in the query is malformed");
    }
}

static void there_are_at_most_128_parameters(void **state)
{
    (void)state;
    char target[900] = "/?p=0";
    for (int i = 1; i < HEAD_QUERY_MAX; i++)
        (void)snprintf(target + strlen(target), 10, "&p=%d", i);
    read_target(target);
    assert_int_equal(head.query_count, HEAD_QUERY_MAX);
    is(head.query[HEAD_QUERY_MAX - 1].value, "127");
    (void)strcat(target, "&p");
    refused_target(target, "there are more than 128 query parameters");
    target[strlen(target) - 1] = '\0'; /* what lies between two "&&" is none */
    (void)strcat(target, "&&&");
    read_target(target);
    assert_int_equal(head.query_count, HEAD_QUERY_MAX);
    memset(target + 2, '&', 300);
    target[2 + 300] = '\0';
    read_target(target);
    assert_int_equal(head.query_count, 0);
    done();
}

static void names_and_values_are_decoded(void **state)
{
    (void)state;
    read_target("/?a=1&b+c=%2Bd+e%20f&=&&g&h=&i=j=k&%c3%A4=%E2%82%ac&a=2");
    static const char *const pairs[][2] = {
        { "a", "1" },
        { "b c", "+d e f" },
        { "", "" },
        { "g", "" },
        { "h", "" },
        { "i", "j=k" },
        { "\xc3\xa4", "\xe2\x82\xac" },
        { "a", "2" },
    };
    assert_int_equal(head.query_count, sizeof(pairs) / sizeof(pairs[0]));
    for (size_t i = 0; i < head.query_count; i++) {
        is(head.query[i].name, pairs[i][0]);
        is(head.query[i].value, pairs[i][1]);
    }
    read_target("/?%26%3d=%00%ff");
    is(head.query[0].name, "&=");
    assert_int_equal(head.query[0].value.len, 2);
    assert_memory_equal(head.query[0].value.ptr, "\0\xff", 2);
    assert_non_null(jf_find(head.query, head.query_count, "&=").ptr);
    read_target("/?empty=&none");
    assert_non_null(jf_find(head.query, head.query_count, "empty").ptr);
    assert_non_null(jf_find(head.query, head.query_count, "none").ptr);
    read_target("/?&&&");
    assert_int_equal(head.query_count, 0);
    done();
}

/* ---- Where it ends ------------------------------------------------------ */

static void the_end_is_found_from_wherever_was_searched_before(void **state)
{
    (void)state;
    const char *text = "GET /\r\n\r\r\n\r\n\r\n\r\n";
    size_t end = strlen("GET /\r\n\r\r\n\r\n");
    for (size_t len = 0; len <= strlen(text); len++) {
        size_t expected = len < end ? 0 : end;
        char *bytes = malloc(len ? len : 1);
        memcpy(bytes, text, len);
        for (size_t seen = 0; seen <= len && seen < end; seen++)
            assert_int_equal(head_length(bytes, len, seen), expected);
        free(bytes);
    }
}

/* So that head_parse() can refuse it at once, and nobody waits for more. */
static void lines_without_cr_have_an_end_too(void **state)
{
    (void)state;
    static const char *const texts[] = { "GET / HTTP/1.1\nHost: h\n\n",
                                         "a\n\n",
                                         "a\r\n\n",
                                         "a\n\r\n",
                                         "\n",
                                         "\r\n",
                                         "a\nb\n\n" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t end = strlen(texts[i]);
        char text[64];
        unsigned status = 0;
        const char *why = NULL;
        (void)strcat(strcpy(text, texts[i]), "\n\r\n\nmore");
        for (size_t len = 0; len <= strlen(text); len++) {
            for (size_t seen = 0; seen <= len && seen < end; seen++)
                assert_int_equal(head_length(text, len, seen), len < end ? 0 : end);
        }
        assert_int_equal(parse(text, end, &status, &why), JF_E_INVALID);
        assert_int_equal(status, 400);
    }
    done();
}

static void other_ends_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",        "\r",         "a\r\r",          "a\n\r\r", "a\r\n \r\n",
        "a\r\n\r", "a\r\n\rb\n", "a\n\r\r\nb\r\n", "a\n \n",  "a\r\n\t\r\n"
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(head_length(texts[i], strlen(texts[i]), 0), 0);
    assert_int_equal(head_length("a\0\r\n\r\nb", 8, 0), 6);
    assert_int_equal(head_length(NULL, 0, 0), 0);
}

static void an_empty_head_can_be_released(void **state)
{
    (void)state;
    struct head empty = { 0 };
    head_fini(&empty);
    read_target("/?a=1");
    head_fini(&head);
    head_fini(&head);
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_malformed_request_line_is_refused),
        cmocka_unit_test(a_target_has_no_odd_character),
        cmocka_unit_test(a_control_character_is_refused_wherever_it_stands),
        cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
        cmocka_unit_test(another_version_is_refused_with_505),
        cmocka_unit_test(a_target_that_is_no_path_is_refused),
        cmocka_unit_test(the_target_is_split_as_written),
        cmocka_unit_test(an_absolute_target_is_its_path),
        cmocka_unit_test(a_malformed_escape_is_refused),
        cmocka_unit_test(there_are_at_most_128_parameters),
        cmocka_unit_test(names_and_values_are_decoded),
        cmocka_unit_test(the_end_is_found_from_wherever_was_searched_before),
        cmocka_unit_test(lines_without_cr_have_an_end_too),
        cmocka_unit_test(other_ends_are_none),
        cmocka_unit_test(an_empty_head_can_be_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
