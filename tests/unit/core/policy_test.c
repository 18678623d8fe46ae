#include "test.h"

#include "core/policy.h"

/* Every tenth of the renewal span gets its share, and none is outside of it. */
static void renewals_are_spread(void **state)
{
	int tenths[10] = { 0 };
	(void)state;

	for (uint32_t user = 0; user < 1000; user++) {
		for (uint32_t generation = 1; generation <= 10; generation++) {
			int32_t before = policy_renew_before_ms(user, generation, 600000);

			assert_in_range(before, 60000, 240000);
			tenths[(before - 60000) * 10 / 180001]++;
			assert_int_equal(before, policy_renew_before_ms(user, generation, 600000));
		}
	}
	for (int i = 0; i < 10; i++)
		assert_in_range(tenths[i], 850, 1150);
	assert_in_range(policy_renew_before_ms(7, 7, LEASE_MAX_MS), 1440000, 5760000);
}

static void backoff_doubles_up_to_an_hour(void **state)
{
	static const int minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	(void)state;

	for (unsigned i = 0; i < ARRAY_LEN(minutes); i++)
		assert_int_equal(policy_backoff_ms(i + 1), minutes[i] * 60000);
	assert_int_equal(policy_backoff_ms(255), BACKOFF_MAX_MS);
}

static void a_policy_out_of_range_is_refused(void **state)
{
	const struct policy good = { .settle_ms = SETTLE_MAX_MS, .grace_ms = GRACE_MAX_MS,
				     .lease_ms = LEASE_MIN_MS };
	struct policy p;
	(void)state;

	assert_true(policy_valid(&good));
#define BAD(field, value) \
	p = good;         \
	p.field = value;  \
	assert_false(policy_valid(&p))
	BAD(settle_ms, SETTLE_MAX_MS + 1);
	BAD(settle_ms, -1);
	BAD(grace_ms, GRACE_MAX_MS + 1);
	BAD(grace_ms, -1);
	BAD(lease_ms, LEASE_MIN_MS - 1);
	BAD(lease_ms, LEASE_MAX_MS + 1);
	BAD(precedence, 2);
	BAD(ringing, 2);
	BAD(busy, 2);
	BAD(dnd, 2);
	BAD(not_available, 3);
	BAD(mode, 3);
#undef BAD
}

/* From lowest to highest, by hand. */
static void holds_are_ordered(void **state)
{
	static const struct hold cloudlink[] = {
		{ SESSION_NONE, false }, { SESSION_CALL, false }, { SESSION_CONFERENCE, false },
		{ SESSION_DND, false },	 { SESSION_DND, true },	  { SESSION_AWAY, false },
	};
	static const struct hold call_first[] = {
		{ SESSION_NONE, false },       { SESSION_AWAY, false }, { SESSION_CALL, false },
		{ SESSION_CONFERENCE, false }, { SESSION_DND, false },	{ SESSION_DND, true },
	};
	(void)state;

	for (size_t i = 1; i < ARRAY_LEN(cloudlink); i++) {
		assert_true(policy_hold_rank(PRECEDENCE_CLOUDLINK, cloudlink[i]) >
			    policy_hold_rank(PRECEDENCE_CLOUDLINK, cloudlink[i - 1]));
		assert_true(policy_hold_rank(PRECEDENCE_CALL_FIRST, call_first[i]) >
			    policy_hold_rank(PRECEDENCE_CALL_FIRST, call_first[i - 1]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(renewals_are_spread),
		cmocka_unit_test(backoff_doubles_up_to_an_hour),
		cmocka_unit_test(a_policy_out_of_range_is_refused),
		cmocka_unit_test(holds_are_ordered),
	};
	return cmocka_run_group_tests_name("core/policy", tests, NULL, NULL);
}
