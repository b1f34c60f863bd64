/* What an authorizer may say of a connection, and how much. */
#include "tests/unit/test.h"

#include "core/base/bytes.h"
#include "core/host/identity.h"

static int set(struct identity **identity, const char *name, const char *value)
{
    return identity_set(identity, jf_str(name), jf_str(value));
}

static jf_bytes get(const struct identity *identity, const char *name)
{
    size_t count;
    const struct jf_pair *pairs = identity_pairs(identity, &count);
    return jf_find(pairs, count, name);
}

static void nobody_has_no_pairs(void **state)
{
    (void)state;
    size_t count = 9;
    assert_null(identity_pairs(NULL, &count));
    assert_int_equal(count, 0);
    identity_free(NULL);
}

static void what_is_said_is_kept_in_order(void **state)
{
    (void)state;
    struct identity *identity = NULL;
    size_t count;
    assert_int_equal(set(&identity, IDENTITY_PRINCIPAL, "ann"), JF_OK);
    assert_int_equal(set(&identity, "team", ""), JF_OK);
    assert_int_equal(identity_set(&identity, jf_view("a\0b", 3), jf_view("\0\xff", 2)),
                     JF_OK);
    const struct jf_pair *pairs = identity_pairs(identity, &count);
    assert_int_equal(count, 3);
    assert_true(bytes_eq(pairs[0].value, "ann"));
    assert_true(pairs[1].value.len == 0 && pairs[1].value.ptr);
    assert_memory_equal(pairs[2].value.ptr, "\0\xff", 2);
    identity_free(identity);
}

static void what_is_said_again_takes_the_place_of_the_first(void **state)
{
    (void)state;
    struct identity *identity = NULL;
    size_t count;
    set(&identity, "a", "1");
    set(&identity, "b", "2");
    assert_int_equal(set(&identity, "a", "other"), JF_OK);
    identity_pairs(identity, &count);
    assert_int_equal(count, 2);
    assert_true(bytes_eq(get(identity, "a"), "other"));
    identity_free(identity);
}

static void what_is_said_is_found_by_exactly_its_name(void **state)
{
    (void)state;
    struct identity *identity = NULL;
    assert_null(identity_find(NULL, jf_str("a")).ptr);
    set(&identity, "a", "1");
    set(&identity, "b", "");
    assert_true(bytes_eq(identity_find(identity, jf_str("a")), "1"));
    assert_non_null(identity_find(identity, jf_str("b")).ptr);
    assert_null(identity_find(identity, jf_str("A")).ptr);
    assert_null(identity_find(identity, jf_str("")).ptr);
    identity_free(identity);
}

static void a_name_has_1_to_256_octets(void **state)
{
    (void)state;
    struct identity *identity = NULL;
    char name[258];
    memset(name, 'n', sizeof(name));
    assert_int_equal(set(&identity, "", "x"), JF_E_INVALID);
    assert_int_equal(identity_set(&identity, jf_view(name, 257), jf_str("")), JF_E_INVALID);
    assert_int_equal(identity_set(&identity, jf_view(name, 256), jf_str("")), JF_OK);
    identity_free(identity);
}

static void all_together_has_8_kib(void **state)
{
    (void)state;
    struct identity *identity = NULL;
    static char text[IDENTITY_BYTES_MAX + 1];
    memset(text, 'x', sizeof(text));
    assert_int_equal(identity_set(&identity, jf_str("a"), jf_view(text, sizeof(text))),
                     JF_E_TOO_BIG);
    assert_int_equal(
        identity_set(&identity, jf_str("a"), jf_view(text, IDENTITY_BYTES_MAX - 1)), JF_OK);
    assert_int_equal(set(&identity, "b", ""), JF_E_TOO_BIG);
    assert_int_equal(set(&identity, "a", "less"), JF_OK);
    assert_int_equal(set(&identity, "b", "fits"), JF_OK);
    identity_free(identity);
}

static void there_are_at_most_64(void **state)
{
    (void)state;
    struct identity *identity = NULL;
    char name[16];
    for (int i = 0; i < IDENTITY_PAIRS_MAX; i++) {
        (void)snprintf(name, sizeof(name), "n%d", i);
        assert_int_equal(set(&identity, name, "v"), JF_OK);
    }
    assert_int_equal(set(&identity, "one more", "v"), JF_E_FULL);
    assert_int_equal(set(&identity, "n63", "another"), JF_OK);
    identity_free(identity);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_no_pairs),
        cmocka_unit_test(what_is_said_is_kept_in_order),
        cmocka_unit_test(what_is_said_again_takes_the_place_of_the_first),
        cmocka_unit_test(what_is_said_is_found_by_exactly_its_name),
        cmocka_unit_test(a_name_has_1_to_256_octets),
        cmocka_unit_test(all_together_has_8_kib),
        cmocka_unit_test(there_are_at_most_64),
    };
    return cmocka_run_group_tests_name("identity", tests, NULL, NULL);
}
