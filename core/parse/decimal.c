/* Where the first digit that counts stands, relative to the point, says which of two
 * numbers is larger in most cases; digits are looked at when that is the same. */
#include "core/parse/decimal.h"

#include <stddef.h>

static inline int64_t limited(int64_t exponent)
{
    if (exponent > DECIMAL_EXPONENT_MAX)
        return DECIMAL_EXPONENT_MAX;
    return exponent < -DECIMAL_EXPONENT_MAX ? -DECIMAL_EXPONENT_MAX : exponent;
}

/* `at` is after the "e". */
static int64_t read_exponent(const char *at, const char *end)
{
    int64_t exponent = 0;
    bool negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    for (; at < end; at++)
        exponent = limited(exponent * 10 + (*at - '0'));
    return negative ? -exponent : exponent;
}

void decimal_read(const char *at, const char *end, struct decimal *out)
{
    const char *point = NULL, *first = NULL, *stop;
    int sign = 1;
    if (*at == '-') {
        sign = -1;
        at++;
    }
    for (stop = at; stop < end && *stop != 'e' && *stop != 'E'; stop++) {
        if (*stop == '.')
            point = stop;
        else if (!first && *stop != '0')
            first = stop;
    }
    if (!first) {
        *out = (struct decimal){ at, at, 0, 0 };
        return;
    }
    if (!point)
        point = stop;
    int64_t exponent = first < point ? point - first : point + 1 - first;
    if (stop < end)
        exponent = limited(exponent + read_exponent(stop + 1, end));
    *out = (struct decimal){ first, stop, exponent, sign };
}

/* Digits that are not there are zeros. */
static inline char next_digit(const char **at, const char *end)
{
    if (*at < end && **at == '.')
        (*at)++;
    return *at < end ? *(*at)++ : '0';
}

static int compare_digits(const struct decimal *a, const struct decimal *b)
{
    const char *of_a = a->digits, *of_b = b->digits;
    while (of_a < a->end || of_b < b->end) {
        int difference = next_digit(&of_a, a->end) - next_digit(&of_b, b->end);
        if (difference)
            return difference;
    }
    return 0;
}

int decimal_compare(const struct decimal *a, const struct decimal *b)
{
    if (a->sign != b->sign)
        return a->sign < b->sign ? -1 : 1;
    if (!a->sign)
        return 0;
    if (a->exponent != b->exponent)
        return (a->exponent < b->exponent) == (a->sign > 0) ? -1 : 1;
    int difference = compare_digits(a, b);
    return a->sign > 0 ? difference : -difference;
}

bool decimal_is_integer(const char *at, const char *end)
{
    for (; at < end; at++) {
        if (*at == '.' || *at == 'e' || *at == 'E')
            return false;
    }
    return true;
}
