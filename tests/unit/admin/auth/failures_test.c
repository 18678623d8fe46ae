#include "test.h"

#include "admin/auth/failures.h"

static void some_are_written_and_the_others_counted(void **state)
{
	struct failures f = { 0 };
	uint32_t left_out = 77;
	(void)state;

	for (int i = 0; i < FAILURES_WRITTEN_MAX; i++) {
		assert_true(failures_note(&f, 1000 + i, &left_out));
		assert_int_equal(left_out, 0);
	}
	for (int i = 0; i < 5000; i++)
		assert_false(failures_note(&f, 2000 + i, &left_out));
	assert_false(failures_note(&f, 1000 + FAILURES_MS - 1, &left_out));
	assert_true(failures_note(&f, 1000 + FAILURES_MS, &left_out));
	assert_int_equal(left_out, 5001);
	assert_true(failures_note(&f, 1000 + FAILURES_MS, &left_out));
	assert_int_equal(left_out, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(some_are_written_and_the_others_counted),
	};
	return cmocka_run_group_tests_name("admin/auth/failures", tests, NULL, NULL);
}
