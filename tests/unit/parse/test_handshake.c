/* The WebSocket handshake on top of a head: RFC 6455, section 4.2.1, with one thing wrong
 * at a time. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/head.h"

#define KEY "dGhlIHNhbXBsZSBub25jZQ==" /* of RFC 6455, section 1.3 */

/* What a client sends; a member that is NULL is left out. */
struct hello {
    const char *line, *upgrade, *connection, *version, *key, *more;
};

static const struct hello good = {
    .line = "GET /chat HTTP/1.1",
    .upgrade = "websocket",
    .connection = "Upgrade",
    .version = "13",
    .key = KEY,
};

static char text[2000];
static struct head head;

static void add(const char *name, const char *value)
{
    size_t len = strlen(text);
    if (value)
        (void)snprintf(text + len, sizeof(text) - len, "%s: %s\r\n", name, value);
}

static void read_hello(const struct hello *hello)
{
    unsigned status = 0;
    const char *why = "nothing";
    head_fini(&head);
    (void)snprintf(text, sizeof(text), "%s\r\nHost: h\r\n", hello->line);
    add("Upgrade", hello->upgrade);
    add("Connection", hello->connection);
    add("Sec-WebSocket-Version", hello->version);
    add("Sec-WebSocket-Key", hello->key);
    (void)strcat(strcat(text, hello->more ? hello->more : ""), "\r\n");
    if (head_parse(text, strlen(text), &head, &status, &why) != JF_OK)
        fail_msg("%u %s: %s", status, why, text);
}

static void refused(const struct hello *hello, unsigned expected, const char *reason)
{
    unsigned status = 0;
    const char *why = "nothing";
    jf_bytes key = jf_str("untouched");
    read_hello(hello);
    assert_true(head_wants_upgrade(&head));
    assert_int_equal(head_check_upgrade(&head, &key, &status, &why), JF_E_INVALID);
    assert_int_equal(status, expected);
    assert_string_equal(why, reason);
    assert_string_equal(key.ptr, "untouched");
    head_fini(&head);
}

static void accepted(const struct hello *hello)
{
    unsigned status = 0;
    const char *why = "nothing";
    jf_bytes key = { NULL, 0 };
    read_hello(hello);
    assert_true(head_wants_upgrade(&head));
    if (head_check_upgrade(&head, &key, &status, &why) != JF_OK)
        fail_msg("%u %s: %s", status, why, text);
    assert_true(bytes_eq(key, hello->key));
    assert_int_equal(status, 0);
    head_fini(&head);
}

static void another_method_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = { "POST / HTTP/1.1", "HEAD / HTTP/1.1",
                                         "get / HTTP/1.1", "GETT / HTTP/1.1" };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct hello hello = good;
        hello.line = lines[i];
        refused(&hello, 400, "a WebSocket handshake is a GET");
    }
}

static void http_1_0_is_refused(void **state)
{
    (void)state;
    struct hello hello = good;
    hello.line = "GET / HTTP/1.0";
    refused(&hello, 400, "a WebSocket handshake needs HTTP/1.1");
}

static void connection_must_say_upgrade(void **state)
{
    (void)state;
    static const char *const values[] = {
        NULL, "", "keep-alive", "Upgraded", "Up grade", "Upgrade;", "close,,", "websocket"
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct hello hello = good;
        hello.connection = values[i];
        refused(&hello, 400, "the Connection header does not say Upgrade");
    }
}

static void a_body_is_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "Content-Length: 1\r\n",
        "content-length: 00\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Transfer-Encoding:\r\n",
        "transfer-encoding: \r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: identity\r\n",
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct hello hello = good;
        hello.more = bodies[i];
        refused(&hello, 400, "a WebSocket handshake has no body");
    }
}

static void another_version_is_refused_with_426(void **state)
{
    (void)state;
    static const char *const versions[] = { NULL,  "",     "8",  "12",    "14",
                                            "013", "1",    "3",  "13, 8", "13 8",
                                            "+13", "0x0d", "-1", "13.0" };
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct hello hello = good;
        hello.version = versions[i];
        refused(&hello, 426, "Sec-WebSocket-Version 13 is spoken here");
    }
}

static void two_versions_or_keys_are_refused(void **state)
{
    (void)state;
    struct hello hello = good;
    hello.more = "sec-websocket-version: 13\r\n";
    refused(&hello, 400, "there is more than one Sec-WebSocket-Version");
    hello.more = "sec-websocket-key: " KEY "\r\n";
    refused(&hello, 400, "there is more than one Sec-WebSocket-Key");
}

static void a_key_is_16_octets_in_base64(void **state)
{
    (void)state;
    static const char *const keys[] = {
        NULL,
        "",
        "=",
        "========================",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ=",
        "dGhlIHNhbXBsZSBub25jZQ===",
        "dGhlIHNhbXBsZSBub25jZQA=", /* 17 octets */
        "dGhlIHNhbXBsZSBub25jZQAA", /* 18 */
        "dGhlIHNhbXBsZSBub25jZ===", /* 15 */
        "dGhlIHNhbXBsZSBub25jZR==", /* bits that 16 octets do not have */
        "dGhlIHNhbXBsZSBub25j_w==", /* base64url */
        "dGhlIHNhbXBsZSBub25j-w==",
        "dGhlIHNhbXBs SBub25jZQ==",
        "dGhlIHNhbXBs\tSBub25jZQ==",
        "dGhl=HNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25j\xc3\xa4==",
        "dGhlIHNhbXBsZSBub25j.Q==",
        "\"GhlIHNhbXBsZSBub25jZQ==",
        KEY "," KEY,
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct hello hello = good;
        hello.key = keys[i];
        refused(&hello, 400, "Sec-WebSocket-Key is not 16 octets in base64");
    }
}

static void a_handshake_as_browsers_send_it_is_accepted(void **state)
{
    (void)state;
    struct hello hello = good;
    accepted(&hello);
    hello.more = "Pragma: no-cache\r\nOrigin: http://h\r\n"
                 "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
    hello.connection = "keep-alive, Upgrade"; /* Firefox */
    accepted(&hello);
    hello.more = "Content-Length: 0\r\n";
    hello.key = "AAAAAAAAAAAAAAAAAAAAAA==";
    accepted(&hello);
    hello.key = "////////////////////+w==";
    accepted(&hello);
    hello.key = "  " KEY " \t";
    read_hello(&hello);
    unsigned status;
    const char *why;
    jf_bytes key;
    assert_int_equal(head_check_upgrade(&head, &key, &status, &why), JF_OK);
    assert_true(bytes_eq(key, KEY));
    head_fini(&head);
}

static void tokens_are_compared_without_case_in_lists_and_repeated_headers(void **state)
{
    (void)state;
    static const char *const upgrades[] = { "WebSocket", "WEBSOCKET", "h2c, websocket",
                                            ",,websocket,,", "x,\twebsocket\t" };
    static const char *const connections[] = { "upgrade", "UPGRADE", "a,b , upGrade,c",
                                               " ,Upgrade", "Upgrade,Upgrade" };
    for (size_t i = 0; i < 5; i++) {
        struct hello hello = good;
        hello.upgrade = upgrades[i];
        hello.connection = connections[i];
        accepted(&hello);
    }
    struct hello hello = good;
    hello.upgrade = "h2c";
    hello.connection = "keep-alive";
    hello.more = "connection: UPGRADE\r\nupgrade: websocket\r\n";
    accepted(&hello);
}

static void what_does_not_name_websocket_is_plain_http(void **state)
{
    (void)state;
    static const char *const upgrades[] = {
        NULL,        "", "h2c", "websockets", "web socket", "websocket/13", "\"websocket\"",
        "web,socket"
    };
    for (size_t i = 0; i < sizeof(upgrades) / sizeof(upgrades[0]); i++) {
        struct hello hello = good;
        hello.upgrade = upgrades[i];
        read_hello(&hello);
        assert_false(head_wants_upgrade(&head));
        head_fini(&head);
    }
}

static bool offers(const char *name)
{
    return head_offers(head.headers, head.header_count, "Sec-WebSocket-Protocol",
                       jf_str(name));
}

static void subprotocols_are_exact_tokens_of_all_their_headers(void **state)
{
    (void)state;
    struct hello hello = good;
    hello.more = "Sec-WebSocket-Protocol: chat, superchat ,,v2\r\n"
                 "X-Other: other\r\nsec-websocket-protocol:last\r\n";
    read_hello(&hello);
    assert_true(offers("chat"));
    assert_true(offers("superchat"));
    assert_true(offers("v2"));
    assert_true(offers("last"));
    assert_false(offers("Chat"));
    assert_false(offers("super"));
    assert_false(offers("chat, superchat"));
    assert_false(offers("other"));
    assert_false(offers(""));
    head_fini(&head);
    read_hello(&good);
    assert_false(offers("chat"));
    assert_false(offers(""));
    head_fini(&head);
}

static void the_accept_key_is_that_of_the_rfc(void **state)
{
    (void)state;
    char accept[29];
    head_accept_key(jf_str(KEY), accept);
    assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    head_accept_key(jf_str("x3JJHMbDL1EzLkh9GBhXDw=="), accept);
    assert_string_equal(accept, "HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_method_is_refused),
        cmocka_unit_test(http_1_0_is_refused),
        cmocka_unit_test(connection_must_say_upgrade),
        cmocka_unit_test(a_body_is_refused),
        cmocka_unit_test(another_version_is_refused_with_426),
        cmocka_unit_test(two_versions_or_keys_are_refused),
        cmocka_unit_test(a_key_is_16_octets_in_base64),
        cmocka_unit_test(a_handshake_as_browsers_send_it_is_accepted),
        cmocka_unit_test(tokens_are_compared_without_case_in_lists_and_repeated_headers),
        cmocka_unit_test(what_does_not_name_websocket_is_plain_http),
        cmocka_unit_test(subprotocols_are_exact_tokens_of_all_their_headers),
        cmocka_unit_test(the_accept_key_is_that_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
