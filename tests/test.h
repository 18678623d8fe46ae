/* test.h - what every unit test includes: cmocka in the order it wants. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "base/slice.h"

#define assert_slice(s, text)                                    \
	do {                                                     \
		struct slice got_ = (s);                         \
		assert_int_equal(got_.n, strlen(text));          \
		assert_memory_equal(got_.p ? got_.p : "", text, got_.n); \
	} while (0)

#endif
