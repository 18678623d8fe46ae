/* g7.c - more calls than the quota can tell: how much of their time people in a call are shown as
 * free. Simulated time; the yardstick meets the very same calls. */
#include <stdio.h>

#include "base/check.h"
#include "bench.h"
#include "office.h"

/* Four calls of three minutes an hour and person; nominal load counts two requests a call. */
enum { HOLD_MS = 180000, IDLE_MS = 720000, CALLS_PER_HOUR = 4, WARM_UP_MS = 1800000, MEASURE_MS = 3600000 };

static uint32_t users_for(double load)
{
	double rate = (double)OFFICE_QUOTA * 1000 / OFFICE_WINDOW_MS;

	return (uint32_t)(load * rate * 3600 / (2.0 * CALLS_PER_HOUR));
}

static struct office_truth measure(double load, int32_t lease_ms, bool fifo)
{
	static struct office o;
	const struct office_config c = { .users = users_for(load),
					 .fifo = fifo,
					 .shape = CLOUD_LIMIT_SLIDING,
					 .lease_ms = lease_ms,
					 .idle_ms = IDLE_MS,
					 .hold_ms = HOLD_MS,
					 .seed = 7 };

	office_open(&o, &c);
	office_run(&o, o.now_ms + WARM_UP_MS, false, false);
	office_measure(&o);
	office_run(&o, o.now_ms + MEASURE_MS, false, false);
	struct office_truth t = office_truth(&o);
	office_close(&o);
	return t;
}

static double false_free(const struct office_truth *t)
{
	return 100 * t->shown_free_ms / t->calling_ms;
}

static double false_busy(const struct office_truth *t)
{
	return 100 * t->shown_busy_ms / t->idle_ms;
}

void bench_g7(void)
{
	static const struct {
		double load, must;
		int32_t lease_ms;
	} cases[] = { { 1.2, 0.1, 600000 },
		      { 1.6, 0.5, 600000 },
		      { 1.2, 0.1, 300000 },
		      { 1.6, 0.5, 300000 } }; /* .lease_ms as configured; the load lengthens it */

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct office_truth ours = measure(cases[i].load, cases[i].lease_ms, false);
		struct office_truth fifo = measure(cases[i].load, cases[i].lease_ms, true);
		bool met = false_free(&ours) <= cases[i].must && ours.rejected == 0;
		char goal[64], limit[24], yard[80];

		snprintf(goal, sizeof(goal), "G7 load %.1f, from %d min: false Available", cases[i].load,
			 cases[i].lease_ms / 60000);
		snprintf(limit, sizeof(limit), "<= %.1f %%", cases[i].must);
		snprintf(yard, sizeof(yard), "FIFO: %.1f %%; false Busy %.1f %%", false_free(&fifo),
			 false_busy(&fifo));
		row(met ? VERDICT_MET : VERDICT_MISSED, goal, limit, yard,
		    "%.3f %%; false Busy %.1f %%, %llu 429s", false_free(&ours), false_busy(&ours),
		    (unsigned long long)ours.rejected);
	}
}
