/* How long a lost link is waited for. */
#include "source/back_off.h"

#include "test.h"

static struct prng prng = { 1 };

static void wait_is(struct back_off *b, int64_t stood_ms, int64_t most_ms)
{
	int64_t ms = back_off_ms(b, &prng, stood_ms);

	assert_in_range(ms, most_ms / 2, most_ms);
}

static void fail_for_long(struct back_off *b)
{
	static const int64_t waits_s[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };

	for (size_t i = 0; i < ARRAY_LEN(waits_s); i++)
		wait_is(b, -1, waits_s[i] * 1000);
}

static void longer_and_longer(void **state)
{
	struct back_off b = { 0 };

	(void)state;
	fail_for_long(&b);
}

static void one_that_stood_starts_from_the_bottom(void **state)
{
	struct back_off b = { 0 };

	(void)state;
	fail_for_long(&b);
	wait_is(&b, 10000, 1000);
	wait_is(&b, -1, 2000);
}

/* Logged in and lost soon, again and again: after a long outage too it is back within seconds. */
static void one_that_comes_and_goes(void **state)
{
	struct back_off b = { 0 };

	(void)state;
	fail_for_long(&b);
	for (int i = 0; i < 20; i++)
		wait_is(&b, 9999, 8000);
	wait_is(&b, -1, 16000);
	wait_is(&b, 0, 8000);
	b = (struct back_off){ 0 };
	wait_is(&b, 0, 1000); /* and it is not asked all the time */
	wait_is(&b, 0, 2000);
	wait_is(&b, 0, 4000);
	wait_is(&b, 0, 8000);
	wait_is(&b, 0, 8000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longer_and_longer),
		cmocka_unit_test(one_that_stood_starts_from_the_bottom),
		cmocka_unit_test(one_that_comes_and_goes),
	};

	return cmocka_run_group_tests_name("source/back_off", tests, NULL, NULL);
}
