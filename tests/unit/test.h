/* What every cmocka test includes first; cmocka wants these four in this order. */
#ifndef JF_TEST_H
#define JF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
