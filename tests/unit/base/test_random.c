/* Random octets: no promise of randomness can be tested, but breakage shows. */
#include "tests/unit/test.h"

#include <string.h>

#include "core/base/random.h"

static void fills_differ_and_cover_large_requests(void **state)
{
    (void)state;
    uint8_t a[5000] = { 0 }, b[5000] = { 0 };
    random_fill(a, sizeof(a));
    random_fill(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    assert_true(zeros < 100); /* 20 expected */
}

static void below_stays_below(void **state)
{
    (void)state;
    uint64_t seen = 0;
    assert_int_equal(random_below(0), 0);
    assert_int_equal(random_below(1), 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = random_below(10);
        assert_true(value < 10);
        seen |= 1u << value;
    }
    assert_int_equal(seen, 0x3ff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_differ_and_cover_large_requests),
        cmocka_unit_test(below_stays_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
