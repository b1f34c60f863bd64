/* What came after ABI 1.0, in the fake host: counting, the event as JSON, what is watched,
 * variables, and one instance that takes the place of another. */
#include "tests/unit/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "sdk/testing/fake_host.h"

/* Of a plugin that keeps $connect, $disconnect and "hold" until the test finishes them. */
static struct jf_event *held;
static uint64_t counted;
static int rejoined;

static int hold(struct jf_event *ev)
{
    held = ev;
    return JF_LATER;
}

static int join(struct jf_event *ev)
{
    return jf_group_join(ev->worker, jf_str("g"), ev->conn, NULL, NULL);
}

static int tell(struct jf_event *ev)
{
    return jf_send_group(ev->self, jf_str("g"), JF_TEXT, ev->message->body);
}

static int set(struct jf_event *ev)
{
    return jf_attr_set(ev->worker, ev->conn, jf_str("k"), ev->message->body, NULL, NULL);
}

static void on_count(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)w;
    (void)data;
    assert_int_equal(status, JF_OK);
    counted = count;
}

static int count(struct jf_event *ev)
{
    return jf_group_count(ev->worker, jf_str("g"), on_count, NULL);
}

static int on_disconnect(struct jf_event *ev)
{
    if (jf_group_leave(ev->worker, jf_str("g"), ev->conn, NULL, NULL) < 0)
        return JF_E_INTERNAL;
    rejoined = join(ev);
    return count(ev) < 0 ? JF_E_INTERNAL : hold(ev);
}

static const struct jf_route routes[] = {
    { "$connect", hold }, { "$disconnect", on_disconnect },
    { "hold", hold },     { "join", join },
    { "tell", tell },     { "set", set },
    { "count", count },   { NULL, NULL },
};

static const struct jf_plugin plugin = { .size = sizeof(plugin),
                                         .abi_major = JF_ABI_MAJOR,
                                         .abi_minor = JF_ABI_MINOR,
                                         .name = "test",
                                         .version = "1",
                                         .routes = routes };

static struct fake_host *start(uint32_t workers)
{
    struct fake_host *host = fake_host_new(&plugin, workers);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    return host;
}

static jf_conn_id greet(struct fake_host *host)
{
    jf_conn_id conn = fake_host_connect(host, NULL);
    jf_finish(held, JF_OK);
    fake_host_turn(host);
    return conn;
}

static void part(struct fake_host *host, jf_conn_id conn)
{
    fake_host_hang_up(host, conn, 1000, "");
    jf_finish(held, JF_OK);
    fake_host_turn(host);
}

/* ---- The event as JSON -----------------------------------------------------------------
 */

static cJSON *json_of_held(void)
{
    jf_bytes text = jf_event_json(held);
    assert_ptr_equal(jf_event_json(held).ptr, text.ptr); /* made once */
    cJSON *json = cJSON_ParseWithLength(text.ptr, text.len);
    assert_non_null(json);
    return json;
}

/* The text at "a.b.c"; an array's first element is its "0". */
static const char *at(const cJSON *json, const char *path)
{
    char name[64];
    while (json && *path) {
        size_t len = strcspn(path, ".");
        snprintf(name, sizeof(name), "%.*s", (int)len, path);
        json = cJSON_IsArray(json) ? cJSON_GetArrayItem(json, atoi(name))
                                   : cJSON_GetObjectItemCaseSensitive(json, name);
        path += len + (path[len] == '.');
    }
    return cJSON_GetStringValue(json);
}

static double number_at(const cJSON *json, const char *name)
{
    const cJSON *context = cJSON_GetObjectItem(json, "requestContext");
    return cJSON_GetNumberValue(cJSON_GetObjectItem(context, name));
}

static void a_connect_is_written_down_as_json(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    struct fake_client client = { .stage = "prod",
                                  .peer = "192.0.2.7:50000",
                                  .headers = "Host: a.example\nUser-Agent: \"cat\\\n"
                                             "X-Twice: 1\nx-twice: \xff",
                                  .query = "how=hold&a=1&a=2&A=%01" };
    fake_host_advance(host, 86400000);
    fake_host_connect_as(host, &client);
    cJSON *json = json_of_held();
    assert_string_equal(at(json, "requestContext.routeKey"), "$connect");
    assert_string_equal(at(json, "requestContext.eventType"), "CONNECT");
    assert_string_equal(at(json, "requestContext.stage"), "prod");
    assert_string_equal(at(json, "requestContext.domainName"), "a.example");
    assert_string_equal(at(json, "requestContext.identity.sourceIp"), "192.0.2.7");
    assert_string_equal(at(json, "requestContext.identity.userAgent"), "\"cat\\");
    assert_string_equal(at(json, "requestContext.requestTime"),
                        "02/Jan/1970:00:00:00 +0000");
    assert_true(number_at(json, "connectedAt") == 86400000);
    assert_string_equal(at(json, "headers.X-Twice"), "\xef\xbf\xbd");
    assert_string_equal(at(json, "multiValueHeaders.X-Twice.0"), "1");
    assert_null(at(json, "headers.x-twice"));
    assert_string_equal(at(json, "queryStringParameters.a"), "2");
    assert_string_equal(at(json, "queryStringParameters.A"), "\x01");
    assert_string_equal(at(json, "multiValueQueryStringParameters.a.1"), "2");
    assert_null(at(json, "body"));
    cJSON_Delete(json);
    jf_finish(held, JF_E_DENIED);
    fake_host_free(host);
}

static void messages_and_the_end_are_written_down_as_json(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = greet(host);
    char id[JF_CONN_ID_TEXT + 1];
    jf_id_to_text(fake_host_self(host), ann, id);
    fake_host_advance(host, 5);
    fake_host_say(host, ann, "hold", "{\"a\":\"\n\xc3\xa4\"}");
    cJSON *json = json_of_held();
    assert_string_equal(at(json, "body"), "{\"a\":\"\n\xc3\xa4\"}");
    assert_string_equal(at(json, "requestContext.connectionId"), id);
    assert_int_equal(strlen(at(json, "requestContext.messageId")), JF_CONN_ID_TEXT);
    assert_true(number_at(json, "connectedAt") == 0);
    assert_true(number_at(json, "requestTimeEpoch") == 5);
    assert_null(at(json, "requestContext.identity.userAgent"));
    assert_null(cJSON_GetObjectItem(json, "headers"));
    cJSON_Delete(json);
    jf_finish(held, JF_OK);
    fake_host_turn(host);

    fake_host_say_bytes(host, ann, "hold", JF_BINARY, jf_view("\0\xff\xfe\xfd", 4));
    json = json_of_held();
    assert_string_equal(at(json, "body"), "AP/+/Q==");
    assert_true(cJSON_IsTrue(cJSON_GetObjectItem(json, "isBase64Encoded")));
    cJSON_Delete(json);
    jf_finish(held, JF_OK);
    fake_host_turn(host);

    fake_host_hang_up(host, ann, 4001, "so \"long\"");
    json = json_of_held();
    assert_string_equal(at(json, "requestContext.disconnectReason"), "so \"long\"");
    assert_true(number_at(json, "disconnectStatusCode") == 4001);
    assert_string_equal(at(json, "multiValueHeaders.Host.0"), "localhost");
    cJSON_Delete(json);
    jf_finish(held, JF_OK);
    fake_host_free(host);
}

static void the_json_of_a_finished_event_is_a_fault(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = greet(host);
    fake_host_say(host, ann, "hold", "");
    jf_finish(held, JF_OK);
    fake_host_turn(host);
    assert_null(jf_event_json(held).ptr);
    assert_non_null(strstr(fake_host_fault(host), "finished event of route 'hold'"));
    part(host, ann);
    fake_host_free(host);
}

/* ---- Groups at the end -----------------------------------------------------------------
 */

static void who_is_gone_can_leave_and_count_but_not_join(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = greet(host), bob = greet(host);
    fake_host_say(host, ann, "count", "");
    fake_host_turn(host);
    assert_int_equal(counted, 0);
    fake_host_say(host, ann, "join", "");
    fake_host_say(host, bob, "join", "");
    fake_host_hang_up(host, bob, 1000, "");
    fake_host_turn(host);
    assert_int_equal(counted, 1);
    assert_int_equal(rejoined, JF_E_GONE);
    jf_finish(held, JF_OK);
    fake_host_turn(host);
    part(host, ann);
    assert_int_equal(counted, 0);
    fake_host_free(host);
}

/* ---- Reload ----------------------------------------------------------------------------
 */

static int take_state(jf_self *self, const jf_self *old)
{
    self->state = old->state;
    return old->state ? JF_OK : JF_E_UNAVAILABLE;
}

/* The same plugin, as a build that can take over. */
static struct fake_host *newer(void)
{
    struct jf_plugin build = plugin;
    build.take_over = take_state;
    return fake_host_new(&build, 2);
}

static void who_takes_over_has_the_state_and_the_clients(void **state)
{
    (void)state;
    struct fake_host *old = start(1), *new = newer();
    int kept = 7;
    fake_host_self(old)->state = &kept;
    jf_conn_id ann = greet(old), bob = greet(old);
    fake_host_say(old, ann, "set", "v");
    fake_host_say(old, ann, "join", "");
    fake_host_say(old, bob, "join", "");
    fake_host_say(old, ann, "tell", "hi");
    fake_host_turn(old);
    fake_host_advance(old, 3);

    assert_int_equal(fake_host_take_over(new, old, "{}"), JF_OK);
    assert_ptr_equal(fake_host_self(new)->state, &kept);
    fake_host_free(old);
    assert_string_equal(fake_host_hear(new, ann), "hi");
    assert_string_equal(fake_host_attr(new, ann, "k"), "v");
    fake_host_say(new, ann, "count", "");
    fake_host_turn(new);
    assert_int_equal(counted, 2);
    jf_conn_id cleo = greet(new);
    assert_memory_not_equal(&cleo, &bob, sizeof(cleo));
    part(new, ann);
    part(new, bob);
    part(new, cleo);
    fake_host_free(new);
}

static void who_is_at_work_stays_with_the_old_one(void **state)
{
    (void)state;
    struct fake_host *old = start(1), *new = newer();
    int kept = 7;
    fake_host_self(old)->state = &kept;
    jf_conn_id ann = greet(old), bob = greet(old);
    fake_host_say(old, ann, "hold", "");
    struct jf_event *anns = held;
    assert_int_equal(fake_host_take_over(new, old, "{}"), JF_OK);
    assert_ptr_equal(anns->self, fake_host_self(old));
    jf_finish(anns, JF_OK);
    fake_host_turn(old);
    part(new, bob);
    part(old, ann);
    fake_host_free(old);
    fake_host_free(new);
}

static void who_fails_to_take_over_changes_nothing(void **state)
{
    (void)state;
    struct fake_host *old = start(1), *new = newer();
    jf_conn_id ann = greet(old);
    assert_int_equal(fake_host_take_over(new, old, "{}"), JF_E_UNAVAILABLE);
    fake_host_free(new);
    assert_int_equal(fake_host_say(old, ann, "join", ""), JF_OK);
    part(old, ann);
    fake_host_free(old);
}

static void an_event_has_the_variables_of_its_time(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    size_t count = 7;
    jf_conn_id ann = greet(host);
    fake_host_say(host, ann, "hold", "");
    struct jf_event *before = held;
    jf_stage_variables(before, &count);
    assert_int_equal(count, 0);
    assert_null(jf_stage_variable(before, "table").ptr);
    assert_null(strstr(jf_event_json(before).ptr, "stageVariables"));
    fake_host_set_variable(host, "table", "old");
    fake_host_set_variable(host, "Table", "");
    fake_host_set_variable(host, "table", "new");
    assert_null(jf_stage_variable(before, "table").ptr);
    jf_finish(before, JF_OK);
    fake_host_turn(host);

    fake_host_say(host, ann, "hold", "");
    assert_true(jf_same(jf_stage_variable(held, "table"), jf_str("new")));
    assert_non_null(jf_stage_variable(held, "Table").ptr);
    assert_null(jf_stage_variable(held, "tabl").ptr);
    assert_non_null(strstr(jf_event_json(held).ptr,
                           "\"stageVariables\":{\"Table\":\"\",\"table\":\"new\"}"));
    jf_finish(held, JF_OK);
    fake_host_turn(host);
    fake_host_set_variable(host, "table", NULL);
    fake_host_say(host, ann, "hold", "");
    assert_null(jf_stage_variable(held, "table").ptr);
    jf_finish(held, JF_OK);
    fake_host_turn(host);
    part(host, ann);
    fake_host_free(host);
}

static void the_variables_of_a_finished_event_are_a_fault(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    size_t count = 0;
    jf_conn_id ann = greet(host);
    fake_host_say(host, ann, "hold", "");
    jf_finish(held, JF_OK);
    fake_host_turn(host);
    jf_stage_variables(held, &count);
    assert_non_null(strstr(fake_host_fault(host), "variables of a finished event"));
    part(host, ann);
    fake_host_free(host);
}

static void what_is_watched_can_be_asked(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    static const char long_path[4096];
    assert_int_equal(jf_watch(fake_host_self(host), jf_str("words.txt")), JF_OK);
    assert_true(fake_host_watches(host, "words.txt"));
    assert_false(fake_host_watches(host, "words"));
    assert_int_equal(jf_watch(fake_host_self(host), jf_str("")), JF_E_INVALID);
    assert_int_equal(jf_watch(fake_host_self(host), jf_view(long_path, 4096)),
                     JF_E_INVALID);
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connect_is_written_down_as_json),
        cmocka_unit_test(messages_and_the_end_are_written_down_as_json),
        cmocka_unit_test(the_json_of_a_finished_event_is_a_fault),
        cmocka_unit_test(who_is_gone_can_leave_and_count_but_not_join),
        cmocka_unit_test(who_takes_over_has_the_state_and_the_clients),
        cmocka_unit_test(who_is_at_work_stays_with_the_old_one),
        cmocka_unit_test(who_fails_to_take_over_changes_nothing),
        cmocka_unit_test(an_event_has_the_variables_of_its_time),
        cmocka_unit_test(the_variables_of_a_finished_event_are_a_fault),
        cmocka_unit_test(what_is_watched_can_be_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
