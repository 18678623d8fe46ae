/* g19.c - from the PBX's event to Graph's 2xx, with eight tenths of the quota in use: what the way through
 * engine, order and ledger adds to Graph's own round trip. Simulated time; answers take as long as they
 * take. */
#include <stdio.h>

#include "base/check.h"
#include "bench.h"
#include "office.h"

/* Calls as in G7; a request takes 80 ms and an exponential time of 60 ms more. */
enum { HOLD_MS = 180000, IDLE_MS = 720000, WARM_UP_MS = 1800000, MEASURE_MS = 3600000, LEASE_MS = 600000,
       RTT_MS = 80, RTT_MORE_MS = 60 };

static const double load = 0.79, requests_per_call = 2.11; /* some calls outlive their lease */

static void at_load(uint32_t quota)
{
	static struct office o;
	double rate = (double)quota * 1000 / OFFICE_WINDOW_MS;
	const struct office_config c = {
		.users = (uint32_t)(load * rate * (HOLD_MS + IDLE_MS) / 1000 / requests_per_call),
		.shape = CLOUD_LIMIT_SLIDING, .quota = quota, .lease_ms = LEASE_MS, .idle_ms = IDLE_MS,
		.hold_ms = HOLD_MS, .rtt_ms = RTT_MS, .rtt_more_ms = RTT_MORE_MS, .seed = 7
	};
	char goal[64], must[24], yard[80];

	office_open(&o, &c);
	office_run(&o, o.now_ms + WARM_UP_MS, false, false);
	office_measure(&o);
	office_run(&o, o.now_ms + MEASURE_MS, false, false);
	double used = (double)o.truth.requests / (rate * MEASURE_MS / 1000);
	uint32_t known = office_p99_ms(&o.truth.known), rtt = office_p99_ms(&o.truth.round_trip);
	double most = 1.2 * rtt + 50;

	CHECK(used > 0.75 && used <= 0.8);
	snprintf(goal, sizeof(goal), "G19 to Graph's 2xx, p99, load %.2f of %u", used, quota);
	snprintf(must, sizeof(must), "<= %.0f ms", most);
	snprintf(yard, sizeof(yard), "a request alone: p99 %u ms", rtt);
	row(known <= most && !o.truth.rejected ? VERDICT_MET : VERDICT_MISSED, goal, must, yard,
	    "%u ms of %u changes, %llu 429s", known, o.truth.known.n, (unsigned long long)o.truth.rejected);
	office_close(&o);
}

void bench_g19(void)
{
	at_load(1500);
	at_load(10000);
}
