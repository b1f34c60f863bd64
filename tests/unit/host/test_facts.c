/* Facts of a connection, and the JSON of its events; the network is played by the test. */
#include "tests/unit/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/event.h"
#include "core/host/facts.h"
#include "core/host/worker.h"
#include "core/net/tls_client.h"

struct conn {
    const char *peer;
    struct head head;
};

const struct head *conn_head(const struct conn *conn)
{
    return &conn->head;
}

jf_bytes conn_peer(const struct conn *conn, char text[CONN_PEER_MAX])
{
    snprintf(text, CONN_PEER_MAX, "%s", conn->peer);
    return jf_str(text);
}

static const char *shown_subject; /* NULL: the client has shown no certificate */

struct tls_client *conn_client_cert(const struct conn *conn)
{
    (void)conn;
    if (!shown_subject)
        return NULL;
    struct tls_client *cert = xnew(struct tls_client);
    cert->subject = jf_str(shown_subject);
    cert->issuer = jf_str("CN=ca");
    cert->serial = jf_str("0a:0b");
    cert->fingerprint = jf_str("00ff");
    cert->not_before = jf_str("May 28 12:30:02 2019 GMT");
    cert->not_after = jf_str("Aug  5 09:36:04 2021 GMT");
    return cert;
}

static struct worker worker;
static struct config_variable variables[] = { { "table", "chat-prod" }, { "empty", "" } };
static struct config_stage stage = { .api_id = "abc123",
                                     .variables = variables,
                                     .variable_count = 2 };

/* The JSON of a message that such a connection sends, and what it was released with. */
static cJSON *json_of(const char *peer, jf_bytes host, jf_bytes agent)
{
    struct jf_pair headers[] = { { BYTES("host"), host }, { BYTES("user-agent"), agent } };
    struct conn conn = { peer, { .headers = headers, .header_count = agent.ptr ? 2 : 1 } };
    struct event event = { .magic = EVENT_MAGIC, .worker = &worker };
    event.of.message = (struct jf_message){ jf_str("hi"), JF_TEXT };
    event.pub.message = &event.of.message;
    event.pub.kind = JF_MESSAGE;
    event.pub.route = jf_str("talk");
    event.pub.stage = jf_str("$default");
    event.facts = facts_new(&conn, false);
    event.settings = settings_new(&stage, PROFILE_JACKFIELD, NULL);

    jf_bytes text = facts_json(&event);
    assert_ptr_equal(facts_json(&event).ptr, text.ptr); /* made once */
    cJSON *json = cJSON_ParseWithLength(text.ptr, text.len);
    assert_non_null(json);
    free(event.json);
    facts_unref(event.facts);
    settings_unref(event.settings);
    return json;
}

static const cJSON *context_of(const cJSON *json, const char *name)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(json, "requestContext"), name);
}

static const char *text_of(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(context_of(json, name));
}

static const char *identity_of(const cJSON *json, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItem(context_of(json, "identity"), name));
}

static void an_event_tells_who_called_and_when(void **state)
{
    (void)state;
    double before = (double)time(NULL) * 1000;
    cJSON *json = json_of("192.0.2.1:50000", jf_str("a.example:8080"), jf_str("cat/1.0"));
    double after = (double)time(NULL) * 1000 + 1000;
    assert_string_equal(identity_of(json, "sourceIp"), "192.0.2.1");
    assert_string_equal(identity_of(json, "userAgent"), "cat/1.0");
    assert_string_equal(text_of(json, "domainName"), "a.example:8080");
    assert_string_equal(text_of(json, "routeKey"), "talk");
    assert_string_equal(text_of(json, "stage"), "$default");
    assert_string_equal(text_of(json, "connectionId"), "AAAAAAAAAAAAAAA=");
    double connected = cJSON_GetNumberValue(context_of(json, "connectedAt"));
    double requested = cJSON_GetNumberValue(context_of(json, "requestTimeEpoch"));
    assert_true(before <= connected && connected <= requested && requested <= after);
    cJSON_Delete(json);
}

static void an_event_tells_of_the_certificate(void **state)
{
    (void)state;
    cJSON *json = json_of("192.0.2.1:1", jf_str("h"), jf_str(""));
    assert_false(cJSON_HasObjectItem(context_of(json, "identity"), "clientCert"));
    cJSON_Delete(json);
    shown_subject = "CN=ann";
    json = json_of("192.0.2.1:1", jf_str("h"), jf_str(""));
    shown_subject = NULL;
    const cJSON *cert = cJSON_GetObjectItem(context_of(json, "identity"), "clientCert");
    const cJSON *validity = cJSON_GetObjectItem(cert, "validity");
    assert_string_equal(cJSON_GetObjectItem(cert, "subjectDN")->valuestring, "CN=ann");
    assert_string_equal(cJSON_GetObjectItem(cert, "issuerDN")->valuestring, "CN=ca");
    assert_string_equal(cJSON_GetObjectItem(cert, "serialNumber")->valuestring, "0a:0b");
    assert_string_equal(cJSON_GetObjectItem(cert, "sha256Fingerprint")->valuestring,
                        "00ff");
    assert_string_equal(cJSON_GetObjectItem(validity, "notBefore")->valuestring,
                        "May 28 12:30:02 2019 GMT");
    assert_string_equal(cJSON_GetObjectItem(validity, "notAfter")->valuestring,
                        "Aug  5 09:36:04 2021 GMT");
    assert_false(cJSON_HasObjectItem(cert, "clientCertPem")); /* too long: left out */
    cJSON_Delete(json);
}

static void a_caller_tells_of_it_too(void **state)
{
    (void)state;
    struct conn conn = { "192.0.2.1:1", { .header_count = 0 } };
    struct facts *facts = facts_new(&conn, false);
    assert_int_equal(facts_caller(facts).cert_subject.len, 0);
    assert_int_equal(facts_caller(facts).cert_fingerprint.len, 0);
    facts_unref(facts);
    shown_subject = "CN=ann";
    facts = facts_new(&conn, false);
    shown_subject = NULL;
    assert_true(jf_same(facts_caller(facts).cert_subject, jf_str("CN=ann")));
    assert_true(jf_same(facts_caller(facts).cert_fingerprint, jf_str("00ff")));
    facts_unref(facts);
    facts = facts_of_orphan(1);
    assert_int_equal(facts_caller(facts).cert_subject.len, 0);
    facts_unref(facts);
}

static void an_event_tells_what_the_stage_was_given(void **state)
{
    (void)state;
    cJSON *json = json_of("192.0.2.1:1", jf_str("h"), jf_str(""));
    const cJSON *given = cJSON_GetObjectItem(json, "stageVariables");
    assert_string_equal(text_of(json, "apiId"), "abc123");
    assert_int_equal(cJSON_GetArraySize(given), 2);
    assert_string_equal(cJSON_GetObjectItem(given, "table")->valuestring, "chat-prod");
    assert_string_equal(cJSON_GetObjectItem(given, "empty")->valuestring, "");
    cJSON_Delete(json);
}

static void ids_of_requests_and_messages_are_new_each_time(void **state)
{
    (void)state;
    cJSON *one = json_of("192.0.2.1:1", jf_str("h"), jf_str(""));
    cJSON *two = json_of("192.0.2.1:1", jf_str("h"), jf_str(""));
    assert_int_equal(strlen(text_of(one, "requestId")), JF_CONN_ID_TEXT);
    assert_int_equal(strlen(text_of(one, "messageId")), JF_CONN_ID_TEXT);
    assert_string_equal(text_of(one, "requestId"), text_of(one, "extendedRequestId"));
    assert_string_not_equal(text_of(one, "requestId"), text_of(one, "messageId"));
    assert_string_not_equal(text_of(one, "requestId"), text_of(two, "requestId"));
    assert_string_not_equal(text_of(one, "messageId"), text_of(two, "messageId"));
    cJSON_Delete(one);
    cJSON_Delete(two);
}

static void an_address_has_no_port_and_no_brackets(void **state)
{
    (void)state;
    static const struct {
        const char *peer, *ip;
    } known[] = {
        { "203.0.113.255:65535", "203.0.113.255" },
        { "[2001:db8::1]:50000", "2001:db8::1" },
        { "[::ffff:192.0.2.1]:50000", "192.0.2.1" },
        { "[::ffff:0:1]:1", "::ffff:0:1" },
        { "[2001:0db8:85a3:0001:0002:8a2e:0370:7334]:65535",
          "2001:0db8:85a3:0001:0002:8a2e:0370:7334" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        cJSON *json = json_of(known[i].peer, jf_str("h"), jf_str("a"));
        assert_string_equal(identity_of(json, "sourceIp"), known[i].ip);
        cJSON_Delete(json);
    }
}

static void of_long_headers_the_beginning_is_kept(void **state)
{
    (void)state;
    static char host[300], agent[10000];
    memset(host, 'h', sizeof(host));
    memset(agent, 'a', sizeof(agent));
    memset(agent + 255, 0xc3, 1); /* cut in the middle of a character */
    memset(agent + 256, 0xa4, 1);
    cJSON *json = json_of("192.0.2.1:1", jf_view(host, 300), jf_view(agent, 10000));
    assert_int_equal(strlen(text_of(json, "domainName")), 256);
    const char *kept = identity_of(json, "userAgent");
    assert_int_equal(strspn(kept, "a"), 255);
    assert_string_equal(kept + 255, "\xef\xbf\xbd");
    cJSON_Delete(json);
}

static void an_agent_that_says_nothing_is_left_out(void **state)
{
    (void)state;
    cJSON *json = json_of("192.0.2.1:1", jf_str("h"), jf_view(NULL, 0));
    assert_null(identity_of(json, "userAgent"));
    cJSON_Delete(json);
    json = json_of("192.0.2.1:1", jf_str("h"), jf_str(""));
    assert_null(identity_of(json, "userAgent"));
    cJSON_Delete(json);
}

static void facts_live_as_long_as_somebody_holds_them(void **state)
{
    (void)state;
    struct conn conn = { .peer = "192.0.2.1:1" };
    struct facts *facts = facts_new(&conn, false);
    assert_ptr_equal(facts_ref(facts), facts);
    facts_unref(facts);
    facts_unref(facts);
    facts_unref(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_tells_who_called_and_when),
        cmocka_unit_test(an_event_tells_of_the_certificate),
        cmocka_unit_test(a_caller_tells_of_it_too),
        cmocka_unit_test(an_event_tells_what_the_stage_was_given),
        cmocka_unit_test(ids_of_requests_and_messages_are_new_each_time),
        cmocka_unit_test(an_address_has_no_port_and_no_brackets),
        cmocka_unit_test(of_long_headers_the_beginning_is_kept),
        cmocka_unit_test(an_agent_that_says_nothing_is_left_out),
        cmocka_unit_test(facts_live_as_long_as_somebody_holds_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
