/* The JSON of an event, against what AWS itself sends. Read back with cJSON, so that the
 * order of keys is nobody's promise. */
#include "tests/unit/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/parse/aws_event.h"
#include "core/parse/head.h"

static const struct aws_event plain = {
    .route = BYTES("sendMessage"),
    .stage = BYTES("production"),
    .connection_id = BYTES("PJqB0fHsqRcCHlw="),
    .request_id = BYTES("PJqCFEqHqRcFd0w="),
    .message_id = BYTES("PJqCFfHyKRcCHlw="),
    .api_id = BYTES("abc123"),
    .domain = BYTES("abc123.execute-api.us-east-1.amazonaws.com"),
    .source_ip = BYTES("192.0.2.1"),
    .connected_at = 1701245041796,
    .requested_at = 1701245043417,
    .secure = true,
};

static cJSON *read_back(const struct aws_event *event)
{
    size_t len = 0;
    char *text = aws_event_json(event, &len);
    assert_non_null(text);
    cJSON *json = cJSON_ParseWithLength(text, len);
    assert_non_null(json);
    free(text);
    return json;
}

static void assert_json(const struct aws_event *event, const char *expected)
{
    cJSON *got = read_back(event), *wanted = cJSON_Parse(expected);
    assert_non_null(wanted);
    if (!cJSON_Compare(got, wanted, true)) {
        char *text = cJSON_Print(got);
        fail_msg("got %s", text);
    }
    cJSON_Delete(got);
    cJSON_Delete(wanted);
}

/* The examples are the reference's: captured from AWS, or of its documentation. */
static void a_message_is_as_from_aws(void **state)
{
    (void)state;
    struct aws_event event = plain;
    struct jf_message message = { jf_str("{\"action\":\"sendMessage\",\"data\":\"hi\"}"),
                                  JF_TEXT };
    event.message = &message;
    assert_json(
        &event,
        "{\"requestContext\": {\"routeKey\": \"sendMessage\","
        "\"messageId\": \"PJqCFfHyKRcCHlw=\", \"eventType\": \"MESSAGE\","
        "\"extendedRequestId\": \"PJqCFEqHqRcFd0w=\","
        "\"requestTime\": \"29/Nov/2023:08:04:03 +0000\", \"messageDirection\": \"IN\","
        "\"stage\": \"production\", \"connectedAt\": 1701245041796,"
        "\"requestTimeEpoch\": 1701245043417, \"identity\": {\"sourceIp\": \"192.0.2.1\"},"
        "\"requestId\": \"PJqCFEqHqRcFd0w=\","
        "\"domainName\": \"abc123.execute-api.us-east-1.amazonaws.com\","
        "\"connectionId\": \"PJqB0fHsqRcCHlw=\", \"apiId\": \"abc123\"},"
        "\"body\": \"{\\\"action\\\":\\\"sendMessage\\\",\\\"data\\\":\\\"hi\\\"}\","
        "\"isBase64Encoded\": false}");
}

/* AWS's own example of mutual TLS; the fingerprint is ours. */
static void a_certificate_is_told_as_by_aws(void **state)
{
    (void)state;
    static const struct aws_client_cert cert = {
        .pem = BYTES("-----BEGIN CERTIFICATE-----\n"),
        .subject = BYTES("www.example.com"),
        .issuer = BYTES("Example issuer"),
        .serial = BYTES("a1:a1"),
        .fingerprint = BYTES("00ff"),
        .not_before = BYTES("May 28 12:30:02 2019 GMT"),
        .not_after = BYTES("Aug  5 09:36:04 2021 GMT"),
    };
    struct aws_event event = plain;
    struct jf_message message = { jf_str("hi"), JF_TEXT };
    event.message = &message;
    event.client_cert = &cert;
    cJSON *json = read_back(&event);
    const cJSON *context = cJSON_GetObjectItem(json, "requestContext");
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(context, "identity"));
    assert_string_equal(
        text, "{\"sourceIp\":\"192.0.2.1\",\"clientCert\":{"
              "\"clientCertPem\":\"-----BEGIN CERTIFICATE-----\\n\","
              "\"subjectDN\":\"www.example.com\",\"issuerDN\":\"Example issuer\","
              "\"serialNumber\":\"a1:a1\",\"sha256Fingerprint\":\"00ff\",\"validity\":{"
              "\"notBefore\":\"May 28 12:30:02 2019 GMT\","
              "\"notAfter\":\"Aug  5 09:36:04 2021 GMT\"}}}");
    cJSON_free(text);
    cJSON_Delete(json);
}

static void an_api_key_is_part_of_the_identity(void **state)
{
    (void)state;
    struct aws_event event = plain;
    struct jf_message message = { jf_str("hi"), JF_TEXT };
    event.message = &message;
    event.api_key = jf_str("a secret");
    event.api_key_id = jf_str("ann");
    cJSON *json = read_back(&event);
    const cJSON *context = cJSON_GetObjectItem(json, "requestContext");
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(context, "identity"));
    assert_string_equal(text, "{\"sourceIp\":\"192.0.2.1\",\"apiKey\":\"a secret\","
                              "\"apiKeyId\":\"ann\"}");
    cJSON_free(text);
    cJSON_Delete(json);
}

static char *authorizer_of(const struct aws_event *event)
{
    cJSON *json = read_back(event);
    const cJSON *context = cJSON_GetObjectItem(json, "requestContext");
    char *text = cJSON_PrintUnformatted(cJSON_GetObjectItem(context, "authorizer"));
    cJSON_Delete(json);
    return text;
}

static void how_long_an_authorizer_took_stands_once_in_a_connect(void **state)
{
    (void)state;
    static const struct jf_pair said[] = { { BYTES("integrationLatency"), BYTES("mine") },
                                           { BYTES("team"), BYTES("a") } };
    struct aws_event event = plain;
    struct jf_connect connect = { 0 };
    struct jf_message message = { jf_str("hi"), JF_TEXT };
    event.authorizer = said;
    event.authorizer_count = 2;
    event.authorizer_ms = 7;
    event.connect = &connect;
    char *text = authorizer_of(&event);
    assert_string_equal(text, "{\"team\":\"a\",\"integrationLatency\":7}");
    cJSON_free(text);
    event.connect = NULL;
    event.message = &message;
    text = authorizer_of(&event);
    assert_string_equal(text, "{\"integrationLatency\":\"mine\",\"team\":\"a\"}");
    cJSON_free(text);
}

static void stage_variables_stand_beside_the_context(void **state)
{
    (void)state;
    static const struct jf_pair variables[] = {
        { BYTES("table"), BYTES("chat \"prod\"") },
        { BYTES("Table"), BYTES("") },
    };
    struct aws_event event = plain;
    struct jf_message message = { jf_str("hi"), JF_TEXT };
    event.message = &message;
    cJSON *json = read_back(&event);
    assert_false(cJSON_HasObjectItem(json, "stageVariables"));
    cJSON_Delete(json);
    event.variables = variables;
    event.variable_count = 2;
    json = read_back(&event);
    const cJSON *given = cJSON_GetObjectItem(json, "stageVariables");
    assert_int_equal(cJSON_GetArraySize(given), 2);
    const cJSON *table = cJSON_GetObjectItemCaseSensitive(given, "table");
    assert_string_equal(table->valuestring, "chat \"prod\"");
    assert_string_equal(table->next->string, "Table");
    cJSON_Delete(json);
}

static void a_disconnect_is_as_from_aws(void **state)
{
    (void)state;
    struct aws_event event = plain;
    struct jf_disconnect gone = { jf_str("Client-side close frame status not set"), 1005 };
    event.disconnect = &gone;
    event.route = jf_str("$disconnect");
    assert_json(
        &event,
        "{\"headers\": {\"Host\": \"abc123.execute-api.us-east-1.amazonaws.com\","
        "\"x-api-key\": \"\", \"X-Forwarded-For\": \"\", \"x-restapi\": \"\"},"
        "\"multiValueHeaders\": {"
        "\"Host\": [\"abc123.execute-api.us-east-1.amazonaws.com\"],"
        "\"x-api-key\": [\"\"], \"X-Forwarded-For\": [\"\"], \"x-restapi\": [\"\"]},"
        "\"requestContext\": {\"routeKey\": \"$disconnect\","
        "\"disconnectStatusCode\": 1005, \"eventType\": \"DISCONNECT\","
        "\"extendedRequestId\": \"PJqCFEqHqRcFd0w=\","
        "\"requestTime\": \"29/Nov/2023:08:04:03 +0000\", \"messageDirection\": \"IN\","
        "\"disconnectReason\": \"Client-side close frame status not set\","
        "\"stage\": \"production\", \"connectedAt\": 1701245041796,"
        "\"requestTimeEpoch\": 1701245043417, \"identity\": {\"sourceIp\": \"192.0.2.1\"},"
        "\"requestId\": \"PJqCFEqHqRcFd0w=\","
        "\"domainName\": \"abc123.execute-api.us-east-1.amazonaws.com\","
        "\"connectionId\": \"PJqB0fHsqRcCHlw=\", \"apiId\": \"abc123\"},"
        "\"isBase64Encoded\": false}");
}

static void a_connect_is_as_from_aws(void **state)
{
    (void)state;
    static const struct jf_pair headers[] = {
        { BYTES("Host"), BYTES("a.example") },
        { BYTES("Connection"), BYTES("Upgrade") },
        { BYTES("upgrade"), BYTES("websocket") },
        { BYTES("Content-Length"), BYTES("0") },
        { BYTES("Sec-WebSocket-Protocol"), BYTES("a, b") },
        { BYTES("User-Agent"), BYTES("Mozilla/5.0") },
    };
    static const struct jf_pair query[] = { { BYTES("token"), BYTES("t") } };
    struct aws_event event = plain;
    struct jf_connect connect = {
        .headers = headers, .header_count = 6, .query = query, .query_count = 1
    };
    event.connect = &connect;
    event.route = jf_str("$connect");
    event.domain = jf_str("a.example");
    event.user_agent = jf_str("Mozilla/5.0");
    assert_json(
        &event,
        "{\"headers\": {\"Host\": \"a.example\", \"Sec-WebSocket-Protocol\": \"a, b\","
        "\"User-Agent\": \"Mozilla/5.0\", \"X-Forwarded-For\": \"192.0.2.1\","
        "\"X-Forwarded-Port\": \"443\", \"X-Forwarded-Proto\": \"https\"},"
        "\"multiValueHeaders\": {\"Host\": [\"a.example\"],"
        "\"Sec-WebSocket-Protocol\": [\"a, b\"], \"User-Agent\": [\"Mozilla/5.0\"],"
        "\"X-Forwarded-For\": [\"192.0.2.1\"], \"X-Forwarded-Port\": [\"443\"],"
        "\"X-Forwarded-Proto\": [\"https\"]},"
        "\"queryStringParameters\": {\"token\": \"t\"},"
        "\"multiValueQueryStringParameters\": {\"token\": [\"t\"]},"
        "\"requestContext\": {\"routeKey\": \"$connect\", \"eventType\": \"CONNECT\","
        "\"extendedRequestId\": \"PJqCFEqHqRcFd0w=\","
        "\"requestTime\": \"29/Nov/2023:08:04:03 +0000\", \"messageDirection\": \"IN\","
        "\"stage\": \"production\", \"connectedAt\": 1701245041796,"
        "\"requestTimeEpoch\": 1701245043417,"
        "\"identity\": {\"userAgent\": \"Mozilla/5.0\", \"sourceIp\": \"192.0.2.1\"},"
        "\"requestId\": \"PJqCFEqHqRcFd0w=\", \"domainName\": \"a.example\","
        "\"connectionId\": \"PJqB0fHsqRcCHlw=\", \"apiId\": \"abc123\"},"
        "\"isBase64Encoded\": false}");
}

static const cJSON *at(const cJSON *json, const char *map, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(json, map),
                                            name);
}

static const char *text_at(const cJSON *json, const char *map, const char *name)
{
    return cJSON_GetStringValue(at(json, map, name));
}

static const char *nth(const cJSON *json, const char *map, const char *name, int index)
{
    return cJSON_GetStringValue(cJSON_GetArrayItem(at(json, map, name), index));
}

/* Reads a $connect of these headers and parameters back. */
static cJSON *connect_with(const struct jf_pair *headers, size_t header_count,
                           const struct jf_pair *query, size_t query_count)
{
    struct aws_event event = plain;
    struct jf_connect connect = { .headers = headers,
                                  .header_count = header_count,
                                  .query = query,
                                  .query_count = query_count };
    event.connect = &connect;
    event.secure = false;
    event.domain = jf_find(headers, header_count, "Host");
    return read_back(&event);
}

static void of_repeated_names_the_last_counts_and_all_are_listed(void **state)
{
    (void)state;
    static const struct jf_pair headers[] = { { BYTES("Cookie"), BYTES("a=1") },
                                              { BYTES("X"), BYTES("x") },
                                              { BYTES("COOKIE"), BYTES("b=2") },
                                              { BYTES("cookie"), BYTES("") } };
    static const struct jf_pair query[] = { { BYTES("a"), BYTES("1") },
                                            { BYTES("A"), BYTES("2") },
                                            { BYTES("a"), BYTES("3") },
                                            { BYTES(""), BYTES("nameless") } };
    cJSON *json = connect_with(headers, 4, query, 4);
    assert_string_equal(text_at(json, "headers", "Cookie"), "");
    assert_null(at(json, "headers", "cookie"));
    assert_string_equal(nth(json, "multiValueHeaders", "Cookie", 0), "a=1");
    assert_string_equal(nth(json, "multiValueHeaders", "Cookie", 1), "b=2");
    assert_string_equal(nth(json, "multiValueHeaders", "Cookie", 2), "");
    assert_string_equal(text_at(json, "queryStringParameters", "a"), "3");
    assert_string_equal(text_at(json, "queryStringParameters", "A"), "2");
    assert_string_equal(text_at(json, "queryStringParameters", ""), "nameless");
    assert_string_equal(nth(json, "multiValueQueryStringParameters", "a", 1), "3");
    cJSON_Delete(json);
}

static void without_a_query_there_is_no_map_of_it(void **state)
{
    (void)state;
    cJSON *json = connect_with(NULL, 0, NULL, 0);
    assert_null(cJSON_GetObjectItem(json, "queryStringParameters"));
    assert_null(cJSON_GetObjectItem(json, "multiValueQueryStringParameters"));
    assert_null(cJSON_GetObjectItem(json, "body"));
    cJSON_Delete(json);
}

static void hostile_names_and_values_stay_within_their_strings(void **state)
{
    (void)state;
    static const struct jf_pair headers[] = {
        { BYTES("User-Agent"), BYTES("\",\"isBase64Encoded\":true,\"x\":\"\\") },
        { BYTES("X-Octets"), BYTES("\xff\xc3\x28\xed\xa0\x80") }
    };
    static const struct jf_pair query[] = { { BYTES("\"}]\n"), BYTES("\x1f\\u0041") },
                                            { BYTES("\xc0\x80"), BYTES("\xe4") } };
    cJSON *json = connect_with(headers, 2, query, 2);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItem(json, "isBase64Encoded")));
    assert_null(cJSON_GetObjectItem(json, "x"));
    assert_string_equal(text_at(json, "headers", "User-Agent"),
                        "\",\"isBase64Encoded\":true,\"x\":\"\\");
    assert_string_equal(text_at(json, "queryStringParameters", "\"}]\n"), "\x1f\\u0041");
    assert_string_equal(text_at(json, "queryStringParameters", "\xef\xbf\xbd\xef\xbf\xbd"),
                        "\xef\xbf\xbd");
    cJSON_Delete(json);
}

static void as_many_headers_as_a_head_may_have_fit(void **state)
{
    (void)state;
    struct jf_pair headers[HEAD_HEADERS_MAX];
    char names[HEAD_HEADERS_MAX][8];
    for (int i = 0; i < HEAD_HEADERS_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "X-%d", i);
        headers[i] = (struct jf_pair){ jf_str(names[i]), jf_str(names[i]) };
    }
    cJSON *json = connect_with(headers, HEAD_HEADERS_MAX, NULL, 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(json, "headers")),
                     HEAD_HEADERS_MAX + 3);
    assert_string_equal(text_at(json, "headers", "X-127"), "X-127");
    assert_string_equal(text_at(json, "headers", "X-Forwarded-Proto"), "http");
    cJSON_Delete(json);
}

/* ---- Behind a proxy ----------------------------------------------------- */

static void a_made_up_address_is_not_the_last(void **state)
{
    (void)state;
    static const struct jf_pair headers[] = { { BYTES("x-forwarded-for"),
                                                BYTES("10.0.0.1") } };
    cJSON *json = connect_with(headers, 1, NULL, 0);
    assert_string_equal(text_at(json, "headers", "x-forwarded-for"), "192.0.2.1");
    assert_string_equal(nth(json, "multiValueHeaders", "x-forwarded-for", 0), "10.0.0.1");
    cJSON_Delete(json);
}

static void what_a_proxy_says_of_scheme_and_port_stays(void **state)
{
    (void)state;
    static const struct jf_pair headers[] = { { BYTES("Host"), BYTES("a.example:8080") },
                                              { BYTES("X-Forwarded-Proto"),
                                                BYTES("https") },
                                              { BYTES("x-forwarded-port"), BYTES("444") } };
    struct aws_event event = plain;
    struct jf_connect connect = { .headers = headers, .header_count = 3 };
    event.connect = &connect;
    event.domain = headers[0].value;
    event.secure = false;
    event.by_proxy = true;
    cJSON *json = read_back(&event);
    assert_string_equal(text_at(json, "headers", "X-Forwarded-Proto"), "https");
    assert_string_equal(text_at(json, "headers", "x-forwarded-port"), "444");
    assert_int_equal(cJSON_GetArraySize(at(json, "multiValueHeaders", "x-forwarded-port")),
                     1);
    cJSON_Delete(json);

    event.by_proxy = false; /* a stranger's word is ours instead */
    json = read_back(&event);
    assert_string_equal(text_at(json, "headers", "X-Forwarded-Proto"), "http");
    assert_string_equal(text_at(json, "headers", "X-Forwarded-Port"), "8080");
    assert_int_equal(cJSON_GetArraySize(at(json, "multiValueHeaders", "X-Forwarded-Port")),
                     1);
    cJSON_Delete(json);
}

static void the_port_is_the_one_the_client_wrote_or_meant(void **state)
{
    (void)state;
    static const struct {
        const char *host, *port;
    } known[] = {
        { "a.example:8080", "8080" },
        { "a.example", "80" },
        { "192.0.2.1", "80" },
        { "[2001:db8::1]:9", "9" },
        { "[::1]", "80" },
        { "a.example:", "80" },
        { "8080", "80" },
        { "", "80" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct jf_pair host = { jf_str("Host"), jf_str(known[i].host) };
        cJSON *json = connect_with(&host, 1, NULL, 0);
        assert_string_equal(text_at(json, "headers", "X-Forwarded-Port"), known[i].port);
        cJSON_Delete(json);
    }
}

/* ---- Bodies and times --------------------------------------------------- */

static void a_binary_body_is_base64(void **state)
{
    (void)state;
    struct aws_event event = plain;
    struct jf_message message = { jf_view("\0\xff\xfe\xfd", 4), JF_BINARY };
    event.message = &message;
    cJSON *json = read_back(&event);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "body")),
                        "AP/+/Q==");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "isBase64Encoded")));
    assert_null(cJSON_GetObjectItem(json, "headers"));
    cJSON_Delete(json);

    message.body = jf_view(NULL, 0);
    json = read_back(&event);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(json, "body")), "");
    cJSON_Delete(json);
}

static void an_absent_reason_is_an_empty_one(void **state)
{
    (void)state;
    struct aws_event event = plain;
    struct jf_disconnect gone = { jf_view(NULL, 0), 1006 };
    event.disconnect = &gone;
    cJSON *json = read_back(&event);
    assert_string_equal(text_at(json, "requestContext", "disconnectReason"), "");
    assert_null(at(json, "requestContext", "messageId"));
    cJSON_Delete(json);
}

static void times_are_utc_and_in_english(void **state)
{
    (void)state;
    static const struct {
        uint64_t ms;
        const char *time;
    } known[] = {
        { 0, "01/Jan/1970:00:00:00 +0000" },
        { 1709210096789, "29/Feb/2024:12:34:56 +0000" },
        { 1735689599999, "31/Dec/2024:23:59:59 +0000" },
        { 4102444800000, "01/Jan/2100:00:00:00 +0000" },
    };
    setenv("TZ", "Asia/Kathmandu", 1);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct aws_event event = plain;
        struct jf_message message = { jf_str(""), JF_TEXT };
        event.message = &message;
        event.requested_at = known[i].ms;
        cJSON *json = read_back(&event);
        assert_string_equal(text_at(json, "requestContext", "requestTime"), known[i].time);
        assert_true(cJSON_GetNumberValue(at(json, "requestContext", "requestTimeEpoch")) ==
                    (double)known[i].ms);
        cJSON_Delete(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_is_as_from_aws),
        cmocka_unit_test(a_certificate_is_told_as_by_aws),
        cmocka_unit_test(an_api_key_is_part_of_the_identity),
        cmocka_unit_test(how_long_an_authorizer_took_stands_once_in_a_connect),
        cmocka_unit_test(stage_variables_stand_beside_the_context),
        cmocka_unit_test(a_disconnect_is_as_from_aws),
        cmocka_unit_test(a_connect_is_as_from_aws),
        cmocka_unit_test(of_repeated_names_the_last_counts_and_all_are_listed),
        cmocka_unit_test(without_a_query_there_is_no_map_of_it),
        cmocka_unit_test(hostile_names_and_values_stay_within_their_strings),
        cmocka_unit_test(as_many_headers_as_a_head_may_have_fit),
        cmocka_unit_test(a_made_up_address_is_not_the_last),
        cmocka_unit_test(what_a_proxy_says_of_scheme_and_port_stays),
        cmocka_unit_test(the_port_is_the_one_the_client_wrote_or_meant),
        cmocka_unit_test(a_binary_body_is_base64),
        cmocka_unit_test(an_absent_reason_is_an_empty_one),
        cmocka_unit_test(times_are_utc_and_in_english),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
