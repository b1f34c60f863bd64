/*
 * decimal - JSON numbers, compared as the decimals they are.
 *
 * A double cannot tell 9007199254740993 from its neighbour, nor is 0.1 one; a number here
 * is a view of its text, and comparing walks the digits of both, once. No locale, no
 * rounding, no allocation. Pure. [any thread]
 */
#ifndef JF_PARSE_DECIMAL_H
#define JF_PARSE_DECIMAL_H

#include <stdbool.h>
#include <stdint.h>

/* Exponents beyond are taken for this one: such numbers are alike. */
#define DECIMAL_EXPONENT_MAX 1000000000000

/* 0.d1d2d3... times ten to the exponent, d1 not 0. Embedded by its user, hence the body. */
struct decimal {
    const char *digits, *end; /* from d1 on, perhaps with a point between them */
    int64_t exponent;
    int sign; /* -1, 0, 1 */
};

/* A number that json_number() has passed, as a view of it. */
void decimal_read(const char *at, const char *end, struct decimal *out);

/* Below, at or above 0, as a is below, at or above b. Ten to the 12th is where exponents
 * end; see above. */
int decimal_compare(const struct decimal *a, const struct decimal *b);

/* Is it written without fraction and exponent? That is what draft 4 calls an integer. */
bool decimal_is_integer(const char *at, const char *end);

#endif
