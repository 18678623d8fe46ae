/* g14.c - a quota that is not what was assumed, and G9: a million people of whom nobody calls. Simulated
 * time. */
#include <stdio.h>

#include "base/check.h"
#include "bench.h"
#include "office.h"

enum { LEASE_MS = 600000, HOUR_MS = 3600000, WARM_UP_MS = 60000 };

/* Everyone takes a call and hangs up again, with too much assumed: what share is refused. */
static void too_much_assumed(uint32_t users, enum cloud_limit_shape shape, uint32_t assumed)
{
	static struct office o;
	const struct office_config c = { .users = users, .shape = (uint8_t)shape, .lease_ms = LEASE_MS,
					 .assumed = assumed, .assumed_max = 10000, .seed = 3 };
	char goal[96];

	office_open(&o, &c);
	office_run(&o, o.now_ms + WARM_UP_MS, false, false);
	office_measure(&o);
	for (int calling = 1; calling >= 0; calling--) {
		office_everyone(&o, calling);
		office_run(&o, o.now_ms + 2 * HOUR_MS, true, calling);
	}
	double share = 100.0 * (double)o.truth.rejected / (double)o.truth.requests;
	snprintf(goal, sizeof(goal), "G14 %u at once, 1500 not %u, %s", users, assumed,
		 cloud_limit_shape_name(shape));
	row(share <= 0.1 ? VERDICT_MET : VERDICT_MISSED, goal, "<= 0.1 % 429s", "each alone: millions",
	    "%.3f %%: %llu of %llu", share, (unsigned long long)o.truth.rejected,
	    (unsigned long long)o.truth.requests);
	office_close(&o);
}

/* Hours of more calls than the quota can tell, with the default settings at a tenant of `quota`. */
static void learning(uint32_t users, uint32_t quota, double hours)
{
	static struct office o;
	const struct office_config c = { .users = users, .shape = CLOUD_LIMIT_SLIDING, .lease_ms = LEASE_MS,
					 .quota = quota, .assumed = 1500, .assumed_max = 10000,
					 .idle_ms = 720000, .hold_ms = 180000, .seed = 7 };
	int64_t from_ms, learned_ms = 0;
	struct graph_view v;
	char goal[96];

	office_open(&o, &c);
	from_ms = o.now_ms;
	while (o.now_ms < from_ms + (int64_t)(hours * HOUR_MS)) {
		office_run(&o, o.now_ms + 10000, false, false);
		graph_view(o.graph, &v);
		if (!learned_ms && v.quota_now >= ledger_share(10000) - 1)
			learned_ms = o.now_ms - from_ms;
	}
	double share = 100.0 * (double)o.truth.rejected / (double)o.truth.requests;
	bool met = share <= 0.1 && (quota < 10000 || (learned_ms && learned_ms <= HOUR_MS / 2));
	snprintf(goal, sizeof(goal), "G14 overload, %u learned from 1500", quota);
	row(met ? VERDICT_MET : VERDICT_MISSED, goal,
	    quota < 10000 ? "<= 0.1 % 429s" : "10000 within 30 min, <= 0.1 % 429s", "-",
	    "%.4f %% 429s in %.0f h, %u steps, %u cuts, %u at the end%s%.0f%s", share, hours, v.quota_steps,
	    v.quota_cuts, v.quota_now, learned_ms ? ", there after " : "; ",
	    (double)learned_ms / 60000, learned_ms ? " min" : "");
	office_close(&o);
}

void bench_g14(void)
{
	static const uint32_t sizes[] = { 10000, 50000, 200000 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (unsigned shape = 0; shape < CLOUD_LIMIT_SHAPE_COUNT; shape++) {
			too_much_assumed(sizes[i], (enum cloud_limit_shape)shape, 10000);
			too_much_assumed(sizes[i], (enum cloud_limit_shape)shape, 3000);
		}
	learning(27000, 1500, 4);
	learning(180000, 10000, 1);
}

void bench_g9(void)
{
	static struct office o;
	const struct office_config c = { .users = 1000000, .shape = CLOUD_LIMIT_SLIDING,
					 .lease_ms = LEASE_MS, .seed = 1 };

	office_open(&o, &c);
	office_run(&o, o.now_ms + WARM_UP_MS, false, false);
	office_measure(&o);
	office_run(&o, o.now_ms + HOUR_MS, false, false);
	row(o.truth.requests == 0 ? VERDICT_MET : VERDICT_MISSED, "G9 1000000 idle people, read-back off",
	    "0 requests an hour", "mirrored Available: 4167 a second", "%llu requests",
	    (unsigned long long)o.truth.requests);
	office_close(&o);
}
