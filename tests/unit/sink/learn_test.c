/* How the quota is learned, the order of worth, and the lease under load: pure parts. */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "sink/learn.h"
#include "sink/load.h"
#include "sink/order.h"

enum { WINDOW_MS = 30000 };

static void up_by_small_steps_after_clean_full_windows(void **state)
{
	struct learn l;
	int64_t now = 1000;
	uint32_t steps = 0;
	(void)state;

	learn_init(&l, 1470, 1470, 9800);
	while (l.limit < 9800) {
		assert_false(learn_full(&l, now, WINDOW_MS)); /* full for the first time */
		assert_false(learn_full(&l, now + WINDOW_MS, WINDOW_MS));
		now += WINDOW_MS + LEARN_SLACK_MS;
		uint32_t before = l.limit;
		assert_true(learn_full(&l, now, WINDOW_MS));
		assert_true(l.limit <= before + before / 20 + 1);
		assert_int_equal(l.proven, before);
		steps++;
	}
	assert_in_range(steps, 30, 45);
	assert_true(now < 1800000); /* 1,500 to 10,000 within half an hour of full windows */
	assert_false(learn_full(&l, now, WINDOW_MS));
	assert_false(learn_full(&l, now + 40000, WINDOW_MS)); /* not beyond the most */
	assert_int_equal(l.proven, 9800);
}

static void a_failed_trial_goes_back_and_waits_longer_each_time(void **state)
{
	struct learn l;
	int64_t now = 1000, rest = LEARN_REST_MS;
	(void)state;

	learn_init(&l, 1470, 1470, 9800);
	for (int trial = 0; trial < 5; trial++, rest *= 2) {
		learn_full(&l, now, WINDOW_MS);
		now += 40000;
		if (trial > 0)
			now = l.trial_ms;
		assert_true(learn_full(&l, now, WINDOW_MS));
		learn_refused(&l, now, 1501, 2, 0);
		assert_int_equal(l.limit, 1470);
		assert_true(l.trial_ms == now + rest);
		learn_full(&l, now + 1, WINDOW_MS);
		assert_false(learn_full(&l, l.trial_ms - 1, WINDOW_MS));
	}
}

static void a_wrong_quota_is_cut_to_what_was_taken(void **state)
{
	struct learn l;
	(void)state;

	learn_init(&l, 9800, 1470, 9800);
	learn_refused(&l, 5000, 1506, 6, 0);
	assert_int_equal(l.limit, 1470);
	learn_init(&l, 9800, 1470, 9800);
	learn_refused(&l, 5000, 5016, 16, 0);
	assert_int_equal(l.limit, 4900);
	/* the same in 9 s of 30: a bucket took what ran in meanwhile too */
	learn_init(&l, 9800, 1470, 9800);
	learn_refused(&l, 5000, 5016, 16, 30);
	assert_int_equal(l.limit, 3769);
	/* somebody else uses the same quota: less than the documents grant is left */
	learn_init(&l, 1470, 1470, 9800);
	learn_refused(&l, 5000, 1000, 0, 0);
	assert_int_equal(l.limit, 980);
	assert_int_equal(l.proven, 980);
	for (int i = 0; i < 100; i++)
		learn_refused(&l, 5000, l.limit, 0, 0);
	assert_int_equal(l.limit, 367); /* a quarter is never given up */
	/* refused with next to nothing sent: that is not our quota */
	learn_init(&l, 1470, 1470, 9800);
	learn_refused(&l, 5000, 3, 0, 0);
	assert_int_equal(l.limit, 1470);
}

static void what_is_not_proved_is_entered_slowly(void **state)
{
	struct learn l;
	(void)state;

	learn_init(&l, 9800, 1470, 9800);
	assert_int_equal(learn_in_flight(&l, 1470, 100, 100, WINDOW_MS), 100);
	/* 1,470 in 30 s at 100 ms are 4.9 under way all the time */
	assert_int_equal(learn_in_flight(&l, 1471, 100, 100, WINDOW_MS), LEARN_ENTRY + 4);
	assert_int_equal(learn_in_flight(&l, 1471, 100, 0, WINDOW_MS), LEARN_ENTRY);
	assert_int_equal(learn_in_flight(&l, 1470 + 160, 100, 100, WINDOW_MS), LEARN_ENTRY + 14);
	assert_int_equal(learn_in_flight(&l, 9000, 100, 100, WINDOW_MS), 100);
}

/* limits.md 1.4: a rise removes h(1 - e^(-D/h)) seconds, a clear at most what is left of the lease. */
static void seconds_of_error(void **state)
{
	(void)state;
	for (int64_t lease = 300000; lease <= 14400000; lease += 300000) {
		double want = 180000 * (1 - exp(-(double)lease / 180000));
		double is = (double)order_rise(1, lease, 1);

		assert_true(fabs(is - want) < 0.05 * want);
		assert_true(order_rise(3, lease, 1) > order_rise(1, lease, 1) * 2);
	}
	/* with the usual weight and leases rises come first, whatever is to be cleared */
	for (int64_t lease = 300000; lease <= 600000; lease += 60000)
		assert_true(order_rise(ORDER_WEIGHT, lease, 1) > order_clear(lease, 1));
	/* with equal weights a fresh session is cleared first, one near its end is not */
	assert_true(order_clear(300000, 1) > order_rise(1, 300000, 1));
	assert_true(order_clear(60000, 1) < order_rise(1, 300000, 1));
	assert_int_equal(order_clear(0, 1), 0);
	assert_int_equal(order_clear(-5, 1), 0);
	assert_int_equal(order_clear(300000, 2), order_clear(300000, 1) / 2);
}

static void leases_under_load(void **state)
{
	struct load l = { 0 };
	(void)state;

	l = load_of(l, 1470, WINDOW_MS, 0, 1000);
	assert_false(l.deep);
	assert_int_equal(l.floor_ms, 0);
	/* 10,000 in calls at 1,500: D >= 21 min by the formula at 0.8 and 1,500; here 0.75 and 1,470 */
	l = load_of(l, 1470, WINDOW_MS, 0, 10000);
	assert_in_range(l.floor_ms, 21 * 60000, 24 * 60000);
	assert_int_equal(load_of(l, 1470, WINDOW_MS, 0, 1000000).floor_ms, LOAD_LEASE_MAX_MS);
	/* 5 minutes of work: deep, until half of it is done */
	assert_false(load_of(l, 1470, WINDOW_MS, 14700, 0).deep);
	l = load_of(l, 1470, WINDOW_MS, 14750, 0);
	assert_true(l.deep);
	assert_true(load_of(l, 1470, WINDOW_MS, 7400, 0).deep);
	assert_false(load_of(l, 1470, WINDOW_MS, 7350, 0).deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_by_small_steps_after_clean_full_windows),
		cmocka_unit_test(a_failed_trial_goes_back_and_waits_longer_each_time),
		cmocka_unit_test(a_wrong_quota_is_cut_to_what_was_taken),
		cmocka_unit_test(what_is_not_proved_is_entered_slowly),
		cmocka_unit_test(seconds_of_error),
		cmocka_unit_test(leases_under_load),
	};
	return cmocka_run_group_tests_name("sink/learn", tests, NULL, NULL);
}
