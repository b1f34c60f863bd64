/* The hash table: what is put is found, what is removed is gone, whatever the order. */
#include "tests/unit/test.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "core/base/table.h"

static void an_empty_table_finds_nothing(void **state)
{
    (void)state;
    struct table table = { 0 };
    assert_null(table_find(&table, jf_str("a")));
    assert_null(table_remove(&table, jf_str("a")));
    table_fini(&table);
}

static void put_replaces_an_equal_key(void **state)
{
    (void)state;
    struct table table;
    int one = 1, two = 2;
    table_init(&table);
    table_put(&table, jf_str("key"), &one);
    table_put(&table, jf_str("key"), &two);
    assert_int_equal(table.count, 1);
    assert_ptr_equal(table_find(&table, jf_str("key")), &two);
    table_fini(&table);
}

static void keys_may_be_empty_or_hold_zeros(void **state)
{
    (void)state;
    struct table table;
    int one = 1, two = 2, three = 3;
    table_init(&table);
    table_put(&table, jf_str(""), &one);
    table_put(&table, jf_view("a\0b", 3), &two);
    table_put(&table, jf_view("a\0c", 3), &three);
    assert_ptr_equal(table_find(&table, jf_view(NULL, 0)), &one);
    assert_ptr_equal(table_find(&table, jf_view("a\0b", 3)), &two);
    assert_ptr_equal(table_find(&table, jf_view("a\0c", 3)), &three);
    table_fini(&table);
}

/* A thousand keys against a plain array as the model. */
static void it_agrees_with_a_model_through_churn(void **state)
{
    (void)state;
    enum { KEYS = 1000, STEPS = 20000 };
    static char text[KEYS][16];
    static char present[KEYS];
    struct table table;
    unsigned random = 1;
    table_init(&table);
    for (int i = 0; i < KEYS; i++)
        snprintf(text[i], sizeof(text[i]), "key-%d", i);
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        unsigned key = (random >> 8) % KEYS;
        if (random & 0x80) {
            table_put(&table, jf_str(text[key]), text[key]);
            present[key] = 1;
        } else {
            void *was = table_remove(&table, jf_str(text[key]));
            assert_true((was != NULL) == present[key]);
            present[key] = 0;
        }
    }
    size_t alive = 0;
    for (int i = 0; i < KEYS; i++) {
        alive += (size_t)present[i];
        assert_true((table_find(&table, jf_str(text[i])) != NULL) == present[i]);
    }
    assert_int_equal(table.count, alive);

    size_t at = 0, walked = 0;
    void *value;
    while (table_next(&table, &at, &value))
        walked++;
    assert_int_equal(walked, alive);
    table_fini(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_table_finds_nothing),
        cmocka_unit_test(put_replaces_an_equal_key),
        cmocka_unit_test(keys_may_be_empty_or_hold_zeros),
        cmocka_unit_test(it_agrees_with_a_model_through_churn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
