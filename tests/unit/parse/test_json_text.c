/* Text that any reader takes for JSON, whatever it is made of. */
#include "tests/unit/test.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/parse/json_text.h"

/* Compares and empties. */
static void assert_text(struct json_text *text, const char *expected)
{
    size_t len = 0;
    char *json = json_text_take(text, &len);
    assert_non_null(json);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(json, expected, len);
    free(json);
}

static void assert_string(jf_bytes value, const char *expected)
{
    struct json_text text = { 0 };
    json_text_string(&text, value);
    assert_text(&text, expected);
}

static void commas_stand_between_values_only(void **state)
{
    (void)state;
    struct json_text text = { 0 };
    json_text_open(&text, '{');
    json_text_name(&text, jf_str("a"));
    json_text_open(&text, '[');
    json_text_close(&text, ']');
    json_text_name(&text, jf_str("b"));
    json_text_open(&text, '[');
    json_text_number(&text, 18446744073709551615u);
    json_text_bool(&text, true);
    json_text_open(&text, '{');
    json_text_close(&text, '}');
    json_text_string(&text, jf_str("{"));
    json_text_string(&text, jf_str("["));
    json_text_string(&text, jf_str(":"));
    json_text_close(&text, ']');
    json_text_name(&text, jf_str("c"));
    json_text_bool(&text, false);
    json_text_close(&text, '}');
    assert_text(&text, "{\"a\":[],\"b\":[18446744073709551615,true,{},\"{\",\"[\",\":\"],"
                       "\"c\":false}");
}

static void controls_quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    assert_string(jf_str("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
    assert_string(jf_view("\0\x01\b\t\n\v\f\r\x1f\x7f", 10),
                  "\"\\u0000\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\x7f\"");
    assert_string(jf_view(NULL, 0), "\"\"");
    assert_string(jf_str("\"\"\""), "\"\\\"\\\"\\\"\"");
}

static void text_stays_as_it_is(void **state)
{
    (void)state;
    assert_string(jf_str("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
                  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
}

#define WRONG "\xef\xbf\xbd"

static void what_is_no_utf8_is_replaced_octet_by_octet(void **state)
{
    (void)state;
    static const struct {
        const char *octets, *text;
    } known[] = {
        { "\xff", "\"" WRONG "\"" },
        { "a\xc3", "\"a" WRONG "\"" },
        { "\xc3\xa4\xc3", "\"\xc3\xa4" WRONG "\"" },
        { "\xe2\x82", "\"" WRONG WRONG "\"" },
        { "\xc0\xaf", "\"" WRONG WRONG "\"" },           /* overlong */
        { "\xed\xa0\x80", "\"" WRONG WRONG WRONG "\"" }, /* a surrogate */
        { "\xf4\x90\x80\x80", "\"" WRONG WRONG WRONG WRONG "\"" },
        { "\xe4\"\n", "\"" WRONG "\\\"\\n\"" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        assert_string(jf_str(known[i].octets), known[i].text);
}

static void octets_are_base64(void **state)
{
    (void)state;
    static const struct {
        const char *octets, *text;
    } known[] = {
        /* RFC 4648, section 10 */
        { "", "\"\"" },
        { "f", "\"Zg==\"" },
        { "fo", "\"Zm8=\"" },
        { "foo", "\"Zm9v\"" },
        { "foob", "\"Zm9vYg==\"" },
        { "fooba", "\"Zm9vYmE=\"" },
        { "foobar", "\"Zm9vYmFy\"" },
        { "\xfb\xff\xfe", "\"+//+\"" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        struct json_text text = { 0 };
        json_text_base64(&text, jf_str(known[i].octets));
        assert_text(&text, known[i].text);
    }
}

/* Any octets at all, of any length: cJSON reads them, and as many as a reader would. */
static void any_octets_make_json(void **state)
{
    (void)state;
    uint32_t random = 7;
    char octets[700];
    for (int round = 0; round < 3000; round++) {
        size_t len = (random >> 8) % sizeof(octets);
        for (size_t i = 0; i < len; i++) {
            random = random * 1103515245u + 12345u;
            octets[i] = (char)(random >> 16);
            if (octets[i] == '\0') /* cJSON's strings end there */
                octets[i] = '0';
        }
        random = random * 1103515245u + 12345u;
        struct json_text text = { 0 };
        json_text_open(&text, '[');
        json_text_string(&text, jf_view(octets, len));
        json_text_base64(&text, jf_view(octets, len));
        json_text_close(&text, ']');
        char *json = json_text_take(&text, &len);
        cJSON *tree = cJSON_ParseWithLength(json, len);
        assert_int_equal(cJSON_GetArraySize(tree), 2);
        cJSON_Delete(tree);
        free(json);
    }
}

static void a_large_text_grows_and_an_expected_one_does_not(void **state)
{
    (void)state;
    enum { LARGE = 300000 };
    char *body = xalloc(LARGE);
    memset(body, '"', LARGE);
    struct json_text text = { 0 };
    json_text_string(&text, jf_view(body, LARGE));
    size_t len = 0;
    free(json_text_take(&text, &len));
    assert_int_equal(len, 2 * LARGE + 2);

    memset(body, 'b', LARGE);
    json_text_expect(&text, LARGE + 2);
    const char *before = text.bytes;
    json_text_string(&text, jf_view(body, LARGE));
    assert_ptr_equal(text.bytes, before);
    free(json_text_take(&text, &len));
    free(body);
}

static void without_memory_there_is_no_text(void **state)
{
    (void)state;
    struct json_text text = { 0 };
    size_t len = 77;
    json_text_open(&text, '[');
    text.failed = true; /* as reserve() leaves it */
    json_text_string(&text, jf_str("more"));
    json_text_close(&text, ']');
    assert_null(json_text_take(&text, &len));
    assert_int_equal(len, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_stand_between_values_only),
        cmocka_unit_test(controls_quotes_and_backslashes_are_escaped),
        cmocka_unit_test(text_stays_as_it_is),
        cmocka_unit_test(what_is_no_utf8_is_replaced_octet_by_octet),
        cmocka_unit_test(octets_are_base64),
        cmocka_unit_test(any_octets_make_json),
        cmocka_unit_test(a_large_text_grows_and_an_expected_one_does_not),
        cmocka_unit_test(without_memory_there_is_no_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
