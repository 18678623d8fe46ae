#include "test.h"

#include "base/prng.h"
#include "base/wheel.h"

enum { N = 300 };

static int64_t random_distance(struct prng *r)
{
	return (int64_t)prng_below(r, 1ull << (1 + prng_below(r, 36)));
}

/* Against the naive truth: an array of deadlines, scanned. */
static void pops_what_a_scan_would_pop(void **state)
{
	int64_t due[N], now = 1000000007;
	struct prng r = { 7 };
	struct wheel *w;
	(void)state;

	assert_int_equal(wheel_new(&w, N, now), ERR_OK);
	for (int i = 0; i < N; i++)
		due[i] = WHEEL_NEVER;
	for (int step = 0; step < 3000; step++) {
		for (int k = 0; k < 5; k++) {
			uint32_t id = (uint32_t)prng_below(&r, N);

			due[id] = prng_below(&r, 5) ? now + random_distance(&r) : WHEEL_NEVER;
			wheel_set(w, id, due[id]);
			assert_true(wheel_due(w, id) == due[id]);
		}
		int64_t earliest = WHEEL_NEVER;
		for (int i = 0; i < N; i++)
			earliest = due[i] < earliest ? due[i] : earliest;
		assert_true(wheel_next(w) <= earliest);
		if (prng_below(&r, 2) && earliest != WHEEL_NEVER)
			now = earliest;
		else
			now += random_distance(&r) / 1000;
		uint32_t id;
		while (wheel_pop(w, now, &id)) {
			assert_true(due[id] <= now);
			due[id] = WHEEL_NEVER;
		}
		for (int i = 0; i < N; i++)
			assert_true(due[i] > now);
	}
	wheel_free(w);
}

static void waking_at_next_always_reaches_the_deadline(void **state)
{
	struct wheel *w;
	uint32_t id;
	(void)state;

	for (int64_t distance = 1; distance < 1ll << 34; distance = distance * 3 + 1) {
		int64_t now = 12345, target = now + distance;
		int wakes = 0;

		assert_int_equal(wheel_new(&w, 1, now), ERR_OK);
		wheel_set(w, 0, target);
		for (;;) {
			assert_true(wheel_next(w) <= target);
			now = wheel_next(w);
			assert_true(++wakes <= 6);
			if (wheel_pop(w, now, &id))
				break;
		}
		assert_true(now == target);
		assert_true(wheel_next(w) == WHEEL_NEVER);
		wheel_free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pops_what_a_scan_would_pop),
		cmocka_unit_test(waking_at_next_always_reaches_the_deadline),
	};
	return cmocka_run_group_tests_name("base/wheel", tests, NULL, NULL);
}
