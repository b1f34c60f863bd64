/* Request heads: their lines, the headers in them, and what those must say. */
#include "tests/unit/parse/head_talk.h"

static void lines_end_in_cr_lf_and_nothing_else(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "GET / HTTP/1.1\n" HOST "\r\n",
        "GET / HTTP/1.1\n\nHost: h\n\r\n\r\n",
        LINE "Host: h\n\r\n",
        LINE HOST "A: b\nC: d\r\n\r\n",
        LINE HOST "\n\r\n",
        "\n" LINE HOST "\r\n",
        "GET / HTTP/1.1\nHost: h\n\n",
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
        "Name\t: value", "Na me: value", "no colon",           ":",
        ": value",       "N(me: value",  "N\xc3\xa4me: value",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), LINE HOST "%s\r\n\r\n", lines[i]);
        refused(text, 400, "a header is not a name, a colon and a value");
        (void)snprintf(text, sizeof(text), LINE HOST "A: b\r\n%s\r\nC: d\r\n\r\n",
                       lines[i]);
        refused(text, 400, "a header is not a name, a colon and a value");
    }
}

static void a_line_that_begins_with_a_blank_is_refused(void **state)
{
    (void)state;
    refused(LINE " " HOST "\r\n", 400, "a header is folded over two lines");
    refused(LINE HOST "A: b\r\n Name: value\r\n\r\n", 400,
            "a header is folded over two lines");
    refused(LINE HOST "A: b\r\n\tfolded\r\n\r\n", 400, "a header is folded over two lines");
    refused(LINE HOST "A: b\r\n folded: too\r\nC: d\r\n\r\n", 400,
            "a header is folded over two lines");
}

static void an_empty_value_is_not_an_absent_one(void **state)
{
    (void)state;
    read_head(LINE HOST "X-Empty:\r\nX-Blank: \t \r\n\r\n");
    jf_bytes empty = jf_find(head.headers, head.header_count, "x-empty");
    jf_bytes blank = jf_find(head.headers, head.header_count, "x-blank");
    assert_true(empty.ptr && !empty.len);
    assert_true(blank.ptr && !blank.len);
    assert_null(jf_find(head.headers, head.header_count, "x-absent").ptr);
    done();
}

static void nothing_follows_the_empty_line(void **state)
{
    (void)state;
    refused(LINE HOST "\r\nbody", 400, "the head goes on behind its empty line");
    refused("\r\n" LINE HOST "\r\n", 400,
            "the request line is not a method, a target and a version");
}

static void a_head_has_at_most_16384_octets(void **state)
{
    (void)state;
    static char text[HEAD_BYTES_MAX + 64] = LINE HOST "X: ";
    size_t len = strlen(text);
    memset(text + len, 'x', sizeof(text) - len);
    (void)strcpy(text + HEAD_BYTES_MAX - 4, "\r\n\r\n");
    read_head(text);
    (void)strcpy(text + HEAD_BYTES_MAX - 4, "x\r\n\r\n");
    refused(text, 431, "the request head is larger than 16384 octets");
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
    refused(LINE "Hosts: h\r\n\r\n", 400, "the Host header is missing");
    refused(LINE HOST HOST "\r\n", 400, "there is more than one Host header");
    refused(LINE HOST "A: b\r\nhOST: h\r\n\r\n", 400, "there is more than one Host header");
    read_head(LINE "hOsT: h\r\n\r\n");
    done();
}

static void a_host_is_a_name_or_an_address_and_a_port(void **state)
{
    (void)state;
    static const char *const good[] = {
        "h",  "a.example:80", "127.0.0.1",     "[::1]:8080", "[::1]",
        "h:", "my_host",      "xn--bcher-kva", "a%41:1",     "[::ffff:1.2.3.4]"
    };
    static const char *const bad[] = { "",     " ",   ":80",      "a, b",  "a b",
                                       "a/b",  "a:b", "a:80:",    "a:8 0", "user@h",
                                       "[::1", "[]",  "[x y]",    "::1",   "[::1]80",
                                       "a?b",  "a#b", "\xc3\xa4", "a\\b",  "[::1]]" };
    char text[100];
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        (void)snprintf(text, sizeof(text), LINE "Host: %s\r\n\r\n", good[i]);
        read_head(text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(text, sizeof(text), LINE "Host: %s\r\n\r\n", bad[i]);
        refused(text, 400, "the Host header is not a host and a port");
    }
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
    read_head(LINE HOST "Content-Length: 999999999999999999\r\n\r\n");
    done();
}

static void nobody_can_disagree_on_the_length_of_a_body(void **state)
{
    (void)state;
    static const char *const lengths[] = {
        "", "5, 5", "+5", "-1", "5 5", "0x5", "5.0", "5;a", "\"5\"", "9999999999999999999"
    };
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char text[100];
        (void)snprintf(text, sizeof(text), LINE HOST "Content-Length: %s\r\n\r\n",
                       lengths[i]);
        refused(text, 400, "the Content-Length is not a number");
    }
    refused(LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
            "there are both a Content-Length and a Transfer-Encoding");
    refused(LINE HOST "transfer-encoding:\r\ncontent-length: 0\r\n\r\n", 400,
            "there are both a Content-Length and a Transfer-Encoding");
    read_head(LINE HOST "Transfer-Encoding: chunked\r\n\r\n");
    done();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_end_in_cr_lf_and_nothing_else),
        cmocka_unit_test(a_head_that_is_not_whole_is_refused),
        cmocka_unit_test(a_malformed_header_line_is_refused),
        cmocka_unit_test(a_line_that_begins_with_a_blank_is_refused),
        cmocka_unit_test(an_empty_value_is_not_an_absent_one),
        cmocka_unit_test(nothing_follows_the_empty_line),
        cmocka_unit_test(a_head_has_at_most_16384_octets),
        cmocka_unit_test(headers_stay_as_written_but_for_blanks_around_values),
        cmocka_unit_test(there_are_at_most_128_headers),
        cmocka_unit_test(http_1_1_needs_one_host),
        cmocka_unit_test(a_host_is_a_name_or_an_address_and_a_port),
        cmocka_unit_test(http_1_0_needs_none),
        cmocka_unit_test(there_is_one_content_length),
        cmocka_unit_test(nobody_can_disagree_on_the_length_of_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
