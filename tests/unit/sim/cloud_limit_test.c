#include "test.h"

#include "base/prng.h"
#include "cloud_limit.h"

static void start(struct cloud_limit *l, unsigned shape, uint32_t quota, bool forgive)
{
	*l = (struct cloud_limit){ 0 };
	struct cloud_limit_config conf = { (uint8_t)shape, quota, 30000, forgive };
	assert_int_equal(cloud_limit_set(l, &conf, 1000), ERR_OK);
}

static unsigned burst(struct cloud_limit *l, int64_t now_ms, unsigned n)
{
	unsigned passed = 0;
	int64_t wait_ms;

	for (unsigned i = 0; i < n; i++)
		passed += cloud_limit_take(l, now_ms, 1, &wait_ms);
	return passed;
}

static void every_shape_passes_the_quota_and_then_refuses(void **state)
{
	(void)state;
	for (unsigned shape = 0; shape < CLOUD_LIMIT_SHAPE_COUNT; shape++) {
		struct cloud_limit l;
		int64_t wait_ms = 0;

		start(&l, shape, 10, false);
		assert_int_equal(burst(&l, 1000, 10), 10);
		assert_false(cloud_limit_take(&l, 1000, 1, &wait_ms));
		assert_in_range(wait_ms, 1, 60000);
		cloud_limit_fini(&l);
	}
}

/* The time told is the truth: a client that waits exactly so long passes, one ms less does not. */
static void the_wait_told_is_exact(void **state)
{
	(void)state;
	for (unsigned shape = 0; shape < CLOUD_LIMIT_SHAPE_COUNT; shape++)
		for (int early = 0; early <= 1; early++) {
			struct cloud_limit l;
			int64_t wait_ms = 0, again_ms;

			start(&l, shape, 10, false);
			burst(&l, 4000, 10);
			assert_false(cloud_limit_take(&l, 5000, 1, &wait_ms));
			assert_true(wait_ms > 1);
			assert_int_equal(cloud_limit_take(&l, 5000 + wait_ms - early, 1, &again_ms),
					 !early);
			cloud_limit_fini(&l);
		}
}

static void what_tells_the_shapes_apart(void **state)
{
	struct cloud_limit l;
	(void)state;

	/* Fixed: twice the quota around a boundary. The next window begins at 30,000. */
	start(&l, CLOUD_LIMIT_FIXED, 10, false);
	assert_int_equal(burst(&l, 29999, 10), 10);
	assert_int_equal(burst(&l, 30000, 11), 10);
	cloud_limit_fini(&l);
	/* Sliding: nothing at the boundary; each request comes back 30 s after it was made. */
	start(&l, CLOUD_LIMIT_SLIDING, 10, true);
	assert_int_equal(burst(&l, 29999, 5), 5);
	assert_int_equal(burst(&l, 30000, 10), 5);
	assert_int_equal(burst(&l, 59998, 10), 0);
	assert_int_equal(burst(&l, 59999, 10), 5);
	cloud_limit_fini(&l);
	/* Bucket: one request every 3 s after the burst. */
	start(&l, CLOUD_LIMIT_BUCKET, 10, true);
	assert_int_equal(burst(&l, 1000, 20), 10);
	assert_int_equal(burst(&l, 3999, 1), 0);
	assert_int_equal(burst(&l, 4000, 2), 1);
	assert_int_equal(burst(&l, 34000, 20), 10);
	cloud_limit_fini(&l);
}

/* Who goes on knocking stays out, unless rejects are forgiven. */
static void rejects_count_unless_forgiven(void **state)
{
	(void)state;
	for (unsigned shape = 0; shape < CLOUD_LIMIT_SHAPE_COUNT; shape++)
		for (int forgive = 0; forgive <= 1; forgive++) {
			struct cloud_limit l;
			unsigned passed = 0;

			start(&l, shape, 10, forgive);
			burst(&l, 1000, 10);
			/* 20 a second for 28 s within the first window, then for 32 s beyond it. */
			for (int64_t t = 1050; t < 61000; t += 50)
				passed += burst(&l, t, 1);
			if (forgive)
				assert_in_range(passed, 10, 30);
			else if (shape == CLOUD_LIMIT_FIXED)
				assert_in_range(passed, 10, 20); /* its windows start afresh */
			else
				assert_int_equal(passed, 0);
			cloud_limit_fini(&l);
		}
}

/* The sliding shape against a naive list of all instants. */
static void sliding_agrees_with_a_plain_list(void **state)
{
	enum { N = 3000 };
	static int64_t times[N];
	struct prng r = { 7 };
	int64_t now_ms = 0, wait_ms;
	(void)state;

	for (int forgive = 0; forgive <= 1; forgive++) {
		struct cloud_limit l;
		size_t n = 0;

		start(&l, CLOUD_LIMIT_SLIDING, 20, forgive);
		now_ms += 100000;
		for (int i = 0; i < N; i++) {
			unsigned inside = 0;

			now_ms += (int64_t)prng_below(&r, 4) ? (int64_t)prng_below(&r, 3000) : 0;
			for (size_t k = 0; k < n; k++)
				inside += times[k] + 30000 > now_ms;
			bool pass = cloud_limit_take(&l, now_ms, 1, &wait_ms);
			assert_int_equal(pass, inside < 20);
			if (pass || !forgive)
				times[n++] = now_ms;
		}
		cloud_limit_fini(&l);
	}
}

static void costs_above_one_and_no_limit(void **state)
{
	int64_t wait_ms;
	(void)state;

	for (unsigned shape = 0; shape < CLOUD_LIMIT_SHAPE_COUNT; shape++) {
		struct cloud_limit l;

		start(&l, shape, 5, true);
		assert_true(cloud_limit_take(&l, 1000, 2, &wait_ms));
		assert_true(cloud_limit_take(&l, 1000, 2, &wait_ms));
		assert_false(cloud_limit_take(&l, 1000, 2, &wait_ms));
		assert_true(cloud_limit_take(&l, 1000, 1, &wait_ms));
		cloud_limit_fini(&l);
		start(&l, shape, 0, false);
		assert_int_equal(burst(&l, 1000, 5000), 5000);
		cloud_limit_fini(&l);
	}
}

static void bad_settings_are_refused_and_change_nothing(void **state)
{
	struct cloud_limit l;
	struct cloud_limit_config bad[] = { { CLOUD_LIMIT_SHAPE_COUNT, 1, 1, false },
					    { CLOUD_LIMIT_FIXED, 1, 0, false },
					    { CLOUD_LIMIT_FIXED, CLOUD_LIMIT_QUOTA_MAX + 1, 1, false } };
	(void)state;

	start(&l, CLOUD_LIMIT_SLIDING, 3, false);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(cloud_limit_set(&l, &bad[i], 1000), ERR_LIMIT);
	assert_int_equal(burst(&l, 1000, 10), 3);
	cloud_limit_fini(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_shape_passes_the_quota_and_then_refuses),
		cmocka_unit_test(the_wait_told_is_exact),
		cmocka_unit_test(what_tells_the_shapes_apart),
		cmocka_unit_test(rejects_count_unless_forgiven),
		cmocka_unit_test(sliding_agrees_with_a_plain_list),
		cmocka_unit_test(costs_above_one_and_no_limit),
		cmocka_unit_test(bad_settings_are_refused_and_change_nothing),
	};
	return cmocka_run_group_tests_name("sim/cloud_limit", tests, NULL, NULL);
}
