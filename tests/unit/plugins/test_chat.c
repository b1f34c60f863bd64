/* chat: who is in the room hears what is said there, in both formats, on bad days too. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include <cjson/cJSON.h>

#include "sdk/testing/fake_host.h"
#include "tests/unit/plugins/wrong_options.h"

#define HELLO "{\"action\":\"onMessage\",\"message\":\"Hello everyone\"}"
#define JSON_FORMAT "{\"format\":\"json\"}"

static struct fake_host *start(const char *options)
{
    struct fake_host *host = fake_host_new(&jf_entry, 2);
    assert_int_equal(fake_host_start(host, options), JF_OK);
    return host;
}

static jf_conn_id enter(struct fake_host *host, const char *query)
{
    jf_conn_id conn = fake_host_connect(host, query);
    fake_host_turn(host);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    return conn;
}

static int say(struct fake_host *host, jf_conn_id conn, const char *body)
{
    fake_host_say(host, conn, "onMessage", body);
    fake_host_turn(host);
    return fake_host_status(host, conn);
}

/* The next frame has these members; "key=value" each, the value a string or a number. */
static void hears(struct fake_host *host, jf_conn_id conn, const char *type, ...)
{
    const char *text = fake_host_hear(host, conn), *pair;
    assert_non_null(text);
    cJSON *frame = cJSON_Parse(text);
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(frame, "type")), type);
    va_list pairs;
    va_start(pairs, type);
    while ((pair = va_arg(pairs, const char *))) {
        char key[32];
        size_t len = strcspn(pair, "=");
        snprintf(key, sizeof(key), "%.*s", (int)len, pair);
        const cJSON *item = cJSON_GetObjectItem(frame, key);
        if (cJSON_IsNumber(item))
            assert_int_equal((int)item->valuedouble, strtol(pair + len + 1, NULL, 10));
        else
            assert_string_equal(cJSON_GetStringValue(item), pair + len + 1);
    }
    va_end(pairs);
    cJSON_Delete(frame);
}

static void hears_nothing(struct fake_host *host, jf_conn_id conn)
{
    assert_null(fake_host_hear(host, conn));
}

/* Past what is heard on entering. */
static void skip_all(struct fake_host *host, jf_conn_id conn)
{
    while (fake_host_hear(host, conn))
        ;
}

/* ---- Text ------------------------------------------------------------------------------
 */

static void all_who_are_connected_hear_the_message(void **state)
{
    (void)state;
    struct fake_host *host = start("{}");
    jf_conn_id ann = enter(host, NULL), bob = enter(host, "name=Bob");
    hears_nothing(host, ann);

    assert_int_equal(fake_host_say(host, ann, "onMessage", HELLO), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "Hello everyone");
    assert_string_equal(fake_host_hear(host, bob), "Hello everyone");

    fake_host_hang_up(host, bob, 1001, "");
    assert_int_equal(fake_host_say(host, ann, "onMessage", HELLO), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "Hello everyone");
    hears_nothing(host, bob);
    fake_host_free(host);
}

static void one_option_keeps_the_echo_prefix(void **state)
{
    (void)state;
    struct fake_host *host = start("{\"prefix\":\"Echo: \"}");
    jf_conn_id ann = enter(host, NULL);
    assert_int_equal(say(host, ann, HELLO), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "Echo: Hello everyone");
    fake_host_free(host);
}

static void what_is_said_is_sent_unescaped(void **state)
{
    (void)state;
    struct fake_host *host = start("{}");
    jf_conn_id ann = enter(host, NULL);
    say(host, ann, "{\"message\":\"<b>\\\"\\u00fc\\ud83d\\ude00\\n%s%n\"}");
    assert_string_equal(fake_host_hear(host, ann), "<b>\"\xc3\xbc\xf0\x9f\x98\x80\n%s%n");
    fake_host_free(host);
}

/* ---- Errors ----------------------------------------------------------------------------
 */

static void a_malformed_message_gets_a_clear_error(void **state)
{
    (void)state;
    static const char *const bodies[][2] = {
        { "", "\"message\" is missing, or not a string" },
        { "hello", "\"message\" is missing, or not a string" },
        { "[\"message\"]", "\"message\" is missing, or not a string" },
        { "{\"action\":\"onMessage\"}", "\"message\" is missing, or not a string" },
        { "{\"Message\":\"case matters\"}", "\"message\" is missing, or not a string" },
        { "{\"message\":42}", "\"message\" is missing, or not a string" },
        { "{\"message\":{\"message\":\"a\"}}", "\"message\" is missing, or not a string" },
        { "{\"message\":\"\"}", "\"message\" is empty" },
        { "{\"message\":\"\\u0000a\"}", "\"message\" is empty" },
        { "{\"message\":\"12345678901\"}", "\"message\" is longer than 10 bytes" },
    };
    static const char *const formats[] = { "{\"max_message\":10}",
                                           "{\"max_message\":10,\"format\":\"json\"}" };
    char expected[128];
    for (size_t f = 0; f < 2; f++) {
        struct fake_host *host = start(formats[f]);
        jf_conn_id ann = enter(host, NULL), bob = enter(host, NULL);
        skip_all(host, ann);
        skip_all(host, bob);
        for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
            assert_int_equal(say(host, ann, bodies[i][0]), JF_OK);
            snprintf(expected, sizeof(expected), "message=%s", bodies[i][1]);
            hears(host, ann, "error", expected, NULL);
            hears_nothing(host, ann);
            hears_nothing(host, bob);
        }
        fake_host_free(host);
    }
}

static void anything_else_is_told_which_actions_there_are(void **state)
{
    (void)state;
    struct fake_host *host = start("{}");
    jf_conn_id ann = enter(host, NULL);
    assert_int_equal(fake_host_say(host, ann, "$default", "hello?"), JF_OK);
    const char *text = fake_host_hear(host, ann);
    assert_non_null(strstr(text, "{\"type\":\"error\",\"message\":\"no such action; "));
    assert_non_null(strstr(text, ",\"actions\":[\"onMessage\"]}"));
    fake_host_free(host);
}

/* ---- JSON ------------------------------------------------------------------------------
 */

static void who_comes_is_welcomed_and_announced(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    char id[JF_CONN_ID_TEXT + 1], with_id[32];
    jf_conn_id ann = enter(host, "name=Ann");
    jf_id_to_text(fake_host_self(host), ann, id);
    snprintf(with_id, sizeof(with_id), "id=%s", id);
    hears(host, ann, "welcome", with_id, "name=Ann", "online=1", NULL);
    hears(host, ann, "joined", with_id, "name=Ann", "online=1", NULL);

    jf_conn_id bob = enter(host, "name=B%C3%B6b+B.");
    hears(host, bob, "welcome",
          "name=B\xc3\xb6"
          "b B.",
          "online=2", NULL);
    hears(host, ann, "joined", "online=2", NULL);

    fake_host_hang_up(host, ann, 1006, NULL);
    skip_all(host, bob);
    fake_host_turn(host);
    hears(host, bob, "left", with_id, "name=Ann", "online=1", NULL);
    hears_nothing(host, bob);
    fake_host_free(host);
}

static void messages_say_who_said_them_and_when(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    jf_conn_id ann = enter(host, "name=%22Ann%22"), bob = enter(host, NULL);
    skip_all(host, ann);
    skip_all(host, bob);
    assert_int_equal(say(host, ann, HELLO), JF_OK);
    const char *text = fake_host_hear(host, ann);
    assert_non_null(strstr(text, "{\"type\":\"message\",\"id\":\""));
    assert_non_null(
        strstr(text, "\"from\":\"\\\"Ann\\\"\",\"message\":\"Hello everyone\""));
    const char *at = strstr(text, "\"at\":");
    assert_non_null(at);
    assert_true(strtod(at + 5, NULL) > 1600000000000.0);
    assert_null(strpbrk(at, ".eE+"));
    hears(host, bob, "message", "from=\"Ann\"", NULL);
    fake_host_free(host);
}

static void guests_have_names_that_differ(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    jf_conn_id ann = enter(host, NULL), bob = enter(host, "name=");
    char first[256], second[256];
    snprintf(first, sizeof(first), "%s", strstr(fake_host_hear(host, ann), "guest-"));
    snprintf(second, sizeof(second), "%s", strstr(fake_host_hear(host, bob), "guest-"));
    assert_int_not_equal(strncmp(first, second, strlen("guest-12345")), 0);
    say(host, bob, HELLO);
    fake_host_hang_up(host, bob, 1000, "");
    fake_host_turn(host);
    skip_all(host, ann);
    fake_host_free(host);
}

static void a_name_that_is_none_is_told_so_and_stays_a_guest(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "name=%00",
        "name=a%0ab",
        "name=%7f",
        "name=%C2%85",
        "name=+a",
        "name=a+",
        "name=%ff",
        "name=%c0%80",
        "name=%C3",
        "name=%ed%a0%80",
        "name=%f4%90%80%80",
        "name=%E2%80%AEevil",
        "name=%80",
        "name=%e0%80%af",
        "name=a%E2%81%A6",
        "name=%f8%88%80%80%80",
        "name=123456789012345678901234567890123",
    };
    struct fake_host *host = start(JSON_FORMAT);
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        jf_conn_id ann = enter(host, queries[i]);
        hears(host, ann, "error", NULL);
        const char *welcome = fake_host_hear(host, ann);
        assert_non_null(strstr(welcome, "\"type\":\"welcome\""));
        assert_non_null(strstr(welcome, "\"name\":\"guest-"));
        assert_null(fake_host_attr(host, ann, "name"));
        fake_host_hang_up(host, ann, 1000, "");
        fake_host_turn(host);
    }
    fake_host_free(host);
}

static void thirty_two_of_the_widest_characters_are_a_name(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    char query[512] = "name=", wide[256] = "name=";
    for (int i = 0; i < 32; i++) {
        strcat(query, "%F0%9F%98%80");
        strcat(wide, "\xf0\x9f\x98\x80");
    }
    jf_conn_id ann = enter(host, query);
    hears(host, ann, "welcome", wide, NULL);
    hears(host, ann, "joined", wide, NULL);
    say(host, ann, HELLO);
    wide[1] = 'r';
    char from[256];
    snprintf(from, sizeof(from), "from=%s", wide + 5);
    hears(host, ann, "message", from, NULL);
    strcat(query, "a");
    hears(host, enter(host, query), "error", NULL);
    fake_host_free(host);
}

/* ---- Bad days --------------------------------------------------------------------------
 */

static void without_a_store_nobody_enters(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    jf_conn_id ann = enter(host, "name=Ann");
    skip_all(host, ann);
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    jf_conn_id bob = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_verdict(host, bob).status, JF_LATER);
    fake_host_turn(host);
    assert_int_equal(fake_host_verdict(host, bob).http_status, 502);
    assert_int_equal(say(host, ann, HELLO), JF_E_UNAVAILABLE);
    hears_nothing(host, ann);

    fake_host_store_answers(host, JF_OK);
    jf_conn_id eve = enter(host, NULL);
    hears(host, eve, "welcome", "online=2", NULL);
    fake_host_store_answers(host, JF_E_STOPPING);
    fake_host_hang_up(host, ann, 1001, "Going away");
    fake_host_free(host);
}

/* Joining is known here; how many there are elsewhere is not. */
static void without_the_other_nodes_nothing_is_said_of_how_many(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_store_answers(host, JF_E_UNAVAILABLE); /* the join is under way */
    fake_host_turn(host);
    assert_int_equal(fake_host_verdict(host, ann).http_status, 101);
    const char *text = fake_host_hear(host, ann);
    assert_non_null(strstr(text, "\"type\":\"welcome\""));
    assert_null(strstr(text, "online"));
    fake_host_store_answers(host, JF_OK);
    fake_host_free(host);
}

static void who_vanishes_while_entering_leaves_no_trace(void **state)
{
    (void)state;
    struct fake_host *host = start(JSON_FORMAT);
    jf_conn_id ann = fake_host_connect(host, "name=Ann");
    fake_host_hang_up(host, ann, 1006, NULL);
    fake_host_turn(host);
    assert_int_equal(fake_host_verdict(host, ann).http_status, 502);
    assert_int_equal(fake_host_members(host, "room"), 0);
    hears(host, enter(host, NULL), "welcome", "online=1", NULL);
    fake_host_free(host);
}

static void a_full_outbox_of_one_does_not_hurt_the_others(void **state)
{
    (void)state;
    struct fake_host *host = start("{}");
    jf_conn_id ann = enter(host, NULL), bob = enter(host, NULL);
    fake_host_stuff(host, bob, true);
    assert_int_equal(say(host, ann, HELLO), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "Hello everyone");
    hears_nothing(host, bob);
    assert_int_equal(fake_host_say(host, bob, "$default", "?"), JF_E_FULL);
    fake_host_free(host);
}

static void options_that_cannot_be_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const options[][2] = {
        { "{\"colour\":\"red\"}", "option=\"colour\"" },
        { "{\"format\":\"xml\"}", "option=\"format\"" },
        { "{\"format\":1}", "option=\"format\"" },
        { "{\"prefix\":null}", "option=\"prefix\"" },
        { "{\"max_message\":0}", "option=\"max_message\"" },
        { "{\"max_message\":1e99}", "option=\"max_message\"" },
        { "{\"prefix\":\"a\",\"max_message\":\"10\"}", "option=\"max_message\"" },
        { "[]", "" },
        { "", "" },
    };
    options_refused(options, sizeof(options) / sizeof(options[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_who_are_connected_hear_the_message),
        cmocka_unit_test(one_option_keeps_the_echo_prefix),
        cmocka_unit_test(what_is_said_is_sent_unescaped),
        cmocka_unit_test(a_malformed_message_gets_a_clear_error),
        cmocka_unit_test(anything_else_is_told_which_actions_there_are),
        cmocka_unit_test(who_comes_is_welcomed_and_announced),
        cmocka_unit_test(messages_say_who_said_them_and_when),
        cmocka_unit_test(guests_have_names_that_differ),
        cmocka_unit_test(a_name_that_is_none_is_told_so_and_stays_a_guest),
        cmocka_unit_test(thirty_two_of_the_widest_characters_are_a_name),
        cmocka_unit_test(without_a_store_nobody_enters),
        cmocka_unit_test(without_the_other_nodes_nothing_is_said_of_how_many),
        cmocka_unit_test(who_vanishes_while_entering_leaves_no_trace),
        cmocka_unit_test(a_full_outbox_of_one_does_not_hurt_the_others),
        cmocka_unit_test(options_that_cannot_be_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
