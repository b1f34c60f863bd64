/* Times as signatures write them: those there are, and those there are not. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/credentials/clock.h"

static int64_t at;

static void no_time(const char *text)
{
    at = -1;
    if (clock_read(jf_str(text), &at) || at != -1)
        fail_msg("%s is taken for a time", text);
}

static void no_http_time(const char *text)
{
    at = -1;
    if (clock_read_http(jf_str(text), &at) || at != -1)
        fail_msg("%s is taken for a time", text);
}

static void is_time(const char *text, int64_t expected)
{
    assert_true(clock_read(jf_str(text), &at));
    assert_int_equal(at, expected);
}

static void the_basic_format_is_read(void **state)
{
    (void)state;
    is_time("20150830T123600Z", 1440938160);
    is_time("19700101T000000Z", 0);
    is_time("20240229T235959Z", 1709251199);
    is_time("99991231T235959Z", 253402300799);
}

static void times_that_do_not_exist_are_none(void **state)
{
    (void)state;
    no_time("20150631T000000Z");
    no_time("20150229T000000Z");
    no_time("20150830T240000Z");
    no_time("20150830T236000Z");
    no_time("20150830T235960Z");
    no_time("20150030T000000Z");
    no_time("20151301T000000Z");
    no_time("20150100T000000Z");
    no_time("19691231T235959Z");
    no_time("00000101T000000Z");
}

static void other_forms_are_none(void **state)
{
    (void)state;
    no_time("");
    no_time("20150830");
    no_time("2015-08-30T12:36:00Z");
    no_time("20150830T123600");
    no_time("20150830T123600Z ");
    no_time("20150830 123600Z");
    no_time("20150830T123600z");
    no_time("2015083 T123600Z");
    no_time("+2150830T123600Z");
    no_time("201508 0T123600Z");
    no_time("20150830T1236\xff"
            "0Z");
    at = -1;
    assert_false(clock_read(jf_view("20150830T1236\0000Z", 16), &at));
}

static void the_format_of_http_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = { "Sun, 30 Aug 2015 12:36:00 GMT",
                                         "Sun, 30 Aug 2015 12:36:00 -0000",
                                         "Sun, 30 Aug 2015 12:36:00 +0000",
                                         "Mon, 30 Aug 2015 12:36:00 GMT" };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        at = 0;
        assert_true(clock_read_http(jf_str(texts[i]), &at));
        assert_int_equal(at, 1440938160);
    }
}

static void other_forms_of_http_are_none(void **state)
{
    (void)state;
    no_http_time("");
    no_http_time("GMT");
    no_http_time("Sunday, 30-Aug-15 12:36:00 GMT");
    no_http_time("Sun Aug 30 12:36:00 2015");
    no_http_time("Sun, 30 Aug 2015 12:36:00 CET");
    no_http_time("Sun, 30 Aug 2015 12:36:00 +0100");
    no_http_time("Sun, 30 aug 2015 12:36:00 GMT");
    no_http_time("Sun, 30 Abc 2015 12:36:00 GMT");
    no_http_time("Sun, 31 Jun 2015 12:36:00 GMT");
    no_http_time("Sun,  3 Aug 2015 12:36:00 GMT");
    no_http_time("Sun, 30 Aug 1969 12:36:00 GMT");
    no_http_time("Sun, 30-Aug-2015 12:36:00 GMT");
    no_http_time("20150830T123600Z");
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    char text[CLOCK_TEXT + 1];
    for (int64_t time = 0; time < 253402300800; time += 86399 * 977) {
        clock_write(time, text);
        assert_int_equal(strlen(text), CLOCK_TEXT);
        is_time(text, time);
    }
}

static void a_year_has_four_digits_whatever_is_to_be_written(void **state)
{
    (void)state;
    char text[CLOCK_TEXT + 1];
    clock_write(INT64_MIN, text);
    assert_string_equal(text, "19700101T000000Z");
    clock_write(-1, text);
    assert_string_equal(text, "19700101T000000Z");
    clock_write(INT64_MAX, text);
    assert_string_equal(text, "99991231T235959Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_basic_format_is_read),
        cmocka_unit_test(times_that_do_not_exist_are_none),
        cmocka_unit_test(other_forms_are_none),
        cmocka_unit_test(the_format_of_http_is_read),
        cmocka_unit_test(other_forms_of_http_are_none),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_year_has_four_digits_whatever_is_to_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
