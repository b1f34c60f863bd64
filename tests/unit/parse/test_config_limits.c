/* Limits of a stage over those for all. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "tests/unit/parse/config_talk.h"

#define TWO(top, own)                                                                      \
    "{" top "\"stages\":{\"prod\":{\"plugins\":[\"a.so\"],\"limits\":{" own "}},"          \
    "\"other\":{\"plugins\":[\"a.so\"]}}}"

static struct config_limits limits_of(const struct config *config, size_t index)
{
    struct config_limits limits;
    config_stage_limits(config, &config->stages[index], &limits);
    return limits;
}

static void what_a_stage_says_goes_before_what_is_said_for_all(void **state)
{
    (void)state;
    struct config *config =
        parsed(TWO("\"limits\":{\"idle_s\":100,\"ping_s\":7,\"lifetime_s\":50},",
                   "\"message_bytes\":1000,\"frame_bytes\":500,\"inbox_bytes\":2000,"
                   "\"outbox_bytes\":3000,\"event_ms\":60,\"ping_s\":0,\"idle_s\":0"));
    struct config_limits own = limits_of(config, 0), other = limits_of(config, 1);
    assert_int_equal(own.message_bytes, 1000);
    assert_int_equal(own.frame_bytes, 500);
    assert_int_equal(own.inbox_bytes, 2000);
    assert_int_equal(own.outbox_bytes, 3000);
    assert_int_equal(own.event_ms, 60);
    assert_int_equal(own.ping_s, 0);
    assert_int_equal(own.idle_s, 0);
    assert_int_equal(own.lifetime_s, 50);
    assert_memory_equal(&other, &config->limits, sizeof(other));
    config_free(config);
}

static void the_order_in_the_file_does_not_matter(void **state)
{
    (void)state;
    struct config *config =
        parsed("{\"stages\":{\"prod\":{\"limits\":{\"idle_s\":1},\"plugins\":[\"a.so\"]}},"
               "\"limits\":{\"idle_s\":100,\"ping_s\":9}}");
    assert_int_equal(limits_of(config, 0).idle_s, 1);
    assert_int_equal(limits_of(config, 0).ping_s, 9);
    config_free(config);
}

static void frames_follow_the_messages_of_their_stage(void **state)
{
    (void)state;
    struct config *config = parsed(TWO("", "\"message_bytes\":5000"));
    assert_int_equal(limits_of(config, 0).frame_bytes, 5000);
    assert_int_equal(limits_of(config, 1).frame_bytes, 131072);
    config_free(config);
    config = parsed(TWO("\"profile\":\"aws\",", "\"message_bytes\":50000"));
    assert_int_equal(limits_of(config, 0).frame_bytes, 32768);
    config_free(config);
    config = parsed(TWO("\"limits\":{\"frame_bytes\":131072},", "\"message_bytes\":5000"));
    assert_int_equal(limits_of(config, 0).frame_bytes, 131072);
    config_free(config);
}

static void the_stage_of_the_command_line_has_those_for_all(void **state)
{
    (void)state;
    struct config *config;
    config_new(&config);
    config_add_plugin(config, "a.so");
    struct config_limits limits = limits_of(config, 0);
    assert_memory_equal(&limits, &config->limits, sizeof(limits));
    config_free(config);
}

static void the_longest_message_is_that_of_any_stage(void **state)
{
    (void)state;
    struct config *config = parsed(TWO("", "\"message_bytes\":200000"));
    assert_int_equal(config_longest_message(config), 200000);
    config_free(config);
    config = parsed(TWO("", "\"message_bytes\":2"));
    assert_int_equal(config_longest_message(config), 131072);
    config_free(config);
}

static void they_have_the_same_bounds(void **state)
{
    (void)state;
    check_refused(TWO("", "\"event_ms\":49"), "stages.prod.limits.event_ms",
                  "50 .. 3600000");
    check_refused(TWO("", "\"message_bytes\":0"), "stages.prod.limits.message_bytes",
                  "1 ..");
    check_refused(TWO("", "\"idle_s\":\"1\""), "stages.prod.limits.idle_s", "whole number");
    check_refused(TWO("", "\"idle_s\":1,\"idle_s\":1"), "stages.prod.limits.idle_s",
                  "twice");
    check_refused(TWO("", "\"connections\":1"), "stages.prod.limits.connections",
                  "did you mean \"limits.connections\"");
    check_refused(TWO("", "\"idle\":1"), "stages.prod.limits.idle",
                  "did you mean \"idle_s\"");
}

static void a_key_in_the_wrong_place_is_told_the_first_place(void **state)
{
    (void)state;
    check_refused("{\"idle_s\":1}", "idle_s", "did you mean \"limits.idle_s\"");
}

static void those_of_a_stage_must_agree_too(void **state)
{
    (void)state;
    check_unfit(TWO("", "\"outbox_bytes\":131081"),
                "stages.prod.limits.outbox_bytes: must hold");
    check_unfit(TWO("", "\"message_bytes\":1048567"), "stages.prod.limits.outbox_bytes");
    check_unfit(TWO("\"limits\":{\"mailbox_bytes\":140000},", "\"message_bytes\":140001"),
                "limits.mailbox_bytes: must hold a message of stages.prod.limits");
    check_unfit(TWO("\"store\":{\"kind\":\"redis\",\"url\":\"redis://a\"},",
                    "\"message_bytes\":2097153,\"outbox_bytes\":9000000"),
                "stages.prod.limits.message_bytes: at most 2097152");
    check_fit(TWO("", "\"message_bytes\":1048566"));
    check_fit(TWO("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_stage_says_goes_before_what_is_said_for_all),
        cmocka_unit_test(the_order_in_the_file_does_not_matter),
        cmocka_unit_test(frames_follow_the_messages_of_their_stage),
        cmocka_unit_test(the_stage_of_the_command_line_has_those_for_all),
        cmocka_unit_test(the_longest_message_is_that_of_any_stage),
        cmocka_unit_test(they_have_the_same_bounds),
        cmocka_unit_test(a_key_in_the_wrong_place_is_told_the_first_place),
        cmocka_unit_test(those_of_a_stage_must_agree_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
