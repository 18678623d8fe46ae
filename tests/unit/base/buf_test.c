#include "test.h"

#include "base/buf.h"

static void failure_sticks_and_frees(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 4);
	buf_str(&b, "abcd");
	assert_int_equal(buf_err(&b), ERR_OK);
	assert_slice(buf_view(&b), "abcd");
	buf_char(&b, 'e');
	assert_int_equal(buf_err(&b), ERR_LIMIT);
	buf_str(&b, "");
	assert_slice(buf_view(&b), "");
	assert_string_equal(buf_cstr(&b), "");
	buf_reset(&b);
	buf_fmt(&b, "%d", 1234);
	assert_slice(buf_view(&b), "1234");
	buf_fini(&b);
}

static void eat_drops_the_front(void **state)
{
	struct buf b;
	(void)state;

	buf_init(&b, 1000);
	for (int i = 0; i < 100; i++)
		buf_fmt(&b, "%02d", i);
	buf_eat(&b, 2 * 98);
	assert_slice(buf_view(&b), "9899");
	buf_eat(&b, 4);
	assert_slice(buf_view(&b), "");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(failure_sticks_and_frees),
		cmocka_unit_test(eat_drops_the_front),
	};
	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
