/* Request heads: what is refused, with its status and reason, and what is read. Heads are
 * copied to memory of their exact size, so a sanitizer sees a read past their end. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/head.h"

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: h\r\n"

static struct head head;
static char *copy;

static void done(void)
{
    head_fini(&head);
    free(copy);
    copy = NULL;
}

static int parse(const char *bytes, size_t len, unsigned *status, const char **why)
{
    done();
    copy = malloc(len ? len : 1);
    memcpy(copy, bytes, len);
    return head_parse(copy, len, &head, status, why);
}

static void refused_bytes(const char *bytes, size_t len, unsigned expected,
                          const char *reason)
{
    unsigned status = 0;
    const char *why = "nothing";
    assert_int_equal(parse(bytes, len, &status, &why), JF_E_INVALID);
    assert_int_equal(status, expected);
    assert_string_equal(why, reason);
    assert_null(head.headers);
    assert_null(head.query);
    done();
}

static void refused(const char *text, unsigned expected, const char *reason)
{
    refused_bytes(text, strlen(text), expected, reason);
}

static void read_head(const char *text)
{
    unsigned status = 0;
    const char *why = "nothing";
    if (parse(text, strlen(text), &status, &why) != JF_OK)
        fail_msg("%u %s: %s", status, why, text);
    assert_int_equal(status, 0);
}

static void read_target(const char *target)
{
    char text[1000];
    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    read_head(text);
}

static void refused_target(const char *target, const char *reason)
{
    char text[1000];
    (void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" HOST "\r\n", target);
    refused(text, 400, reason);
}

static void is(jf_bytes view, const char *text)
{
    if (!bytes_eq(view, text))
        fail_msg("\"%.*s\" is not \"%s\"", BYTES_FMT(view), text);
}

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
        "GET /a b HTTP/1.1",
        "GET /\x01 HTTP/1.1",
        "GET /\x7f HTTP/1.1",
        "GET /caf\xc3\xa9 HTTP/1.1",
        "GET /#fragment HTTP/1.1",
        "GET /a\tb HTTP/1.1",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), "%s\r\n" HOST "\r\n", lines[i]);
        refused(text, 400, "the request line is malformed");
    }
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
        refused(text, 505, "HTTP/1.1 is spoken here");
    }
    /* What a client begins with that takes HTTP/2 for granted (RFC 9113, 3.4). */
    refused("PRI * HTTP/2.0\r\n\r\n", 505, "HTTP/1.1 is spoken here");
}

static void a_target_that_is_no_path_is_refused(void **state)
{
    (void)state;
    static const char *const targets[] = {
        "example.com:443", "a",       "?a=1",  "*?a",          "**",       "http:/x",
        "ftp://h/x",       "http://", "ws://", "http:///path", "wss://?a", "javascript:x"
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
        refused_target(targets[i], "the request target must begin with a slash");
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
        { "wss://user@h//x", "//x", "" },
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

/* ---- Headers ------------------------------------------------------------ */

static void lines_end_in_cr_lf_and_nothing_else(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\n\nHost: h\n\r\n\r\n",
        LINE "Host: h\n\r\n",
        LINE HOST "A: b\nC: d\r\n\r\n",
        LINE HOST "\n\r\n",
        LINE "Host: h\r\r\n\r\n",
        LINE HOST "A: b\rC: d\r\n\r\n",
        LINE "\rHost: h\r\n\r\n",
        "GET /\r HTTP/1.1\r\n" HOST "\r\n",
        "\n" LINE HOST "\r\n",
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        refused(heads[i], 400, "a line does not end in CR LF");
}

static void a_head_that_is_not_whole_is_refused(void **state)
{
    (void)state;
    const char *text = LINE HOST "A: b\r\n\r\n";
    for (size_t len = 0; len < strlen(text); len++) {
        unsigned status = 0;
        const char *why = NULL;
        assert_int_equal(parse(text, len, &status, &why), JF_E_INVALID);
        assert_int_equal(status, 400);
        assert_string_equal(why, "a line does not end in CR LF");
    }
    done();
}

static void a_malformed_header_line_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "Name : value", /* request smuggling (RFC 9112, 5.1) */
        "Name\t: value",
        " Name: value",
        "\tfolded",
        " folded: too",
        "Na me: value",
        "no colon",
        ":",
        ": value",
        "N(me: value",
        "N\xc3\xa4me: value",
        "Name: a\x01z",
        "Name: \x7f",
        "Name: \x1b[31m",
        "Name: a\x0b",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), LINE HOST "%s\r\n\r\n", lines[i]);
        refused(text, 400, "a header line is malformed");
        (void)snprintf(text, sizeof(text), LINE HOST "A: b\r\n%s\r\nC: d\r\n\r\n",
                       lines[i]);
        refused(text, 400, "a header line is malformed");
    }
    refused(LINE " " HOST "\r\n", 400, "a header line is malformed");
}

static void headers_stay_as_written_but_for_blanks_around_values(void **state)
{
    (void)state;
    read_head(LINE HOST
              "X-A:b\r\nx-a: \t two  words\t \r\nEMPTY:\r\nBlank:  \r\n"
              "!#$%&'*+-.^_`|~09azAZ: \"quoted\", (all: fine)\t\xc3\xa4\xff\r\n\r\n");
    assert_int_equal(head.header_count, 6);
    assert_int_equal(head.minor, 1);
    is(head.headers[1].name, "X-A");
    is(head.headers[1].value, "b");
    is(head.headers[2].name, "x-a");
    is(head.headers[2].value, "two  words");
    is(head.headers[3].name, "EMPTY");
    is(head.headers[3].value, "");
    is(head.headers[4].value, "");
    is(head.headers[5].name, "!#$%&'*+-.^_`|~09azAZ");
    is(head.headers[5].value, "\"quoted\", (all: fine)\t\xc3\xa4\xff");
    done();
}

static void there_are_at_most_128_headers(void **state)
{
    (void)state;
    char text[4000] = LINE HOST;
    for (int i = 1; i < HEAD_HEADERS_MAX; i++)
        (void)snprintf(text + strlen(text), 20, "A: %d\r\n", i);
    size_t len = strlen(text);
    (void)strcpy(text + len, "\r\n");
    read_head(text);
    assert_int_equal(head.header_count, HEAD_HEADERS_MAX);
    is(head.headers[HEAD_HEADERS_MAX - 1].value, "127");
    (void)strcpy(text + len, "A: 128\r\n\r\n");
    refused(text, 431, "there are more than 128 headers");
}

static void http_1_1_needs_one_host(void **state)
{
    (void)state;
    refused(LINE "\r\n", 400, "the Host header is missing");
    refused(LINE "A: b\r\n\r\n", 400, "the Host header is missing");
    refused(LINE "Host:\r\n\r\n", 400, "the Host header is missing");
    refused(LINE "Hosts: h\r\n\r\n", 400, "the Host header is missing");
    refused(LINE HOST HOST "\r\n", 400, "there is more than one Host header");
    refused(LINE HOST "A: b\r\nhOST: h\r\n\r\n", 400, "there is more than one Host header");
    read_head(LINE "hOsT: h\r\n\r\n");
    done();
}

static void http_1_0_needs_none(void **state)
{
    (void)state;
    read_head("GET / HTTP/1.0\r\n\r\n");
    assert_int_equal(head.minor, 0);
    assert_int_equal(head.header_count, 0);
    refused("GET / HTTP/1.0\r\n" HOST HOST "\r\n", 400,
            "there is more than one Host header");
}

static void there_is_one_content_length(void **state)
{
    (void)state;
    refused(LINE HOST "Content-Length: 0\r\ncontent-length: 0\r\n\r\n", 400,
            "there is more than one Content-Length header");
    read_head(LINE HOST "Content-Length: 0\r\n\r\n");
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
    memset(target + 2, '&', 128);
    target[2 + 128] = '\0';
    refused_target(target, "there are more than 128 query parameters");
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

static void other_ends_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = { "",           "\r\n",          "\n\n",
                                         "a\n\n",      "a\r\r",         "a\r\n\n",
                                         "a\n\r\n\r",  "a\r\n \r\n",    "a\r\n\r",
                                         "a\r\n\rb\n", "a\n\r\n\rb\r\n" };
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
        cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
        cmocka_unit_test(another_version_is_refused_with_505),
        cmocka_unit_test(a_target_that_is_no_path_is_refused),
        cmocka_unit_test(the_target_is_split_as_written),
        cmocka_unit_test(an_absolute_target_is_its_path),
        cmocka_unit_test(lines_end_in_cr_lf_and_nothing_else),
        cmocka_unit_test(a_head_that_is_not_whole_is_refused),
        cmocka_unit_test(a_malformed_header_line_is_refused),
        cmocka_unit_test(headers_stay_as_written_but_for_blanks_around_values),
        cmocka_unit_test(there_are_at_most_128_headers),
        cmocka_unit_test(http_1_1_needs_one_host),
        cmocka_unit_test(http_1_0_needs_none),
        cmocka_unit_test(there_is_one_content_length),
        cmocka_unit_test(a_malformed_escape_is_refused),
        cmocka_unit_test(there_are_at_most_128_parameters),
        cmocka_unit_test(names_and_values_are_decoded),
        cmocka_unit_test(the_end_is_found_from_wherever_was_searched_before),
        cmocka_unit_test(other_ends_are_none),
        cmocka_unit_test(an_empty_head_can_be_released),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
