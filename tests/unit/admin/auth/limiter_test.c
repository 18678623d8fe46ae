#include "test.h"

#include <stdio.h>

#include "admin/auth/limiter.h"

static struct limiter l;

static int set_up(void **state)
{
	(void)state;
	l = (struct limiter){ 0 };
	return 0;
}

static int64_t wait_ms(const char *name, int64_t now)
{
	return limiter_wait_ms(&l, LIMIT_NAME, slice_str(name), now);
}

static void guess(const char *name, int n, int64_t now)
{
	for (int i = 0; i < n; i++)
		limiter_failed(&l, LIMIT_NAME, slice_str(name), now);
}

static void the_budget_comes_back_one_by_one(void **state)
{
	(void)state;
	for (int i = 0; i < LIMITER_NAME_BUDGET; i++) {
		assert_int_equal(wait_ms("admin", 1000), 0);
		guess("admin", 1, 1000);
	}
	assert_int_equal(wait_ms("admin", 1000), LIMITER_NAME_MS);
	assert_int_equal(wait_ms("admin", 1001), LIMITER_NAME_MS - 1);
	assert_int_equal(wait_ms("admin", 1000 + LIMITER_NAME_MS), 0);
	guess("admin", 1, 1000 + LIMITER_NAME_MS);
	assert_int_equal(wait_ms("admin", 1000 + LIMITER_NAME_MS), LIMITER_NAME_MS);
	/* after a long time all of it is there again, and not more */
	guess("admin", LIMITER_NAME_BUDGET - 1, 100000000);
	assert_int_equal(wait_ms("admin", 100000000), 0);
	guess("admin", 1, 100000000);
	assert_int_equal(wait_ms("admin", 100000000), LIMITER_NAME_MS);
}

static void each_key_has_its_own(void **state)
{
	(void)state;
	guess("admin", LIMITER_NAME_BUDGET, 5);
	assert_int_not_equal(wait_ms("ADMIN", 5), 0);
	assert_int_equal(wait_ms("kim", 5), 0);
	/* a name is no address */
	assert_int_equal(limiter_wait_ms(&l, LIMIT_ADDRESS, slice_str("admin"), 5), 0);
	limiter_forget(&l, LIMIT_NAME, slice_str("admin"));
	assert_int_equal(wait_ms("admin", 5), 0);
}

static void an_address_may_fail_more_often(void **state)
{
	struct slice at = slice_str("192.0.2.7");
	(void)state;

	for (int i = 0; i < LIMITER_ADDRESS_BUDGET; i++) {
		assert_int_equal(limiter_wait_ms(&l, LIMIT_ADDRESS, at, 9), 0);
		limiter_failed(&l, LIMIT_ADDRESS, at, 9);
	}
	assert_int_equal(limiter_wait_ms(&l, LIMIT_ADDRESS, at, 9), LIMITER_ADDRESS_MS);
}

/* Somebody who tries thousands of names pushes out none that is nearer to its limit. */
static void a_full_table_forgets_who_has_least_to_lose(void **state)
{
	char name[32];
	(void)state;

	guess("admin", LIMITER_NAME_BUDGET, 10);
	for (int i = 0; i < 5 * LIMITER_KEYS; i++) {
		snprintf(name, sizeof(name), "name%d", i);
		guess(name, 1, 10);
	}
	assert_int_equal(wait_ms("admin", 10), LIMITER_NAME_MS);
}

static void networks(void **state)
{
	static const char *const rows[][2] = { { "192.0.2.7", "192.0.2.7" },
					       { "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
					       { "2001:db8:1:2::1", "2001:db8:1:2::" },
					       { "2001:db8:1:3::1", "2001:db8:1:3::" },
					       { "::ffff:192.0.2.7", "::ffff:192.0.2.7" },
					       { "::1", "::" },
					       { "", "" } };
	char got[48];
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		limiter_network(rows[i][0], got, sizeof(got));
		assert_string_equal(got, rows[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_budget_comes_back_one_by_one, set_up),
		cmocka_unit_test_setup(each_key_has_its_own, set_up),
		cmocka_unit_test_setup(an_address_may_fail_more_often, set_up),
		cmocka_unit_test_setup(a_full_table_forgets_who_has_least_to_lose, set_up),
		cmocka_unit_test_setup(networks, set_up),
	};
	return cmocka_run_group_tests_name("admin/auth/limiter", tests, NULL, NULL);
}
