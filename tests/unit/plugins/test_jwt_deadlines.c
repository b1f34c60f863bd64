/* Deadlines: they come in their order, however they were put, moved and taken away. */
#include "tests/unit/test.h"

#include <stdlib.h>

#include "plugins/jwt/deadlines.h"

static jf_conn_id conn_of(uint32_t number)
{
    jf_conn_id conn = { { 0 } };
    memcpy(conn.octet + 3, &number, sizeof(number));
    return conn;
}

static int put(struct deadlines *d, uint32_t number, int64_t at_s)
{
    struct deadline deadline = { .at_s = at_s, .conn = conn_of(number) };
    return deadlines_put(d, &deadline);
}

static bool is(const struct deadline *deadline, uint32_t number)
{
    jf_conn_id conn = conn_of(number);
    return memcmp(&deadline->conn, &conn, sizeof(conn)) == 0;
}

static void the_earliest_comes_first_and_none_too_early(void **state)
{
    (void)state;
    struct deadlines d = { 0 };
    struct deadline got;
    assert_false(deadlines_pop(&d, INT64_MAX, &got));
    assert_int_equal(put(&d, 1, 30), JF_OK);
    assert_int_equal(put(&d, 2, 10), JF_OK);
    assert_int_equal(put(&d, 3, 20), JF_OK);
    assert_false(deadlines_pop(&d, 9, &got));
    assert_true(deadlines_pop(&d, 20, &got) && is(&got, 2));
    assert_true(deadlines_pop(&d, 20, &got) && is(&got, 3));
    assert_false(deadlines_pop(&d, 20, &got));
    assert_int_equal(d.count, 1);
    deadlines_fini(&d);
    deadlines_fini(NULL);
}

static void one_that_is_put_again_moves_either_way(void **state)
{
    (void)state;
    struct deadlines d = { 0 };
    struct deadline got;
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(put(&d, i, 100 + i), JF_OK);
    assert_int_equal(put(&d, 9, 1), JF_OK);
    assert_int_equal(put(&d, 0, 1000), JF_OK);
    assert_int_equal(d.count, 10);
    assert_true(deadlines_pop(&d, 1, &got) && is(&got, 9));
    for (uint32_t i = 1; i < 9; i++)
        assert_true(deadlines_pop(&d, 999, &got) && is(&got, i));
    assert_false(deadlines_pop(&d, 999, &got));
    assert_int_equal(deadlines_find(&d, conn_of(0))->at_s, 1000);
    deadlines_fini(&d);
}

static void one_that_is_removed_is_gone(void **state)
{
    (void)state;
    struct deadlines d = { 0 };
    assert_null(deadlines_find(&d, conn_of(1)));
    assert_false(deadlines_remove(&d, conn_of(1)));
    assert_int_equal(put(&d, 1, 10), JF_OK);
    assert_true(deadlines_remove(&d, conn_of(1)));
    assert_false(deadlines_remove(&d, conn_of(1)));
    assert_null(deadlines_find(&d, conn_of(1)));
    assert_int_equal(d.count, 0);
    deadlines_fini(&d);
}

#define MANY 700

/* What is in it is what was put and not taken, however often; each is found. */
static void a_long_life_leaves_no_disorder(void **state)
{
    (void)state;
    struct deadlines d = { 0 };
    static int64_t at[MANY]; /* 0: it is not in there */
    uint64_t seed = 4711;
    uint32_t count = 0;
    for (int step = 0; step < 50000; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t number = (uint32_t)(seed >> 33) % MANY;
        if (seed >> 63) {
            count += !at[number];
            at[number] = 1 + (int64_t)(seed >> 20 & 0xfff);
            assert_int_equal(put(&d, number, at[number]), JF_OK);
        } else {
            assert_int_equal(deadlines_remove(&d, conn_of(number)), at[number] != 0);
            count -= at[number] != 0;
            at[number] = 0;
        }
        assert_int_equal(d.count, count);
        number = (number + 1) % MANY;
        const struct deadline *found = deadlines_find(&d, conn_of(number));
        assert_int_equal(found ? found->at_s : 0, at[number]);
    }
    struct deadline got;
    int64_t before = 0;
    while (deadlines_pop(&d, INT64_MAX, &got)) {
        assert_true(got.at_s >= before);
        before = got.at_s;
        count--;
    }
    assert_int_equal(count, 0);
    deadlines_fini(&d);
}

static void a_walk_comes_by_everybody(void **state)
{
    (void)state;
    struct deadlines d = { 0 };
    jf_conn_id conn;
    bool seen[100] = { false };
    assert_false(deadlines_walk(&d, &conn));
    for (uint32_t i = 0; i < 100; i++)
        assert_int_equal(put(&d, i, i), JF_OK);
    for (uint32_t i = 0; i < 100; i++) {
        uint32_t number;
        assert_true(deadlines_walk(&d, &conn));
        memcpy(&number, conn.octet + 3, sizeof(number));
        assert_false(seen[number]);
        seen[number] = true;
    }
    deadlines_fini(&d);
}

static void there_are_so_many_and_no_more(void **state)
{
    (void)state;
    struct deadlines d = { 0 };
    for (uint32_t i = 0; i < DEADLINES_MAX; i++)
        assert_int_equal(put(&d, i, i % 1000), JF_OK);
    assert_int_equal(put(&d, DEADLINES_MAX, 5), JF_E_FULL);
    assert_int_equal(put(&d, 7, 5), JF_OK);
    assert_int_equal(d.count, DEADLINES_MAX);
    assert_true(deadlines_remove(&d, conn_of(8)));
    assert_int_equal(put(&d, DEADLINES_MAX, 5), JF_OK);
    deadlines_fini(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_earliest_comes_first_and_none_too_early),
        cmocka_unit_test(one_that_is_put_again_moves_either_way),
        cmocka_unit_test(one_that_is_removed_is_gone),
        cmocka_unit_test(a_long_life_leaves_no_disorder),
        cmocka_unit_test(a_walk_comes_by_everybody),
        cmocka_unit_test(there_are_so_many_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
