/* Canonical requests: how each part is spelled, that no part can become another, and how
 * much there may be. */
#include "tests/unit/credentials/signed.h"

#include "core/credentials/sigv4_canonical.h"
#include "tests/unit/credentials/suite_vectors.h"

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct canonical *canonical;
static struct sigv4_claim claim;

static int setup(void **state)
{
    (void)state;
    canonical = canonical_new();
    TAKE(suite_vectors, "get-vanilla");
    claim.signed_count = 1;
    claim.signed_headers[0] = jf_str("host");
    return 0;
}

static int teardown(void **state)
{
    canonical_free(canonical);
    canonical = NULL;
    return close_checker(state);
}

static bool prepare(void)
{
    return canonical_prepare(canonical, &request, &claim, &verdict);
}

static jf_bytes spelled(enum canonical_path path, enum canonical_query query)
{
    return canonical_write(canonical, &request, path, query);
}

/* The first lines, in spellings that are not the same as an earlier one. */
static void path_is(const char *path, const char *as_sent, const char *tidied,
                    const char *decoded)
{
    const char *const expected[] = { as_sent, tidied, decoded };
    request.path = jf_str(path);
    assert_true(prepare());
    for (int how = 0; how < CANONICAL_PATHS; how++) {
        jf_bytes text = spelled((enum canonical_path)how, CANONICAL_QUERY_ENCODED);
        if (!expected[how]) {
            assert_int_equal(text.len, 0);
            continue;
        }
        jf_bytes rest = bytes_from(text, 4); /* "GET\n" */
        jf_bytes line = { rest.ptr, bytes_find(rest, '\n') };
        if (!bytes_eq(line, expected[how]))
            fail_msg("\"%.*s\" is not \"%s\"", BYTES_FMT(line), expected[how]);
    }
}

static void paths_are_spelled_in_three_ways(void **state)
{
    (void)state;
    path_is("/", "/", NULL, NULL);
    path_is("", "/", NULL, NULL);
    path_is("/p/@connections/a%3D", "/p/%40connections/a%253D", NULL,
            "/p/%40connections/a%3D");
    path_is("/p/%40connections/a=", "/p/%2540connections/a%3D", NULL,
            "/p/%40connections/a%3D");
    path_is("//a/./b/../c//", "//a/./b/../c//", "/a/c/", NULL);
    path_is("/../..", "/../..", "/", NULL);
    path_is("/a/b/..", "/a/b/..", "/a", NULL);
    path_is("/a/%2e%2E/b", "/a/%252e%252E/b", NULL, "/a/../b");
    path_is("/%", "/%25", NULL, NULL);
    path_is("/%4", "/%254", NULL, NULL);
    path_is("/%zz", "/%25zz", NULL, NULL);
    path_is("/a\nb", "/a%0Ab", NULL, NULL);
    path_is("/a%0ab", "/a%250ab", NULL, "/a%0Ab");
    path_is("/\xc3\xa4~", "/%C3%A4~", NULL, NULL);
    path_is("*", "%2A", "/%2A", NULL);
}

static void query_is(const char *query, const char *encoded, const char *as_sent)
{
    const char *const expected[] = { encoded, as_sent };
    request.query = jf_str(query);
    assert_true(prepare());
    for (int how = 0; how < CANONICAL_QUERIES; how++) {
        jf_bytes text = spelled(CANONICAL_PATH_AS_SENT, (enum canonical_query)how);
        if (!expected[how]) {
            assert_int_equal(text.len, 0);
            continue;
        }
        jf_bytes rest = bytes_from(text, 6); /* "GET\n/\n" */
        jf_bytes line = { rest.ptr, bytes_find(rest, '\n') };
        if (!bytes_eq(line, expected[how]))
            fail_msg("\"%.*s\" is not \"%s\"", BYTES_FMT(line), expected[how]);
    }
}

static void queries_are_sorted_by_name_and_then_value(void **state)
{
    (void)state;
    query_is("", "", NULL);
    query_is("b=1&a=2", "a=2&b=1", NULL);
    query_is("a=2&a=1&a=&a", "a=&a=&a=1&a=2", NULL);
    query_is("a.b=1&a=2", "a=2&a.b=1", NULL);
    query_is("&&b&&a&&", "a=&b=", NULL);
    query_is("=1&a==", "=1&a=%3D", "=1&a==");
    query_is("%7a=1&b=2", "b=2&z=1", "%7a=1&b=2");
    query_is("a=+", "a=%2B", "a=+");
    query_is("a=%", "a=%25", "a=%");
    query_is("X-Amz-Signature=1&x=2&X-Amz-Signature=3", "x=2", NULL);
}

static void no_line_can_be_smuggled_into_a_query(void **state)
{
    (void)state;
    query_is("a=1\nb", "a=1%0Ab", NULL);
    query_is("a=1\r", "a=1%0D", NULL);
    query_is("a b", "a%20b=", NULL);
    query_is("a=\x7f", "a=%7F", NULL);
}

static void headers_are_trimmed_folded_and_joined(void **state)
{
    (void)state;
    add_header("X-B", "  a \t  b\t");
    add_header("x-b", "");
    add_header("X-b", "\xc3\xa4");
    claim.signed_headers[1] = jf_str("x-b");
    claim.signed_count = 2;
    assert_true(prepare());
    jf_bytes text = spelled(CANONICAL_PATH_AS_SENT, CANONICAL_QUERY_ENCODED);
    assert_true(bytes_eq(text, "GET\n/\n\nhost:example.amazonaws.com\nx-b:a b,,\xc3\xa4\n\n"
                               "host;x-b\n" EMPTY_HASH));
}

static void control_characters_are_no_part_of_a_signed_header(void **state)
{
    (void)state;
    static const char *const values[] = { "a\nhost:b", "a\r", "\x01", "\x7f" };
    for (size_t i = 0; i < COUNT(values); i++) {
        set_header("Host", values[i]);
        assert_false(prepare());
        assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
    }
    header_called("Host")->value = jf_view("a\0b", 3);
    assert_false(prepare());
    assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
}

static void a_method_is_a_short_token(void **state)
{
    (void)state;
    static const char *const methods[] = { "", "GET\n", "G T", "\xc3\xa4",
                                           "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG" };
    for (size_t i = 0; i < COUNT(methods); i++) {
        request.method = jf_str(methods[i]);
        assert_false(prepare());
        assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
    }
}

static void there_are_at_most_128_parameters(void **state)
{
    (void)state;
    char query[2 * (CANONICAL_PARAMETERS_MAX + 1)];
    for (size_t i = 0; i <= CANONICAL_PARAMETERS_MAX; i++)
        memcpy(query + 2 * i, "a&", 2);
    request.query = jf_view(query, sizeof(query) - 2);
    assert_true(prepare());
    assert_true(spelled(CANONICAL_PATH_AS_SENT, CANONICAL_QUERY_ENCODED).len > 256);
    request.query = jf_view(query, sizeof(query));
    assert_false(prepare());
    assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
}

static void signed_headers_are_bounded(void **state)
{
    (void)state;
    char *value = malloc(CANONICAL_HEADERS_MAX);
    memset(value, 'v', CANONICAL_HEADERS_MAX);
    header_called("Host")->value = jf_view(value, CANONICAL_HEADERS_MAX - 5);
    assert_true(prepare());
    assert_true(spelled(CANONICAL_PATH_AS_SENT, CANONICAL_QUERY_ENCODED).len >
                CANONICAL_HEADERS_MAX);
    header_called("Host")->value.len++;
    assert_false(prepare());
    assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
    /* Full to the brim, and then another name. */
    header_called("Host")->value.len--;
    add_header("x-b", "");
    claim.signed_headers[1] = jf_str("x-b");
    claim.signed_count = 2;
    assert_false(prepare());
    assert_int_equal(verdict.kind, VERDICT_INCOMPLETE);
    free(value);
}

/* All of which have to be escaped, in all spellings. */
static void the_largest_target_fits(void **state)
{
    (void)state;
    char *path = malloc(REQUEST_TARGET_MAX), *query = malloc(REQUEST_TARGET_MAX);
    memset(path, '@', REQUEST_TARGET_MAX);
    memset(query, '@', REQUEST_TARGET_MAX);
    for (size_t i = 1; i < CANONICAL_PARAMETERS_MAX; i++)
        query[2 * i] = '&';
    request.path = jf_view(path, REQUEST_TARGET_MAX);
    request.query = jf_view(query, REQUEST_TARGET_MAX);
    assert_true(prepare());
    for (int how = 0; how < CANONICAL_PATHS * CANONICAL_QUERIES; how++) {
        jf_bytes text = spelled((enum canonical_path)(how % CANONICAL_PATHS),
                                (enum canonical_query)(how / CANONICAL_PATHS));
        assert_true(text.len > 3 * REQUEST_TARGET_MAX || how % CANONICAL_PATHS);
    }
    free(path);
    free(query);
}

static void a_target_that_is_too_long_is_not_looked_at(void **state)
{
    (void)state;
    char *path = malloc(REQUEST_TARGET_MAX + 1);
    memset(path, 'a', REQUEST_TARGET_MAX + 1);
    open_usual("service");
    request.path = jf_view(path, REQUEST_TARGET_MAX + 1);
    fails_at(SUITE_TIME, VERDICT_INCOMPLETE);
    says("The path and query are too long to be signed.");
    request.path.len--;
    fails_at(SUITE_TIME, VERDICT_MISMATCH);
    assert_true(verdict.len < 300); /* what was expected is too long to say */
    free(path);
}

static void nothing_is_freed_without_harm(void **state)
{
    (void)state;
    canonical_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paths_are_spelled_in_three_ways, setup, teardown),
        cmocka_unit_test_setup_teardown(queries_are_sorted_by_name_and_then_value, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_line_can_be_smuggled_into_a_query, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(headers_are_trimmed_folded_and_joined, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(control_characters_are_no_part_of_a_signed_header,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(a_method_is_a_short_token, setup, teardown),
        cmocka_unit_test_setup_teardown(there_are_at_most_128_parameters, setup, teardown),
        cmocka_unit_test_setup_teardown(signed_headers_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(the_largest_target_fits, setup, teardown),
        cmocka_unit_test_setup_teardown(a_target_that_is_too_long_is_not_looked_at, setup,
                                        teardown),
        cmocka_unit_test(nothing_is_freed_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
