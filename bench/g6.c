/* g6.c - everyone changes at once: how long until Graph holds it, beside what the quota's windows
 * allow at best. Simulated time. */
#include <stdio.h>

#include "base/check.h"
#include "bench.h"
#include "office.h"

enum { LEASE_MS = 4 * 3600 * 1000, WARM_UP_MS = 60000 };

/* What no client can beat when any window holds one quota (limits.md 1.1). */
static int64_t bound_ms(uint32_t users, uint32_t quota)
{
	return (int64_t)((users - 1) / quota) * OFFICE_WINDOW_MS;
}

struct storm {
	double rise_s, clear_s;
	uint64_t rejected;
};

/* Everyone takes a call at once, and when that is known everyone hangs up at once. */
static struct storm measure(uint32_t users, enum cloud_limit_shape shape, uint32_t quota)
{
	static struct office o;
	const struct office_config c = {
		.users = users, .shape = (uint8_t)shape, .lease_ms = LEASE_MS, .seed = 1, .quota = quota
	};
	struct storm ret;

	office_open(&o, &c);
	office_run(&o, o.now_ms + WARM_UP_MS, false, false);
	office_measure(&o);
	for (int calling = 1; calling >= 0; calling--) {
		int64_t from_ms = o.now_ms;

		office_everyone(&o, calling);
		CHECK(office_run(&o, from_ms + 2 * bound_ms(users, quota) + 600000, true, calling));
		*(calling ? &ret.rise_s : &ret.clear_s) = (double)(o.now_ms - from_ms) / 1000;
		office_run(&o, o.now_ms + 2 * OFFICE_WINDOW_MS, false, false);
	}
	ret.rejected = o.truth.rejected;
	office_close(&o);
	return ret;
}

static void mass_change(uint32_t users, enum cloud_limit_shape shape, uint32_t quota)
{
	double bound = (double)bound_ms(users, quota) / 1000;
	double must = 1.05 * bound + (OFFICE_WINDOW_MS + OFFICE_RTT_MS) / 1000.0 + 0.1;
	struct storm s = measure(users, shape, quota);
	bool met = s.rise_s <= must && s.clear_s <= must && s.rejected == 0;
	char goal[80], limit[24], yard[80];

	snprintf(goal, sizeof(goal), "G6 %u at once, %u, %s", users, quota,
		 cloud_limit_shape_name(shape));
	snprintf(limit, sizeof(limit), "<= %.1f s, 0 429s", must);
	snprintf(yard, sizeof(yard), "window bound: %.0f s", bound);
	row(met ? VERDICT_MET : VERDICT_MISSED, goal, limit, yard, "rise %.1f s, clear %.1f s, %llu 429s",
	    s.rise_s, s.clear_s, (unsigned long long)s.rejected);
}

void bench_g6(void)
{
	static const uint32_t sizes[] = { 10000, 50000, 200000 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (unsigned shape = 0; shape < CLOUD_LIMIT_SHAPE_COUNT; shape++) {
			mass_change(sizes[i], (enum cloud_limit_shape)shape, 1500);
			mass_change(sizes[i], (enum cloud_limit_shape)shape, 10000);
		}
}
