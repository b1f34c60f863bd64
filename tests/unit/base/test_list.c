/* The intrusive list. */
#include "tests/unit/test.h"

#include "core/base/list.h"

struct item {
    int number;
    struct list_node node;
};

static int first_number(struct list_node *head)
{
    return CONTAINER_OF(list_first(head), struct item, node)->number;
}

static void it_keeps_order_and_forgets_the_removed(void **state)
{
    (void)state;
    struct list_node head;
    struct item a = { 1, { 0 } }, b = { 2, { 0 } }, c = { 3, { 0 } };
    list_init(&head);
    assert_null(list_first(&head));
    list_append(&head, &a.node);
    list_append(&head, &b.node);
    list_append(&head, &c.node);
    list_remove(&a.node);
    list_remove(&a.node); /* a second time is nothing */
    assert_false(list_linked(&a.node));
    assert_int_equal(first_number(&head), 2);
    list_remove(&b.node);
    list_remove(&c.node);
    assert_true(list_empty(&head));
}

static void taking_all_keeps_order(void **state)
{
    (void)state;
    struct list_node to, from;
    struct item a = { 1, { 0 } }, b = { 2, { 0 } };
    list_init(&to);
    list_init(&from);
    list_take_all(&to, &from);
    assert_true(list_empty(&to));
    list_append(&from, &a.node);
    list_append(&from, &b.node);
    list_take_all(&to, &from);
    assert_true(list_empty(&from));
    assert_int_equal(first_number(&to), 1);
    assert_ptr_equal(to.prev, &b.node);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_keeps_order_and_forgets_the_removed),
        cmocka_unit_test(taking_all_keeps_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
