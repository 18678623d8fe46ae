#include "source/lines.h"

#include "test.h"

static void numbers_and_ids_find_their_slot(void **state)
{
	struct line_table t;
	uint32_t a, b;

	(void)state;
	assert_int_equal(line_table_init(&t, 2), ERR_OK);
	assert_int_equal(line_table_add(&t, 700, SLICE_LIT("201"), &a), ERR_OK);
	assert_int_equal(line_table_add(&t, 3, SLICE_LIT("202"), &b), ERR_OK);
	assert_int_equal(line_table_slot(&t, 700), a);
	assert_int_equal(line_table_find(&t, SLICE_LIT("202")), b);
	assert_int_equal(line_table_id(&t, b), 3);
	assert_string_equal(line_table_number(&t, a), "201");
	assert_int_equal(line_table_find(&t, SLICE_LIT("20")), LINE_NONE);
	assert_int_equal(line_table_slot(&t, 201), LINE_NONE);
	line_table_fini(&t);
}

static void a_line_twice_and_one_too_many_are_refused(void **state)
{
	struct line_table t;
	uint32_t slot;

	(void)state;
	assert_int_equal(line_table_init(&t, 2), ERR_OK);
	assert_int_equal(line_table_add(&t, 1, SLICE_LIT("201"), &slot), ERR_OK);
	assert_int_equal(line_table_add(&t, 1, SLICE_LIT("202"), &slot), ERR_EXISTS);
	assert_int_equal(line_table_add(&t, 2, SLICE_LIT("201"), &slot), ERR_EXISTS);
	assert_int_equal(line_table_add(&t, 2, SLICE_LIT(""), &slot), ERR_MALFORMED);
	assert_int_equal(line_table_add(&t, 2, SLICE_LIT("20\r\n1"), &slot), ERR_MALFORMED);
	assert_int_equal(line_table_add(&t, 2, SLICE_LIT("202"), &slot), ERR_OK);
	assert_int_equal(line_table_add(&t, 3, SLICE_LIT("203"), &slot), ERR_LIMIT);
	line_table_fini(&t);
}

static void a_slot_is_used_again_and_walked_over_while_free(void **state)
{
	struct line_table t;
	uint32_t a, b, c;

	(void)state;
	assert_int_equal(line_table_init(&t, 3), ERR_OK);
	assert_int_equal(line_table_add(&t, 1, SLICE_LIT("201"), &a), ERR_OK);
	assert_int_equal(line_table_add(&t, 2, SLICE_LIT("202"), &b), ERR_OK);
	assert_int_equal(line_table_remove(&t, 1), a);
	assert_int_equal(line_table_remove(&t, 1), LINE_NONE);
	assert_int_equal(line_table_next(&t, 0), b);
	assert_int_equal(line_table_next(&t, b + 1), LINE_NONE);
	assert_int_equal(line_table_add(&t, 9, SLICE_LIT("201"), &c), ERR_OK);
	assert_int_equal(line_table_find(&t, SLICE_LIT("201")), c);
	assert_int_equal(line_table_id(&t, c), 9);
	line_table_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_ids_find_their_slot),
		cmocka_unit_test(a_line_twice_and_one_too_many_are_refused),
		cmocka_unit_test(a_slot_is_used_again_and_walked_over_while_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
